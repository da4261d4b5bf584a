"""Listener rules by themselves."""

from policy.rules import listener_rules as rules
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import RUST_GROUP, UNKNOWN, group_arn, plain

_GROUPS = "actions[0].forward.targetGroups"
_STICKINESS = "actions[0].forward.stickiness"
_RESPONSE = "actions[0].fixedResponse"
_VALUES = "conditions[0].pathPattern.values"
_THIRD = {"arn": group_arn("l-third"), "weight": 10.0}


def _header(name: str) -> dict[str, object]:
    return {"httpHeader": {"httpHeaderName": name, "values": ["x"]}}


CASES = (
    bad(rules.priority_is_explicit, "no priority", "plain", {"priority": GONE}),
    bad(rules.priority_is_explicit, "priority 0", "plain", {"priority": 0.0}),
    bad(rules.priority_is_explicit, "one too many", "plain", {"priority": 50001.0}),
    bad(rules.priority_is_explicit, "a fraction", "plain", {"priority": 10.5}),
    bad(rules.priority_is_explicit, "a text", "plain", {"priority": "10"}),
    bad(rules.priority_is_explicit, "no listener", "plain", {"listenerArn": GONE}),
    fine(rules.priority_is_explicit, "the last one", "plain", {"priority": 50000.0}),
    fine(rules.priority_is_explicit, "unknown listener", "plain", {"listenerArn": UNKNOWN}),
    bad(rules.conditions_narrow_each_kind_once, "no condition", "plain", {"conditions": []}),
    bad(rules.conditions_narrow_each_kind_once, "not a list", "plain", {"conditions": "x"}),
    bad(rules.conditions_narrow_each_kind_once, "method only", "plain", {"conditions[0]": GONE}),
    bad(
        rules.conditions_narrow_each_kind_once,
        "two paths",
        "plain",
        {"conditions[2]": {"pathPattern": {"values": ["/a"]}}},
    ),
    fine(
        rules.conditions_narrow_each_kind_once,
        "two headers",
        "plain",
        {"conditions[2]": _header("A"), "conditions[3]": _header("B")},
    ),
    fine(
        rules.conditions_narrow_each_kind_once,
        "a host only",
        "fixed",
        {"conditions[0]": {"hostHeader": {"values": ["*.example.org"]}}},
    ),
    bad(rules.conditions_fit_the_quotas, "no value", "plain", {_VALUES: []}),
    bad(rules.conditions_fit_the_quotas, "six values", "fixed", {_VALUES: [*"/a/b/c"]}),
    bad(rules.conditions_fit_the_quotas, "six wildcards", "fixed", {_VALUES: ["/*/*/*/?/?/*"]}),
    bad(rules.conditions_fit_the_quotas, "a long value", "fixed", {_VALUES: ["/" + 128 * "a"]}),
    bad(rules.conditions_fit_the_quotas, "an empty value", "fixed", {_VALUES: [""]}),
    fine(rules.conditions_fit_the_quotas, "five wildcards", "fixed", {_VALUES: ["/*/*/?/?/*"]}),
    fine(rules.conditions_fit_the_quotas, "five values", "fixed", {_VALUES: [*"/a/b/"]}),
    fine(rules.conditions_fit_the_quotas, "128 letters", "fixed", {_VALUES: ["/" + 127 * "a"]}),
    fine(
        rules.conditions_fit_the_quotas,
        "a query string",
        "plain",
        {"conditions[2]": {"queryStrings": [{"key": "a", "value": "*"}]}},
    ),
    bad(rules.condition_values_are_well_formed, "a bare path", "plain", {_VALUES: ["zip"]}),
    bad(
        rules.condition_values_are_well_formed,
        "a host without a dot",
        "plain",
        {"conditions[2]": {"hostHeader": {"values": ["localhost"]}}},
    ),
    bad(
        rules.condition_values_are_well_formed,
        "a small method",
        "plain",
        {"conditions[1].httpRequestMethod.values": ["get"]},
    ),
    bad(
        rules.condition_values_are_well_formed,
        "a header without a name",
        "plain",
        {"conditions[2]": _header("")},
    ),
    bad(
        rules.condition_values_are_well_formed,
        "a header with a long name",
        "plain",
        {"conditions[2]": _header("a" * 41)},
    ),
    fine(rules.condition_values_are_well_formed, "a star", "plain", {_VALUES: ["*/x"]}),
    fine(
        rules.condition_values_are_well_formed,
        "a header of one letter",
        "plain",
        {"conditions[2]": _header("X")},
    ),
    fine(
        rules.condition_values_are_well_formed,
        "a header",
        "plain",
        {"conditions[2]": _header("X-Use-Rust-Scorer")},
    ),
    bad(rules.action_is_one_of_ours, "no action", "plain", {"actions": []}),
    bad(rules.action_is_one_of_ours, "two", "plain", {"actions[1]": plain("x")}),
    bad(rules.action_is_one_of_ours, "a redirect", "plain", {"actions[0].type": "redirect"}),
    bad(rules.action_is_one_of_ours, "no target", "plain", {"actions[0].targetGroupArn": GONE}),
    bad(rules.action_is_one_of_ours, "both forms", "dual", {"actions[0].targetGroupArn": "x"}),
    bad(rules.action_is_one_of_ours, "a group without ARN", "dual", {f"{_GROUPS}[1].arn": GONE}),
    fine(
        rules.action_is_one_of_ours,
        "an unknown target",
        "plain",
        {"actions[0].targetGroupArn": UNKNOWN},
    ),
    bad(rules.weights_are_shares_of_100, "99 together", "dual", {f"{_GROUPS}[0].weight": 89.0}),
    bad(rules.weights_are_shares_of_100, "no weight", "dual", {f"{_GROUPS}[0].weight": GONE}),
    bad(rules.weights_are_shares_of_100, "a fraction", "dual", {f"{_GROUPS}[0].weight": 89.5}),
    bad(
        rules.weights_are_shares_of_100,
        "below zero",
        "dual",
        {f"{_GROUPS}[0].weight": 110.0, f"{_GROUPS}[1].weight": -10.0},
    ),
    bad(rules.weights_are_shares_of_100, "one group", "dual", {f"{_GROUPS}[1]": GONE}),
    bad(
        rules.weights_are_shares_of_100,
        "six groups",
        "dual",
        {f"{_GROUPS}[{index}]": {"arn": str(index), "weight": 0.0} for index in range(2, 6)},
    ),
    bad(
        rules.weights_are_shares_of_100,
        "the same twice",
        "dual",
        {f"{_GROUPS}[1].arn": group_arn("l-image")},
    ),
    fine(
        rules.weights_are_shares_of_100,
        "0 and 100",
        "dual",
        {f"{_GROUPS}[0].weight": 0.0, f"{_GROUPS}[1].weight": 100.0},
    ),
    fine(
        rules.weights_are_shares_of_100,
        "unknown groups",
        "dual",
        {f"{_GROUPS}[0].arn": UNKNOWN, f"{_GROUPS}[1].arn": UNKNOWN},
    ),
    bad(
        rules.python_comes_first,
        "Rust first",
        "dual",
        {f"{_GROUPS}[0].arn": group_arn(RUST_GROUP), f"{_GROUPS}[1].arn": group_arn("l-image")},
    ),
    bad(
        rules.python_comes_first, "Rust twice", "dual", {f"{_GROUPS}[0].arn": group_arn(RUST_GROUP)}
    ),
    bad(
        rules.python_comes_first, "three", "dual", {f"{_GROUPS}[2]": {"arn": group_arn(RUST_GROUP)}}
    ),
    fine(rules.python_comes_first, "a Python third", "dual", {f"{_GROUPS}[2]": _THIRD}),
    bad(rules.stickiness_is_for_weighted_rules, "none", "dual", {_STICKINESS: GONE}),
    bad(rules.stickiness_is_for_weighted_rules, "off", "dual", {f"{_STICKINESS}.enabled": False}),
    bad(rules.stickiness_is_for_weighted_rules, "0 s", "dual", {f"{_STICKINESS}.duration": 0.0}),
    bad(
        rules.stickiness_is_for_weighted_rules,
        "more than a week",
        "dual",
        {f"{_STICKINESS}.duration": 604801.0},
    ),
    bad(rules.stickiness_is_for_weighted_rules, "one group", "dual", {f"{_GROUPS}[1]": GONE}),
    fine(
        rules.stickiness_is_for_weighted_rules,
        "a week",
        "dual",
        {f"{_STICKINESS}.duration": 604800.0},
    ),
    bad(rules.fixed_response_is_well_formed, "302", "fixed", {f"{_RESPONSE}.statusCode": "302"}),
    bad(rules.fixed_response_is_well_formed, "no body form", "fixed", {_RESPONSE: GONE}),
    bad(
        rules.fixed_response_is_well_formed,
        "another type",
        "fixed",
        {f"{_RESPONSE}.contentType": "text/xml"},
    ),
    bad(
        rules.fixed_response_is_well_formed,
        "a long body",
        "fixed",
        {f"{_RESPONSE}.messageBody": "x" * 1025},
    ),
    fine(rules.fixed_response_is_well_formed, "503", "fixed", {f"{_RESPONSE}.statusCode": "503"}),
    fine(
        rules.fixed_response_is_well_formed, "no body", "fixed", {f"{_RESPONSE}.messageBody": GONE}
    ),
    bad(rules.weights_have_one_owner, "all actions", "dual", ignore_changes=("actions",)),
    bad(
        rules.weights_have_one_owner,
        "one weight",
        "dual",
        ignore_changes=("actions[0].forward.targetGroups[0].weight",),
    ),
    bad(rules.weights_have_one_owner, "everything", "plain", ignore_changes=("*",)),
    fine(rules.weights_have_one_owner, "tags", "dual", ignore_changes=("tags",)),
    bad(
        rules.head_goes_with_get,
        "GET alone",
        "plain",
        {"conditions[1].httpRequestMethod.values": ["GET"]},
    ),
    bad(
        rules.head_goes_with_get,
        "HEAD alone",
        "plain",
        {"conditions[1].httpRequestMethod.values": ["POST", "HEAD"]},
    ),
    fine(rules.head_goes_with_get, "every method", "plain", {"conditions[1]": GONE}),
)
