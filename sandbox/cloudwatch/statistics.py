"""Many values in four numbers, as a statistic set of CloudWatch holds them."""

import math
from collections.abc import Mapping
from typing import Any, Final

STATISTICS: Final = {
    "Average": "mean",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "SampleCount": "count",
    "Sum": "total",
}
"""What can be asked of a statistic set, and its attribute; percentiles need the single values."""

_SET: Final = ("SampleCount", "Sum", "Minimum", "Maximum")


class Statistics:
    """Count, total and extremes of the values so far; the extremes are infinite for none."""

    __slots__ = ("count", "maximum", "minimum", "total")

    def __init__(
        self,
        count: float = 0,
        total: float = 0.0,
        minimum: float = math.inf,
        maximum: float = -math.inf,
    ) -> None:
        self.count = count
        self.total = total
        self.minimum = minimum
        self.maximum = maximum

    @classmethod
    def of_datum(cls, datum: Mapping[str, Any]) -> "Statistics":
        """What a MetricDatum stands for, in any of its three forms."""
        if statistic_set := datum.get("StatisticValues"):
            return cls(*(float(statistic_set[name]) for name in _SET))
        values = datum.get("Values") or [datum.get("Value", 0.0)]
        counts = datum.get("Counts") or [1.0] * len(values)
        made = cls()
        for value, count in zip(values, counts, strict=True):
            made.merge(cls(float(count), float(value) * float(count), float(value), float(value)))
        return made

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        if value < self.minimum:  # noqa: PLR1730 # half the time of min(), at every request
            self.minimum = value
        if value > self.maximum:  # noqa: PLR1730
            self.maximum = value

    def merge(self, other: "Statistics") -> None:
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    @property
    def mean(self) -> float:
        return self.total / self.count

    def value(self, statistic: str) -> float:
        """One of STATISTICS, for at least one value."""
        value: float = getattr(self, STATISTICS[statistic])
        return value

    def as_set(self, scale: float = 1) -> dict[str, float]:
        """The StatisticSet of PutMetricData; `scale` brings values into another unit."""
        numbers = (self.count, *(x * scale for x in (self.total, self.minimum, self.maximum)))
        return {name: float(number) for name, number in zip(_SET, numbers, strict=True)}
