"""One dashboard per stack: Python and Rust side by side per load balancer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import Input, Output
from pulumi_aws import cloudwatch

import catalog
import rust_scorer.names as rust
from lambdas.context import Context
from lambdas.model import LambdaBackend
from routing import Listener
from settings import region

_PERIOD_S = 60
_WIDTH = 8
_HEIGHT = 6
_ERRORS = ("HTTPCode_Target_5XX_Count", "LambdaUserError")
_PERCENTILES = ("p50", "p95", "p99")

Metric = list[Any]


@dataclass(frozen=True)
class _Series:
    """A target group as CloudWatch sees it; `id` is unique within a widget."""

    id: str
    label: str
    suffix: Input[str]


def declare_dashboard(context: Context, suffixes: Mapping[str, Input[str]]) -> None:
    """Create the stack's dashboard; `suffixes` holds the ARN suffix of each target group."""
    widgets: list[Any] = []
    for listener in Listener:
        python = [
            _Series(f"p{index}", endpoint.name, suffixes[endpoint.backend.target_group.logical])
            for index, endpoint in enumerate(catalog.ENDPOINTS)
            if endpoint.dual
            and endpoint.listener is listener
            and isinstance(endpoint.backend, LambdaBackend)
        ]
        rust_series = _Series("r", "Rust", suffixes[rust.TARGET_GROUPS[listener].logical])
        balancer = context.foundation.load_balancers[listener].arn_suffix
        widgets += _Rows(listener, balancer, python, rust_series).widgets()
    for index, widget in enumerate(widgets):
        widget |= {
            "type": "metric",
            "x": index % 3 * _WIDTH,
            "y": index // 3 * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
        }
    cloudwatch.Dashboard(
        catalog.DASHBOARD,
        dashboard_name=f"{catalog.DASHBOARD}-{context.stack}",
        dashboard_body=Output.json_dumps({"widgets": widgets}),
    )


@dataclass(frozen=True)
class _Rows:
    """The widgets of one load balancer."""

    listener: Listener
    balancer: Input[str]
    python: Sequence[_Series]
    rust: _Series

    def widgets(self) -> list[dict[str, Any]]:
        return [
            self._widget("requests", self._counts("RequestCount")),
            self._widget("errors", self._error_counts()),
            self._widget("observed Rust share", self._share(), unit="%"),
            *(
                self._widget(f"response time {percentile}", self._latency(percentile), unit="s")
                for percentile in _PERCENTILES
            ),
        ]

    def _widget(self, title: str, metrics: list[Metric], *, unit: str = "") -> dict[str, Any]:
        return {
            "properties": {
                "title": f"{self.listener} load balancer: {title}",
                "region": region(),
                "view": "timeSeries",
                "period": _PERIOD_S,
                "metrics": metrics,
                "yAxis": {"left": {"min": 0, "label": unit, "showUnits": False}},
            }
        }

    def _metric(self, series: _Series, name: str, stat: str, *, id_: str, **how: Any) -> Metric:
        # LambdaUserError is published under the target group alone.
        balancer = [] if name == "LambdaUserError" else ["LoadBalancer", self.balancer]
        return [
            "AWS/ApplicationELB",
            name,
            *balancer,
            "TargetGroup",
            series.suffix,
            {"id": id_, "stat": stat, **how},
        ]

    def _counts(self, name: str) -> list[Metric]:
        """Rust, the sum over Python's dual endpoints, and each of them."""
        return [
            self._metric(self.rust, name, "Sum", id_=self.rust.id, label="Rust"),
            _expression("python", _sum(self.python), "Python, dual endpoints together"),
            *(self._metric(s, name, "Sum", id_=s.id, label=s.label) for s in self.python),
        ]

    def _error_counts(self) -> list[Metric]:
        hidden = [
            self._metric(series, name, "Sum", id_=f"{series.id}e{index}", visible=False)
            for series in (self.rust, *self.python)
            for index, name in enumerate(_ERRORS)
        ]
        return [
            _expression("rust_errors", _error_sum([self.rust]), "Rust"),
            _expression(
                "python_errors", _error_sum(self.python), "Python, dual endpoints together"
            ),
            *(_expression(f"{s.id}_errors", _error_sum([s]), s.label) for s in self.python),
            *hidden,
        ]

    def _share(self) -> list[Metric]:
        hidden = [
            self._metric(series, "RequestCount", "Sum", id_=series.id, visible=False)
            for series in (self.rust, *self.python)
        ]
        share = f"100 * FILL({self.rust.id}, 0) / ({_sum([self.rust, *self.python])})"
        return [_expression("share", share, "Rust share of requests"), *hidden]

    def _latency(self, percentile: str) -> list[Metric]:
        """Percentiles do not add up: Python's line is its slowest endpoint."""
        name = "TargetResponseTime"
        slowest = f"MAX([{', '.join(series.id for series in self.python)}])"
        return [
            self._metric(self.rust, name, percentile, id_=self.rust.id, label="Rust"),
            _expression("python", slowest, "Python, slowest dual endpoint"),
            *(self._metric(s, name, percentile, id_=s.id, label=s.label) for s in self.python),
        ]


def _sum(series: Sequence[_Series]) -> str:
    return " + ".join(f"FILL({one.id}, 0)" for one in series)


def _error_sum(series: Sequence[_Series]) -> str:
    return " + ".join(
        f"FILL({one.id}e{index}, 0)" for one in series for index in range(len(_ERRORS))
    )


def _expression(id_: str, expression: str, label: str) -> Metric:
    return [{"id": id_, "expression": expression, "label": label}]
