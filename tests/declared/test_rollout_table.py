"""The table that rollouts keep journal and lock in."""

import catalog
from tests.declared.golden import TABLE, tags
from tests.support.recorder import Program


def test_the_table_is_encrypted_restorable_and_paid_by_request(
    staging: Program, production: Program
) -> None:
    for program, stack in ((staging, "staging"), (production, "production")):
        (table,) = program.of_type(TABLE).values()
        assert table.name == "scorer-rollout"
        assert table.inputs == {
            "name": "scorer-rollout",
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "stack",
            "rangeKey": "item",
            "attributes": [{"name": "stack", "type": "S"}, {"name": "item", "type": "S"}],
            "pointInTimeRecovery": {"enabled": True},
            "serverSideEncryption": {"enabled": True},
            "tags": tags("scorer-rollout", stack),
        }


def test_the_names_are_known_without_pulumi() -> None:
    assert catalog.ROLLOUT_TABLE == "scorer-rollout"
    assert (catalog.ROLLOUT_TABLE_HASH_KEY, catalog.ROLLOUT_TABLE_RANGE_KEY) == ("stack", "item")
