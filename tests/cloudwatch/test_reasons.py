"""AWS's words, as real alarms have them."""

import json
from typing import Any

import pytest

from routing import limits
from sandbox.cloudwatch.reasons import Evaluated, reason, reason_data
from sandbox.cloudwatch.states import Criterion, judge
from tests.cloudwatch.support import NOW

END = NOW  # 2023-11-14 22:14:00


def evaluated(*values: float | None, **changes: Any) -> Evaluated:
    """An alarm on the last three minutes, oldest first."""
    settings: dict[str, Any] = {
        "comparison": "GreaterThanThreshold",
        "threshold": 1,
        "periods": 3,
        "datapoints": 3,
    }
    criterion = Criterion(**settings | changes)
    return Evaluated(criterion, judge(criterion, values), 60, END)


M_OF_N = [
    (
        evaluated(2.0, 3.0, 4.5),
        "Threshold Crossed: 3 out of the last 3 datapoints [4.5 (14/11/23 22:13:00), "
        "3.0 (14/11/23 22:12:00), 2.0 (14/11/23 22:11:00)] were greater than the threshold (1.0) "
        "(minimum 3 datapoints for OK -> ALARM transition).",
    ),
    (
        evaluated(0.5, 3.0, 4.0, datapoints=2),
        "Threshold Crossed: 2 out of the last 3 datapoints [4.0 (14/11/23 22:13:00), "
        "3.0 (14/11/23 22:12:00)] were greater than the threshold (1.0) "
        "(minimum 2 datapoints for OK -> ALARM transition).",
    ),
    (
        evaluated(0.5, 3.0, 4.0),
        "Threshold Crossed: 1 out of the last 3 datapoints [0.5 (14/11/23 22:11:00)] was not "
        "greater than the threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition).",
    ),
    (
        evaluated(None, None, 4.0, datapoints=1, missing="notBreaching"),
        "Threshold Crossed: 1 out of the last 3 datapoints [4.0 (14/11/23 22:13:00)] was "
        "greater than the threshold (1.0) and 2 missing datapoints were treated as "
        "[NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).",
    ),
    (
        evaluated(2.0, comparison="LessThanOrEqualToThreshold", missing="breaching"),
        "Threshold Crossed: 1 out of the last 3 datapoints [2.0 (14/11/23 22:13:00)] was not less "
        "than or equal to the threshold (1.0) and 2 missing datapoints were treated as [Breaching] "
        "(minimum 1 datapoint for ALARM -> OK transition).",
    ),
    (  # before its time
        evaluated(4.0, None, None),
        "Threshold Crossed: 1 out of the last 3 datapoints [4.0 (14/11/23 22:11:00)] was "
        "greater than the threshold (1.0) (minimum 3 datapoints for OK -> ALARM transition).",
    ),
]
WITHOUT_DATA = [
    (evaluated(), "Insufficient Data: 3 datapoints were unknown."),
    (evaluated(periods=1, datapoints=1), "Insufficient Data: 1 datapoint was unknown."),
    (
        evaluated(missing="breaching"),
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints "
        "were treated as [Breaching].",
    ),
    (
        evaluated(periods=1, datapoints=1, missing="notBreaching"),
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint "
        "was treated as [NonBreaching].",
    ),
    (
        evaluated(0.0, datapoints=2, missing="breaching"),
        "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints "
        "were treated as [Breaching].",
    ),
]


@pytest.mark.parametrize(("alarm", "words"), [*M_OF_N, *WITHOUT_DATA])
def test_reason(alarm: Evaluated, words: str) -> None:
    assert reason(alarm) == words


def test_five_and_more_datapoints_are_not_all_listed() -> None:
    crossed = evaluated(*[7.0] * 8, periods=8, datapoints=6)
    listed = ", ".join(f"7.0 (14/11/23 22:{minute}:00)" for minute in (13, 12, 11, 10)) + ", "
    assert reason(crossed) == (
        "Threshold Crossed: 8 out of the last 8 datapoints were greater than the threshold "
        "(1.0). The most recent datapoints which crossed the threshold: "
        f"[{listed}7.0 (14/11/23 22:09:00)] (minimum 6 datapoints for OK -> ALARM transition)."
    )
    calm = evaluated(*[0.0] * 5, periods=5, datapoints=5)
    assert reason(calm).startswith(
        "Threshold Crossed: 5 out of the last 5 datapoints were not greater than the threshold "
        "(1.0). The most recent datapoints: [0.0 (14/11/23 22:13:00), "
    )


def data(alarm: Evaluated, samples: dict[int, float], **described: Any) -> Any:
    return json.loads(reason_data(alarm, END + 1.5, described, samples))


def test_reason_data_of_a_metric() -> None:
    alarm = evaluated(2.0, None, 4.0, periods=2, datapoints=2)
    assert data(alarm, {1: 9.0, 3: 1.0}, Statistic="Sum", Unit="Count", Metrics=[]) == {
        "version": "1.0",
        "queryDate": "2023-11-14T22:14:01.500+0000",
        "startDate": "2023-11-14T22:11:00.000+0000",
        "unit": "Count",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [2.0, 4.0],
        "threshold": 1.0,
        "evaluatedDatapoints": [
            {"timestamp": "2023-11-14T22:13:00.000+0000", "sampleCount": 9.0, "value": 4.0},
            {"timestamp": "2023-11-14T22:11:00.000+0000", "sampleCount": 1.0, "value": 2.0},
        ],
    }


def test_reason_data_of_metric_math() -> None:
    found = data(evaluated(4.0, periods=1, datapoints=1), {})
    assert not {"statistic", "unit"} & found.keys()
    assert found["evaluatedDatapoints"] == [
        {"timestamp": "2023-11-14T22:13:00.000+0000", "value": 4.0}
    ]


def test_reason_data_without_data() -> None:
    found = data(evaluated(), {})
    assert "startDate" not in found
    assert found["recentDatapoints"] == []
    assert found["evaluatedDatapoints"] == [
        {"timestamp": f"2023-11-14T22:{minute}:00.000+0000"} for minute in (13, 12, 11)
    ]


@pytest.mark.parametrize("value", [-1 / 3, 2.2250738585072014e-308 / 3, 1.2345678901234567e300])
def test_long_alarms_stay_within_the_limits(value: float) -> None:
    alarm = evaluated(*[value] * 358, periods=358, datapoints=358)
    text = reason_data(alarm, END, {"Statistic": "Average"}, dict.fromkeys(range(360), 1e300 / 3))

    assert len(reason(alarm)) <= limits.ALARM_REASON_LENGTH
    assert len(text) <= limits.ALARM_REASON_DATA_LENGTH
    assert json.loads(text)["recentDatapoints"] == [value] * 100
