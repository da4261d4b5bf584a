"""Listener rules together."""

from dataclasses import replace

from policy import tokens
from policy.check import Registered
from policy.policies import routing
from tests.policy.cases.case import GONE, also, as_it_is, on, only
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
    *on(
        routing.one_rule_per_priority,
        bad={
            "the same": also(plus=[_rule(1010, "/again")]),
            "the same on a listener that is not known yet": also(
                plus=[
                    _NEW_LISTENER,
                    _on_new_listener(_rule(7, "/a")),
                    _on_new_listener(replace(_rule(7, "/b"), name="b", urn="urn:b")),
                ]
            ),
        },
        fine={
            "the next": also(plus=[_rule(1011, "/again")]),
            "on another listener": also(plus=[_rule(1010, "/again", listener="internal")]),
            "on a listener that is not known yet": also(
                plus=[_NEW_LISTENER, _on_new_listener(_rule(1010, "/a"))]
            ),
        },
    ),
    *on(
        routing.every_rule_is_reachable,
        bad={
            "behind a wider one": also(plus=[_rule(2500, "/v2/a")]),
            "behind two together": also(
                plus=[
                    _rule(1, "/a*", "GET"),
                    _rule(2, "/a*", "PUT"),
                    _rule(3, "/a/b", "GET", "PUT"),
                ]
            ),
        },
        fine={
            "a method is left": also(
                plus=[_rule(1, "/a*", "GET"), _rule(2, "/a*", "PUT"), _rule(3, "/a/b")]
            ),
            "before the wider one": also(plus=[_rule(1, "/v2/a")]),
        },
    ),
    *on(
        routing.every_rule_is_reachable,
        "passport-v2-lrule",
        bad={
            "behind one with five values and five wildcards": also(
                {_PATHS: ["/v2/*", "/b*", "/c*", "/d*", "/e*"]}, plus=[_rule(2500, "/v2/a")]
            ),
            "behind the same source address": also(
                {"conditions[1]": _ADDRESSES}, plus=[_ADDRESS_RULE]
            ),
        },
        fine={
            "behind one that AWS refuses anyway": also(
                {_PATHS: ["/v2/*", *5 * ["/*"]]}, plus=[_rule(2500, "/v2/a")]
            ),
            "behind a source address": also(
                {"conditions[1]": _ADDRESSES}, plus=[_rule(2500, "/v2/a")]
            ),
            "behind a regular expression": also(
                {"conditions[0].pathPattern": {"regexValues": ["^/v2/.*$"]}},
                plus=[_rule(2500, "/v2/a")],
            ),
            "behind conditions that are not known yet": also(
                {"conditions": UNKNOWN}, plus=[_rule(2500, "/v2/a")]
            ),
        },
    ),
    *on(
        routing.load_balancer_has_room,
        bad={"101 rules": also(plus=_MANY)},
        fine={
            "100 rules": also(plus=_MANY[:96]),
            "101 rules on two": also(plus=[*_MANY[:96], _rule(1, "/", listener="internal")]),
        },
    ),
    *on(
        routing.load_balancer_has_room,
        "passport-v2-lrule",
        bad={
            "101 groups": also(
                {
                    "actions[0]": {
                        "type": "forward",
                        "forward": {
                            "targetGroups": [{"arn": group_arn(f"g{n}")} for n in range(98)]
                        },
                    }
                },
                plus=[target_group(f"g{n}") for n in range(98)],
            )
        },
    ),
    *on(
        routing.weighted_groups_are_distinct,
        "dual",
        bad={
            "one group behind two ARNs that are not known yet": also(
                _BOTH_UNKNOWN, property_dependencies={"actions": (_IMAGE,)}
            )
        },
        fine={"two groups, not known yet": _BOTH_UNKNOWN},
    ),
    *on(
        routing.rules_name_groups_of_this_stack,
        "plain",
        bad={
            "a foreign group": {"actions[0].targetGroupArn": group_arn("foreign")},
            "not known yet, and from nowhere": also(
                {"actions[0].targetGroupArn": UNKNOWN}, property_dependencies={}
            ),
        },
        fine={"not known yet": {"actions[0].targetGroupArn": UNKNOWN}},
    ),
    *on(
        routing.rules_name_groups_of_this_stack,
        "dual",
        bad={"a foreign group in a weighted forward": {f"{_GROUPS}[0].arn": group_arn("foreign")}},
    ),
    *on(
        routing.no_group_without_rule,
        bad={
            "an orphan": also(plus=[target_group("orphan")]),
            "the rule is gone": also(minus=["plain"]),
        },
        fine={"Rust at 0 %": also(minus=["dual"], plus=[_rule(1002, "/bulk")])},
    ),
    *on(
        routing.group_serves_one_load_balancer,
        bad={"both": also(plus=[_rule(1, "/a", listener="internal")])},
        fine={"twice on one": also(plus=[_rule(1, "/a")])},
    ),
    *on(
        routing.group_serves_one_load_balancer,
        "dual",
        bad={"moved": also({"listenerArn": LISTENERS["internal"]}, plus=[_rule(1, "/a")])},
    ),
    *on(
        routing.rust_serves_what_it_gets,
        "dual",
        bad={
            "a method of Python's": {_GROUPS: as_it_is, _METHODS: ["PATCH"]},
            "one of two": {_GROUPS: as_it_is, _METHODS: ["POST", "DELETE"]},
            "every method": {_GROUPS: as_it_is, "conditions[1]": GONE},
            "a path of Python's": {_GROUPS: as_it_is, _PATHS: ["/account/nonce"]},
            "every path": {_GROUPS: as_it_is, "conditions": only("httpRequestMethod")},
        },
        fine={
            "another route that both have": {_PATHS: ["/ceramic-cache/score/*"], _METHODS: ["GET"]}
        },
    ),
    *on(
        routing.rust_serves_what_it_gets,
        "plain",
        bad={
            "a tester rule for a method of Python's": also(
                {"actions[0].targetGroupArn": UNKNOWN}, property_dependencies={"actions": (_RUST,)}
            )
        },
    ),
)
