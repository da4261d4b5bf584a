"""The listener rules of a stack, as the ELBv2 API holds them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from endpoint import TESTER_HEADER
from sandbox.account.client import Account

MASK = "[secret]"

LISTENER_OUTPUTS = {
    "internal": "privateAlbHttpListenerArn",
    "public": "publicAlbHttpsListenerArn",
}


@dataclass(frozen=True)
class Target:
    """A target group of a forward and its weight; None in a plain forward."""

    group: str
    weight: int | None


@dataclass(frozen=True)
class Route:
    """One listener rule. `priority` is None for the default rule."""

    listener: str
    priority: int | None
    host: str | None
    path: str | None
    methods: tuple[str, ...]
    header: str | None
    action: str
    targets: tuple[Target, ...]
    stickiness_seconds: int | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_routes(account: Account) -> list[Route]:
    """Every rule of both listeners, in the order in which AWS tries them."""
    elb = account.client("elbv2")
    names = {
        group["TargetGroupArn"]: group["TargetGroupName"]
        for page in elb.get_paginator("describe_target_groups").paginate()
        for group in page["TargetGroups"]
    }
    routes = [
        _route(listener, rule, names)
        for listener, output in LISTENER_OUTPUTS.items()
        for page in elb.get_paginator("describe_rules").paginate(
            ListenerArn=account.foundation[output]
        )
        for rule in page["Rules"]
    ]
    # AWS promises no order and the default rule comes last.
    return sorted(routes, key=lambda r: (r.listener, r.priority is None, r.priority))


def _route(listener: str, rule: Mapping[str, Any], names: Mapping[str, str]) -> Route:
    conditions = {condition["Field"]: condition for condition in rule["Conditions"]}
    action = rule["Actions"][-1]
    forward = action.get("ForwardConfig", {})
    stickiness = forward.get("TargetGroupStickinessConfig", {})
    return Route(
        listener=listener,
        priority=None if rule["Priority"] == "default" else int(rule["Priority"]),
        host=_values(conditions.get("host-header"), "HostHeaderConfig"),
        path=_values(conditions.get("path-pattern"), "PathPatternConfig"),
        methods=tuple(
            conditions.get("http-request-method", {})
            .get("HttpRequestMethodConfig", {})
            .get("Values", ())
        ),
        header=_header(conditions.get("http-header")),
        action=action["Type"],
        targets=tuple(_targets(action, names)),
        stickiness_seconds=stickiness.get("DurationSeconds") if stickiness.get("Enabled") else None,
    )


def _targets(action: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Target]:
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    if len(groups) > 1:
        for group in groups:
            arn = group["TargetGroupArn"]
            yield Target(names.get(arn, arn), group.get("Weight", 1))
    elif arn := action.get("TargetGroupArn") or (groups and groups[0]["TargetGroupArn"]):
        yield Target(names.get(arn, arn), None)


def _values(condition: Mapping[str, Any] | None, config: str) -> str | None:
    if condition is None:
        return None
    return ", ".join(condition.get(config, condition)["Values"])


def _header(condition: Mapping[str, Any] | None) -> str | None:
    if condition is None:
        return None
    config = condition["HttpHeaderConfig"]
    name = config["HttpHeaderName"]
    secret = name.lower() == TESTER_HEADER.lower()
    return f"{name}: {MASK if secret else ', '.join(config['Values'])}"
