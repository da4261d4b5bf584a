"""What there is to see of a stack: its rules, its closed minutes, its alarms. Changes nothing.

What cannot be read is said in the observation and raises nothing: a rollback waits for no metric.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import boto3

import catalog
from endpoint import TESTER_HEADER, Endpoint
from rollout.decide import Observation
from rollout.gates import BALANCERS, MINUTE_S, Counts, Minute
from rollout.live import (
    CONFIG,
    FAILURES,
    LiveRule,
    Place,
    describe_action,
    find_place,
    python_group,
    read_rules,
    route,
)
from rollout.stack import Asked
from routing import Listener, WeightedForward, choose_forward, limits
from rust_scorer import names

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

_LAG_S: Final = 60
"""After its end a minute's metrics may still change (a load balancer's come within one)."""
_COMPLETE: Final = "Complete"


@dataclass(frozen=True)
class Aws:
    """Clients of the stack's account. Threads may share them."""

    elb: "ElasticLoadBalancingv2Client"
    cloudwatch: "CloudWatchClient"
    dynamodb: "DynamoDBClient"

    @classmethod
    def of_environment(cls, region: str) -> "Aws":
        session = boto3.Session(region_name=region)
        return cls(
            session.client("elbv2", config=CONFIG),
            session.client("cloudwatch", config=CONFIG),
            session.client("dynamodb", config=CONFIG),
        )


def observe(
    aws: Aws, *, now: float, since: float, asked: Asked | str, problems: Sequence[str] = ()
) -> Observation:
    """See the stack now, its minutes from `since` on.

    `asked` may be the reason why the configuration cannot be read. Raises nothing.
    """
    unreadable, incomplete = [], []
    closed_until = int(now - _LAG_S) // MINUTE_S * MINUTE_S
    rules: dict[str, int | str] | None = None
    minutes: list[Minute] = []
    alarms: dict[str, str] = {}
    known = asked if isinstance(asked, Asked) else None
    if known is None:
        incomplete.append(str(asked))
    try:
        place = find_place(aws.elb)
        rules = live_shares(
            read_all_rules(aws.elb, place), place, known.stickiness if known else None
        )
        begin = int(since) // MINUTE_S * MINUTE_S
        minutes, partial = read_minutes(aws.cloudwatch, place, begin, closed_until)
        incomplete += partial
    except FAILURES as error:
        unreadable.append(str(error))
    try:
        alarms = read_alarms(aws.cloudwatch)
    except FAILURES as error:
        unreadable.append(str(error))
    return Observation(
        rules=rules,
        configured=known.share if known else None,
        follows=not known.rust if known else None,
        minutes=minutes,
        closed_until=closed_until,
        alarms=alarms,
        incomplete="; ".join(incomplete),
        unreadable="; ".join(dict.fromkeys(unreadable)),
        problems=tuple(problems),
    )


def read_all_rules(elb: "ElasticLoadBalancingv2Client", place: Place) -> list[LiveRule]:
    """The rules of every listener of the program."""
    return [
        rule for arn, listener in place.listeners.items() for rule in read_rules(elb, arn, listener)
    ]


def live_shares(
    rules: Sequence[LiveRule], place: Place, stickiness: int | None
) -> dict[str, int | str]:
    """What every dual rule sends to Rust in percent, or how it differs from a declared one.

    Compared are priority, conditions, target groups, weights and, where it is given, stickiness
    in seconds: a rule that differs in one of them is none of this program's.
    """
    return {
        endpoint.rule: _share(endpoint, rules, place.groups, stickiness)
        for endpoint in catalog.DUAL
    }


def _share(
    endpoint: Endpoint, rules: Sequence[LiveRule], groups: Mapping[str, str], stickiness: int | None
) -> int | str:
    wanted = route(endpoint.conditions)
    found = [
        rule
        for rule in rules
        if rule.listener is endpoint.listener and route(rule.conditions) == wanted
    ]
    if len(found) != 1:
        return "is there twice" if found else "is missing"
    (rule,) = found
    if rule.priority != endpoint.priority:
        return f"is at priority {rule.priority}, not {endpoint.priority}"
    python = groups.get(python_group(endpoint), "")
    rust = groups.get(names.TARGET_GROUPS[endpoint.listener].physical, "")
    share, seconds = 0, 0
    if isinstance(rule.action, WeightedForward):
        seconds = rule.action.stickiness_seconds
        share = next((one.weight for one in rule.action.targets if one.group == rust), 0)
    if share <= 100 and rule.action == choose_forward(
        share, python=python, rust=rust, stickiness_seconds=stickiness or seconds
    ):
        return share
    told = describe_action(rule.action)
    return f"is {told}" + (f", sticky for {seconds} s" if seconds else "")


def quota_problems(elb: "ElasticLoadBalancingv2Client", place: Place) -> list[str]:
    """Whether a load balancer has no room for Rust's target group, which joins with a share."""
    problems = []
    for listener_arn, listener in place.listeners.items():
        balancer = listener_arn.replace(":listener/", ":loadbalancer/").rpartition("/")[0]
        found = [
            one["TargetGroupName"]
            for page in elb.get_paginator("describe_target_groups").paginate(
                LoadBalancerArn=balancer
            )
            for one in page["TargetGroups"]
        ]
        most = limits.TARGET_GROUPS_PER_LOAD_BALANCER
        if names.TARGET_GROUPS[listener].physical not in found and len(found) >= most:
            problems.append(
                f"the {listener} load balancer has {len(found)} of {most} target groups"
            )
    return problems


def doors(elb: "ElasticLoadBalancingv2Client", place: Place, secret: str) -> set[Listener]:
    """The listeners where a rule takes requests with the testers' header of this value."""
    return {
        listener
        for arn, listener in place.listeners.items()
        for page in elb.get_paginator("describe_rules").paginate(ListenerArn=arn)
        for rule in page["Rules"]
        for condition in rule["Conditions"]
        if (header := condition.get("HttpHeaderConfig"))
        and header["HttpHeaderName"].lower() == TESTER_HEADER.lower()
        and secret.lower() in map(str.lower, header["Values"])
    }


def read_alarms(cloudwatch: "CloudWatchClient") -> dict[str, str]:
    """States of the program's alarms on Rust, of those that there are."""
    found = cloudwatch.describe_alarms(
        AlarmNames=catalog.rust_alarms(), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return {
        one["AlarmName"]: one["StateValue"]
        for one in [*found["MetricAlarms"], *found["CompositeAlarms"]]
    }


_METRICS: Final = (
    # Field of Counts, metric, statistic, whether the group alone is its dimension.
    ("requests", "RequestCount", "Sum", False),
    ("errors", "HTTPCode_Target_5XX_Count", "Sum", False),
    # Of a function that failed there is no target 5XX.
    ("errors", "LambdaUserError", "Sum", True),
    ("errors", "LambdaInternalError", "Sum", True),
    ("client_errors", "HTTPCode_Target_4XX_Count", "Sum", False),
    ("p95", "TargetResponseTime", "p95", False),
    ("p99", "TargetResponseTime", "p99", False),
)
_PYTHON_GROUPS: Final = {
    listener: [python_group(one) for one in catalog.DUAL if one.listener is listener]
    for listener in BALANCERS
}


def read_minutes(
    cloudwatch: "CloudWatchClient", place: Place, begin: int, end: int
) -> tuple[list[Minute], list[str]]:
    """The minutes from `begin` to before `end` with requests, and which queries lack something.

    Counts of a side are the sums over its target groups. Percentiles cannot be pooled: of a side
    they are its slowest group's, which the pool's are never above.
    """
    if begin >= end:
        return [], []
    series = list(_series(place))
    found, partial = _ask(cloudwatch, [one.stat for one in series], begin, end)
    minutes: dict[int, list[list[dict[str, float]]]] = {}
    for one, values in zip(series, found, strict=True):
        for at, value in values.items():
            side = minutes.setdefault(at, [[{}, {}] for _ in BALANCERS])[one.place][one.side]
            before = side.get(one.field, 0)
            side[one.field] = before + value if one.statistic == "Sum" else max(before, value)
    return [
        Minute(at, tuple((Counts(**python), Counts(**rust)) for python, rust in sides))
        for at, sides in sorted(minutes.items())
        if any(side.get("requests") for both in sides for side in both)
    ], partial


class _Series(NamedTuple):
    """One query: where in a minute its values belong, and what it asks."""

    place: int
    side: int
    field: str
    statistic: str
    stat: dict[str, Any]


def _series(where: Place) -> Iterator[_Series]:
    for place, listener in enumerate(BALANCERS):
        suffixes = {
            arn.partition(":listener/")[2].rpartition("/")[0]
            for arn, one in where.listeners.items()
            if one is listener
        }
        sides = _PYTHON_GROUPS[listener], [names.TARGET_GROUPS[listener].physical]
        arns = [
            (side, where.groups[one])
            for side in (0, 1)
            for one in sides[side]
            if one in where.groups
        ]
        for (side, arn), balancer in itertools.product(arns, sorted(suffixes)):
            group = {"TargetGroup": arn.rpartition(":")[2]}
            for field, metric, statistic, alone in _METRICS:
                dimensions = group if alone else {"LoadBalancer": balancer, **group}
                stat = {
                    "Metric": {
                        "Namespace": "AWS/ApplicationELB",
                        "MetricName": metric,
                        "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
                    },
                    "Period": MINUTE_S,
                    "Stat": statistic,
                }
                yield _Series(place, side, field, statistic, stat)


def _ask(
    cloudwatch: "CloudWatchClient", stats: Sequence[dict[str, Any]], begin: int, end: int
) -> tuple[list[dict[int, float]], list[str]]:
    """Values by minute of each query, and what CloudWatch says of those that lack some."""
    found: list[dict[int, float]] = [{} for _ in stats]
    said: dict[int, str] = {}
    queries: Any = [{"Id": f"q{at}", "MetricStat": stat} for at, stat in enumerate(stats)]
    most = limits.METRIC_QUERIES_PER_CALL
    for first in range(0, len(queries), most):
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries[first : first + most],
            StartTime=datetime.fromtimestamp(begin, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                at = int(result["Id"].removeprefix("q"))
                values = zip(result["Timestamps"], result["Values"], strict=True)
                found[at] |= {int(time.timestamp()): value for time, value in values}
                said[at] = result["StatusCode"]  # of more pages, the last one's counts
    lacking = {
        f"{stats[at]['Metric']['MetricName']} is {status}"
        for at, status in said.items()
        if status != _COMPLETE
    }
    silent = [f"{len(stats) - len(said)} metrics got no answer"] if len(said) < len(stats) else []
    return found, [*sorted(lacking), *silent]
