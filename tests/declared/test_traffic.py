"""Contract, "Routing": what each percentage puts on the wire, and what it leaves alone."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

import catalog
from routing import FixedResponse, Header, Host, Methods, Path, Rule, WeightedForward
from tests.declared.golden import (
    ATTACHMENT,
    DUAL,
    DUAL_RULES,
    LISTENER_ARNS,
    ROUTES,
    RULE,
    RUST_GROUPS,
    Declared,
    dual_actions,
    group_arn,
    plain,
)
from tests.support.recorder import FOUNDATION, Program, Registration
from tests.support.traffic import asked

PERCENTAGES = (0, 1, 10, 50, 99, 100)

DUAL_ENDPOINTS = [
    "cc-v1-score-GET-0",
    "cc-v1-st-bulk-POST-0",
    "passport-v2-stamp-score",
    "embed-st",
    "embed-rl",
    "embed-gs",
]

PLAIN = [
    row
    for row in ROUTES
    if row not in DUAL and row["served_by"].startswith(("python", "registry target group"))
]


def at(declared: Declared, percentage: int) -> Program:
    return declared({"rustPercentage": percentage} if percentage else None)


def actions(program: Program) -> dict[str, Any]:
    return {name: rule.inputs["actions"] for name, rule in program.of_type(RULE).items()}


def changed(before: Program, after: Program) -> dict[str, tuple[Registration, Registration]]:
    """Everything that was not registered exactly alike."""
    old = {(one.type, one.name): one for one in before.registrations}
    new = {(one.type, one.name): one for one in after.registrations}
    assert set(old) == set(new)
    return {key[1]: (old[key], new[key]) for key in old if old[key] != new[key]}


def assert_only_actions_differ(pairs: Mapping[str, tuple[Registration, Registration]]) -> None:
    """The inputs but for `actions`, every option, and every dependency but the Rust group's."""
    for old, new in pairs.values():
        options = replace(new, inputs={}, open_inputs={}, depends_on=frozenset())
        assert replace(old, inputs={}, open_inputs={}, depends_on=frozenset()) == options
        assert {**old.inputs, "actions": 0} == {**new.inputs, "actions": 0}
        assert old.inputs["actions"] != new.inputs["actions"]
        assert old.depends_on ^ new.depends_on <= {
            f"{prefix}{group.removeprefix('l-')}"
            for group in RUST_GROUPS.values()
            for prefix in ("l-", "lambdaTargetGroupAttachment-")
        }


def test_the_six_dual_endpoints_are_those_of_the_contract() -> None:
    assert [row["endpoint"] for row in DUAL] == DUAL_ENDPOINTS


@pytest.mark.parametrize("percentage", PERCENTAGES)
def test_dual_rules_forward_plainly_at_zero_and_by_weight_above_and_others_to_their_one_group(
    declared: Declared, percentage: int
) -> None:
    program = at(declared, percentage)
    registry = plain(str(FOUNDATION["registryTargetGroupArn"]))
    expected = {row["rule_logical_name"]: dual_actions(row, percentage) for row in DUAL} | {
        row["rule_logical_name"]: plain(group_arn(row["target_group_logical_name"]))
        if row["served_by"] == "python"
        else registry
        for row in PLAIN
    }

    found = actions(program)
    assert {name: found[name] for name in expected} == expected
    assert set(found) - set(expected) == {"lrule-no-gitcoin-v2"}
    kept = {one.name: one.ignore_changes for one in program.registrations}
    assert {kept.pop(name) for name in DUAL_RULES} == {("tags.RolledBackAt",)}
    assert set(kept.values()) == {()}  # no weight is left to somebody else
    score = program.of_type(RULE)["lrule-lambda-cc-v1-score-GET-0"]
    assert "lrule-lambda-submit-passport-0" in score.depends_on  # which leaves its priority first


@pytest.mark.parametrize(("before", "after"), [*pairwise((*PERCENTAGES, 0))])
def test_a_change_of_percentage_changes_the_actions_of_the_six_dual_rules_and_nothing_else(
    declared: Declared, before: int, after: int
) -> None:
    pairs = changed(at(declared, before), at(declared, after))

    assert set(pairs) == DUAL_RULES
    assert_only_actions_differ(pairs)


def test_an_override_sends_one_endpoint_its_own_way_under_a_global_zero(
    with_testers: Program,
) -> None:
    for row in DUAL:
        share = 25 if row["endpoint"] == "embed-rl" else 0
        found = actions(with_testers)[row["rule_logical_name"]]

        assert found == dual_actions(row, share, seconds=60)


def test_an_override_of_zero_keeps_one_endpoint_on_python_under_a_global_share(
    production: Program,
) -> None:
    for row in DUAL:
        share = 0 if row["endpoint"] == "cc-v1-score-GET-0" else 100

        assert actions(production)[row["rule_logical_name"]] == dual_actions(row, share)


def test_an_override_changes_its_own_rule_and_testers_change_none(
    staging: Program, with_testers: Program
) -> None:
    without = staging.of_type(RULE)
    beside = {name: with_testers.of_type(RULE)[name] for name in without}

    assert {name for name in without if without[name] != beside[name]} == {"embed-rl-rule-lambda"}


def test_only_the_score_rule_waits_for_another_rule(with_testers: Program) -> None:
    rules = with_testers.of_type(RULE)
    waiting = {name for name, rule in rules.items() if rule.depends_on & set(rules)}

    assert waiting == {"lrule-lambda-cc-v1-score-GET-0"}


def named_groups(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {
            text
            for key, item in value.items()
            for text in ([item] if key in {"arn", "targetGroupArn"} else named_groups(item))
        }
    if isinstance(value, list):
        return {text for item in value for text in named_groups(item)}
    return set()


@pytest.mark.parametrize("which", ["staging", "with_testers", "production"])
def test_rules_wait_for_the_attachments_of_exactly_the_groups_they_name(
    request: pytest.FixtureRequest, which: str
) -> None:
    program: Program = request.getfixturevalue(which)
    attachments = program.of_type(ATTACHMENT)

    for rule in program.of_type(RULE).values():
        groups = named_groups(rule.inputs["actions"])
        assert rule.depends_on & set(attachments) == {
            name for name, one in attachments.items() if one.inputs["targetGroupArn"] in groups
        }


def as_declared(rule: Rule) -> tuple[Any, ...]:
    """A judged rule as the provider should get it, but for which groups it names."""
    kinds = {Host: "hostHeader", Path: "pathPattern", Methods: "httpRequestMethod"}
    conditions = [
        {"httpHeader": {"httpHeaderName": found.name, "values": [*found.values]}}
        if isinstance(found, Header)
        else {kinds[type(found)]: {"values": [*found.values]}}
        for found in rule.conditions
    ]
    weights: Any = None
    if isinstance(rule.action, WeightedForward):
        weights = [target.weight for target in rule.action.targets]
    return LISTENER_ARNS[rule.listener], rule.priority, conditions, weights


JUDGED = {
    "with_testers": (0, {"embed-rl": 25}, 60),
    "production": (100, {"cc-v1-score-GET-0": 0}, 3600),
}


@pytest.mark.parametrize("which", JUDGED)
def test_what_is_declared_is_what_was_judged(
    request: pytest.FixtureRequest, tester_value: str, which: str
) -> None:
    program: Program = request.getfixturevalue(which)
    share, overrides, seconds = JUDGED[which]
    judged = catalog.routing_table(asked(share, overrides, seconds=seconds, secret=tester_value))
    names = {group_arn(one.logical): one.logical for one in catalog.TARGET_GROUPS}
    names[str(FOUNDATION["registryTargetGroupArn"])] = "registry"

    found = program.of_type(RULE)
    assert set(found) == set(judged)
    for name, rule in judged.items():
        inputs = found[name].inputs
        weights = [
            one["weight"] for one in inputs["actions"][0].get("forward", {}).get("targetGroups", [])
        ]
        assert as_declared(rule) == (
            inputs["listenerArn"],
            inputs["priority"],
            inputs["conditions"],
            weights or None,
        )
        groups = () if isinstance(rule.action, FixedResponse) else rule.action.groups
        assert {names[arn] for arn in named_groups(inputs["actions"])} == set(groups)
