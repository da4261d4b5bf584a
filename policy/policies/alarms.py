"""Alarms: that they can fire, tell somebody, and watch what they say they watch."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from policy import facts
from policy.policies.routing import balancer_of, rules_to
from policy.policies.target_groups import is_for_lambda
from policy.registry import Problems, Severity, resource_policy, stack_policy
from policy.stack import Resource, Stack
from policy.tokens import COMPOSITE_ALARM, FUNCTION, LISTENER_RULE, METRIC_ALARM, TARGET_GROUP
from policy.values import Undecided, Value
from routing import limits

_BALANCER_METRICS = "AWS/ApplicationELB"
_FUNCTION_METRICS = "AWS/Lambda"
_METRICS = {
    _BALANCER_METRICS: frozenset(
        {
            "HTTPCode_Target_2XX_Count",
            "HTTPCode_Target_3XX_Count",
            "HTTPCode_Target_4XX_Count",
            "HTTPCode_Target_5XX_Count",
            "LambdaInternalError",
            "LambdaTargetProcessedBytes",
            "LambdaUserError",
            "RequestCount",
            "TargetResponseTime",
        }
    ),
    _FUNCTION_METRICS: frozenset(
        {"ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles"}
    ),
}
_WITHOUT_BALANCER = frozenset({"LambdaInternalError", "LambdaUserError"})
"""Published under the target group alone."""

_STATISTIC = re.compile(r"Sum|Average|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d{1,2})?|p100")


def metrics(alarm: Resource) -> Iterator[Value]:
    """Every metric of an alarm: its own, and those of its queries. All have the same keys."""
    if alarm["metricName"].given:
        yield alarm.props
    for query in alarm["metricQueries"]:
        if query["metric"].given:
            yield query["metric"]


def _key(metric: Value, name: str) -> str:
    return metric[name].key


@resource_policy(
    {
        METRIC_ALARM: ("alarmActions", "actionsEnabled"),
        COMPOSITE_ALARM: ("alarmActions", "actionsEnabled"),
    },
    ids=("row 21", "CloudWatch.15", "CloudWatch.17", "CKV_AWS_319", "CloudWatchAlarmAction"),
    severity=Severity.HIGH,
    why="An alarm without an action is a light in an empty room.",
)
def alarm_tells_somebody(alarm: Resource) -> Problems:
    """An alarm has an action for the ALARM state, and its actions are on."""
    actions = alarm["alarmActions"]
    if not actions.given or (not actions.unknown and not all(action.given for action in actions)):
        yield "alarmActions is not set"
    if alarm["actionsEnabled"].flag is False:
        yield "actionsEnabled is false"


@resource_policy(
    {METRIC_ALARM: ("treatMissingData",)},
    ids=("ours: alarms that cry",),
    severity=Severity.MEDIUM,
    why="Without traffic such an alarm goes to INSUFFICIENT_DATA, and each return of traffic "
    "sends an OK mail though nothing was wrong.",
)
def ok_mail_follows_an_alarm(alarm: Resource) -> Problems:
    """An alarm that tells of OK does not treat missing data as missing."""
    tells = alarm["okActions"].unknown or any(action.given for action in alarm["okActions"])
    if tells and (alarm["treatMissingData"].text or "missing") == "missing":
        yield "treatMissingData is missing, and okActions is set"


@resource_policy(
    {METRIC_ALARM: ("period", "metricQueries")},
    ids=("row 22", "E3615"),
    severity=Severity.MEDIUM,
    why="AWS refuses other periods during the update.",
)
def alarm_period_is_valid(alarm: Resource) -> Problems:
    """The period of a metric is 10, 30 or a multiple of 60 seconds."""
    for metric in metrics(alarm):
        period = metric["period"].whole or 0
        if period not in {10, 30} and (period < 60 or period % 60):
            yield f"{_key(metric, 'period')} is not 10, 30 or a multiple of 60"


@resource_policy(
    {
        METRIC_ALARM: (
            "threshold",
            "evaluationPeriods",
            "datapointsToAlarm",
            "comparisonOperator",
            "metricQueries",
            "period",
        )
    },
    ids=("cloudwatch:PutMetricAlarm",),
    severity=Severity.HIGH,
    why="AWS takes an alarm for errors that fires when there are none. More datapoints than "
    "periods, or more periods than a day holds, it refuses.",
)
def alarm_can_fire(alarm: Resource) -> Problems:
    """An alarm fires above a threshold, after datapoints that its window holds."""
    periods = alarm["evaluationPeriods"].whole
    datapoints = alarm["datapointsToAlarm"].whole
    if periods is None or periods < 1:
        yield "evaluationPeriods is not a whole number from 1"
        return
    if alarm["datapointsToAlarm"].given and not 1 <= (datapoints or 0) <= periods:
        yield "datapointsToAlarm is not in 1-evaluationPeriods"
    threshold, operator = alarm["threshold"].number, alarm["comparisonOperator"].text
    if threshold is None:
        yield "threshold is not a number"
    elif threshold < 0 or (threshold == 0 and operator == "GreaterThanOrEqualToThreshold"):
        yield "threshold is reached by nothing at all"
    elif (
        alarm["metricName"].text == "TargetResponseTime"
        and threshold >= limits.FUNCTION_TIMEOUT_SECONDS_MAX
    ):
        yield "threshold is a time that no function runs for, it is in seconds"
    if operator not in {"GreaterThanThreshold", "GreaterThanOrEqualToThreshold"}:
        yield "comparisonOperator does not fire above the threshold"
    for metric in metrics(alarm):
        period = metric["period"].whole or 0
        long = period >= limits.ALARM_LONG_PERIOD_SECONDS
        window = limits.ALARM_LONG_WINDOW_SECONDS_MAX if long else limits.ALARM_WINDOW_SECONDS_MAX
        if period * periods > window:
            yield f"{_key(metric, 'period')} times evaluationPeriods is more than AWS looks back"


@resource_policy(
    {METRIC_ALARM: ("namespace", "metricName", "statistic", "metricQueries")},
    ids=("cloudwatch:Metric",),
    severity=Severity.HIGH,
    why="AWS takes any name. An alarm on a metric that nobody publishes is silent for ever.",
)
def alarm_metric_exists(alarm: Resource) -> Problems:
    """A metric is one that load balancers or Lambda publish, with a statistic that exists."""
    found = list(metrics(alarm))
    if not found:
        yield "neither metricName nor metricQueries is set"
    for metric in found:
        known = _METRICS.get(metric["namespace"].text or "")
        if known is None:
            yield f"{_key(metric, 'namespace')} is not one that this program watches"
        elif metric["metricName"].text not in known:
            yield f"{_key(metric, 'metricName')} is not a metric of its namespace"
        name = "stat" if metric.key else "statistic"
        statistic = metric[name] if metric[name].given else metric["extendedStatistic"]
        if not _STATISTIC.fullmatch(statistic.text or ""):
            yield f"{_key(metric, name)} is not a statistic"


@resource_policy(
    {METRIC_ALARM: ("metricQueries",)},
    ids=("cloudwatch:MetricDataQuery", "E3615"),
    severity=Severity.HIGH,
    why="AWS refuses these in the middle of an update, mocks take them.",
)
def alarm_math_is_sound(alarm: Resource) -> Problems:
    """Queries have ids of their own, expressions use only those, and one query gives the result."""
    queries = list(alarm["metricQueries"])
    ids = [query["id"].text or "" for query in queries]
    if queries and (len(set(ids)) < len(ids) or not all(re.match(r"[a-z]\w*$", i) for i in ids)):
        yield "metricQueries has ids that are missing, malformed or not unique"
    if queries and [query["returnData"].flag for query in queries].count(True) != 1:
        yield "metricQueries does not have exactly one result"
    for query in queries:
        used = re.findall(r"\b[a-z]\w*\b", query["expression"].text or "")
        if query["metric"].given == query["expression"].given:
            yield f"{query.key} needs either a metric or an expression"
        if not set(used) <= set(ids):
            yield f"{query['expression'].key} uses an id that no query has"


@resource_policy(
    {METRIC_ALARM: ("threshold", "metricQueries")},
    ids=("ours: ratios",),
    severity=Severity.HIGH,
    why="A ratio is never above 1: with a threshold in percent, or turned over, the alarm is "
    "silent for ever or fires all day. AWS takes both.",
)
def ratio_is_a_share(alarm: Resource) -> Problems:
    """A ratio is a sum of errors over the sum of requests, its threshold between 0 and 1."""
    queries = {query["id"].text: query for query in alarm["metricQueries"]}
    for query in queries.values():
        expression = query["expression"].text or ""
        for over, under in re.findall(r"(\w+)\s*/\s*(\w+)", expression):
            parts = [queries[id_]["metric"] for id_ in (over, under) if id_ in queries]
            counted = [part["metricName"].text == "RequestCount" for part in parts]
            sums = all(part["stat"].text == "Sum" for part in parts)
            if counted != [False, True] or not sums or "*" in expression:
                yield f"{query['expression'].key} is not a share of the requests"
            threshold = alarm["threshold"].number
            if threshold is not None and not 0 < threshold < 1:
                yield "threshold is not between 0 and 1"


@stack_policy(
    {METRIC_ALARM: ("dimensions", "metricQueries")},
    ids=("D12",),
    severity=Severity.HIGH,
    why="An alarm on the wrong group or load balancer watches something else, or nothing.",
)
def alarm_watches_what_exists(alarm: Resource, stack: Stack) -> Problems:
    """The metrics of an alarm are of one target group and its own load balancer, or a function."""
    watched = set[str]()
    for metric in metrics(alarm):
        dimensions = metric["dimensions"]
        if metric["namespace"].text == _FUNCTION_METRICS:
            if len(stack.named_by(dimensions["FunctionName"], alarm, FUNCTION)) != 1:
                yield f"{_key(dimensions, 'FunctionName')} is not a function of this stack"
            continue
        groups = stack.named_by(dimensions["TargetGroup"], alarm, TARGET_GROUP)
        watched |= {group.urn for group in groups}
        if len(groups) != 1:
            yield f"{_key(dimensions, 'TargetGroup')} is not one target group of this stack"
        elif metric["metricName"].text not in _WITHOUT_BALANCER:
            balancer = dimensions["LoadBalancer"]
            if not balancer.unknown and balancer.text not in _balancers(groups[0], stack):
                yield f"{balancer.key} is not the load balancer of {groups[0].name}"
    if len(watched) > 1:
        yield "watches more than one target group"


def _balancers(group: Resource, stack: Stack) -> set[str]:
    """Load balancers of the rules that name the group; of all rules while none does."""
    rules = rules_to(group, stack) or stack.of(LISTENER_RULE)
    return {balancer_of(rule, stack) for rule in rules}


@stack_policy(
    {TARGET_GROUP: ()},
    ids=("D12",),
    severity=Severity.HIGH,
    why="The Rust groups that run today have no alarm at all: nobody would notice a rollout "
    "that fails.",
)
def every_group_has_a_5xx_alarm(group: Resource, stack: Stack) -> Problems:
    """Every Lambda target group has an alarm on its 5xx responses, with an action."""
    if is_for_lambda(group) and not any(
        alarm["alarmActions"].given and (group.urn, "HTTPCode_Target_5XX_Count") in watched
        for alarm, watched in _watched(stack).items()
    ):
        yield "no alarm with an action watches its 5xx responses"


@stack_policy(
    {METRIC_ALARM: (), COMPOSITE_ALARM: ("alarmRule",)},
    ids=("ours: one alarm for the rollout",),
    severity=Severity.HIGH,
    why="The rollout is watched by one alarm. One that it does not name fires unseen there, and "
    "a name that nobody has is never in alarm.",
)
def composite_names_every_alarm_on_rust(alarm: Resource, stack: Stack) -> Problems:
    """A composite is any of its alarms, all of this stack; those on Rust are in one."""
    composites = {one.urn: _children(one, stack) for one in stack.of(COMPOSITE_ALARM)}
    if alarm.urn in composites:
        children = composites[alarm.urn]
        known = {one["name"].text for one in stack.of(METRIC_ALARM)}
        if not children or not children <= known:
            yield "alarmRule is not any of some alarms of this stack"
        return
    rust = {one.urn for one in stack.of(TARGET_GROUP) if one.name in facts.RUST_GROUPS}
    rust |= {one.urn for one in stack.of(FUNCTION) if one.name == facts.RUST_FUNCTION}
    on_rust = any(urn in rust for urn, _ in _watched(stack).get(alarm, ()))
    if on_rust and not any(alarm["name"].text in names for names in composites.values()):
        yield "no composite alarm names it"


def _children(composite: Resource, stack: Stack) -> set[str | None]:
    """The alarms that a composite is any of; while that is unknown those it depends on."""
    rule = composite["alarmRule"]
    if rule.unknown:
        alarms = stack.of(METRIC_ALARM)
        return {one["name"].text for one in alarms if one.urn in composite.depends_on}
    terms = (rule.text or "").split(" OR ")
    found = [re.fullmatch(r'\s*ALARM\("([^"]+)"\)\s*', term) for term in terms]
    return {one[1] for one in found if one} if all(found) else set()


@lru_cache(maxsize=2)
def _watched(stack: Stack) -> Mapping[Resource, frozenset[tuple[str, str]]]:
    """Alarm -> URNs of the groups and functions that it watches, each with a metric's name."""
    watched = {}
    for alarm in stack.of(METRIC_ALARM):
        try:
            watched[alarm] = frozenset(
                (one.urn, metric["metricName"].text or "")
                for metric in metrics(alarm)
                for name, types in (("TargetGroup", TARGET_GROUP), ("FunctionName", FUNCTION))
                if metric["dimensions"][name].given
                for one in stack.named_by(metric["dimensions"][name], alarm, types)
            )
        except Undecided:
            continue  # the alarm's own policies say so
    return watched
