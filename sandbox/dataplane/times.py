"""Response times as CloudWatch takes them with their distribution: values, and how often each."""

import math
from collections.abc import Iterator
from typing import Any, Final

from routing import limits
from sandbox.cloudwatch.statistics import Statistics

SHORTEST_S: Final = 0.001
"""Shorter times are told from each other by their mean alone."""
WIDTH: Final = 1.1
"""The longest time of a bucket by its shortest: percentiles are right within 10 %.

So 1 ms to the 900 s that a function may run fit, with an exact minimum and maximum, into the
values that a datum may have.
"""

_BUCKETS: Final = math.ceil(math.log(limits.FUNCTION_TIMEOUT_SECONDS_MAX / SHORTEST_S, WIDTH))
BOUNDS: Final = [SHORTEST_S * WIDTH**number for number in range(_BUCKETS + 1)]
"""Where the buckets meet; the first and the last are open."""


class Times(dict[int, Statistics]):
    """How long requests took, in seconds, by bucket: that of a time is `bisect(BOUNDS, time)`.

    Memory is flat: a bucket holds four numbers.
    """

    def __missing__(self, bucket: int) -> Statistics:
        return self.setdefault(bucket, Statistics())

    def merge(self, other: "Times") -> None:
        for number, bucket in other.items():
            self[number].merge(bucket)

    @property
    def whole(self) -> Statistics:
        """All times together."""
        whole = Statistics()
        for bucket in self.values():
            whole.merge(bucket)
        return whole

    def as_values(self, scale: float = 1) -> dict[str, Any]:
        """Values and Counts of PutMetricData; `scale` brings seconds into another unit.

        Sum, average, minimum and maximum are those of the single times: every value is the
        mean of its bucket, and the two extremes stand by themselves.
        """
        counts: dict[float, float] = {}
        for value, count in self._counted():
            counts[value * scale] = counts.get(value * scale, 0.0) + count
        return {"Values": [*counts], "Counts": [*counts.values()]}

    def _counted(self) -> Iterator[tuple[float, float]]:
        lowest, highest = min(self), max(self)
        for number, bucket in self.items():
            ends = [bucket.minimum] if number == lowest else []
            if number == highest and bucket.count > len(ends):
                ends.append(bucket.maximum)
            yield from ((end, 1.0) for end in ends)
            if rest := bucket.count - len(ends):
                mean = (bucket.total - sum(ends)) / rest
                # Rounding must not take it beyond the extremes.
                yield min(max(mean, bucket.minimum), bucket.maximum), float(rest)
