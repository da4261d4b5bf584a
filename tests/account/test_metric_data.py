"""Metric data of the account's CloudWatch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from routing import limits
from tests.account.support import World, refused

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
ELB = "AWS/ApplicationELB"
SET = {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 5}


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


class Metrics:
    """A load balancer, and two target groups of it."""

    def __init__(self, world: World) -> None:
        self.client: Any = world.account.client("cloudwatch")
        self.unchecked = world.unchecked("cloudwatch")
        self.balancer = {"Name": "LoadBalancer", "Value": world.name("app")}
        self.groups = [{"Name": "TargetGroup", "Value": world.name("g")} for _ in range(2)]

    def put(self, at: float, *dimensions: Any, name: str = "RequestCount", **datum: Any) -> None:
        data = {
            "MetricName": name,
            "Timestamp": minute(at),
            "Dimensions": list(dimensions) or [self.balancer, self.groups[0]],
        }
        self.client.put_metric_data(Namespace=ELB, MetricData=[{**data, **datum}])

    def query(self, *dimensions: Any, id_: str = "m1", **stat: Any) -> Any:
        metric = {
            "Namespace": ELB,
            "MetricName": stat.pop("name", "RequestCount"),
            "Dimensions": list(dimensions) or [self.balancer, self.groups[0]],
        }
        return {"Id": id_, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"} | stat}

    def get(self, *queries: Any, start: float = 0, end: float = 10, **options: Any) -> Any:
        """Results as values by minute."""
        answer = self.client.get_metric_data(
            StartTime=minute(start), EndTime=minute(end), MetricDataQueries=queries, **options
        )
        return [
            {
                (time - NOON) / timedelta(minutes=1): value
                for time, value in zip(result["Timestamps"], result["Values"], strict=True)
            }
            for result in answer["MetricDataResults"]
        ]

    def statistics(self, *dimensions: Any, **options: Any) -> Any:
        asked: dict[str, Any] = {
            "StartTime": minute(0),
            "EndTime": minute(10),
            "Period": 60,
            "Statistics": ["Sum"],
            "MetricName": "RequestCount",
        }
        asked["Dimensions"] = list(dimensions) or [self.balancer, self.groups[0]]
        given = {key: value for key, value in (asked | options).items() if value is not None}
        answer = self.client.get_metric_statistics(Namespace=ELB, **given)
        return answer["Datapoints"]


@pytest.fixture
def metrics(world: World) -> Metrics:
    return Metrics(world)


@pytest.mark.parametrize(
    "datum",
    [
        {"StatisticValues": SET},
        {"Values": [1, 5, 2], "Counts": [1, 1, 2]},
        {"Values": [1, 5, 2, 2]},
    ],
)
def test_statistics(metrics: Metrics, datum: Any) -> None:
    metrics.put(1, **datum)
    expected = {"Sum": 10, "Average": 2.5, "SampleCount": 4, "Minimum": 1, "Maximum": 5}

    queries = [
        metrics.query(Stat=statistic, id_=f"m{number}") for number, statistic in enumerate(expected)
    ]
    assert metrics.get(*queries) == [{1: value} for value in expected.values()]
    (datapoint,) = metrics.statistics(Statistics=list(expected))
    assert datapoint == expected | {"Timestamp": minute(1), "Unit": "None"}


def test_a_metric_is_its_dimensions(metrics: Metrics) -> None:
    balancer, (one, other) = metrics.balancer, metrics.groups
    metrics.put(1, balancer, Value=3)
    metrics.put(1, balancer, one, Value=1)
    metrics.put(1, other, balancer, Value=2)

    queries = [
        metrics.query(*dimensions, id_=f"m{number}")
        for number, dimensions in enumerate(
            [[balancer], [balancer, one], [one, balancer], [balancer, other], [one]]
        )
    ]
    assert metrics.get(*queries) == [{1: 3}, {1: 1}, {1: 1}, {1: 2}, {}]
    assert [point["Sum"] for point in metrics.statistics(balancer)] == [3]
    assert [point["Sum"] for point in metrics.statistics(one, balancer)] == [1]
    listed = metrics.client.list_metrics(Namespace=ELB, Dimensions=[balancer])["Metrics"]
    assert [metric["Dimensions"] for metric in listed] == [
        [balancer],
        [balancer, one],
        [balancer, other],
    ]


def test_a_metric_without_dimensions_is_not_all_of_them(metrics: Metrics) -> None:
    metrics.put(1, Value=3)
    query = metrics.query()
    query["MetricStat"]["Metric"]["Dimensions"] = []
    assert metrics.get(query) == [{}]


def test_windows(metrics: Metrics) -> None:
    for at in (0, 1, 2, 4, 5, 9, 10):
        metrics.put(at, Value=10**at)

    every = {0: 1, 1: 10, 2: 100, 4: 10_000, 5: 100_000, 9: 10**9}
    assert metrics.get(metrics.query()) == [every]
    assert metrics.get(metrics.query(Period=300)) == [{0: 10_111, 5: 1_000_100_000}]
    # From any second of a minute, and to the end, which is not included.
    assert metrics.get(metrics.query(), start=0.7, end=2) == [{0: 1, 1: 10}]
    assert metrics.get(metrics.query(Period=180), start=1, end=5) == [{1: 110, 4: 10_000}]
    points = metrics.statistics(Period=300)
    assert [(point["Timestamp"], point["Sum"]) for point in points] == [
        (minute(0), 10_111),
        (minute(5), 1_000_100_000),
    ]


def test_the_newest_come_first_unless_asked_otherwise(metrics: Metrics) -> None:
    for at in (1, 2, 3):
        metrics.put(at, Value=at)

    assert [list(found) for found in metrics.get(metrics.query())] == [[3, 2, 1]]
    ascending = metrics.get(metrics.query(), ScanBy="TimestampAscending")
    assert [list(found) for found in ascending] == [[1, 2, 3]]


def test_data_of_one_minute_add_up(metrics: Metrics) -> None:
    metrics.put(1, Value=1)
    metrics.put(1.9, Value=2)
    assert metrics.get(metrics.query(), metrics.query(Stat="SampleCount", id_="m2")) == [
        {1: 3},
        {1: 2},
    ]


def test_units(metrics: Metrics) -> None:
    metrics.put(1, Value=1, Unit="Count")
    metrics.put(1, Value=20, Unit="Seconds")

    assert metrics.get(metrics.query(Unit="Count")) == [{1: 1}]
    assert metrics.get(metrics.query(Unit="Bytes")) == [{}]
    assert metrics.get(metrics.query()) == [{1: 21}]
    assert {point["Unit"]: point["Sum"] for point in metrics.statistics()} == {
        "Count": 1,
        "Seconds": 20,
    }
    assert [point["Sum"] for point in metrics.statistics(Unit="Seconds")] == [20]


def test_statistic_sets_have_no_percentiles(metrics: Metrics) -> None:
    metrics.put(1, StatisticValues=SET)
    assert metrics.get(metrics.query(Stat="p99")) == [{}]
    assert metrics.statistics(Statistics=None, ExtendedStatistics=["p99"]) == []


def test_metric_math(metrics: Metrics) -> None:
    metrics.put(1, Value=8)
    metrics.put(2, Value=8)
    metrics.put(1, name="HTTPCode_Target_5XX_Count", Value=2)
    hidden = {"ReturnData": False}
    queries = [
        metrics.query() | hidden,
        metrics.query(name="HTTPCode_Target_5XX_Count", id_="m2") | hidden,
        {"Id": "share", "Expression": "100 * ratio", "Label": "errors"},
        {"Id": "ratio", "Expression": "m2 / m1", **hidden},
        {"Id": "all", "Expression": "METRICS() * 2"},
        {"Id": "filled", "Expression": "FILL(m1, 0)"},
    ]
    assert metrics.get(*queries, end=4) == [
        {1: 25, 2: 0},
        {1: 16, 2: 16},
        {1: 4},
        {0: 0, 1: 8, 2: 8, 3: 0},
    ]
    answer = metrics.client.get_metric_data(
        StartTime=minute(0), EndTime=minute(4), MetricDataQueries=queries
    )
    labels = [result["Label"] for result in answer["MetricDataResults"]]
    assert labels == ["errors", "all", "all", "filled"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("m1 +", "Error in expression 'e1': Invalid syntax"),
        ("m1 + m2", "Error in expression 'e1': Unknown id 'm2'"),
        ("e1 + m1", "Error in expression 'e1': Circular reference"),
        ("SUM(m1)", "Error in expression 'e1': it is not a time series"),
        ("RATE(m1)", "RATE with 1 arguments is not computed"),
        ("SELECT SUM(RequestCount) FROM x", "e1 is a Metrics Insights query"),
    ],
)
def test_expressions_that_are_refused(metrics: Metrics, expression: str, words: str) -> None:
    with refused("ValidationError", words):
        metrics.get(metrics.query(), {"Id": "e1", "Expression": expression})


def test_an_expression_of_a_very_long_time_is_refused(metrics: Metrics) -> None:
    fill = {"Id": "e1", "Expression": "FILL(m1, 0)"}
    with refused("ValidationError", "more than 100000 periods"):
        metrics.get(metrics.query(), fill, start=-200_000)
    assert metrics.get(metrics.query(), start=-200_000) == [{}]


@pytest.mark.parametrize("period", [0, 7, 90])
def test_periods(metrics: Metrics, period: int) -> None:
    metrics.client = metrics.unchecked
    with refused("InvalidParameterValue", f"The value {period} for parameter Period is invalid"):
        metrics.get(metrics.query(Period=period))
    with refused("InvalidParameterValue", f"The value {period} for parameter Period is invalid"):
        metrics.statistics(Period=period)
    assert metrics.get(metrics.query(Period=30)) == [{}]


def test_the_end_is_after_the_start(metrics: Metrics) -> None:
    words = "StartTime must be less than the parameter EndTime"
    with refused("InvalidParameterValue", words):
        metrics.get(metrics.query(), start=1, end=1)
    with refused("InvalidParameterValue", words):
        metrics.statistics(EndTime=minute(-1))


def test_too_many_datapoints(metrics: Metrics) -> None:
    most = limits.METRIC_STATISTICS_PER_CALL
    with refused("InvalidParameterCombination", "requested up to 1441 datapoints"):
        metrics.statistics(EndTime=minute(most + 1))
    assert metrics.statistics(EndTime=minute(most)) == []


def test_too_many_data(metrics: Metrics) -> None:
    one = {"MetricName": "m", "Value": 1, "Dimensions": [metrics.balancer]}
    most = limits.METRIC_DATA_PER_CALL
    with refused("InvalidParameterValue", "must not have a size greater than 1000."):
        metrics.client.put_metric_data(Namespace=ELB, MetricData=[one] * (most + 1))
    metrics.client.put_metric_data(Namespace=ELB, MetricData=[one] * most)


def test_of_wrong_data_nothing_is_kept(metrics: Metrics) -> None:
    good: Any = {"MetricName": "RequestCount", "Timestamp": minute(1), "Value": 1.0}
    good["Dimensions"] = [metrics.balancer, metrics.groups[0]]
    with refused("InvalidParameterValue", "NaN"):
        metrics.client.put_metric_data(
            Namespace=ELB,
            MetricData=[good, good | {"Value": float("nan")}],
        )
    assert metrics.get(metrics.query()) == [{}]
