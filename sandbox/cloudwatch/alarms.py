"""Metric alarms as DescribeAlarms gives them, evaluated on a history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.cloudwatch.history import KEPT_MINUTES, MINUTE_S, History
from sandbox.cloudwatch.queries import Queries
from sandbox.cloudwatch.reasons import Evaluated, reason, reason_data
from sandbox.cloudwatch.series import Unsupported
from sandbox.cloudwatch.states import COMPARISONS, MISSING, Criterion, State, judge
from sandbox.cloudwatch.statistics import STATISTICS

_ONLY: Final = "m1"


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
    queries: Queries
    watched: str
    """The id of the query that is compared to the threshold."""
    criterion: Criterion

    @property
    def name(self) -> str:
        name: str = self.described["AlarmName"]
        return name

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> "Alarm":
        """Raises Unsupported for an alarm that the sandbox does not evaluate."""
        if described.get("ThresholdMetricId") or described["ComparisonOperator"] not in COMPARISONS:
            raise Unsupported("it compares to an anomaly detection band")
        listed = described.get("Metrics") or [_single(described)]
        queries = Queries.read(listed)
        for query in queries.metrics.values():
            if query.statistic not in STATISTICS:
                raise Unsupported(f"{query.statistic} needs single values, which are not kept")
            if query.period_s % MINUTE_S:
                raise Unsupported(f"a period of {query.period_s} s is no whole minute")
        watched = next(query["Id"] for query in listed if query.get("ReturnData") is not False)
        periods = described["EvaluationPeriods"]
        criterion = Criterion(
            comparison=described["ComparisonOperator"],
            threshold=described["Threshold"],
            periods=periods,
            datapoints=described.get("DatapointsToAlarm") or periods,
            missing=described.get("TreatMissingData") or MISSING,
        )
        minutes = criterion.range * queries.periods[watched] // MINUTE_S
        if minutes > KEPT_MINUTES:
            raise Unsupported(f"it looks at {minutes} minutes, of which {KEPT_MINUTES} are kept")
        return cls(described, queries, watched, criterion)

    def evaluate(self, history: History, now: float) -> Change | None:
        """What to change after the last minute that ended by `now`. Raises Unsupported.

        The periods slide: each ends with a minute, whatever the period, as in CloudWatch's
        sliding window, and the newest ends with the last whole minute (modelled).
        """
        period_s = self.queries.periods[self.watched]
        end = int(now) // MINUTE_S * MINUTE_S
        start = end - self.criterion.range * period_s
        series = self.queries.answer(history, start, end)[self.watched]
        if not isinstance(series, Mapping):
            raise Unsupported(f"'{self.watched}' is not one time series")
        verdict = judge(self.criterion, [series.get(at) for at in range(self.criterion.range)])
        if verdict.state in (None, self.described["StateValue"]):
            return None
        evaluated = Evaluated(
            criterion=self.criterion,
            verdict=verdict,
            period_s=period_s,
            end=end,
            counts_datapoints=bool(self.described.get("DatapointsToAlarm")),
        )
        data = reason_data(evaluated, now, self.described, self._samples(history, start, end))
        return Change(verdict.state, reason(evaluated), data)

    def _samples(self, history: History, start: int, end: int) -> dict[int, float]:
        """How many values a period's point stands for, by age; empty for an expression."""
        query = self.queries.metrics.get(self.watched)
        if query is None:
            return {}
        windows = history.windows(query.metric, start, end, query.period_s, query.unit)
        return {self.criterion.range - at: float(found.count) for at, found in windows.items()}


def _single(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """The query of an alarm on one metric."""
    return {
        "Id": _ONLY,
        "MetricStat": {
            "Metric": described,
            "Period": described["Period"],
            "Stat": described.get("Statistic") or described["ExtendedStatistic"],
            "Unit": described.get("Unit"),
        },
    }
