"""What the tests of CloudWatch share."""

from datetime import UTC, datetime
from typing import Any

from sandbox.cloudwatch.history import History, Metric

NOW = 1_700_000_040
"""The beginning of a minute."""


def metric() -> Metric:
    return Metric("AWS/Lambda", "Errors")


def put(history: History, minute: int, name: str = "Errors", **datum: Any) -> None:
    """Keep a datum of the minute that began so many minutes before NOW."""
    history.put("AWS/Lambda", {"MetricName": name, "Timestamp": at(minute)} | datum, at(0))


def at(minutes_before: float) -> datetime:
    return datetime.fromtimestamp(NOW - 60 * minutes_before, UTC)


def described(**changes: Any) -> dict[str, Any]:
    """An alarm as DescribeAlarms gives it; a change to None takes something away."""
    alarm: dict[str, Any] = {
        "AlarmName": "errors",
        "StateValue": "INSUFFICIENT_DATA",
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    } | changes
    return {key: value for key, value in alarm.items() if value is not None}


def query(id_: str, name: str) -> dict[str, Any]:
    """A metric that other queries use."""
    return {
        "Id": id_,
        "ReturnData": False,
        "MetricStat": {
            "Metric": {"Namespace": "AWS/Lambda", "MetricName": name},
            "Period": 60,
            "Stat": "Sum",
        },
    }
