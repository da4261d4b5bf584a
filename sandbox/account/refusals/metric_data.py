"""CloudWatch's metric data, which moto keeps value by value and answers wrongly.

moto adds up metrics that share some dimensions, finds none whose dimensions are asked for in
another order, lets windows begin at any second, pages nothing, and grows for ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend, MetricDatumBase
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from routing import limits
from sandbox.account.refusals.cloudwatch import check_ids
from sandbox.account.refusals.guard import Arguments, guard, invalid, refused, supply, unsatisfied
from sandbox.cloudwatch.history import MINUTE_S, History, Metric, seconds
from sandbox.cloudwatch.queries import MetricQuery
from sandbox.cloudwatch.statistics import PERCENTILE, STATISTICS


@supply(CloudWatchBackend, "put_metric_data")
def _put(backend: Any, namespace: str, metric_data: Sequence[Mapping[str, Any]]) -> None:
    """Keep data; all of them or, if one is wrong, none."""
    if len(metric_data) > limits.METRIC_DATA_PER_CALL:
        raise refused(
            "InvalidParameterValue",
            "The collection MetricData must not have a size greater than "
            f"{limits.METRIC_DATA_PER_CALL}.",
        )
    for number, datum in enumerate(metric_data, start=1):
        backend._validate_parameters_put_metric_data(datum, number)
        if len(datum.get("Values") or ()) > limits.METRIC_VALUES_PER_DATUM:
            raise refused(
                "InvalidParameterValue",
                f"The collection MetricData.member.{number}.Values must not have a size greater "
                f"than {limits.METRIC_VALUES_PER_DATUM}.",
            )
    for datum in metric_data:
        _history(backend).put(namespace, datum, datetime.now(UTC))


@supply(CloudWatchBackend, "get_all_metrics")
def _all_metrics(backend: Any) -> list[Any]:
    """One of each metric, which is what ListMetrics wants."""
    return [
        MetricDatumBase(
            metric.namespace,
            metric.name,
            [{"Name": name, "Value": text} for name, text in sorted(metric.dimensions)],
            datetime.now(UTC),
        )
        for metric in _history(backend)
    ]


@supply(CloudWatchResponse, "get_metric_data")
def _get_data(response: Any) -> ActionResult:
    """Answer GetMetricData, for queries of metrics.

    Modelled: a page has its datapoints query by query, and names every query.
    """
    asked = response._get_params()
    start, end = _range(asked["StartTime"], asked["EndTime"])
    queries = asked.get("MetricDataQueries", [])
    _check_queries(queries)
    most = asked.get("MaxDatapoints") or limits.METRIC_DATAPOINTS_PER_CALL
    if most > limits.METRIC_DATAPOINTS_PER_CALL:
        raise invalid(f"MaxDatapoints must not exceed {limits.METRIC_DATAPOINTS_PER_CALL}.")
    token = asked.get("NextToken") or "0"
    if not token.isdecimal():
        raise refused("InvalidNextToken", "The NextToken is not valid.")
    newest_first = asked.get("ScanBy") != "TimestampAscending"
    skipped, left = int(token), most
    results: list[dict[str, Any]] = []
    for query in queries:
        if query.get("ReturnData") is False:
            continue
        read = MetricQuery.read(query["MetricStat"])
        series = read.series(_history(response.cloudwatch_backend), start, end)
        points = sorted(series.items(), reverse=newest_first)[skipped:]
        skipped = max(0, skipped - len(series))
        page, left = points[:left], max(0, left - len(points))
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or read.metric.name,
                "Timestamps": [_time(start + at * read.period_s) for at, _ in page],
                "Values": [value for _, value in page],
                "StatusCode": "Complete" if len(page) == len(points) else "PartialData",
            }
        )
    partial = any(result["StatusCode"] != "Complete" for result in results)
    more = {"NextToken": str(int(token) + most)} if partial else {}
    return ActionResult({"MetricDataResults": results, "Messages": [], **more})


def _check_queries(queries: Sequence[Mapping[str, Any]]) -> None:
    if len(queries) > limits.METRIC_QUERIES_PER_CALL:
        raise unsatisfied(
            len(queries),
            "metricDataQueries",
            f"have length less than or equal to {limits.METRIC_QUERIES_PER_CALL}",
        )
    check_ids([query["Id"] for query in queries])
    for query in queries:
        if "Expression" in query:
            raise invalid(
                f"Error in expression '{query['Id']}': the sandbox does not evaluate expressions. "
                "Ask for the metrics themselves, each with a MetricStat."
            )
        stat = query.get("MetricStat")
        if not stat:
            raise invalid("The parameter MetricDataQueries.member.1.MetricStat is required.\n")
        _check_period(stat["Period"])
        if stat["Stat"] not in STATISTICS and not PERCENTILE.fullmatch(stat["Stat"]):
            raise invalid(f"The sandbox does not compute the statistic {stat['Stat']}.")


@guard(CloudWatchResponse, "get_metric_statistics")
def _get_extended_statistics(response: Any, _call: Arguments) -> None:
    if response._get_param("ExtendedStatistics"):
        raise invalid("The sandbox computes percentiles for GetMetricData alone.")


@supply(CloudWatchBackend, "get_metric_statistics")
def _get_statistics(
    backend: Any,
    namespace: str,
    metric_name: str,
    start_time: datetime,
    end_time: datetime,
    period: int,
    stats: Iterable[str],
    dimensions: Iterable[Mapping[str, str]],
    unit: str | None = None,
) -> list[dict[str, Any]]:
    """Answer GetMetricStatistics: a datapoint for each window and unit, oldest first."""
    start, end = _range(start_time, end_time)
    _check_period(period)
    if end - start > period * limits.METRIC_STATISTICS_PER_CALL:
        raise InvalidParameterCombination(
            f"You have requested up to {(end - start) // period} datapoints, which exceeds the "
            f"limit of {limits.METRIC_STATISTICS_PER_CALL}. You may reduce the datapoints "
            "requested by increasing Period, or decreasing the time range."
        )
    if unknown := sorted(set(stats) - STATISTICS.keys()):
        raise unsatisfied(unknown[0], "statistics", f"be one of {', '.join(STATISTICS)}")
    history = _history(backend)
    metric = Metric.named(namespace, metric_name, dimensions)
    datapoints = [
        {"Timestamp": _time(start + at * period), "Unit": stored}
        | {name: statistics.value(name) for name in stats}
        for stored in history.units(metric)
        if unit in (None, stored)
        for at, statistics in history.windows(metric, start, end, period, stored).items()
    ]
    return sorted(datapoints, key=lambda datapoint: datapoint["Timestamp"])


def _history(backend: Any) -> History:
    history: History = vars(backend).setdefault("minutes", History())
    return history


def _range(start_time: datetime, end_time: datetime) -> tuple[int, int]:
    """From the whole minute, as CloudWatch rounds a start of the last 15 days."""
    start = seconds(start_time) // MINUTE_S * MINUTE_S
    end = seconds(end_time)
    if start_time >= end_time:
        raise InvalidParameterValue(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    return start, end


def _check_period(period_s: int) -> None:
    if period_s < 1 or period_s % MINUTE_S:
        raise InvalidParameterValue(
            f"The value {period_s} for parameter Period is invalid: the sandbox keeps whole "
            "minutes, so it must be a multiple of 60."
        )


def _time(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
