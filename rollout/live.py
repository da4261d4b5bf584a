"""The listener rules of the running account, as the model of the route data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import catalog
from endpoint import Endpoint
from lambdas.model import LambdaBackend
from routing import (
    Condition,
    FixedResponse,
    Forward,
    Header,
    Host,
    Listener,
    Methods,
    Path,
    Rule,
    WeightedForward,
    WeightedGroup,
    limits,
)
from routing.model import Action
from rust_scorer import names

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

THREADS: Final = 16
CONFIG: Final = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=THREADS,
    retries={"mode": "standard", "total_max_attempts": 4},
)
FAILURES: Final = (BotoCoreError, ClientError)
"""What calls to AWS fail with."""
_KINDS: Final[Mapping[str, tuple[str, type[Host | Path | Methods]]]] = {
    "host-header": ("HostHeaderConfig", Host),
    "path-pattern": ("PathPatternConfig", Path),
    "http-request-method": ("HttpRequestMethodConfig", Methods),
}
_NEVER: Final = Methods(())
"""Stands for a condition of a kind that this program's rules do not have."""


def connect(region: str) -> "ElasticLoadBalancingv2Client":
    """A client with the credentials of the environment. Threads may share it."""
    return boto3.Session(region_name=region).client("elbv2", config=CONFIG)


@dataclass(frozen=True, kw_only=True)
class LiveRule(Rule):
    """A rule of an account: `name` is its ARN, its action names target groups by ARN.

    The default rule has no conditions and a priority behind all others.
    """

    listener_arn: str

    def __str__(self) -> str:
        balancer = self.listener_arn.split("/")[2]
        last = self.priority > limits.PRIORITY_MAX
        return f"{'default rule' if last else f'rule {self.priority}'} of {balancer}"


@dataclass(frozen=True)
class Place:
    """Where the program's rules are in an account."""

    groups: Mapping[str, str]
    """ARNs of all target groups by physical name."""
    listeners: Mapping[str, Listener]
    """By ARN, the listeners of every load balancer that the program's target groups serve."""


def python_group(endpoint: Endpoint) -> str:
    """Physical name of the target group that serves a dual endpoint by Python."""
    backend = endpoint.backend
    return backend.target_group.physical if isinstance(backend, LambdaBackend) else ""


def find_place(elb: "ElasticLoadBalancingv2Client") -> Place:
    """Find the load balancers by the target groups that this program names.

    A group that no rule forwards to is on none: any of a listener's groups will do.
    """
    ours = {group.physical: listener for listener, group in names.TARGET_GROUPS.items()} | {
        endpoint.backend.target_group.physical: endpoint.listener
        for endpoint in catalog.ENDPOINTS
        if isinstance(endpoint.backend, LambdaBackend)
    }
    groups: dict[str, str] = {}
    balancers: dict[str, Listener] = {}
    for page in elb.get_paginator("describe_target_groups").paginate():
        for group in page["TargetGroups"]:
            name = group["TargetGroupName"]
            groups[name] = group["TargetGroupArn"]
            if name in ours:
                balancers |= dict.fromkeys(group["LoadBalancerArns"], ours[name])
    listeners = {
        one["ListenerArn"]: listener
        for balancer, listener in balancers.items()
        for page in elb.get_paginator("describe_listeners").paginate(LoadBalancerArn=balancer)
        for one in page["Listeners"]
    }
    return Place(groups, listeners)


def read_rules(
    elb: "ElasticLoadBalancingv2Client", listener_arn: str, listener: Listener
) -> list[LiveRule]:
    """All rules of a listener."""
    return [
        LiveRule(
            name=rule["RuleArn"],
            listener=listener,
            listener_arn=listener_arn,
            priority=limits.PRIORITY_MAX + 1
            if rule["Priority"] == "default"
            else int(rule["Priority"]),
            conditions=tuple(_condition(condition) for condition in rule["Conditions"]),
            action=read_action(rule["Actions"]),
        )
        for page in elb.get_paginator("describe_rules").paginate(ListenerArn=listener_arn)
        for rule in page["Rules"]
    ]


def _condition(condition: Mapping[str, Any]) -> Condition:
    if header := condition.get("HttpHeaderConfig"):
        return Header(header["HttpHeaderName"], ())  # a value may be the testers' secret
    config, kind = _KINDS.get(condition["Field"], ("", None))
    values = (condition.get(config) or condition).get("Values")
    return kind(tuple(values)) if kind and values else _NEVER


def read_action(actions: Sequence[Mapping[str, Any]]) -> Action:
    """What a rule does in the end.

    A plain Forward is exactly that: one group for every request, no cookie, nothing before it.
    A redirect counts as a fixed response.
    """
    last = actions[-1]
    if last["Type"] != "forward":
        config = last.get("FixedResponseConfig") or last.get("RedirectConfig") or {}
        status = str(config.get("StatusCode", 0)).removeprefix("HTTP_")
        return FixedResponse(int(status), config.get("ContentType", ""), "")
    config = last.get("ForwardConfig", {})
    targets = tuple(
        WeightedGroup(one["TargetGroupArn"], one.get("Weight", 1))
        for one in config.get("TargetGroups") or [last]
    )
    stickiness = config.get("TargetGroupStickinessConfig", {})
    seconds = stickiness.get("DurationSeconds", 0) if stickiness.get("Enabled") else 0
    if len(actions) == len(targets) == 1 and targets[0].weight and not seconds:
        return Forward(targets[0].group)
    return WeightedForward(targets, seconds)


def describe_action(action: Action) -> str:
    """An action in a few words, target groups by name and share."""
    match action:
        case Forward(group):
            return _group_name(group)
        case WeightedForward(targets):
            total = sum(target.weight for target in targets) or 1
            return ", ".join(
                f"{_group_name(t.group)} {100 * t.weight / total:.3g} %" for t in targets
            )
        case FixedResponse(status):
            return f"answer {status}"


def _group_name(arn: str) -> str:
    return arn.partition(":targetgroup/")[2].partition("/")[0] or arn


def route(conditions: Iterable[Condition]) -> frozenset[tuple[str, frozenset[str]]]:
    """What rules of one route have in common.

    Neither order nor the case of a host counts, as at AWS, nor the values of a header.
    """
    return frozenset(_part(condition) for condition in conditions)


def _part(condition: Condition) -> tuple[str, frozenset[str]]:
    match condition:
        case Header(name):
            return "header", frozenset({name.lower()})
        case Host(values):
            return "host", frozenset(value.lower() for value in values)
        case other:
            return type(other).__name__, frozenset(other.values)
