"""Refusals of Elastic Load Balancing v2: attributes of target groups.

Which kind of group has which attribute, and what it may say, is from the API model,
TargetGroupAttribute; the words are AWS's where people reported them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from moto.elbv2.models import ELBv2Backend

from routing import limits
from sandbox.account.refusals.guard import After, Arguments, guard, invalid, refused

LAMBDA: Final = "lambda"
_ALB, _NLB, _GWLB = "application", "network", "gateway"
_ADDRESSES: Final = frozenset({_ALB, _NLB, _GWLB})
_PROTOCOLS: Final = {"HTTP": _ALB, "HTTPS": _ALB, "GENEVE": _GWLB}
_DELAY: Final = "deregistration_delay.timeout_seconds"
_STICKY: Final = "stickiness.enabled"


@dataclass(frozen=True)
class _Attribute:
    kinds: frozenset[str]
    allows: Callable[[str], object]
    values: str
    """What it allows, in words."""


def _one_of(*values: str) -> tuple[Callable[[str], object], str]:
    return values.__contains__, f"must be one of [{', '.join(values)}]"


def _between(low: int, high: int, *others: str) -> tuple[Callable[[str], object], str]:
    def allows(value: str) -> bool:
        return value in others or (
            re.fullmatch(r"\d{1,9}", value, re.ASCII) is not None and low <= int(value) <= high
        )

    listed = "".join(f"'{other}' or " for other in others)
    return allows, f"must be {listed}between '{low}-{high}' inclusive"


_FLAG = _one_of("true", "false")
_WEEK = _between(limits.STICKINESS_SECONDS_MIN, limits.STICKINESS_SECONDS_MAX)
_HEALTHY = "target_group_health.{}.minimum_healthy_targets.{}".format
_BALANCED = frozenset({_ALB, _NLB})

_ATTRIBUTES: Final[Mapping[str, _Attribute]] = {
    key: _Attribute(frozenset(kinds), *values)
    for kinds, listed in (
        (
            _ADDRESSES,
            {
                _DELAY: _between(0, limits.DEREGISTRATION_SECONDS_MAX),
                _STICKY: _FLAG,
                "stickiness.type": _one_of(
                    "lb_cookie",
                    "app_cookie",
                    "source_ip",
                    "source_ip_dest_ip",
                    "source_ip_dest_ip_proto",
                ),
            },
        ),
        (
            _BALANCED,
            {
                "load_balancing.cross_zone.enabled": _one_of(
                    "true", "false", "use_load_balancer_configuration"
                ),
                _HEALTHY("dns_failover", "count"): _between(1, limits.TARGETS_MAX, "off"),
                _HEALTHY("dns_failover", "percentage"): _between(1, 100, "off"),
                _HEALTHY("unhealthy_state_routing", "count"): _between(1, limits.TARGETS_MAX),
                _HEALTHY("unhealthy_state_routing", "percentage"): _between(1, 100, "off"),
            },
        ),
        (
            {_ALB},
            {
                "load_balancing.algorithm.type": _one_of(
                    "round_robin", "least_outstanding_requests", "weighted_random"
                ),
                "load_balancing.algorithm.anomaly_mitigation": _one_of("on", "off"),
                "slow_start.duration_seconds": _between(
                    limits.SLOW_START_SECONDS_MIN, limits.SLOW_START_SECONDS_MAX, "0"
                ),
                "stickiness.app_cookie.cookie_name": (
                    lambda value: value and not value.startswith("AWSALB"),
                    "must be the name of a cookie that does not start with AWSALB",
                ),
                "stickiness.app_cookie.duration_seconds": _WEEK,
                "stickiness.lb_cookie.duration_seconds": _WEEK,
            },
        ),
        ({LAMBDA}, {"lambda.multi_value_headers.enabled": _FLAG}),
        (
            {_NLB},
            {
                "deregistration_delay.connection_termination.enabled": _FLAG,
                "preserve_client_ip.enabled": _FLAG,
                "proxy_protocol_v2.enabled": _FLAG,
                "target_health_state.unhealthy.connection_termination.enabled": _FLAG,
                "target_health_state.unhealthy.draining_interval_seconds": _between(
                    0, limits.DRAINING_SECONDS_MAX
                ),
            },
        ),
        (
            {_GWLB},
            {
                "target_failover.on_deregistration": _one_of("rebalance", "no_rebalance"),
                "target_failover.on_unhealthy": _one_of("rebalance", "no_rebalance"),
                "send_tcp_reset.on_unhealthy.enabled": _FLAG,
                "send_tcp_reset.on_deregistration.enabled": _FLAG,
            },
        ),
    )
    for key, values in listed.items()
}


@guard(ELBv2Backend, "create_target_group")
def _create_target_group(_backend: Any, _call: Arguments) -> After:
    def leave_out(group: Any) -> None:
        """Show the attributes that such a group has; moto shows those of an address group."""
        kind = _kind(group)
        for key in list(group.attributes):
            if key not in _ATTRIBUTES or kind not in _ATTRIBUTES[key].kinds:
                del group.attributes[key]

    return leave_out


@guard(ELBv2Backend, "modify_target_group_attributes")
def _modify_target_group_attributes(backend: Any, call: Arguments) -> After | None:
    group = backend.target_groups.get(call["target_group_arn"])
    if group is None:
        return None  # moto refuses it
    for key, value in call["attributes"].items():
        _check_attribute(group, key, str(value))
    if call["attributes"].get(_STICKY) == "true":
        for rule in rules_that_weigh_without_stickiness(backend, group.arn):
            raise refused(
                "InvalidConfigurationRequest",
                "This target group appears behind a rule with group stickiness disabled "
                f"({rule}). You must enable group stickiness before enabling target stickiness",
            )
    delay = call["attributes"].pop(_DELAY, None)  # of which moto refuses the longest

    def keep_delay(_nothing: Any) -> None:
        if delay is not None:
            group.attributes[_DELAY] = delay

    return keep_delay


def _check_attribute(group: Any, key: str, value: str) -> None:
    attribute = _ATTRIBUTES.get(key)
    if attribute is None:
        raise invalid(f"Target group attribute key '{key}' is not recognized")
    if _kind(group) not in attribute.kinds:
        what = (
            "target type 'lambda'"
            if group.target_type == LAMBDA
            else f"the {group.protocol} protocol"
        )
        raise refused(
            "InvalidConfigurationRequest",
            f"A target group with {what} does not support the attribute {key}",
        )
    if not attribute.allows(value):
        raise invalid(f"'{key}' value '{value}' {attribute.values}")


def _kind(group: Any) -> str:
    if group.target_type == LAMBDA:
        return LAMBDA
    return _PROTOCOLS.get(group.protocol, _NLB)


def check_stickiness_of(backend: Any, forward: Mapping[str, Any]) -> None:
    """Refuse a forward to several groups, one of them sticky, that is not sticky itself.

    Raises Refused. The code and the words of this direction are not known for certain.
    """
    if _weighs_without_stickiness(forward) and any(
        backend.target_groups[arn].attributes.get(_STICKY) == "true" for arn in _arns(forward)
    ):
        raise refused(
            "InvalidConfigurationRequest",
            "You must enable group stickiness on a rule if you enabled target stickiness on "
            "one of its target groups",
        )


def rules_that_weigh_without_stickiness(backend: Any, group_arn: str) -> Iterator[str]:
    """ARNs of rules that share requests among this group and others, without stickiness."""
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                forwards = [action.data.get("ForwardConfig") or {} for action in rule.actions]
                if any(
                    _weighs_without_stickiness(forward) and group_arn in _arns(forward)
                    for forward in forwards
                ):
                    yield rule.arn


def _arns(forward: Mapping[str, Any]) -> list[str]:
    return [target["TargetGroupArn"] for target in forward.get("TargetGroups") or ()]


def _weighs_without_stickiness(forward: Mapping[str, Any]) -> bool:
    sticky = (forward.get("TargetGroupStickinessConfig") or {}).get("Enabled")
    return len(_arns(forward)) > 1 and str(sticky).lower() != "true"
