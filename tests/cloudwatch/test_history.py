from datetime import timedelta
from typing import Any

import pytest

from sandbox.cloudwatch.history import KEPT_MINUTES, History, Metric
from tests.cloudwatch.support import NOW, at, metric, put


@pytest.fixture
def history() -> History:
    return History()


def windows(history: History, minutes: int, period_s: int = 60, **options: Any) -> dict[int, float]:
    """Sums of the minutes before NOW, by position."""
    found = history.windows(
        options.pop("of", metric()), NOW - 60 * minutes, NOW, period_s, **options
    )
    return {position: statistics.total for position, statistics in found.items()}


@pytest.mark.parametrize(
    "datum",
    [
        {"Values": [1.0, 4.0], "Counts": [3.0, 1.0]},
        {"Values": [1.0, 1.0, 1.0, 4.0]},
        {"StatisticValues": {"SampleCount": 4, "Sum": 7, "Minimum": 1, "Maximum": 4}},
    ],
)
def test_every_form_of_a_datum(history: History, datum: dict[str, Any]) -> None:
    put(history, 1, **datum)
    (found,) = history.windows(metric(), NOW - 60, NOW, 60).values()
    statistics = ("SampleCount", "Sum", "Minimum", "Maximum", "Average")
    assert [found.value(name) for name in statistics] == [4, 7, 1, 4, 1.75]


def test_data_of_a_minute_add_up(history: History) -> None:
    put(history, 1, Value=2.0)
    history.put(
        "AWS/Lambda",
        {"MetricName": "Errors", "Timestamp": at(1) + timedelta(seconds=59.9), "Value": 5.0},
        at(0),
    )
    (found,) = history.windows(metric(), NOW - 60, NOW, 60).values()
    assert (found.count, found.total, found.minimum, found.maximum) == (2, 7, 2, 5)
    assert len(history) == 1


def test_windows_begin_with_the_range(history: History) -> None:
    for minute in (1, 2, 5, 6, 7):
        put(history, minute, Value=float(10**minute))

    assert windows(history, 7) == {0: 1e7, 1: 1e6, 2: 1e5, 5: 100, 6: 10}
    assert windows(history, 6, 120) == {0: 1_100_000, 2: 110}
    assert windows(history, 5, 300) == {0: 100_110}
    assert windows(history, 4, 180) == {0: 100, 1: 10}  # the second window is cut off
    before = history.windows(metric(), NOW - 300, NOW - 60, 60)
    assert sorted(before) == [0, 3]


def test_one_metric_is_not_another(history: History) -> None:
    put(history, 1, Value=1.0)
    put(history, 1, Value=2.0, Dimensions=[{"Name": "FunctionName", "Value": "f"}])
    dimensions = [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]
    put(history, 1, Value=3.0, Dimensions=dimensions)

    assert windows(history, 1) == {0: 1}
    assert windows(history, 1, of=metric(FunctionName="f")) == {0: 2}
    assert windows(history, 1, of=metric(b="2", a="1")) == {0: 3}
    assert windows(history, 1, of=metric(a="1")) == {}
    assert windows(history, 1, of=metric("Throttles")) == {}
    assert windows(history, 1, of=Metric("AWS/Other", "Errors")) == {}
    assert len(list(history)) == 3


def test_units(history: History) -> None:
    put(history, 1, Value=1.0, Unit="Count")
    put(history, 1, Value=2.0)

    assert history.units(metric()) == ["Count", "None"]
    assert windows(history, 1, unit="Count") == {0: 1}
    assert windows(history, 1, unit="None") == {0: 2}
    assert windows(history, 1, unit="Seconds") == {}
    assert windows(history, 1) == {0: 3}


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

    assert len(history) == 2 * KEPT_MINUTES
    assert len(windows(history, KEPT_MINUTES + 50)) == KEPT_MINUTES
    put(history, KEPT_MINUTES + 1, Value=1.0)  # too old
    assert len(windows(history, KEPT_MINUTES)) == KEPT_MINUTES
