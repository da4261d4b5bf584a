"""Stack outputs (contract, "Stack outputs")."""

from collections.abc import Iterable, Sequence
from typing import Any

import pulumi

import catalog
from lambdas.context import DeclaredEndpoint
from routing import Listener, WeightedForward
from rust_scorer.declare import RustScorer


def export(rust_percentage: int, declared: Sequence[DeclaredEndpoint], rust: RustScorer) -> None:
    """Export what operators and the rollout command read."""
    pulumi.export("rustPercentage", rust_percentage)
    pulumi.export("routes", _routes(declared, rust))
    pulumi.export(
        "rustScorer",
        {
            "functionName": rust.function.name,
            "publicTargetGroupArn": rust.target_groups[Listener.PUBLIC].arn,
            "internalTargetGroupArn": rust.target_groups[Listener.INTERNAL].arn,
        },
    )
    pulumi.export("rolloutAlarms", catalog.rust_alarms())


def _routes(declared: Iterable[DeclaredEndpoint], rust: RustScorer) -> list[dict[str, Any]]:
    routes = []
    for one in sorted(declared, key=lambda one: (one.planned.listener, one.planned.priority)):
        endpoint = one.endpoint
        weights: Sequence[int | None] = (100, 0) if one.python else (None, None)
        seconds = None
        if isinstance(action := one.planned.action, WeightedForward):
            weights = [target.weight for target in action.targets]
            seconds = action.stickiness_seconds
        routes.append(
            {
                "endpoint": endpoint.name,
                "listener": endpoint.listener.value,
                "priority": endpoint.priority,
                "host": endpoint.host,
                "path": endpoint.path,
                "methods": list(endpoint.methods) or None,
                "ruleArn": one.listener_rule.arn,
                "pythonTargetGroupArn": one.python and one.python.arn,
                "rustTargetGroupArn": (
                    rust.target_groups[endpoint.listener].arn if endpoint.dual else None
                ),
                "pythonWeight": weights[0],
                "rustWeight": weights[1],
                "stickinessSeconds": seconds,
            }
        )
    return routes
