"""Alarms evaluated on a history."""

import json
from typing import Any

import pytest

from sandbox.cloudwatch.alarms import Alarm, Change
from sandbox.cloudwatch.history import History
from sandbox.cloudwatch.metric_math import Unsupported
from tests.cloudwatch.support import NOW, described, put, query


@pytest.fixture
def history() -> History:
    return History()


def evaluate(history: History, now: float = NOW, **changes: Any) -> Change | None:
    return Alarm.read(described(**changes)).evaluate(history, now)


def state(history: History, now: float = NOW, **changes: Any) -> str | None:
    """What the alarm is set to, None if it stays as it is."""
    change = evaluate(history, now, **changes)
    return change.state if change else None


def on(*queries: Any, **changes: Any) -> dict[str, Any]:
    """An alarm on queries instead of one metric."""
    single = dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Statistic", "Period"))
    return {"Metrics": list(queries), **single, **changes}


RATIO = on(
    query("m1", "Invocations"),
    query("m2", "Errors"),
    {"Id": "e1", "Expression": "m2 / m1", "ReturnData": True},
    Threshold=0.2,
)


def test_an_alarm_is_only_set_to_another_state(history: History) -> None:
    put(history, 1, Value=5.0)
    once: dict[str, Any] = {"EvaluationPeriods": 1}

    assert state(history, **once, StateValue="OK") == "ALARM"
    assert evaluate(history, **once, StateValue="ALARM") is None
    assert state(history, **once, StateValue="ALARM", Threshold=5.0) == "OK"
    assert state(history, **once, StateValue="OK", MetricName="Throttles") == "INSUFFICIENT_DATA"
    ignoring = once | {"MetricName": "Throttles", "TreatMissingData": "ignore"}
    assert evaluate(history, **ignoring, StateValue="ALARM") is None


def test_the_minute_that_is_not_over_does_not_count(history: History) -> None:
    put(history, 0, Value=5.0)
    once: dict[str, Any] = {"EvaluationPeriods": 1, "TreatMissingData": "notBreaching"}

    assert state(history, NOW + 59.9, **once) == "OK"
    assert state(history, NOW + 60, **once) == "ALARM"


def test_m_of_n(history: History) -> None:
    for minute, value in ((1, 5.0), (2, 0.0), (3, 5.0), (4, 0.0), (5, 5.0)):
        put(history, minute, Value=value)
    five: dict[str, Any] = {"EvaluationPeriods": 5}

    assert state(history, **five, DatapointsToAlarm=3) == "ALARM"
    assert state(history, **five, DatapointsToAlarm=4) == "OK"
    assert state(history, **five) == "OK"


def test_long_periods_slide_by_the_minute(history: History) -> None:
    put(history, 10, Value=4.0)
    put(history, 11, Value=4.0)
    ten: dict[str, Any] = {
        "Period": 600,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
        "Threshold": 3.0,
    }

    assert state(history, **ten) == "ALARM"  # one in each window
    assert state(history, NOW + 60, **ten, TreatMissingData="notBreaching") == "OK"  # both in one


@pytest.mark.parametrize(
    ("errors", "invocations", "expected"),
    [
        (30.0, 100.0, "ALARM"),
        (20.0, 100.0, "OK"),
        (None, 100.0, "OK"),  # what is missing counts as 0
        (30.0, None, None),  # and nothing is divided by it
        (30.0, 0.0, None),
    ],
)
def test_a_ratio(
    history: History, errors: float | None, invocations: float | None, expected: str | None
) -> None:
    for minute in (1, 2, 3):
        for name, value in (("Errors", errors), ("Invocations", invocations)):
            if value is not None:
                put(history, minute, name, Value=value)

    assert state(history, **RATIO) == expected


def test_a_query_for_a_metric_may_be_the_result(history: History) -> None:
    put(history, 1, Value=3.0, Unit="Count")
    watched = query("m1", "Errors") | {"ReturnData": True}
    change = evaluate(history, **on(watched, EvaluationPeriods=1))

    assert change is not None
    assert change.state == "ALARM"
    (point,) = json.loads(change.reason_data)["evaluatedDatapoints"]
    assert (point["value"], point["sampleCount"]) == (3.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Statistic": None, "ExtendedStatistic": "p99"}, "p99 needs single values"),
        ({"Period": 30}, "a period of 30 s is no whole minute"),
        ({"EvaluationPeriods": 359}, "it looks at 361 minutes, of which 360 are kept"),
        ({"Period": 3600, "EvaluationPeriods": 5}, "it looks at 420 minutes"),
    ],
)
def test_what_is_not_evaluated(history: History, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        evaluate(history, **changes)


def test_the_longest_alarm(history: History) -> None:
    put(history, 360, Value=5.0)
    assert state(history, EvaluationPeriods=358) == "ALARM"  # the one point breaches
