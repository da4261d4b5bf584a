"""Requests counted by the data plane, read back from the account's CloudWatch."""

from datetime import UTC, datetime

from moto.cloudwatch.models import cloudwatch_backends

from routing import limits
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.cloudwatch.history import KEPT_MINUTES, History
from sandbox.dataplane.failures import Reason
from sandbox.dataplane.metrics import Metrics, Outcome
from tests.cloudwatch.world import ELB, RULE, START, TABLE, World
from tests.dataplane.support import Time, lambda_group


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


def test_a_thousand_data_are_less_than_a_call_may_have() -> None:
    time_ = Time(START)
    metrics = Metrics(time_)
    longest = lambda_group("g" * 32, "f" * 64)
    metrics.record(TABLE, RULE, Outcome(500, longest, seconds=1 / 3, ran_s=1 / 3))
    (minute,) = metrics.drain_closed_minutes(START + 60)
    largest = max(len(repr(datum)) for _, datum in minute.metric_data())

    assert largest * limits.METRIC_DATA_PER_CALL < limits.METRIC_DATA_BYTES_PER_CALL


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
