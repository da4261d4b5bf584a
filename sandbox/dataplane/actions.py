"""The actions of a rule as DescribeRules gives them, compiled."""

import http
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

from sandbox.dataplane.conditions import Unsupported
from sandbox.dataplane.groups import Group


@dataclass(frozen=True)
class Weighted:
    """A target group of a forward action and its share of the draw."""

    group: Group
    weight: int


@dataclass(frozen=True)
class Forward:
    """Send the request to one of the groups. `stickiness_s` is None while that is off."""

    targets: tuple[Weighted, ...]
    stickiness_s: int | None = None

    @cached_property
    def by_fingerprint(self) -> Mapping[bytes, Group]:
        """The groups as a cookie names them, those of weight 0 too."""
        return {target.group.fingerprint: target.group for target in self.targets}

    @cached_property
    def _drawn(self) -> tuple[Group, ...]:
        return tuple(target.group for target in self.targets if target.weight)

    @cached_property
    def _bounds(self) -> tuple[int, ...]:
        return tuple(accumulate(target.weight for target in self.targets if target.weight))

    def draw(self, chance: float) -> Group | None:
        """The group for a number from 0 to below 1; None if every weight is 0."""
        if len(self._drawn) < 2:
            return self._drawn[0] if self._drawn else None
        return self._drawn[bisect_right(self._bounds, int(chance * self._bounds[-1]))]


@dataclass(frozen=True)
class FixedResponse:
    """The load balancer answers by itself."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True)
class Redirect:
    """The parts of the new address, with `#{...}` standing for those of the request."""

    status: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


Action = Forward | FixedResponse | Redirect

_KEYS: Final = {
    "forward": {"TargetGroupArn", "ForwardConfig"},
    "fixed-response": {"FixedResponseConfig"},
    "redirect": {"RedirectConfig"},
}
_REDIRECT_KEYS: Final = {"Protocol", "Host", "Port", "Path", "Query", "StatusCode"}


def compile_actions(actions: Iterable[Mapping[str, Any]], groups: Mapping[str, Group]) -> Action:
    """The one action that all supported rules have.

    Raises Unsupported.
    """
    listed = list(actions)
    for action in listed:
        kind = action.get("Type")
        if kind not in _KEYS:
            raise Unsupported(f"an action of type {kind!r}")
        for key, value in action.items():
            if value and key not in {"Type", "Order", *_KEYS[kind]}:
                raise Unsupported(f"{key} in a {kind} action")
    if len(listed) != 1:
        raise Unsupported(f"{len(listed)} actions in one rule")
    (action,) = listed
    match action["Type"]:
        case "forward":
            return _forward(action, groups)
        case "fixed-response":
            return _fixed_response(action.get("FixedResponseConfig") or {})
        case _:
            return _redirect(action.get("RedirectConfig") or {})


def group_arns(actions: Iterable[Mapping[str, Any]]) -> set[str]:
    """The target groups that actions forward to."""
    return {arn for action in actions for arn, _ in _weights(action)}


def _weights(action: Mapping[str, Any]) -> list[tuple[str, int]]:
    config = action.get("ForwardConfig") or {}
    if targets := config.get("TargetGroups"):
        return [(target["TargetGroupArn"], target.get("Weight", 1)) for target in targets]
    arn = action.get("TargetGroupArn")
    return [(arn, 1)] if arn else []


def _forward(action: Mapping[str, Any], groups: Mapping[str, Group]) -> Forward:
    config = action.get("ForwardConfig") or {}
    for key in config:
        if key not in {"TargetGroups", "TargetGroupStickinessConfig"}:
            raise Unsupported(f"{key} in a forward action")
    weights = _weights(action)
    if not weights:
        raise Unsupported("a forward action without a target group")
    stickiness = config.get("TargetGroupStickinessConfig") or {}
    return Forward(
        tuple(Weighted(groups[arn], int(weight)) for arn, weight in weights),
        int(stickiness["DurationSeconds"]) if stickiness.get("Enabled") else None,
    )


def _fixed_response(config: Mapping[str, Any]) -> FixedResponse:
    return FixedResponse(
        status=int(config["StatusCode"]),
        content_type=config.get("ContentType") or "text/plain",
        body=config.get("MessageBody") or "",
    )


_REDIRECTS: Final = {
    "HTTP_301": http.HTTPStatus.MOVED_PERMANENTLY,
    "HTTP_302": http.HTTPStatus.FOUND,
}


def _redirect(config: Mapping[str, Any]) -> Redirect:
    for key, value in config.items():
        if value and key not in _REDIRECT_KEYS:
            raise Unsupported(f"{key} in a redirect")
    status = config.get("StatusCode", "")
    if status not in _REDIRECTS:
        raise Unsupported(f"a redirect with status {status!r}")
    parts = {
        key.lower(): value
        for key, value in config.items()
        if key != "StatusCode" and value is not None and (value or key == "Query")
    }
    return Redirect(status=_REDIRECTS[status], **parts)
