"""Listener rules together."""

from dataclasses import replace

from policy import tokens
from policy.check import Registered
from policy.rules import routing as rules
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import (
    LISTENERS,
    RUST_GROUP,
    UNKNOWN,
    edited,
    extra,
    group_arn,
    listener_rule,
    plain,
    target_group,
    urn,
)

_GROUPS = "actions[0].forward.targetGroups"
_PATHS = "conditions[0].pathPattern.values"
_METHODS = "conditions[1].httpRequestMethod.values"
_ADDRESSES = {"sourceIp": {"values": ["10.0.0.0/8"]}}
_BOTH_UNKNOWN = {f"{_GROUPS}[0].arn": UNKNOWN, f"{_GROUPS}[1].arn": UNKNOWN}
_IMAGE = urn(tokens.TARGET_GROUP, "l-image")
_RUST = urn(tokens.TARGET_GROUP, RUST_GROUP)


def _rule(priority: int, path: str, *methods: str, listener: str = "public") -> Registered:
    return listener_rule(
        f"rule-{priority}",
        priority,
        path,
        plain(group_arn("l-image")),
        methods=methods,
        groups=["l-image"],
        listener=listener,
    )


def _on_new_listener(rule: Registered) -> Registered:
    """A rule whose listener has no ARN yet."""
    edges = {**rule.property_dependencies, "listenerArn": (urn(tokens.LISTENER, "extra"),)}
    return replace(edited(rule, {"listenerArn": UNKNOWN}), property_dependencies=edges)


_NEW_LISTENER = extra(tokens.LISTENER)
_ADDRESS_RULE = edited(_rule(2500, "/v2/a"), {"conditions[1]": _ADDRESSES})
_MANY = [
    edited(_rule(30000 + n, f"/many/{n}"), {"actions[0].targetGroupArn": group_arn(f"g{n}")})
    for n in range(97)
]

CASES = (
    bad(rules.one_rule_per_priority, "the same", plus=[_rule(1010, "/again")]),
    bad(
        rules.one_rule_per_priority,
        "the same on a listener that is not known yet",
        plus=[
            _NEW_LISTENER,
            _on_new_listener(_rule(7, "/a")),
            _on_new_listener(replace(_rule(7, "/b"), name="b", urn="urn:b")),
        ],
    ),
    fine(rules.one_rule_per_priority, "the next", plus=[_rule(1011, "/again")]),
    fine(
        rules.one_rule_per_priority,
        "on another listener",
        plus=[_rule(1010, "/again", listener="internal")],
    ),
    fine(
        rules.one_rule_per_priority,
        "on a listener that is not known yet",
        plus=[_NEW_LISTENER, _on_new_listener(_rule(1010, "/a"))],
    ),
    bad(rules.every_rule_is_reachable, "behind a wider one", plus=[_rule(2500, "/v2/a")]),
    bad(
        rules.every_rule_is_reachable,
        "behind two together",
        plus=[_rule(1, "/a*", "GET"), _rule(2, "/a*", "PUT"), _rule(3, "/a/b", "GET", "PUT")],
    ),
    bad(
        rules.every_rule_is_reachable,
        "behind one with five values and five wildcards",
        "passport-v2-lrule",
        {_PATHS: ["/v2/*", "/b*", "/c*", "/d*", "/e*"]},
        plus=[_rule(2500, "/v2/a")],
    ),
    bad(
        rules.every_rule_is_reachable,
        "behind the same source address",
        "passport-v2-lrule",
        {"conditions[1]": _ADDRESSES},
        plus=[_ADDRESS_RULE],
    ),
    fine(
        rules.every_rule_is_reachable,
        "a method is left",
        plus=[_rule(1, "/a*", "GET"), _rule(2, "/a*", "PUT"), _rule(3, "/a/b")],
    ),
    fine(rules.every_rule_is_reachable, "before the wider one", plus=[_rule(1, "/v2/a")]),
    fine(
        rules.every_rule_is_reachable,
        "behind one that AWS refuses anyway",
        "passport-v2-lrule",
        {_PATHS: ["/v2/*", *5 * ["/*"]]},
        plus=[_rule(2500, "/v2/a")],
    ),
    fine(
        rules.every_rule_is_reachable,
        "behind a source address",
        "passport-v2-lrule",
        {"conditions[1]": _ADDRESSES},
        plus=[_rule(2500, "/v2/a")],
    ),
    fine(
        rules.every_rule_is_reachable,
        "behind a regular expression",
        "passport-v2-lrule",
        {"conditions[0].pathPattern": {"regexValues": ["^/v2/.*$"]}},
        plus=[_rule(2500, "/v2/a")],
    ),
    fine(
        rules.every_rule_is_reachable,
        "behind conditions that are not known yet",
        "passport-v2-lrule",
        {"conditions": UNKNOWN},
        plus=[_rule(2500, "/v2/a")],
    ),
    bad(rules.load_balancer_has_room, "101 rules", plus=_MANY),
    bad(
        rules.load_balancer_has_room,
        "101 groups",
        "passport-v2-lrule",
        {
            "actions[0]": {
                "type": "forward",
                "forward": {"targetGroups": [{"arn": group_arn(f"g{n}")} for n in range(98)]},
            }
        },
        plus=[target_group(f"g{n}") for n in range(98)],
    ),
    fine(rules.load_balancer_has_room, "100 rules", plus=_MANY[:96]),
    fine(
        rules.load_balancer_has_room,
        "101 rules on two",
        plus=[*_MANY[:96], _rule(1, "/", listener="internal")],
    ),
    bad(
        rules.weighted_groups_are_distinct,
        "one group behind two ARNs that are not known yet",
        "dual",
        _BOTH_UNKNOWN,
        edges={"actions": (_IMAGE,)},
    ),
    fine(
        rules.weighted_groups_are_distinct,
        "two groups, not known yet",
        "dual",
        _BOTH_UNKNOWN,
    ),
    bad(
        rules.rules_name_groups_of_this_stack,
        "a foreign group",
        "plain",
        {"actions[0].targetGroupArn": group_arn("foreign")},
    ),
    bad(
        rules.rules_name_groups_of_this_stack,
        "a foreign group in a weighted forward",
        "dual",
        {f"{_GROUPS}[0].arn": group_arn("foreign")},
    ),
    bad(
        rules.rules_name_groups_of_this_stack,
        "not known yet, and from nowhere",
        "plain",
        {"actions[0].targetGroupArn": UNKNOWN},
        edges={},
    ),
    fine(
        rules.rules_name_groups_of_this_stack,
        "not known yet",
        "plain",
        {"actions[0].targetGroupArn": UNKNOWN},
    ),
    bad(rules.no_group_without_rule, "an orphan", plus=[target_group("orphan")]),
    bad(rules.no_group_without_rule, "the rule is gone", minus=["plain"]),
    fine(rules.no_group_without_rule, "Rust at 0 %", minus=["dual"], plus=[_rule(1002, "/bulk")]),
    bad(
        rules.group_serves_one_load_balancer,
        "both",
        plus=[_rule(1, "/a", listener="internal")],
    ),
    bad(
        rules.group_serves_one_load_balancer,
        "moved",
        "dual",
        {"listenerArn": LISTENERS["internal"]},
        plus=[_rule(1, "/a")],
    ),
    fine(rules.group_serves_one_load_balancer, "twice on one", plus=[_rule(1, "/a")]),
    bad(rules.rust_serves_what_it_gets, "a method of Python's", "dual", {_METHODS: ["PATCH"]}),
    bad(rules.rust_serves_what_it_gets, "one of two", "dual", {_METHODS: ["POST", "DELETE"]}),
    bad(rules.rust_serves_what_it_gets, "every method", "dual", {"conditions[1]": GONE}),
    bad(rules.rust_serves_what_it_gets, "a path of Python's", "dual", {_PATHS: ["/account/nonce"]}),
    bad(rules.rust_serves_what_it_gets, "every path", "dual", {"conditions[0]": GONE}),
    bad(
        rules.rust_serves_what_it_gets,
        "a tester rule for a method of Python's",
        "plain",
        {"actions[0].targetGroupArn": UNKNOWN},
        edges={"actions": (_RUST,)},
    ),
    fine(
        rules.rust_serves_what_it_gets,
        "another route that both have",
        "dual",
        {_PATHS: ["/ceramic-cache/score/*"], _METHODS: ["GET"]},
    ),
)
