"""The pack on mistakes, one at a time: the policies that must object do, and no other."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest

from policy.check import Registered, Report, add, check
from policy.policies import POLICIES
from policy.policies.routing import every_route_has_its_rules, rule_has_the_configured_share
from policy.stack import Stack
from tests.policy.cases import CASES
from tests.policy.recordings import as_resource, config, edited, judge, program, small, steps

OUT_OF_SCOPE = {
    ("CompositeAlarm", "alarmDescription"): "a text for people",
    ("Dashboard", "dashboardBody"): "a picture for people: tests/declared",
    ("Dashboard", "dashboardName"): "nothing refers to it",
    ("MetricAlarm", "unit"): "depends on the metric; a wrong one shows in the first hour",
    ("SecurityGroup", "vpcId"): "an id of the foundation stack; a wrong one is refused",
    **dict.fromkeys(
        (("Table", "attributes"), ("Table", "hashKey"), ("Table", "rangeKey")),
        "what a rollout finds its items by: tests/declared",
    ),
    ("Function", "architectures"): "what the code was built for, which no input shows",
    ("Function", "imageConfig"): "which handler an endpoint has: tests/declared",
}
"""Properties of the real program that no policy claims, and why."""

OF_A_SLICE = [policy for policy in POLICIES if policy is not every_route_has_its_rules]


def said(report: Report) -> set[str]:
    return {finding.policy.name for finding in report.violations}


def test_the_slice_is_sound() -> None:
    report = check(small().values(), OF_A_SLICE, config=config())
    assert (report.violations, report.undecided) == ([], [])


def test_these_policies_object_and_no_other() -> None:
    wrong = []
    for case in CASES:
        sound = [as_resource(one) for one in small().values() if one.urn not in case.gone]
        report = judge(OF_A_SLICE, case.changed, sound, config())
        if said(report) != {*case.objecting} or report.undecided:
            wrong.append(f"{case}, not {' '.join(sorted(said(report)))}")
    assert wrong == []


def test_every_rule_of_the_table_is_missed() -> None:
    def missed(gone: Collection[str], known: Mapping[str, str] | None) -> list[str]:
        left = [as_resource(one) for one in program() if one.name not in gone]
        report = judge([every_route_has_its_rules], [], left, known)
        return [found.text for found in report.violations]

    rules = {one.name for one in program() if one.type.endswith(":ListenerRule")}
    for name in rules:
        for known in (config(), None):
            assert missed({name}, known) == [f"the stack lacks {name}"]
    testers = {"lrule-tester-v2-history", *(name for name in rules if "lrule-rust" in name)}
    assert missed(testers, config()) == [f"the stack lacks {name}" for name in sorted(testers)]
    assert missed(testers, None) == []


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ({"rustPercentage": "10"}, [90.0, 10.0]),
        ({"rustPercentageByEndpoint": '{"cc-v1-st-bulk-POST-0": 10}'}, [90.0, 10.0]),
    ],
)
def test_the_share_is_that_of_the_configuration(
    values: Mapping[str, str], weights: list[float]
) -> None:
    known = {**config(), **{f"passport-scorer-routing:{k}": v for k, v in values.items()}}
    groups = "actions[0].forward.targetGroups"
    rule = small()["lrule-lambda-cc-v1-st-bulk-POST-0"]

    def objects(*given: float) -> bool:
        edits = {f"{groups}[{index}].weight": weight for index, weight in enumerate(given)}
        return bool(
            check([edited(rule, edits)], [rule_has_the_configured_share], config=known).violations
        )

    assert not objects(*weights)
    assert objects(*reversed(weights))


def _depth(one: Registered, path: str) -> int:
    """How many steps of the path lead somewhere."""
    here: Any = one.props
    for depth, step in enumerate(steps(path)):
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(steps(path))


def test_a_mistake_in_one_resource_is_one_in_every_resource_like_it(
    record_property: Callable[[str, object], None],
) -> None:
    sound = {one.urn: as_resource(one) for one in program()}
    policies = {policy.name: policy for policy in POLICIES}
    tried, missed = 0, []
    for case in CASES:
        if not case.change.everywhere:
            continue
        policy, edits, like = policies[case.objecting[0]], case.change.edits, small()[case.name]
        for one in program():
            if one.type != like.type or any(_depth(one, p) != _depth(like, p) for p in edits):
                continue
            broken, report = edited(one, edits).as_resource(), Report()
            stack = Stack((sound | {one.urn: broken}).values(), config())
            others = stack.of(policy.types) if policy.on_stack else []
            # The resource itself first: most policies see the mistake there.
            for resource in (broken, *others):
                if resource.type in policy.types:
                    add(report, policy, resource, stack)
                if report.violations or report.excepted:
                    break
            else:
                missed.append(f"{case}: {one.name}")
            tried += 1
    assert missed == []
    record_property("mutations of the program", tried)


def test_every_claim_of_a_policy_is_tried() -> None:
    present = {(one.type, key) for one in program() for key in one.props}
    tried = {
        (policy, steps(path)[0])
        for case in CASES
        for policy in case.objecting
        for path in (*case.change.edits, *(key for one in case.change.plus for key in one.props))
    }
    objecting = {policy for case in CASES for policy in case.objecting}
    assert objecting == {policy.name for policy in OF_A_SLICE}
    untried = {
        (policy.name, key)
        for policy in POLICIES
        for tokens, claimed in policy.claims.items()
        for key in claimed
        if any((token, key) in present for token in tokens)
    } - tried
    assert untried == set()


def test_every_property_of_the_program_is_claimed_or_out_of_scope() -> None:
    present = {(one.type, key) for one in program() for key in one.props}
    claimed = {
        (token, key)
        for policy in POLICIES
        for tokens, keys in policy.claims.items()
        for token in tokens
        for key in keys
    }
    unclaimed = {(type_.split(":")[-1], key) for type_, key in present - claimed}
    assert unclaimed == set(OUT_OF_SCOPE)
