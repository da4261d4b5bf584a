"""Metrics by the minute, as far back as alarms of the sandbox look. Bounded.

AWS keeps minutes for 15 days; the sandbox keeps the newest `KEPT_MINUTES` of each metric.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.cloudwatch.statistics import Distribution

MINUTE_S: Final = 60
KEPT_MINUTES: Final = 360

NO_UNIT: Final = "None"
"""CloudWatch's own word for data without a unit."""


@dataclass(frozen=True)
class Metric:
    """What CloudWatch tells one metric from another by."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def named(cls, namespace: str, name: str, dimensions: Iterable[Mapping[str, str]]) -> "Metric":
        """With the dimensions as the API has them, whose order means nothing."""
        return cls(namespace, name, frozenset((one["Name"], one["Value"]) for one in dimensions))


class History:
    """Data by metric, unit and minute. Not for several threads at once."""

    def __init__(self) -> None:
        self._series: dict[Metric, dict[str, dict[int, Distribution]]] = {}

    def __iter__(self) -> Iterator[Metric]:
        """Every metric that has data."""
        return iter(self._series)

    def put(self, namespace: str, datum: Mapping[str, Any], now: datetime) -> None:
        """Keep a MetricDatum of PutMetricData; without a timestamp it is of `now`.

        A time is rounded down to its minute, as CloudWatch does at standard resolution.
        """
        statistics = Distribution.of_datum(datum)
        if not statistics.count:
            return
        metric = Metric.named(namespace, datum["MetricName"], datum.get("Dimensions") or ())
        unit = datum.get("Unit") or NO_UNIT
        minute = seconds(datum.get("Timestamp") or now) // MINUTE_S * MINUTE_S
        minutes = self._series.setdefault(metric, {}).setdefault(unit, {})
        kept = minutes.get(minute)
        if kept is None:
            kept = minutes[minute] = Distribution()
        kept.merge(statistics)
        if len(minutes) > KEPT_MINUTES:
            del minutes[min(minutes)]

    def units(self, metric: Metric) -> list[str]:
        """The units that there are data in."""
        return list(self._series.get(metric, ()))

    def windows(
        self, metric: Metric, start: int, end: int, period_s: int, unit: str | None = None
    ) -> dict[int, Distribution]:
        """What was measured from `start` to before `end`, in windows of a period from `start`.

        By the position of the window, 0 for the first; windows without data are left out.
        A unit leaves out data of any other one, none adds all up. Times since the epoch.
        """
        found: dict[int, Distribution] = {}
        for stored, minutes in self._series.get(metric, {}).items():
            if unit not in (None, stored):
                continue
            for minute, statistics in minutes.items():
                if start <= minute < end:
                    position = (minute - start) // period_s
                    found.setdefault(position, Distribution()).merge(statistics)
        return found


def seconds(time: datetime) -> int:
    """Whole seconds since the epoch; a time without a zone is UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return int(aware.timestamp())
