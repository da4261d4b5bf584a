"""Refusals of CloudWatch, and the composite alarms that moto lacks.

What CloudWatch takes and the sandbox does not evaluate is refused, and the message says so.
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.utils import get_service_model
from moto.sns.models import sns_backends

from routing import limits
from sandbox.account.refusals.guard import (
    After,
    Arguments,
    guard,
    invalid,
    refused,
    supply,
    unsatisfied,
)
from sandbox.cloudwatch.metric_math import NOT_EVALUATED, Unsupported, operands
from sandbox.cloudwatch.states import COMPARISONS

_LISTS = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms"}
_TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")
_SCALARS = ("metric_name", "namespace", "period", "statistic", "extended_statistic", "dimensions")
_CHILD = r'ALARM\("(?!arn:)([^"\\]+)"\)'
_RULE = re.compile(rf"\s*{_CHILD}(?:\s+OR\s+{_CHILD})*\s*")
_WIDGETS = frozenset({"alarm", "custom", "explorer", "log", "metric", "text"})


@guard(CloudWatchBackend, "put_metric_alarm")
def _put_alarm(backend: Any, call: Arguments) -> After:
    name = call["name"]
    if len(name) > limits.ALARM_NAME_LENGTH:
        raise unsatisfied(
            name, "alarmName", f"have length less than or equal to {limits.ALARM_NAME_LENGTH}"
        )
    _check_notified(backend, call)
    before = backend.alarms.get(name)
    if before is not None and (before.rule is None) is not (call["rule"] is None):
        raise invalid(f"An alarm of another type with the name {name} already exists")
    if call["rule"] is None:
        _check_metric_alarm(call)
    else:
        _check_rule(backend, call["rule"])

    def keep_state(alarm: Any) -> None:
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
        else:
            alarm.state_value = before.state_value
            alarm.state_reason = before.state_reason
            alarm.state_reason_data = before.state_reason_data
            alarm.state_updated_timestamp = before.state_updated_timestamp
            alarm.history = before.history
        if alarm.rule is not None:
            _settle(backend, [name])

    return keep_state


@supply(CloudWatchResponse, "put_composite_alarm")
def _put_composite_alarm(response: Any) -> Any:
    """Answer PutCompositeAlarm: moto's backend keeps a rule, only this way in is missing."""
    return response.put_metric_alarm()


@guard(CloudWatchResponse, "describe_alarms")
def _describe_alarms(response: Any, _call: Arguments) -> After:
    wanted = response._get_param("AlarmTypes") or ["MetricAlarm"]
    state = response._get_param("StateValue")

    def leave_out(answer: Any) -> None:
        for kind, member in _LISTS.items():
            answer.result[member] = [
                alarm
                for alarm in answer.result[member]
                if kind in wanted and state in (None, alarm.state_value)
            ]

    return leave_out


@supply(CloudWatchBackend, "get_alarms_by_state_value")
def _get_alarms_by_state_value(backend: Any, _state: str) -> list[Any]:
    """Give them all: moto's own answer is used up by the first of the two kinds of alarm."""
    return list(backend.alarms.values())


@guard(CloudWatchBackend, "set_alarm_state")
def _set_alarm_state(backend: Any, call: Arguments) -> After:
    return lambda _nothing: _settle(backend, _parents(backend, call["alarm_name"]))


@guard(CloudWatchBackend, "delete_alarms")
def _delete_alarms(backend: Any, call: Arguments) -> None:
    names = dict.fromkeys(call["alarm_names"])
    composites = [name for name in names if name in backend.alarms and backend.alarms[name].rule]
    if len(composites) > 1:
        raise invalid("You can delete at most one composite alarm in one operation")
    kept = [name for name in names if any(one not in names for one in _parents(backend, name))]
    if kept:
        raise invalid(
            f"Cannot delete {','.join(kept)} as there are composite alarm(s) depending on "
            f"{'it' if len(kept) == 1 else 'them'}."
        )


@guard(CloudWatchBackend, "put_dashboard")
def _put_dashboard(_backend: Any, call: Arguments) -> None:
    problems = list(_dashboard_problems(json.loads(call["body"])))
    if problems:
        listed = json.dumps(
            [{"dataPath": path, "message": message} for path, message in problems], indent=2
        )
        raise refused(
            "InvalidParameterInput",
            f"The dashboard body is invalid, there are {len(problems)} validation errors:\n"
            f"{listed}",
        )


def _dashboard_problems(body: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(body, dict):
        yield "", "Should be object"
    elif "widgets" not in body:
        yield "", "Should have required property 'widgets'"
    elif not isinstance(body["widgets"], list):
        yield "/widgets", "Should be array"
    else:
        for position, widget in enumerate(body["widgets"]):
            path = f"/widgets/{position}"
            if not isinstance(widget, dict):
                yield path, "Should be object"
                continue
            for key in ("type", "properties"):
                if key not in widget:
                    yield path, f"Should have required property '{key}'"
            if "type" in widget and widget["type"] not in _WIDGETS:
                yield f"{path}/type", "Should be equal to one of the allowed values"


def _check_notified(backend: Any, call: Arguments) -> None:
    for member in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
        actions = call[member] or []
        if len(actions) > limits.ALARM_ACTIONS_MAX:
            raise unsatisfied(
                actions, member, f"have length less than or equal to {limits.ALARM_ACTIONS_MAX}"
            )
        for action in actions:
            if not re.fullmatch(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d*:\S+", action):
                raise invalid(f"Invalid arn syntax: {action}")
            _, _, service, region, _, _ = action.split(":", 5)
            topics = sns_backends[backend.account_id][backend.region_name].topics
            if service == "sns" and region != backend.region_name:
                raise invalid(
                    f"Invalid region {region} specified. Only {backend.region_name} is supported."
                )
            if service == "sns" and action not in topics:
                raise invalid(f"The SNS topic of the alarm action does not exist: {action}")


def _check_metric_alarm(call: Arguments) -> None:
    operators = get_service_model("cloudwatch").shape_for("ComparisonOperator").enum
    if call["comparison_operator"] not in operators:
        raise unsatisfied(
            call["comparison_operator"],
            "comparisonOperator",
            f"satisfy enum value set: [{', '.join(operators)}]",
        )
    if call["threshold_metric_id"] or call["comparison_operator"] not in COMPARISONS:
        raise invalid("The sandbox does not evaluate alarms on an anomaly detection band.")
    treatment = call["treat_missing_data"]
    if treatment is not None and treatment not in _TREATMENTS:
        raise invalid(
            f"Option {treatment} is not supported. Supported options for parameter "
            f"TreatMissingData are {', '.join(_TREATMENTS)}."
        )
    periods = call["evaluation_periods"]
    if not periods:
        raise invalid("PutMetricAlarm request should have an EvaluationPeriods parameter")
    if (call["datapoints_to_alarm"] or 0) > periods:
        raise invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    if call["threshold"] is None:
        raise invalid("PutMetricAlarm request should have valid Threshold parameter")
    if call["metric_data_queries"]:
        _check_queries(call)
    else:
        _check_single_metric(call)


def _check_single_metric(call: Arguments) -> None:
    if not call["metric_name"] or not call["namespace"]:
        raise invalid("PutMetricAlarm request should have MetricName and Namespace, or Metrics")
    if bool(call["statistic"]) == bool(call["extended_statistic"]):
        raise invalid(
            "PutMetricAlarm request should have exactly one of the Statistic and "
            "ExtendedStatistic parameters"
        )
    _check_period(call["period"], call["evaluation_periods"])


def _check_period(period: int | None, evaluation_periods: int) -> None:
    if period is None:
        raise invalid("PutMetricAlarm request should have a Period parameter")
    if period not in limits.ALARM_SHORT_PERIODS and (period < 1 or period % 60):
        raise invalid("Period must be 10, 20, 30 or a multiple of 60")
    long = period >= limits.ALARM_LONG_PERIOD_SECONDS
    most = limits.ALARM_LONG_WINDOW_SECONDS_MAX if long else limits.ALARM_WINDOW_SECONDS_MAX
    if period * evaluation_periods > most:
        raise invalid(
            f"Metrics cannot be checked across more than a {'week' if long else 'day'} "
            f"(EvaluationPeriods * Period must be <= {most})."
        )


def _check_queries(call: Arguments) -> None:
    if any(call[key] for key in _SCALARS):
        raise invalid("Scalar metric parameters must not be set if list of Metrics is set.")
    queries = call["metric_data_queries"]
    check_ids([query.id for query in queries])
    for query in queries:
        _check_kind(query)
        if query.metric_stat:
            _check_period(query.metric_stat.period, call["evaluation_periods"])
    if sum(bool(query.metric_stat) for query in queries) > limits.ALARM_METRICS_MAX:
        raise invalid(f"Too many metrics in alarm, maximum is {limits.ALARM_METRICS_MAX}")
    if sum(query.return_data is not False for query in queries) != 1:
        raise invalid("Exactly one element of the metrics list should return data.")
    for query in queries:
        if query.expression:
            try:
                _check_expression(query, queries)
            except Unsupported as error:
                raise invalid(f"Error in expression '{query.id}': {error}") from None


def _check_kind(query: Any) -> None:
    if query.expression and query.metric_stat:
        raise invalid(
            "The parameters MetricDataQuery Expression and MetricStat are mutually exclusive and "
            "you have specified both."
        )
    if not query.expression and not query.metric_stat:
        raise invalid("Invalid metrics list: a query has neither Expression nor MetricStat")


def check_ids(ids: Sequence[str]) -> None:
    """Refuse ids of metric queries that are malformed or not unique."""
    for id_ in ids:
        if not re.fullmatch(limits.METRIC_ID_PATTERN, id_):
            raise invalid(f"Invalid metrics list: the id '{id_}' is not valid")
        if ids.count(id_) > 1:
            raise invalid(f"Invalid metrics list: the id '{id_}' is not unique")


def _check_expression(query: Any, queries: Iterable[Any]) -> None:
    periods = {one.id: one.metric_stat and one.metric_stat.period for one in queries}
    used = operands(query.expression)
    if unknown := [id_ for id_ in used if id_ not in periods]:
        raise Unsupported(f"Unknown id '{unknown[0]}'")
    dividend, divisor = (periods[id_] for id_ in used)
    if query.return_data is False or dividend is None or dividend != divisor:
        raise Unsupported(NOT_EVALUATED)


def _check_rule(backend: Any, rule: str) -> None:
    if not _RULE.fullmatch(rule):
        raise invalid(
            f"Error in AlarmRule [{rule}]: the sandbox does not evaluate it. Its composite alarms "
            'may say \'ALARM("name") OR ALARM("name")\', and so on for more names.'
        )
    named = _children(rule)
    if missing := [name for name in dict.fromkeys(named) if name not in backend.alarms]:
        raise invalid(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm "
            "rule do not exist"
        )
    if len(set(named)) > limits.COMPOSITE_CHILDREN_MAX:
        raise invalid(f"AlarmRule must not name more than {limits.COMPOSITE_CHILDREN_MAX} alarms")
    if len(named) > limits.COMPOSITE_ELEMENTS_MAX:
        raise invalid(f"AlarmRule must not have more than {limits.COMPOSITE_ELEMENTS_MAX} elements")


def _children(rule: str) -> list[str]:
    """The alarms that a composite alarm's rule names, in order, each as often as it does."""
    return re.findall(_CHILD, rule)


def _parents(backend: Any, name: str) -> list[str]:
    """The composite alarms whose rule names this alarm."""
    return [
        alarm.name
        for alarm in backend.alarms.values()
        if alarm.rule is not None and name in _children(alarm.rule)
    ]


def _settle(backend: Any, names: Iterable[str]) -> None:
    """Evaluate these composite alarms, and in turn what depends on one that changed.

    An alarm is visited once, so a circle of composite alarms ends as CloudWatch ends it.
    """
    waiting = deque(names)
    visited: set[str] = set()
    while waiting:
        name = waiting.popleft()
        if name in visited:
            continue
        visited.add(name)
        alarm = backend.alarms[name]
        children = (backend.alarms[child] for child in _children(alarm.rule))
        state = "ALARM" if any(child.state_value == "ALARM" for child in children) else "OK"
        if state != alarm.state_value:
            alarm.update_state(f"{alarm.alarm_arn} evaluates to {state}", "{}", state)
            waiting.extend(_parents(backend, name))
