import pytest

from sandbox.cloudwatch.history import KEPT_MINUTES, History
from tests.cloudwatch.support import NOW, at, metric, put


@pytest.fixture
def history() -> History:
    return History()


def windows(history: History, minutes: int) -> dict[int, float]:
    """Sums of the minutes before NOW, by position."""
    found = history.windows(metric(), NOW - 60 * minutes, NOW, 60)
    return {position: statistics.total for position, statistics in found.items()}


def test_a_datum_without_a_time_is_of_now(history: History) -> None:
    history.put("AWS/Lambda", {"MetricName": "Errors", "Value": 4.0}, at(0.5))
    assert windows(history, 1) == {0: 4}


def test_no_values_are_no_data(history: History) -> None:
    empty = {"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0}
    put(history, 1, StatisticValues=empty)
    assert (windows(history, 1), list(history)) == ({}, [])


def test_the_newest_minutes_are_kept(history: History) -> None:
    for minute in range(KEPT_MINUTES + 50, 0, -1):
        put(history, minute, Value=1.0)
        put(history, minute, "Throttles", Value=1.0)

    kept = [history.windows(one, 0, NOW, 60) for one in history]
    assert [len(minutes) for minutes in kept] == [KEPT_MINUTES, KEPT_MINUTES]
    put(history, KEPT_MINUTES + 1, Value=1.0)  # too old
    assert len(windows(history, KEPT_MINUTES)) == KEPT_MINUTES
