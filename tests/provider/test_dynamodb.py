from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.provider import HANDLERS
from tests.provider.support import ACCOUNT_ID, REGION, TAGS, Account, Life

TABLE = "aws:dynamodb/table:Table"
PLAIN: dict[str, Any] = {
    "name": "journal",
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "stack",
    "attributes": [{"name": "stack", "type": "S"}],
}
INPUTS = {
    **PLAIN,
    "rangeKey": "item",
    "attributes": [{"name": "stack", "type": "S"}, {"name": "item", "type": "N"}],
    "pointInTimeRecovery": {"enabled": True},
    "serverSideEncryption": {"enabled": True},
    "tags": TAGS,
}


def test_a_table_lives_and_changes_in_place(account: Account) -> None:
    life = Life.begin(account, TABLE, INPUTS)
    assert life.created.id == "journal"
    assert life.created.outputs == {
        "arn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/journal",
        "name": "journal",
    }
    assert account.sent("CreateTable")["KeySchema"] == [
        {"AttributeName": "stack", "KeyType": "HASH"},
        {"AttributeName": "item", "KeyType": "RANGE"},
    ]
    found = life.import_("journal").inputs
    assert found.pop("attributes") == INPUTS["attributes"][::-1]
    assert found == {name: value for name, value in INPUTS.items() if name != "attributes"}
    life.update(["UpdateContinuousBackups"], pointInTimeRecovery={"enabled": False})
    life.update(["UpdateContinuousBackups"], pointInTimeRecovery={"enabled": True})
    life.update(["UpdateTable"], deletionProtectionEnabled=True)
    life.update(["UpdateTable"], deletionProtectionEnabled=None)
    life.update(["DescribeTable", "TagResource"], tags={**TAGS, "Name": "x"})
    life.update(["DescribeTable", "UntagResource"], tags=TAGS)
    life.end()


def test_a_change_of_encryption_is_sent(account: Account) -> None:
    """That it comes about the tests of the account show: moto by itself drops it."""
    life = Life.begin(account, TABLE, PLAIN)
    life.update(["UpdateTable"], settles=False, serverSideEncryption={"enabled": True})
    assert account.sent("UpdateTable")["SSESpecification"] == {"Enabled": True}


def test_more_tags_than_a_page(account: Account) -> None:
    tags = {f"tag{number:02}": "x" for number in range(25)}
    assert Life.begin(account, TABLE, {**PLAIN, "tags": tags}).read().inputs["tags"] == tags


def test_a_table_that_is_protected_stays(account: Account) -> None:
    Life.begin(account, TABLE, {**PLAIN, "deletionProtectionEnabled": True})
    with pytest.raises(ClientError, match=r"ValidationException.*DeletionProtectionEnabled"):
        account.provider.delete(TABLE, "journal", PLAIN)


def test_a_table_of_that_name_is_in_the_way(account: Account) -> None:
    Life.begin(account, TABLE, PLAIN)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        account.provider.create(TABLE, "t", PLAIN)


def test_a_table_without_a_name_gets_one(account: Account) -> None:
    life = Life.begin(account, TABLE, {**PLAIN, "name": None}, name="scorer-rollout")
    assert life.created.id.startswith("scorer-rollout-")


def test_what_is_left_out_keeps_its_value(account: Account) -> None:
    left = ("pointInTimeRecovery", "serverSideEncryption")
    without = {name: value for name, value in INPUTS.items() if name not in left}
    assert not account.provider.diff(TABLE, INPUTS, without).changed


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"billingMode": "PROVISIONED"}, "expected billingMode to be one of"),
        ({"attributes": []}, "Unmatched indexes: ['stack']"),
        ({"rangeKey": "item"}, "Unmatched indexes: ['item']"),
        ({"hashKey": "a", "rangeKey": "stack"}, "Unmatched indexes: ['a']"),
        ({"name": "a b"}, "invalid value for name"),
        ({"attributes": [{"name": "stack", "type": "X"}]}, "to be one of"),
        ({"attributes": INPUTS["attributes"]}, "Unused attributes: ['item']"),
        ({"attributes": [{"name": "stack"}]}, '"attributes[0].type" is required'),
    ],
)
def test_refusals(account: Account, changes: dict[str, Any], problem: str) -> None:
    (found,) = account.provider.check(TABLE, {**PLAIN, **changes})
    assert problem in found


def test_replacements() -> None:
    assert HANDLERS[TABLE].replaces == {"name", "hashKey", "rangeKey"}
