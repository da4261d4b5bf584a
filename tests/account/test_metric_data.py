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


def by_minute(result: Any) -> dict[float, float]:
    pairs = zip(result["Timestamps"], result["Values"], strict=True)
    return {(time - NOON) / timedelta(minutes=1): value for time, value in pairs}


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

    def answer(self, *queries: Any, start: float = 0, end: float = 10, **options: Any) -> Any:
        return self.client.get_metric_data(
            StartTime=minute(start), EndTime=minute(end), MetricDataQueries=queries, **options
        )

    def get(self, *queries: Any, **options: Any) -> Any:
        """Results as values by minute."""
        return [by_minute(one) for one in self.answer(*queries, **options)["MetricDataResults"]]

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


def test_a_metric_without_dimensions_or_in_another_namespace_is_another_one(
    metrics: Metrics,
) -> None:
    metrics.put(1, Value=3)
    query, elsewhere = metrics.query(), metrics.query(id_="m2")
    query["MetricStat"]["Metric"]["Dimensions"] = []
    elsewhere["MetricStat"]["Metric"]["Namespace"] = "AWS/Other"
    assert metrics.get(query, elsewhere) == [{}, {}]


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


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("p0", 1), ("p50", 1), ("p75", 1), ("p75.1", 2), ("p95", 2), ("p95.1", 9), ("p100", 9)],
)
def test_percentiles_of_values(metrics: Metrics, statistic: str, value: float) -> None:
    """The smallest value that at least so many percent of the values do not exceed."""
    metrics.put(1, Values=[9, 1], Counts=[1, 10])
    metrics.put(2, Values=[2, 1], Counts=[4, 5])
    assert metrics.get(metrics.query(Stat=statistic, Period=300)) == [{0: value}]


@pytest.mark.parametrize(
    ("datum", "expected"),
    [
        ({"StatisticValues": SET}, {}),
        ({"StatisticValues": SET | {"Sum": 4, "Maximum": 1}}, {1: 1}),
        ({"Values": [-1, 1]}, {}),
    ],
)
def test_where_there_are_percentiles(metrics: Metrics, datum: Any, expected: Any) -> None:
    """User guide: of statistic sets only where all values are equal, none of negative values."""
    metrics.put(1, **datum)
    assert metrics.get(metrics.query(Stat="p99")) == [expected]


def test_a_window_with_one_statistic_set_has_no_percentile(metrics: Metrics) -> None:
    metrics.put(1, Value=1)
    metrics.put(2, StatisticValues=SET)
    metrics.put(3, Value=3)
    assert metrics.get(metrics.query(Stat="p50")) == [{1: 1, 3: 3}]
    assert metrics.get(metrics.query(Stat="p50", Period=300)) == [{}]


def test_several_queries_are_answered_in_their_order(metrics: Metrics) -> None:
    metrics.put(1, Value=8)
    metrics.put(1, name="HTTPCode_Target_5XX_Count", Value=2)
    answer = metrics.answer(
        metrics.query(id_="z"),
        metrics.query(id_="hidden") | {"ReturnData": False},
        metrics.query(id_="unknown", name="RequestCounts"),
        metrics.query(id_="a", name="HTTPCode_Target_5XX_Count") | {"Label": "errors"},
    )
    assert "NextToken" not in answer
    assert answer["MetricDataResults"] == [
        {"Id": "z", "Label": "RequestCount", **at_minute(1, 8)},
        {"Id": "unknown", "Label": "RequestCounts", **at_minute()},
        {"Id": "a", "Label": "errors", **at_minute(1, 2)},
    ]


def at_minute(*one: float) -> dict[str, Any]:
    times, values = [minute(one[0])] if one else [], [*one[1:]]
    return {"Timestamps": times, "Values": values, "StatusCode": "Complete"}


@pytest.mark.parametrize(
    ("order", "pages"),
    [
        ("TimestampDescending", [[[4, 3, 2], [], []], [[1], [], [2, 1]], [[], [], [0]]]),
        ("TimestampAscending", [[[1, 2, 3], [], []], [[4], [], [0, 1]], [[], [], [2]]]),
    ],
)
def test_pages(metrics: Metrics, order: str, pages: Any) -> None:
    for at in range(1, 5):
        metrics.put(at, Value=at)
    for at in range(3):
        metrics.put(at, name="Other", Value=at)
    queries = [
        metrics.query(),
        metrics.query(id_="m2", name="Unknown"),
        metrics.query(id_="m3", name="Other"),
    ]
    token: dict[str, Any] = {}
    for number, page in enumerate(pages):
        answer = metrics.answer(*queries, ScanBy=order, MaxDatapoints=3, **token)
        results = answer["MetricDataResults"]
        assert [list(by_minute(one).values()) for one in results] == page
        complete = [one["StatusCode"] == "Complete" for one in results]
        assert complete == [[False, True, False], [True, True, False], [True] * 3][number]
        token = {"NextToken": answer.get("NextToken")}
    assert token == {"NextToken": None}
    paginator = metrics.client.get_paginator("get_metric_data")
    whole = paginator.paginate(
        StartTime=minute(0), EndTime=minute(10), MetricDataQueries=queries, MaxDatapoints=7
    )
    assert len(list(whole)) == 1


def test_what_a_call_may_ask(metrics: Metrics) -> None:
    most = limits.METRIC_QUERIES_PER_CALL
    queries = [metrics.query(id_=f"m{number}") for number in range(most + 1)]
    points = limits.METRIC_DATAPOINTS_PER_CALL
    with refused("ValidationError", "length less than or equal to 500"):
        metrics.get(*queries)
    with refused("ValidationError", "MaxDatapoints must not exceed 100800"):
        metrics.get(*queries[:1], MaxDatapoints=points + 1)
    assert metrics.get(*queries[:most], MaxDatapoints=points) == [{}] * most
    with refused("InvalidNextToken"):
        metrics.get(*queries[:1], NextToken="nonsense")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Id": "M1"}, "'M1' is not valid"),
        ({"Id": "m2"}, "'m2' is not unique"),
        ({"MetricStat": None}, "MetricStat is required"),
        ({"Expression": "m2 / m2", "MetricStat": None}, "'m1': the sandbox does not evaluate"),
        ({"Expression": "SELECT 1"}, "'m1': the sandbox does not evaluate expressions"),
    ],
)
def test_queries_that_are_refused(metrics: Metrics, change: Any, words: str) -> None:
    query = {key: value for key, value in (metrics.query() | change).items() if value is not None}
    with refused("ValidationError", words):
        metrics.get(query, metrics.query(id_="m2"))


def test_other_statistics_are_refused(metrics: Metrics) -> None:
    metrics.client = metrics.unchecked
    for statistic in ("p101", "tm90", "IQM", "Total"):
        with refused("ValidationError", f"does not compute the statistic {statistic}"):
            metrics.get(metrics.query(Stat=statistic))
    with refused("ValidationError", "be one of Average"):
        metrics.statistics(Statistics=["p50"])
    with refused("ValidationError", "percentiles for GetMetricData alone"):
        metrics.statistics(Statistics=None, ExtendedStatistics=["p99"])


@pytest.mark.parametrize("period", [0, 30, 90])
def test_periods(metrics: Metrics, period: int) -> None:
    metrics.client = metrics.unchecked
    with refused("InvalidParameterValue", f"The value {period} for parameter Period is invalid"):
        metrics.get(metrics.query(Period=period))
    with refused("InvalidParameterValue", f"The value {period} for parameter Period is invalid"):
        metrics.statistics(Period=period)


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


def test_values_of_a_datum(metrics: Metrics) -> None:
    values = [float(number) for number in range(limits.METRIC_VALUES_PER_DATUM + 1)]
    with refused("InvalidParameterValue", "Values must not have a size greater than 150."):
        metrics.put(1, Values=values)
    metrics.put(1, Values=values[1:])
    assert metrics.get(metrics.query(Stat="SampleCount")) == [{1: 150}]
