"""Metric alarms as DescribeAlarms gives them, evaluated on a history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudwatch.history import KEPT_MINUTES, MINUTE_S, History
from sandbox.cloudwatch.metric_math import Series, Unsupported, divided, operands
from sandbox.cloudwatch.queries import MetricQuery
from sandbox.cloudwatch.reasons import Evaluated, reason, reason_data
from sandbox.cloudwatch.states import MISSING, Criterion, State, judge
from sandbox.cloudwatch.statistics import STATISTICS


@dataclass(frozen=True)
class Change:
    """A state that an alarm is to be set to."""

    state: State
    reason: str
    reason_data: str


@dataclass(frozen=True)
class Alarm:
    """A metric alarm that can be evaluated."""

    described: Mapping[str, Any]
    metrics: tuple[MetricQuery, ...]
    """What is compared to the threshold: a metric, or a metric and another one it is divided by."""
    criterion: Criterion

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> "Alarm":
        """Raises Unsupported for an alarm of the account that the sandbox does not evaluate."""
        metrics = _watched(described)
        for query in metrics:
            if query.statistic not in STATISTICS:
                raise Unsupported(f"{query.statistic} needs single values, which are not published")
            if query.period_s % MINUTE_S:
                raise Unsupported(f"a period of {query.period_s} s is no whole minute")
        periods = described["EvaluationPeriods"]
        criterion = Criterion(
            comparison=described["ComparisonOperator"],
            threshold=described["Threshold"],
            periods=periods,
            datapoints=described.get("DatapointsToAlarm") or periods,
            missing=described.get("TreatMissingData") or MISSING,
        )
        minutes = criterion.range * metrics[0].period_s // MINUTE_S
        if minutes > KEPT_MINUTES:
            raise Unsupported(f"it looks at {minutes} minutes, of which {KEPT_MINUTES} are kept")
        return cls(described, metrics, criterion)

    def evaluate(self, history: History, now: float) -> Change | None:
        """What to change after the last minute that ended by `now`.

        The periods slide: each ends with a minute, whatever the period, as in CloudWatch's
        sliding window, and the newest ends with the last whole minute (modelled).
        """
        period_s = self.metrics[0].period_s
        end = int(now) // MINUTE_S * MINUTE_S
        start = end - self.criterion.range * period_s
        series = self._series(history, start, end)
        verdict = judge(self.criterion, [series.get(at) for at in range(self.criterion.range)])
        if verdict.state in (None, self.described["StateValue"]):
            return None
        evaluated = Evaluated(self.criterion, verdict, period_s, end)
        data = reason_data(evaluated, now, self.described, self._samples(history, start, end))
        return Change(verdict.state, reason(evaluated), data)

    def _series(self, history: History, start: int, end: int) -> Series:
        first, *rest = (metric.series(history, start, end) for metric in self.metrics)
        return divided(first, rest[0]) if rest else first

    def _samples(self, history: History, start: int, end: int) -> dict[int, float]:
        """How many values a period's point stands for, by age; empty for a division."""
        query, *rest = self.metrics
        if rest:
            return {}
        windows = history.windows(query.metric, start, end, query.period_s, query.unit)
        return {self.criterion.range - at: float(found.count) for at, found in windows.items()}


def _watched(described: Mapping[str, Any]) -> tuple[MetricQuery, ...]:
    listed = described.get("Metrics")
    if not listed:
        statistic = described.get("Statistic") or described["ExtendedStatistic"]
        return (MetricQuery.read({**described, "Metric": described, "Stat": statistic}),)
    metrics = {
        one["Id"]: MetricQuery.read(one["MetricStat"]) for one in listed if "Expression" not in one
    }
    watched = next(one for one in listed if one.get("ReturnData") is not False)
    if expression := watched.get("Expression"):
        return tuple(metrics[id_] for id_ in operands(expression))
    return (metrics[watched["Id"]],)
