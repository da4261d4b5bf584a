"""Many values in four numbers, as a statistic set of CloudWatch holds them."""

import math
import re
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

PERCENTILE: Final = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")

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

    def as_set(self) -> dict[str, float]:
        """The StatisticSet of PutMetricData."""
        numbers = (self.count, self.total, self.minimum, self.maximum)
        return {name: float(number) for name, number in zip(_SET, numbers, strict=True)}


class Distribution(Statistics):
    """Statistics of data that were put, and the single values where CloudWatch knows them."""

    __slots__ = ("values",)

    def __init__(self, *statistics: float) -> None:
        super().__init__(*statistics)
        self.values: dict[float, float] | None = {}
        """How often each value was put; None if not all of them are known."""

    @classmethod
    def of_datum(cls, datum: Mapping[str, Any]) -> "Distribution":
        """What a MetricDatum stands for, in any of its three forms."""
        if statistic_set := datum.get("StatisticValues"):
            made = cls(*(float(statistic_set[name]) for name in _SET))
            made.values = {made.minimum: made.count} if made.minimum == made.maximum else None
            return made
        values = [float(value) for value in datum.get("Values") or [datum.get("Value", 0.0)]]
        counts = [float(count) for count in datum.get("Counts") or [1.0] * len(values)]
        total = sum(value * count for value, count in zip(values, counts, strict=True))
        made = cls(sum(counts), total, min(values), max(values))
        known: dict[float, float] = {}
        for value, count in zip(values, counts, strict=True):
            known[value] = known.get(value, 0) + count
        made.values = known
        return made

    def merge(self, other: Statistics) -> None:
        super().merge(other)
        values = other.values if isinstance(other, Distribution) else None
        if self.values is None or values is None:
            self.values = None
            return
        for value, count in values.items():
            self.values[value] = self.values.get(value, 0) + count

    def value(self, statistic: str) -> float | None:
        """One of STATISTICS or a PERCENTILE, for at least one value.

        CloudWatch has no percentile of a statistic set, unless all its values are equal, nor
        of negative values. Modelled: it is the nearest rank, without interpolation.
        """
        if statistic in STATISTICS:
            found: float = getattr(self, STATISTICS[statistic])
            return found
        if self.values is None or self.minimum < 0:
            return None
        rank = float(statistic.removeprefix("p")) * self.count
        below = 0.0
        for value in sorted(self.values):
            below += self.values[value]
            if below * 100 >= rank:
                return value
        return self.maximum
