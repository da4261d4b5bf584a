"""Listener rules by themselves."""

from typing import Any

from policy.policies import listener_rules
from tests.policy.cases.case import GONE, also, as_it_is, on, only
from tests.policy.good import RUST_GROUP, UNKNOWN, group_arn, plain

_GROUPS = "actions[0].forward.targetGroups"
_STICKINESS = "actions[0].forward.stickiness"
_RESPONSE = "actions[0].fixedResponse"
_VALUES = "conditions[0].pathPattern.values"
_THIRD = {"arn": group_arn("l-third"), "weight": 10.0}


def _header(name: str) -> dict[str, object]:
    return {"httpHeader": {"httpHeaderName": name, "values": ["x"]}}


def _same_arn(groups: list[Any]) -> list[Any]:
    return [{**group, "arn": groups[0]["arn"]} for group in groups]


CASES = (
    *on(
        listener_rules.priority_is_explicit,
        "plain",
        bad={
            "no priority": {"priority": GONE},
            "priority 0": {"priority": 0.0},
            "one too many": {"priority": 50001.0},
            "a fraction": {"priority": 10.5},
            "a text": {"priority": "10"},
            "no listener": {"listenerArn": GONE},
        },
        fine={"the last one": {"priority": 50000.0}, "unknown listener": {"listenerArn": UNKNOWN}},
    ),
    *on(
        listener_rules.conditions_narrow_each_kind_once,
        "plain",
        bad={
            "no condition": {"conditions": []},
            "not a list": {"conditions": "x"},
            "method only": {"conditions": only("httpRequestMethod")},
            "two paths": {"conditions[2]": {"pathPattern": {"values": ["/a"]}}},
        },
        fine={"two headers": {"conditions[2]": _header("A"), "conditions[3]": _header("B")}},
    ),
    *on(
        listener_rules.conditions_narrow_each_kind_once,
        "fixed",
        fine={"a host only": {"conditions[0]": {"hostHeader": {"values": ["*.example.org"]}}}},
    ),
    *on(
        listener_rules.conditions_fit_the_quotas,
        "plain",
        bad={
            "no value": {_VALUES: []},
            "six values": {_VALUES: [*"/a/b/c"]},
            "six wildcards": {_VALUES: ["/*/*/*/?/?/*"]},
            "a long value": {_VALUES: ["/" + 128 * "a"]},
            "an empty value": {_VALUES: [""]},
            "a host without a dot": {"conditions[2]": {"hostHeader": {"values": ["localhost"]}}},
            "a small method": {"conditions[1].httpRequestMethod.values": ["get"]},
            "a header without a name": {"conditions[2]": _header("")},
            "a header with a long name": {"conditions[2]": _header("a" * 41)},
        },
        fine={"a query string": {"conditions[2]": {"queryStrings": [{"key": "a", "value": "*"}]}}},
    ),
    *on(
        listener_rules.conditions_fit_the_quotas,
        "fixed",
        fine={
            "five wildcards": {_VALUES: ["/*/*/?/?/*"]},
            "five values": {_VALUES: [*"/a/b/"]},
            "128 letters": {_VALUES: ["/" + 127 * "a"]},
        },
    ),
    *on(
        listener_rules.condition_values_are_well_formed,
        "plain",
        bad={"a bare path": {_VALUES: ["zip"]}},
        fine={
            "a star": {_VALUES: ["*/x"]},
            "a header of one letter": {"conditions[2]": _header("X")},
            "a header": {"conditions[2]": _header("X-Use-Rust-Scorer")},
        },
    ),
    *on(
        listener_rules.action_is_one_of_ours,
        "plain",
        bad={
            "no action": {"actions": []},
            "two": {"actions[1]": plain("x")},
            "a redirect": {"actions[0].type": "redirect"},
            "no target": {"actions[0].targetGroupArn": GONE},
        },
        fine={"an unknown target": {"actions[0].targetGroupArn": UNKNOWN}},
    ),
    *on(
        listener_rules.action_is_one_of_ours,
        "dual",
        bad={
            "both forms": {_GROUPS: as_it_is, "actions[0].targetGroupArn": "x"},
            "a group without ARN": {f"{_GROUPS}[1].arn": GONE},
        },
    ),
    *on(
        listener_rules.weights_are_shares_of_100,
        "dual",
        bad={
            "99 together": {f"{_GROUPS}[0].weight": 89.0},
            "no weight": {f"{_GROUPS}[0].weight": GONE},
            "a fraction": {f"{_GROUPS}[0].weight": 89.5},
            "below zero": {f"{_GROUPS}[0].weight": 110.0, f"{_GROUPS}[1].weight": -10.0},
            "one group": {f"{_GROUPS}[1]": GONE},
            "six groups": {
                f"{_GROUPS}[{index}]": {"arn": str(index), "weight": 0.0} for index in range(2, 6)
            },
            "the same twice": {_GROUPS: _same_arn},
        },
        fine={
            "0 and 100": {f"{_GROUPS}[0].weight": 0.0, f"{_GROUPS}[1].weight": 100.0},
            "unknown groups": {f"{_GROUPS}[0].arn": UNKNOWN, f"{_GROUPS}[1].arn": UNKNOWN},
        },
    ),
    *on(
        listener_rules.python_comes_first,
        "dual",
        bad={
            "Rust first": {
                f"{_GROUPS}[0].arn": group_arn(RUST_GROUP),
                f"{_GROUPS}[1].arn": group_arn("l-image"),
            },
            "Rust twice": {f"{_GROUPS}[0].arn": group_arn(RUST_GROUP)},
            "three": {f"{_GROUPS}[2]": {"arn": group_arn(RUST_GROUP)}},
        },
        fine={"a Python third": {f"{_GROUPS}[2]": _THIRD}},
    ),
    *on(
        listener_rules.stickiness_is_for_weighted_rules,
        "dual",
        bad={
            "none": {_STICKINESS: GONE},
            "off": {f"{_STICKINESS}.enabled": False},
            "0 s": {f"{_STICKINESS}.duration": 0.0},
            "more than a week": {f"{_STICKINESS}.duration": 604801.0},
            "one group": {f"{_GROUPS}[1]": GONE},
        },
        fine={"a week": {f"{_STICKINESS}.duration": 604800.0}},
    ),
    *on(
        listener_rules.fixed_response_is_well_formed,
        "fixed",
        bad={
            "302": {f"{_RESPONSE}.statusCode": "302"},
            "no body form": {_RESPONSE: GONE},
            "another type": {f"{_RESPONSE}.contentType": "text/xml"},
            "a long body": {f"{_RESPONSE}.messageBody": "x" * 1025},
        },
        fine={
            "503": {f"{_RESPONSE}.statusCode": "503"},
            "no body": {f"{_RESPONSE}.messageBody": GONE},
        },
    ),
    *on(
        listener_rules.weights_have_one_owner,
        "dual",
        bad={
            "all actions": also(ignore_changes=("actions",)),
            "one weight": also(ignore_changes=("actions[0].forward.targetGroups[0].weight",)),
        },
        fine={"tags": also(ignore_changes=("tags",))},
    ),
    *on(
        listener_rules.weights_have_one_owner,
        "plain",
        bad={"everything": also(ignore_changes=("*",))},
    ),
    *on(
        listener_rules.head_goes_with_get,
        "plain",
        bad={
            "GET alone": {"conditions[1].httpRequestMethod.values": ["GET"]},
            "HEAD alone": {"conditions[1].httpRequestMethod.values": ["POST", "HEAD"]},
        },
        fine={"every method": {"conditions[1]": GONE}},
    ),
)
