"""Target groups and listener rules; knows no endpoint.

The four functions need Pulumi and load on first use, so that plain route data
can be read from here without it.
"""

from typing import TYPE_CHECKING, Any

from routing.model import (
    Condition,
    FixedResponse,
    Forward,
    Header,
    Host,
    Listener,
    Methods,
    Path,
    Request,
    Rule,
    TargetGroupNames,
    WeightedForward,
    WeightedGroup,
    conditions,
)
from routing.shares import choose_forward, is_rust_enabled

if TYPE_CHECKING:
    from routing.resources import (
        ImageCode,
        LambdaTargetGroup,
        ZipCode,
        build_lambda_function,
        create_lambda_target_group,
        create_listener_rule,
        create_weighted_listener_rule,
    )

__all__ = [
    "Condition",
    "FixedResponse",
    "Forward",
    "Header",
    "Host",
    "ImageCode",
    "LambdaTargetGroup",
    "Listener",
    "Methods",
    "Path",
    "Request",
    "Rule",
    "TargetGroupNames",
    "WeightedForward",
    "WeightedGroup",
    "ZipCode",
    "build_lambda_function",
    "choose_forward",
    "conditions",
    "create_lambda_target_group",
    "create_listener_rule",
    "create_weighted_listener_rule",
    "is_rust_enabled",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from routing import resources  # noqa: PLC0415 keeps Pulumi out of plain route data

    return getattr(resources, name)
