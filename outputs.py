"""Stack outputs (contract, "Stack outputs")."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_aws import lb

import catalog
from endpoints.compose import Groups
from endpoints.model import LambdaBackend
from routing import Forward, Listener, Rule, WeightedForward
from rust_scorer.declare import RustScorer


def export(
    rust_percentage: int,
    table: Sequence[Rule[str]],
    rules: Mapping[str, lb.ListenerRule],
    groups: Groups,
    rust: RustScorer,
) -> None:
    """Export what operators and the rollout command read."""
    pulumi.export("rustPercentage", rust_percentage)
    pulumi.export("routes", _routes(table, rules, groups, rust))
    pulumi.export(
        "rustScorer",
        {
            "functionName": rust.function.name,
            "publicTargetGroupArn": rust.groups[Listener.PUBLIC].group.arn,
            "internalTargetGroupArn": rust.groups[Listener.INTERNAL].group.arn,
        },
    )
    pulumi.export("rolloutAlarms", catalog.rust_alarms())


def _routes(
    table: Sequence[Rule[str]],
    rules: Mapping[str, lb.ListenerRule],
    groups: Groups,
    rust: RustScorer,
) -> list[dict[str, Any]]:
    planned = {rule.name: rule for rule in table}
    endpoints = sorted(catalog.ENDPOINTS, key=lambda e: (e.listener, e.priority))
    routes = []
    for endpoint in endpoints:
        action = planned[endpoint.rule].action
        route: dict[str, Any] = {
            "endpoint": endpoint.name,
            "listener": endpoint.listener.value,
            "priority": endpoint.priority,
            "host": endpoint.host,
            "path": endpoint.path,
            "methods": list(endpoint.methods) or None,
            "ruleArn": rules[endpoint.rule].arn,
            "pythonTargetGroupArn": None,
            "rustTargetGroupArn": None,
            "pythonWeight": None,
            "rustWeight": None,
            "stickinessSeconds": None,
        }
        if isinstance(endpoint.backend, LambdaBackend):
            route["pythonTargetGroupArn"] = groups.arn(endpoint.backend.group.group)
            route["pythonWeight"], route["rustWeight"] = 100, 0
            if endpoint.dual:
                route["rustTargetGroupArn"] = rust.groups[endpoint.listener].group.arn
        match action:
            case WeightedForward((python, rust_target), seconds):
                route["pythonWeight"] = python.weight
                route["rustWeight"] = rust_target.weight
                route["stickinessSeconds"] = seconds
            case Forward() | _:
                pass
        routes.append(route)
    return routes
