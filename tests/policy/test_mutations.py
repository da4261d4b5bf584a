"""Break the real program, one property of one resource at a time: see `mutations`."""

from collections.abc import Callable

import pytest

from policy.rules import RULES
from tests.policy.mutations import MUTATIONS, Tried, run
from tests.policy.recordings import recorded

OUT_OF_SCOPE = {
    ("CompositeAlarm", "alarmDescription"): "a text for people",
    ("CompositeAlarm", "alarmRule"): "which alarms belong together: tests/declared",
    ("CompositeAlarm", "okActions"): "nothing is lost without the news that all is well",
    ("Dashboard", "dashboardBody"): "a picture for people: tests/declared",
    ("Dashboard", "dashboardName"): "nothing refers to it",
    ("MetricAlarm", "okActions"): "nothing is lost without the news that all is well",
    ("MetricAlarm", "treatMissingData"): "depends on the metric; every value is one of AWS",
    ("MetricAlarm", "unit"): "depends on the metric; a wrong one shows in the first hour",
    ("SecurityGroup", "vpcId"): "an id of the foundation stack; a wrong one is refused",
    ("Function", "architectures"): "what the code was built for, which no input shows",
    ("Function", "imageConfig"): "which handler an endpoint has: tests/declared",
}
"""Properties of the real program that no rule claims, and why."""

NOT_TRIED = {
    "load-balancer-has-room": "the program has 23 rules on its fullest load balancer",
}


@pytest.fixture(scope="module")
def tried() -> list[Tried]:
    return list(run(recorded("production", 50)))


def test_every_broken_property_is_caught_by_the_rule_that_claims_it(
    tried: list[Tried], record_property: Callable[[str, object], None]
) -> None:
    missed = [one for one in tried if not one.caught]
    assert [f"{one.mutation.rule.name}: {one.mutation.what}: {one.name}" for one in missed] == []
    record_property("mutations tried", len(tried))
    record_property("mutations caught", sum(one.caught for one in tried))


def test_every_claim_of_a_rule_is_tried(tried: list[Tried]) -> None:
    registered = recorded("production", 50)
    present = {(one.type, key) for one in registered for key in one.props}
    types = {one.type for one in registered}
    broken = {(one.mutation.rule.name, one.mutation.property) for one in tried}
    for rule in RULES:
        if rule.name in NOT_TRIED or types.isdisjoint(rule.types):
            continue
        assert any(name == rule.name for name, _ in broken), rule.name
        for tokens, claimed in rule.claims.items():
            for key in claimed:
                if any((token, key) in present for token in tokens):
                    assert (rule.name, key) in broken, (rule.name, key)


def test_every_property_of_the_program_is_claimed_or_out_of_scope() -> None:
    present = {(one.type, key) for one in recorded("production", 50) for key in one.props}
    claimed = {
        (token, key)
        for rule in RULES
        for tokens, keys in rule.claims.items()
        for token in tokens
        for key in keys
    }
    unclaimed = {(type_.split(":")[-1], key) for type_, key in present - claimed}
    assert unclaimed == set(OUT_OF_SCOPE)


def test_mutations_break_only_what_their_rule_claims() -> None:
    for mutation in MUTATIONS:
        claimed = {key for keys in mutation.rule.claims.values() for key in keys}
        adds = {"port", "vpcId", "actionsEnabled", "managedPolicyArns"}
        assert mutation.property in claimed | adds | {""}, mutation.what
