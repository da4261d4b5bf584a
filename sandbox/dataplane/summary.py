"""Many response times in few numbers: mergeable, and of bounded size.

Times go into buckets that are 2 % wide; count, total and extremes are exact.
"""

import math

_WIDTH = math.log(1.02)
_SHORTEST_S = 1e-6


class Summary:
    """A histogram."""

    __slots__ = ("buckets", "count", "maximum", "minimum", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.minimum = math.inf
        self.maximum = -math.inf
        self.buckets: dict[int, int] = {}

    def add(self, seconds: float) -> None:
        self.count += 1
        self.total += seconds
        if seconds < self.minimum:  # noqa: PLR1730 # half the time of min(), at every request
            self.minimum = seconds
        if seconds > self.maximum:  # noqa: PLR1730
            self.maximum = seconds
        bucket = int(math.log(seconds / _SHORTEST_S) / _WIDTH) if seconds > _SHORTEST_S else 0
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def merge(self, other: "Summary") -> None:
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    @property
    def mean(self) -> float:
        return self.total / self.count

    def values(self) -> list[tuple[float, int]]:
        """The middle of each bucket and its count, ascending, within the true extremes."""
        return [
            (min(max(_middle(bucket), self.minimum), self.maximum), count)
            for bucket, count in sorted(self.buckets.items())
        ]

    def percentile(self, percent: float) -> float:
        """The smallest value that so many percent do not exceed, within 1 %."""
        rank = math.ceil(self.count * percent / 100)
        for value, count in self.values():
            rank -= count
            if rank <= 0:
                return value
        return self.maximum


def _middle(bucket: int) -> float:
    return _SHORTEST_S * math.exp((bucket + 0.5) * _WIDTH)
