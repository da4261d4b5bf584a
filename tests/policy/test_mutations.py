"""Break the real program, one property of one resource at a time: see `mutations`."""

from collections.abc import Callable

import pytest

from policy.policies import POLICIES
from tests.policy.mutations import Tried, run
from tests.policy.recordings import recorded

OUT_OF_SCOPE = {
    ("CompositeAlarm", "alarmDescription"): "a text for people",
    ("CompositeAlarm", "alarmRule"): "which alarms belong together: tests/declared",
    ("CompositeAlarm", "okActions"): "nothing is lost without the news that all is well",
    ("Dashboard", "dashboardBody"): "a picture for people: tests/declared",
    ("Dashboard", "dashboardName"): "nothing refers to it",
    ("MetricAlarm", "okActions"): "nothing is lost without the news that all is well",
    ("MetricAlarm", "unit"): "depends on the metric; a wrong one shows in the first hour",
    ("SecurityGroup", "vpcId"): "an id of the foundation stack; a wrong one is refused",
    ("Function", "architectures"): "what the code was built for, which no input shows",
    ("Function", "imageConfig"): "which handler an endpoint has: tests/declared",
}
"""Properties of the real program that no policy claims, and why."""

NOT_TRIED = {
    "load-balancer-has-room": "the program has 23 rules on its fullest load balancer",
}


@pytest.fixture(scope="module")
def tried() -> list[Tried]:
    return list(run(recorded("production", 50)))


def test_every_broken_property_is_caught_by_the_policy_that_claims_it(
    tried: list[Tried], record_property: Callable[[str, object], None]
) -> None:
    missed = [one for one in tried if not one.caught]
    assert [f"{one.mutation.policy.name}: {one.mutation.what}: {one.name}" for one in missed] == []
    record_property("mutations tried", len(tried))
    record_property("mutations caught", sum(one.caught for one in tried))


def test_every_claim_of_a_policy_is_tried(tried: list[Tried]) -> None:
    registered = recorded("production", 50)
    present = {(one.type, key) for one in registered for key in one.props}
    types = {one.type for one in registered}
    broken = {(one.mutation.policy.name, one.mutation.property) for one in tried}
    for policy in POLICIES:
        if policy.name in NOT_TRIED or types.isdisjoint(policy.types):
            continue
        assert any(name == policy.name for name, _ in broken), policy.name
        for tokens, claimed in policy.claims.items():
            for key in claimed:
                if any((token, key) in present for token in tokens):
                    assert (policy.name, key) in broken, (policy.name, key)


def test_every_property_of_the_program_is_claimed_or_out_of_scope() -> None:
    present = {(one.type, key) for one in recorded("production", 50) for key in one.props}
    claimed = {
        (token, key)
        for policy in POLICIES
        for tokens, keys in policy.claims.items()
        for token in tokens
        for key in keys
    }
    unclaimed = {(type_.split(":")[-1], key) for type_, key in present - claimed}
    assert unclaimed == set(OUT_OF_SCOPE)
