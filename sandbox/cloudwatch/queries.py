"""Metric queries as alarms and GetMetricData have them, answered from a history."""

import graphlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudwatch.history import History, Metric
from sandbox.cloudwatch.metric_math import Call, ExpressionError, Id, Node, parse, walk
from sandbox.cloudwatch.series import Frame, Series, Unsupported, Value, compute
from sandbox.cloudwatch.statistics import STATISTICS


@dataclass(frozen=True)
class MetricQuery:
    """One statistic of one metric."""

    metric: Metric
    period_s: int
    statistic: str
    unit: str | None = None
    """Data of another unit does not count."""

    @classmethod
    def read(cls, stat: Mapping[str, Any]) -> "MetricQuery":
        """A MetricStat of the API."""
        of = stat["Metric"]
        return cls(
            Metric.named(of["Namespace"], of["MetricName"], of.get("Dimensions") or ()),
            stat["Period"],
            stat["Stat"],
            stat.get("Unit"),
        )

    def series(self, history: History, start: int, end: int) -> Series:
        """The statistic by window; empty for percentiles, as CloudWatch has it for such data."""
        if self.statistic not in STATISTICS:
            return {}
        windows = history.windows(self.metric, start, end, self.period_s, self.unit)
        return {at: windows[at].value(self.statistic) for at in sorted(windows)}


@dataclass(frozen=True)
class Queries:
    """Metrics and expressions over them, by id; every expression after those that it uses."""

    metrics: Mapping[str, MetricQuery]
    expressions: Mapping[str, Node]
    periods: Mapping[str, int]
    """The period of each query, in seconds."""

    @classmethod
    def read(cls, described: Iterable[Mapping[str, Any]]) -> "Queries":
        """MetricDataQueries of the API. Raises Unsupported, also for ids that do not fit."""
        metrics: dict[str, MetricQuery] = {}
        expressions: dict[str, Node] = {}
        for query in described:
            if stat := query.get("MetricStat"):
                metrics[query["Id"]] = MetricQuery.read(stat)
            else:
                expressions[query["Id"]] = _parsed(query["Id"], query["Expression"])
        periods = {name: {metric.period_s} for name, metric in metrics.items()}
        ordered = {name: expressions[name] for name in _order(expressions, metrics)}
        for name, node in ordered.items():
            used = (*_ids(node), *(metrics if _uses_all(node) else ()))
            periods[name] = set().union(*(periods[one] for one in used))
            if len(periods[name]) != 1:
                how_many = "metrics of different periods" if used else "no metric"
                raise Unsupported(f"'{name}' uses {how_many}")
        return cls(metrics, ordered, {name: found.pop() for name, found in periods.items()})

    def answer(self, history: History, start: int, end: int) -> dict[str, Value]:
        """The results by id, from `start` to before `end`. Raises Unsupported."""
        answers: dict[str, Value] = {
            name: metric.series(history, start, end) for name, metric in self.metrics.items()
        }
        for name, node in self.expressions.items():
            length = -((start - end) // self.periods[name])
            answers[name] = compute(node, Frame(length, answers, tuple(self.metrics)))
        return answers


def _order(expressions: Mapping[str, Node], metrics: Mapping[str, object]) -> list[str]:
    uses = {name: _ids(node) - metrics.keys() for name, node in expressions.items()}
    for name, used in uses.items():
        if unknown := sorted(used - uses.keys()):
            raise Unsupported(f"Error in expression '{name}': Unknown id '{unknown[0]}'")
    try:
        return list(graphlib.TopologicalSorter(uses).static_order())
    except graphlib.CycleError as error:
        name = error.args[1][0]
        raise Unsupported(f"Error in expression '{name}': Circular reference") from None


def _parsed(id_: str, expression: str) -> Node:
    if expression.lstrip().upper().startswith("SELECT "):
        raise Unsupported(f"{id_} is a Metrics Insights query")
    try:
        return parse(expression)
    except ExpressionError as error:
        raise Unsupported(f"Error in expression '{id_}': {error}") from None


def _ids(node: Node) -> set[str]:
    return {one.name for one in walk(node) if isinstance(one, Id)}


def _uses_all(node: Node) -> bool:
    return any(isinstance(one, Call) and one.function == "METRICS" for one in walk(node))
