from typing import Any

import pytest

from sandbox.dataplane.failures import Reason
from sandbox.dataplane.metrics import Metrics, Outcome
from tests.dataplane.support import BALANCER, PYTHON, RUST, Time, matched, table

TABLE = table()
RULE = matched(TABLE)


def test_a_minute_is_drained_once_when_it_is_over() -> None:
    time = Time(1_700_000_000.0)  # 20 s into its minute
    metrics = Metrics(time)
    metrics.record(TABLE, RULE, Outcome(200, PYTHON, seconds=0.1, ran_s=0.1))

    assert metrics.drain_closed_minutes(time.now + 39.9) == []
    time.now += 40
    metrics.record(TABLE, RULE, Outcome(200, PYTHON, seconds=0.3, ran_s=0.3))
    (first,) = metrics.drain_closed_minutes(time.now)
    assert first.start == 1_699_999_980
    assert metrics.drain_closed_minutes(time.now) == []
    (second,) = metrics.drain_closed_minutes(time.now + 3600)
    assert second.start == first.start + 60
    assert [c.times["TargetResponseTime"].whole.mean for c in second.groups.values()] == [0.3]
    assert metrics.drain_closed_minutes(time.now + 7200) == []


def test_what_a_minute_holds() -> None:
    time = Time()
    metrics = Metrics(time)
    outcomes = [
        *[Outcome(200, PYTHON, seconds=0.01, ran_s=0.01)] * 5,
        Outcome(404, PYTHON, seconds=0.02, ran_s=0.02),
        *[Outcome(503, RUST, seconds=0.03, ran_s=0.03)] * 2,  # the function's own 503
        Outcome(502, RUST, reason=Reason.UNHANDLED, ran_s=0.5),
        Outcome(502, RUST, reason=Reason.THROTTLING),
        Outcome(502, RUST, reason=Reason.ACCESS_DENIED),
        Outcome(413, RUST, reason=Reason.REQUEST_TOO_LARGE),
        Outcome(503),
        *[Outcome(400, action="fixed-response")] * 3,
        Outcome(301, action="redirect"),
    ]
    for outcome in outcomes:
        metrics.record(TABLE, RULE, outcome)
    (minute,) = metrics.drain_closed_minutes(time.now + 60)

    found = {
        (counts.namespace, *(value for _, value in counts.dimensions)): counts.counts
        for counts in minute
    }
    assert found == {
        ("AWS/ApplicationELB", BALANCER): {
            "RequestCount": 12,
            "HTTPCode_Target_2XX_Count": 5,
            "HTTPCode_Target_4XX_Count": 1,
            "HTTPCode_Target_5XX_Count": 2,
            "HTTPCode_ELB_3XX_Count": 1,
            "HTTPCode_ELB_4XX_Count": 4,
            "HTTPCode_ELB_5XX_Count": 4,
            "HTTPCode_ELB_502_Count": 3,
            "HTTPCode_ELB_503_Count": 1,
            "HTTP_Fixed_Response_Count": 3,
            "HTTP_Redirect_Count": 1,
        },
        ("AWS/ApplicationELB", BALANCER, PYTHON.suffix): {
            "RequestCount": 6,
            "HTTPCode_Target_2XX_Count": 5,
            "HTTPCode_Target_4XX_Count": 1,
        },
        ("AWS/ApplicationELB", BALANCER, RUST.suffix): {
            "RequestCount": 6,
            "HTTPCode_Target_5XX_Count": 2,
        },
        ("AWS/ApplicationELB", RUST.suffix): {"LambdaUserError": 4},
        ("AWS/Lambda", "python"): {"Invocations": 6, "Errors": 0, "Throttles": 0},
        ("AWS/Lambda", "passport-v2-rust-scorer"): {"Invocations": 3, "Errors": 1, "Throttles": 1},
    }
    whole = minute.balancers[BALANCER].times["TargetResponseTime"].whole
    assert (whole.count, whole.minimum, whole.maximum) == (8, 0.01, 0.03)
    function = minute.functions["passport-v2-rust-scorer"].times["Duration"].whole
    assert (function.count, function.maximum) == (3, 0.5)


def metric_data(*outcomes: Outcome) -> dict[tuple[str, int], dict[str, Any]]:
    """What one minute publishes, by name and number of dimensions."""
    time = Time()
    metrics = Metrics(time)
    for outcome in outcomes:
        metrics.record(TABLE, RULE, outcome)
    (minute,) = metrics.drain_closed_minutes(time.now + 60)
    assert minute.start == 1_699_999_980
    data = {
        (datum["MetricName"], len(datum["Dimensions"])): datum | {"Namespace": namespace}
        for namespace, datum in minute.metric_data()
    }
    assert {datum["Timestamp"].timestamp() for datum in data.values()} == {minute.start}
    return data


def test_a_count_is_published_as_ones() -> None:
    data = metric_data(*[Outcome(200, PYTHON, seconds=0.1)] * 7, Outcome(503, PYTHON, seconds=0.1))

    requests = data["RequestCount", 2]
    assert requests["StatisticValues"] == {
        "SampleCount": 8.0,
        "Sum": 8.0,
        "Minimum": 1.0,
        "Maximum": 1.0,
    }
    assert (requests["Namespace"], requests["Unit"]) == ("AWS/ApplicationELB", "Count")
    assert requests["Dimensions"] == [
        {"Name": "LoadBalancer", "Value": BALANCER},
        {"Name": "TargetGroup", "Value": PYTHON.suffix},
    ]
    assert data["HTTPCode_Target_5XX_Count", 1]["StatisticValues"]["Sum"] == 1.0


def test_the_average_of_lambda_errors_is_their_rate() -> None:
    data = metric_data(
        *[Outcome(200, RUST, seconds=0.1, ran_s=0.1)] * 3,
        Outcome(502, RUST, reason=Reason.UNHANDLED, ran_s=0.1),
        Outcome(502, RUST, reason=Reason.THROTTLING),
    )
    found = {name: data[name, 1] for name in ("Invocations", "Errors", "Throttles")}

    assert {datum["Namespace"] for datum in found.values()} == {"AWS/Lambda"}
    assert {
        name: tuple(datum["StatisticValues"][key] for key in ("SampleCount", "Sum", "Minimum"))
        for name, datum in found.items()
    } == {"Invocations": (4, 4, 1), "Errors": (4, 1, 0), "Throttles": (4, 1, 0)}
    assert data["Errors", 1]["StatisticValues"]["Maximum"] == 1


def test_lambda_errors_are_published_when_there_are_none() -> None:
    errors = metric_data(Outcome(200, RUST, seconds=0.1, ran_s=0.1))["Errors", 1]

    assert errors["StatisticValues"] == {
        "SampleCount": 1.0,
        "Sum": 0.0,
        "Minimum": 0.0,
        "Maximum": 0.0,
    }


@pytest.mark.parametrize(
    ("name", "dimensions", "scale", "unit"),
    [("TargetResponseTime", 2, 1, "Seconds"), ("Duration", 1, 1000, "Milliseconds")],
)
def test_times_are_published_with_their_distribution(
    name: str, dimensions: int, scale: int, unit: str
) -> None:
    times = [0.25, 0.5, 1.0, 0.125, 0.5]
    datum = metric_data(*(Outcome(200, PYTHON, seconds=s, ran_s=s) for s in times))[
        name, dimensions
    ]

    assert (datum["Unit"], datum.get("StatisticValues")) == (unit, None)
    assert dict(zip(datum["Values"], datum["Counts"], strict=True)) == {
        0.125 * scale: 1,
        0.25 * scale: 1,
        0.5 * scale: 2,
        1.0 * scale: 1,
    }


def test_totals_are_exact_and_by_rule() -> None:
    metrics = Metrics(Time())
    for outcome in [Outcome(200, PYTHON, seconds=1)] * 3 + [Outcome(503), Outcome(200, RUST)]:
        metrics.record(TABLE, RULE, outcome)
    totals = metrics.totals()

    assert totals.of_rule(RULE.arn) == {PYTHON.arn: 3, RUST.arn: 1, "": 1}
    assert (totals.of_group(PYTHON.arn), totals.of_group(RUST.arn)) == (3, 1)
    assert totals.statuses[BALANCER, "", 503] == 1
    metrics.record(TABLE, RULE, Outcome(200, PYTHON))
    assert totals.of_group(PYTHON.arn) == 3  # a copy


def test_memory_stays_flat_when_nobody_drains() -> None:
    time = Time()
    metrics = Metrics(time)
    for _ in range(500):
        metrics.record(TABLE, RULE, Outcome(200, PYTHON, seconds=0.1))
        metrics.note("why")
        time.now += 60

    assert len(metrics.drain_closed_minutes(time.now)) == 240
    assert len(metrics.notes) == 20
