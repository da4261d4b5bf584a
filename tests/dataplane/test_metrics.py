import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.dataplane.failures import Reason
from sandbox.dataplane.metrics import Metrics, Outcome
from sandbox.dataplane.summary import Summary
from tests.dataplane.support import BALANCER, PYTHON, RUST, Time, matched, table

TABLE = table()
RULE = matched(TABLE)
SECONDS = st.floats(1e-7, 900)


def summarised(values: list[float]) -> Summary:
    summary = Summary()
    for value in values:
        summary.add(value)
    return summary


@settings(deadline=None)  # the machine may be busy
@given(st.lists(SECONDS, min_size=1, max_size=50), st.integers(1, 100))
def test_a_percentile_is_within_a_bucket_of_the_true_one(values: list[float], percent: int) -> None:
    summary = summarised(values)
    true = sorted(values)[-(-len(values) * percent // 100) - 1]

    assert summary.percentile(percent) == pytest.approx(true, rel=0.02, abs=2e-6)
    assert summary.mean == pytest.approx(sum(values) / len(values))
    assert (summary.minimum, summary.maximum) == (min(values), max(values))


@settings(deadline=None)  # the machine may be busy
@given(st.lists(SECONDS, max_size=20), st.lists(SECONDS, min_size=1, max_size=20))
def test_merged_summaries_are_those_of_all_values(one: list[float], other: list[float]) -> None:
    merged, whole = summarised(one), summarised(one + other)
    merged.merge(summarised(other))

    assert merged.values() == whole.values()
    assert (merged.count, merged.maximum) == (whole.count, whole.maximum)


def test_a_summary_stays_small() -> None:
    chance = random.Random(1)  # noqa: S311 # a seeded draw
    summary = summarised([chance.lognormvariate(-3, 3) for _ in range(100_000)])

    assert len(summary.buckets) < 1100
    assert sum(count for _, count in summary.values()) == 100_000


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
    assert [c.times["TargetResponseTime"].mean for c in second.groups.values()] == [0.3]
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
    whole = minute.balancers[BALANCER].times["TargetResponseTime"]
    assert (whole.count, whole.minimum, whole.maximum) == (8, 0.01, 0.03)
    function = minute.functions["passport-v2-rust-scorer"].times["Duration"]
    assert (function.count, function.maximum) == (3, 0.5)


def test_metric_data_for_put_metric_data() -> None:
    time = Time()
    metrics = Metrics(time)
    for exponent in range(400):
        metrics.record(TABLE, RULE, Outcome(200, PYTHON, seconds=1e-5 * 1.03**exponent))
    (minute,) = metrics.drain_closed_minutes(time.now + 60)

    group = [
        datum
        for namespace, datum in minute.metric_data()
        if namespace == "AWS/ApplicationELB" and len(datum["Dimensions"]) == 2
    ]
    (requests,) = [datum for datum in group if datum["MetricName"] == "RequestCount"]
    assert (requests["Value"], requests["Unit"]) == (400.0, "Count")
    assert requests["Timestamp"].timestamp() == minute.start
    assert requests["Dimensions"] == [
        {"Name": "LoadBalancer", "Value": BALANCER},
        {"Name": "TargetGroup", "Value": PYTHON.suffix},
    ]
    times = [datum for datum in group if datum["MetricName"] == "TargetResponseTime"]
    assert len(times) > 1
    assert all(len(datum["Values"]) == len(datum["Counts"]) <= 150 for datum in times)
    assert sum(sum(datum["Counts"]) for datum in times) == 400
    assert {datum["Unit"] for datum in times} == {"Seconds"}


def test_a_duration_is_in_milliseconds() -> None:
    time = Time()
    metrics = Metrics(time)
    metrics.record(TABLE, RULE, Outcome(200, PYTHON, seconds=0.25, ran_s=0.25))
    (minute,) = metrics.drain_closed_minutes(time.now + 60)
    (duration,) = [datum for _, datum in minute.metric_data() if datum["MetricName"] == "Duration"]

    assert (duration["Values"], duration["Unit"]) == ([pytest.approx(250)], "Milliseconds")


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
