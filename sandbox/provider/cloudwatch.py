"""Alarms over metrics, and alarms over alarms."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from routing import limits
from sandbox.provider.base import (
    Created,
    Handler,
    Inputs,
    Listing,
    Read,
    camel,
    finishing,
    found,
    pascal,
    retag,
    tag_list,
    tag_table,
    tagged,
)
from sandbox.provider.schema import (
    TAGS,
    Table,
    block,
    flag,
    real,
    set_of,
    text,
    whole,
)
from sandbox.provider.validators import ARN, NOT_EMPTY, Test, at_least, length, matches, one_of

_MISSING: Final = "ResourceNotFound"
_STATISTICS: Final = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
_EXTENDED: Final = (
    r"(p|tm|wm|tc|ts)(\d{1,2}(\.\d{1,2})?|100)|IQM"
    r"|(TM|WM|PR|TC|TS)\((\d+(\.\d+)?%?)?:(\d+(\.\d+)?%?)?\)"
)
_BAD_STATISTIC: Final = "invalid value for {path} (invalid statistic)"
_ONE_METRIC: Final = ("dimensions", "metricName", "namespace", "period", "statistic")
"""What an alarm over one metric has and one over metric queries may not."""


def _period(*short: int) -> Test:
    return (
        lambda value: value in short or (value > 0 and value % 60 == 0),
        f"expected {{path}} to be one of {list(short)} or divisible by 60, got {{value}}",
    )


_ACTION_LIMIT: Final = limits.ALARM_ACTIONS_MAX
_QUERY: Final = block(
    id=text(NOT_EMPTY, required=True),
    accountId=text(NOT_EMPTY),
    expression=text(length(1, 1024)),
    label=text(),
    metric=block(
        metricName=text(NOT_EMPTY, required=True),
        namespace=text(NOT_EMPTY),
        period=whole(_period(1, 5, 10, 20, 30), required=True),
        stat=text(matches("|".join((*_STATISTICS, _EXTENDED)), _BAD_STATISTIC), required=True),
        dimensions=Table(),
        unit=text(),
    ),
    period=whole(_period(1, 5, 10, 20, 30)),
    returnData=flag(),
)


class _Alarm(Handler):
    """What the two kinds of alarm have in common."""

    service = "cloudwatch"
    answer_list: ClassVar[str]

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        alarm = self._describe(id_)
        if alarm is None:
            return None
        tags = self.api.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        inputs_found = self._read(alarm) | {self.name_input: id_, "tags": tag_table(tags)}
        return Read(id_, self.as_written(inputs_found, inputs), self._outputs(alarm))

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        if changed - {"tags"}:
            self._put(id_, new)
        if "tags" in changed:
            arn = self._describe(id_)["AlarmArn"]
            retag(
                old,
                new,
                lambda keys: self.api.untag_resource(ResourceARN=arn, TagKeys=keys),
                lambda tags: self.api.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
            )
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_alarms(AlarmNames=[id_]), _MISSING)

    def create(self, inputs: Inputs) -> Created:
        physical = inputs[self.name_input]
        self._put(physical, inputs, **tagged(inputs))
        created = Created(physical, {})
        with finishing(created):
            created.outputs.update(self._outputs(self._describe(physical)))
        return created

    @abstractmethod
    def _put(self, name: str, inputs: Inputs, **tags: Any) -> None: ...

    def _outputs(self, alarm: Mapping[str, Any]) -> dict[str, Any]:
        return {"arn": alarm["AlarmArn"], self.name_input: alarm["AlarmName"]}

    def _read(self, alarm: Mapping[str, Any]) -> dict[str, Any]:
        fields = {name for name in self.schema.fields if name not in {"tags", self.name_input}}
        read = camel(alarm) | {"okActions": alarm.get("OKActions")}
        return {name: read.get(name) for name in fields}

    def _describe(self, name: str) -> Any:
        answer = self.api.describe_alarms(
            AlarmNames=[name], AlarmTypes=[self.answer_list.removesuffix("s")]
        )
        return next(iter(answer[self.answer_list]), None)


class MetricAlarm(_Alarm):
    """An alarm over one metric or over metric queries. A change sends the whole alarm."""

    type_name = "aws:cloudwatch/metricAlarm:MetricAlarm"
    answer_list = "MetricAlarms"
    listing = Listing("describe_alarms", "MetricAlarms", "AlarmName")
    schema = block(
        name=text(NOT_EMPTY),
        actionsEnabled=flag(default=True),
        alarmActions=set_of(text(ARN)),
        alarmDescription=text(length(0, 1024)),
        comparisonOperator=text(
            one_of(
                "GreaterThanOrEqualToThreshold",
                "GreaterThanThreshold",
                "GreaterThanUpperThreshold",
                "LessThanLowerOrGreaterThanUpperThreshold",
                "LessThanLowerThreshold",
                "LessThanOrEqualToThreshold",
                "LessThanThreshold",
            )
        ),
        datapointsToAlarm=whole(at_least(1)),
        dimensions=Table(),
        evaluationPeriods=whole(at_least(1)),
        insufficientDataActions=set_of(text(ARN), high=_ACTION_LIMIT),
        metricName=text(NOT_EMPTY),
        metricQueries=set_of(_QUERY),
        namespace=text(NOT_EMPTY),
        okActions=set_of(text(ARN), high=_ACTION_LIMIT),
        period=whole(_period(10, 20, 30)),
        statistic=text(one_of(*_STATISTICS)),
        threshold=real(),
        treatMissingData=text(
            one_of("breaching", "ignore", "missing", "notBreaching"), default="missing"
        ),
        unit=text(),
        tags=TAGS,
    )
    replaces = frozenset({"name"})
    computed = frozenset({"name"})

    def check(self, inputs: Inputs) -> list[str]:
        there = {name for name, value in inputs.items() if value not in (None, [], {})}
        problems = [
            f'"{name}": conflicts with metricQueries'
            for name in _ONE_METRIC
            if {name, "metricQueries"} <= there
        ]
        if "metricName" in there and "statistic" not in there:
            problems.append(
                "One of `statistic` or `extendedStatistic` must be set "
                "for a cloudwatch metric alarm"
            )
        queries = inputs.get("metricQueries")
        problems += [
            "No metricQuery may have both `expression` and a `metric` specified"
            for query in (queries if isinstance(queries, list) else [])
            if isinstance(query, Mapping) and query.get("expression") and query.get("metric")
        ]
        return problems

    def _put(self, name: str, inputs: Inputs, **tags: Any) -> None:
        sent = pascal(
            {key: value for key, value in inputs.items() if key not in {"name", "tags"}},
            okActions="OKActions",
            metricQueries="Metrics",
        )
        if "Dimensions" in sent:
            sent["Dimensions"] = _send_dimensions(sent["Dimensions"])
        if "Metrics" in sent:
            sent["Metrics"] = [_send_query(query) for query in sent["Metrics"]]
        self.api.put_metric_alarm(AlarmName=name, **sent, **tags)

    def _read(self, alarm: Mapping[str, Any]) -> dict[str, Any]:
        return super()._read(alarm) | {
            "dimensions": _read_dimensions(alarm),
            "metricQueries": [_read_query(query) for query in alarm.get("Metrics", [])],
        }


def _send_query(query: Mapping[str, Any]) -> dict[str, Any]:
    sent = pascal({name: value for name, value in query.items() if name != "metric"})
    sent.setdefault("ReturnData", False)  # the API's own default is true
    if metric := query.get("metric"):
        of = pascal({name: metric[name] for name in ("metricName", "namespace") if name in metric})
        of["Dimensions"] = _send_dimensions(metric.get("dimensions", {}))
        how = pascal({name: metric[name] for name in ("period", "stat", "unit") if name in metric})
        sent["MetricStat"] = {"Metric": of, **how}
    return sent


def _read_query(query: Mapping[str, Any]) -> dict[str, Any]:
    read = camel({name: value for name, value in query.items() if name != "MetricStat"})
    if how := query.get("MetricStat"):
        of = how["Metric"]
        read["metric"] = camel({**of, **how}) | {"dimensions": _read_dimensions(of)}
        del read["metric"]["metric"]
    return read


def _send_dimensions(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def _read_dimensions(metric: Mapping[str, Any]) -> dict[str, str]:
    return {pair["Name"]: pair["Value"] for pair in metric.get("Dimensions", [])}


class CompositeAlarm(_Alarm):
    """An alarm over the states of other alarms, which must exist."""

    type_name = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
    name_input = "alarmName"
    answer_list = "CompositeAlarms"
    listing = Listing(
        "describe_alarms", "CompositeAlarms", "AlarmName", {"AlarmTypes": ["CompositeAlarm"]}
    )
    schema = block(
        alarmName=text(length(0, limits.ALARM_NAME_LENGTH)),
        alarmRule=text(length(1, 10_240)),
        actionsEnabled=flag(default=True),
        alarmActions=set_of(text(ARN), high=_ACTION_LIMIT),
        alarmDescription=text(length(0, 1024)),
        insufficientDataActions=set_of(text(ARN), high=_ACTION_LIMIT),
        okActions=set_of(text(ARN), high=_ACTION_LIMIT),
        tags=TAGS,
    )
    replaces = frozenset({"alarmName", "actionsEnabled"})

    def _put(self, name: str, inputs: Inputs, **tags: Any) -> None:
        sent = {key: value for key, value in inputs.items() if key not in {"alarmName", "tags"}}
        self.api.put_composite_alarm(AlarmName=name, **pascal(sent, okActions="OKActions"), **tags)
