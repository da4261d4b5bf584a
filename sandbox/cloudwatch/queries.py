"""Metric queries as alarms and GetMetricData have them, answered from a history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudwatch.history import History, Metric
from sandbox.cloudwatch.metric_math import Series


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
        """The statistic by window; where it cannot be told, as percentiles may, there is none."""
        windows = history.windows(self.metric, start, end, self.period_s, self.unit)
        values = {at: windows[at].value(self.statistic) for at in sorted(windows)}
        return {at: value for at, value in values.items() if value is not None}
