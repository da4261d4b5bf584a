"""Alarms evaluated on a history."""

import json
from typing import Any

import pytest

from sandbox.cloudwatch.alarms import Alarm, Change
from sandbox.cloudwatch.history import History
from sandbox.cloudwatch.series import Unsupported
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


def math(*queries: Any, **changes: Any) -> dict[str, Any]:
    single = dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Statistic", "Period"))
    return {"Metrics": list(queries), **single, **changes}


def expression(text: str, id_: str = "e1", **options: Any) -> dict[str, Any]:
    return {"Id": id_, "Expression": text, "ReturnData": True} | options


RATIO = math(
    query("m1", "Invocations"), query("m2", "Errors"), expression("m2 / m1"), Threshold=0.2
)


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("Sum", 12.0), ("Average", 3.0), ("SampleCount", 4.0), ("Minimum", 1.0), ("Maximum", 9.0)],
)
def test_statistics(history: History, statistic: str, value: float) -> None:
    put(history, 1, Values=[1.0, 9.0], Counts=[3.0, 1.0])
    once: dict[str, Any] = {"EvaluationPeriods": 1, "Statistic": statistic}

    assert state(history, **once, Threshold=value - 0.1) == "ALARM"
    assert state(history, **once, Threshold=value) == "OK"


def test_only_data_of_the_alarms_unit_count(history: History) -> None:
    put(history, 1, Value=5.0, Unit="Milliseconds")
    once: dict[str, Any] = {"EvaluationPeriods": 1}

    assert state(history, **once, Unit="Seconds") is None
    assert state(history, **once, Unit="Milliseconds") == "ALARM"
    assert state(history, **once) == "ALARM"


def test_only_data_of_the_alarms_dimensions_count(history: History) -> None:
    dimensions = [{"Name": "FunctionName", "Value": "f"}]
    put(history, 1, Value=5.0, Dimensions=dimensions)

    assert state(history, EvaluationPeriods=1) is None
    assert state(history, EvaluationPeriods=1, Dimensions=dimensions) == "ALARM"


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


def test_expressions_use_each_other_in_any_order(history: History) -> None:
    put(history, 1, Value=3.0)
    queries = [
        expression("e2 + e3"),
        expression("e3 * 2", "e2", ReturnData=False),
        expression("FILL(m1, 0)", "e3", ReturnData=False),
        query("m1", "Errors"),
    ]
    once: dict[str, Any] = {"EvaluationPeriods": 1, "StateValue": "OK"}

    assert state(history, **math(*queries, Threshold=8.9, **once)) == "ALARM"
    assert state(history, **math(*queries, Threshold=9.0, **once)) is None


def test_a_filled_metric_is_never_missing(history: History) -> None:
    filled = math(query("m1", "Errors"), expression("FILL(m1, 0)"))
    assert state(history, **filled) == "OK"


def test_a_query_for_a_metric_may_be_the_result(history: History) -> None:
    put(history, 1, Value=3.0, Unit="Count")
    watched = query("m1", "Errors") | {"ReturnData": True}
    change = evaluate(history, **math(watched, EvaluationPeriods=1))

    assert change is not None
    assert change.state == "ALARM"
    (point,) = json.loads(change.reason_data)["evaluatedDatapoints"]
    assert (point["value"], point["sampleCount"]) == (3.0, 1.0)


def test_reason_and_data(history: History) -> None:
    put(history, 1, Values=[2.0, 4.0])
    put(history, 2, Value=0.5)
    change = evaluate(history, NOW + 1, EvaluationPeriods=2, DatapointsToAlarm=1, StateValue="OK")

    assert change == Change(
        "ALARM",
        "Threshold Crossed: 1 out of the last 2 datapoints [6.0 (14/11/23 22:13:00)] was greater "
        "than the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).",
        json.dumps(
            {
                "version": "1.0",
                "queryDate": "2023-11-14T22:14:01.000+0000",
                "startDate": "2023-11-14T22:12:00.000+0000",
                "statistic": "Sum",
                "period": 60,
                "recentDatapoints": [0.5, 6.0],
                "threshold": 1.0,
                "evaluatedDatapoints": [
                    {
                        "timestamp": "2023-11-14T22:13:00.000+0000",
                        "sampleCount": 2.0,
                        "value": 6.0,
                    },
                    {
                        "timestamp": "2023-11-14T22:12:00.000+0000",
                        "sampleCount": 1.0,
                        "value": 0.5,
                    },
                ],
            },
            separators=(",", ":"),
        ),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Statistic": None, "ExtendedStatistic": "p99"}, "p99 needs single values"),
        (math(query("m1", "Errors", stat="p50") | {"ReturnData": True}), "p50 needs single"),
        ({"Period": 30}, "a period of 30 s is no whole minute"),
        ({"EvaluationPeriods": 359}, "it looks at 361 minutes, of which 360 are kept"),
        ({"Period": 3600, "EvaluationPeriods": 5}, "it looks at 420 minutes"),
        ({"ThresholdMetricId": "e1"}, "anomaly detection band"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "anomaly detection band"),
        (math(query("m1", "Errors"), expression("SUM(m1)")), "'e1' is not one time series"),
        (math(query("m1", "Errors"), expression("[m1, m1]")), "'e1' is not one time series"),
        (math(query("m1", "Errors"), expression("RATE(m1)")), "RATE with 1 arguments"),
        (math(query("m1", "Errors"), expression("m1 +")), "expression 'e1': Invalid syntax"),
        (math(query("m1", "Errors"), expression("m1 + m2")), "Unknown id 'm2'"),
        (math(expression("e1 + 1")), "Circular reference"),
        (math(expression("SELECT SUM(Errors) FROM x")), "e1 is a Metrics Insights query"),
        (
            math(query("m1", "Errors"), query("m2", "Errors", period_s=120), expression("m1 + m2")),
            "'e1' uses metrics of different periods",
        ),
        (math(expression("5 + 5")), "'e1' uses no metric"),
    ],
)
def test_what_is_not_evaluated(history: History, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        evaluate(history, **changes)


def test_the_longest_alarm(history: History) -> None:
    put(history, 360, Value=5.0)
    assert state(history, EvaluationPeriods=358) == "ALARM"  # the one point breaches
