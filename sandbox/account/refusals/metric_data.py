"""CloudWatch's metric data, which moto keeps value by value and answers wrongly.

moto adds up metrics that share some dimensions, finds none whose dimensions are asked for in
another order, lets windows begin at any second, computes no metric math, and grows for ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend, MetricDatumBase

from routing import limits
from sandbox.account.refusals.guard import invalid, refused, supply
from sandbox.cloudwatch.history import MINUTE_S, History, Metric, seconds
from sandbox.cloudwatch.queries import Queries
from sandbox.cloudwatch.series import Series, Unsupported
from sandbox.cloudwatch.statistics import STATISTICS

_FILLED_MAX = 100_000
"""What one call may make of nothing; the account answers nobody else meanwhile."""


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


@supply(CloudWatchBackend, "get_metric_data")
def _get_data(
    backend: Any,
    queries: Sequence[Mapping[str, Any]],
    start_time: datetime,
    end_time: datetime,
    scan_by: str = "TimestampDescending",
) -> list[dict[str, Any]]:
    """Answer GetMetricData; an expression that is an array gives a result for each series."""
    start, end = _range(start_time, end_time)
    for query in queries:
        if stat := query.get("MetricStat"):
            _check_period(stat["Period"])
    try:
        read = Queries.read(queries)
        _check_length(read, end - start)
        answers = read.answer(_history(backend), start, end)
    except Unsupported as error:
        raise invalid(str(error)) from None
    results = []
    for query in queries:
        if query.get("ReturnData") is False:
            continue
        value = answers[query["Id"]]
        if isinstance(value, float):
            raise invalid(f"Error in expression '{query['Id']}': it is not a time series")
        for series in [value] if isinstance(value, Mapping) else value:
            positions = sorted(series, reverse=scan_by == "TimestampDescending")
            results.append(_result(query, series, positions, start, read.periods[query["Id"]]))
    return results


def _result(
    query: Mapping[str, Any], series: Series, positions: Iterable[int], start: int, period_s: int
) -> dict[str, Any]:
    stat = query.get("MetricStat")
    label = f"{stat['Metric']['MetricName']} {stat['Stat']}" if stat else query["Id"]
    return {
        "id": query["Id"],
        "label": query.get("Label") or label,
        "timestamps": [_time(start + at * period_s) for at in positions],
        "values": [series[at] for at in positions],
        "status_code": "Complete",
    }


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
    history = _history(backend)
    metric = Metric.named(namespace, metric_name, dimensions)
    wanted = [name for name in stats if name in STATISTICS]
    datapoints = [
        {"Timestamp": _time(start + at * period), "Unit": stored}
        | {name: statistics.value(name) for name in wanted}
        for stored in history.units(metric)
        if unit in (None, stored)
        for at, statistics in history.windows(metric, start, end, period, stored).items()
        if wanted
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
    if period_s not in limits.METRIC_SHORT_PERIODS and (period_s < 1 or period_s % MINUTE_S):
        raise InvalidParameterValue(
            f"The value {period_s} for parameter Period is invalid: it must be 1, 5, 10, 20, 30 "
            "or a multiple of 60."
        )


def _check_length(queries: Queries, range_s: int) -> None:
    if any(range_s / queries.periods[name] > _FILLED_MAX for name in queries.expressions):
        raise Unsupported(f"an expression would have more than {_FILLED_MAX} periods")


def _time(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
