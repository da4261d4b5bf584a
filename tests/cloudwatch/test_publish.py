"""Requests counted by the data plane, read back from the account's CloudWatch."""

from datetime import UTC, datetime

import pytest
from moto.cloudwatch.models import cloudwatch_backends

from routing import limits
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.cloudwatch.history import KEPT_MINUTES, History
from sandbox.dataplane.failures import Reason
from sandbox.dataplane.metrics import Outcome
from tests.cloudwatch.world import ELB, START, World
from tests.dataplane.support import lambda_group


def test_a_minute_can_be_read_back(world: World) -> None:
    world.answer(200, 200, 404, seconds=0.25)
    world.answer(503, seconds=1.0)
    world.record(Outcome(502, world.group, reason=Reason.UNHANDLED, ran_s=2.0))
    world.minute()

    assert world.sums("RequestCount") == [5]
    assert world.sums("HTTPCode_Target_2XX_Count") == [2]
    assert world.sums("HTTPCode_Target_5XX_Count") == [1]
    assert world.sums("HTTPCode_ELB_502_Count") == []  # the load balancer's alone
    assert world.sums("LambdaUserError", "TargetGroup") == [1]
    assert world.sums("LambdaUserError") == []
    lambda_ = {"namespace": "AWS/Lambda"}
    assert world.sums("Errors", "FunctionName", **lambda_) == [1]
    assert world.sums("Throttles", "FunctionName", **lambda_) == [0]
    (times,) = world.cloudwatch.get_metric_statistics(
        Namespace=ELB,
        MetricName="TargetResponseTime",
        Dimensions=world.dimensions("LoadBalancer", "TargetGroup"),
        StartTime=START,
        EndTime=START + 60,
        Period=60,
        Statistics=["Sum", "Average", "SampleCount", "Minimum", "Maximum"],
    )["Datapoints"]
    assert times == {
        "Timestamp": datetime.fromtimestamp(START, UTC),
        "Unit": "Seconds",
        "Sum": 1.75,
        "Average": 1.75 / 4,
        "SampleCount": 4,
        "Minimum": 0.25,
        "Maximum": 1.0,
    }


def test_the_load_balancers_own_counts(account: Account) -> None:
    # Its balancer is that of every test, so it gets minutes of its own.
    world = World(account)
    world.time.now += 30 * 3600
    begun = world.time.now
    world.metrics.drain_closed_minutes(begun)
    world.answer(200, 500)
    world.record(Outcome(503), Outcome(404, action="fixed-response"))
    world.minute()
    names = ("RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_503_Count")
    answer = world.cloudwatch.get_metric_data(
        StartTime=begun,
        EndTime=begun + 60,
        MetricDataQueries=[
            {"Id": f"m{number}", "MetricStat": world.stat(name, "LoadBalancer")}
            for number, name in enumerate((*names, "HTTP_Fixed_Response_Count"))
        ],
    )
    assert [result["Values"] for result in answer["MetricDataResults"]] == [[2], [1], [1], [1]]


def test_minutes_are_published_once_and_only_when_they_are_over(world: World) -> None:
    world.answer(200)
    world.time.now += 59.9
    assert world.monitor.publish().data == 0
    world.time.now += 0.1
    assert world.monitor.publish().data > 0
    assert world.monitor.publish().data == 0
    world.answer(200, 200)
    world.time.now += 3 * 60
    world.monitor.publish()
    world.answer(404)
    world.minute()

    assert world.sums("RequestCount") == [1, 2, 1]


def test_calls_stay_within_the_limits(world: World) -> None:
    longest = [lambda_group(f"{number:032d}", f"{number:064d}") for number in range(600)]
    for group in longest:
        world.record(Outcome(502, group, reason=Reason.THROTTLING))
    data = world.minute().data

    assert data > 1800
    assert sum(world.api.put) == data
    assert max(world.api.put) == limits.METRIC_DATA_PER_CALL


def test_calls_are_smaller_than_one_may_be(world: World) -> None:
    spread = [0.001 * 1.1**step for step in range(140)]
    for number in range(250):
        group = lambda_group(f"{number:032d}", f"{number:064d}")
        world.record(*(Outcome(200, group, seconds=one, ran_s=one) for one in spread))
    data = world.minute().data

    assert sum(world.api.put) == data < 2 * limits.METRIC_DATA_PER_CALL
    assert len(world.api.put) > 2  # a call for each namespace would do
    assert max(world.api.bytes) < limits.METRIC_DATA_BYTES_PER_CALL


def test_percentiles_and_averages_of_what_was_served(world: World) -> None:
    for number in range(1, 101):
        world.answer(200, seconds=number / 100)
    world.minute()

    answer = world.cloudwatch.get_metric_data(
        StartTime=START,
        EndTime=START + 60,
        MetricDataQueries=[
            {
                "Id": statistic.lower(),
                "MetricStat": world.stat("TargetResponseTime") | {"Stat": statistic},
            }
            for statistic in ("p50", "p95", "p99", "Average", "Minimum", "Maximum")
        ],
    )
    found = {one["Id"]: one["Values"] for one in answer["MetricDataResults"]}

    assert found["p50"] == pytest.approx([0.50], rel=0.1)
    assert found["p95"] == pytest.approx([0.95], rel=0.1)
    assert found["p99"] == pytest.approx([0.99], rel=0.1)
    assert found["average"] == pytest.approx([0.505])
    assert (found["minimum"], found["maximum"]) == ([0.01], [1.0])


def test_memory_stays_flat_under_load(server: AccountServer) -> None:
    other = World(Account.connect(server.url, "production"))
    other.answer(*[200, 404] * 50_000)
    other.minute()
    assert other.sums("RequestCount") == [100_000]
    assert stored(server, "production") == 3 * 4  # metrics of load balancer, group, function

    for _ in range(KEPT_MINUTES + 5):
        other.answer(200)
        other.time.now += 60
    other.monitor.publish()
    other.answer(200)
    other.minute()
    assert stored(server, "production") <= 3 * 4 * KEPT_MINUTES


def stored(server: AccountServer, stack: str) -> int:
    """Objects that the account keeps of its metric data."""
    backend = cloudwatch_backends[server.accounts[stack].account_id]["us-west-2"]
    history: History = vars(backend)["minutes"]
    kept = sum(len(history.windows(metric, 0, 2**40, 60)) for metric in history)
    return len(backend.metric_data) + kept
