"""Alarms on every target group, on the functions and on Rust as a whole."""

from collections.abc import Iterable, Mapping, Sequence

from pulumi import Input, Output, ResourceOptions
from pulumi_aws import cloudwatch

import catalog
import rust_scorer.names as rust
from lambdas.context import Context
from monitoring import alarms
from monitoring.dashboard import declare_dashboard
from routing import LambdaTargetGroup

_LOAD_BALANCER_NAMESPACE = "AWS/ApplicationELB"


def declare_monitoring(context: Context, target_groups: Iterable[LambdaTargetGroup]) -> None:
    """Create the alarms, the composite over those on Rust, and the dashboard."""
    suffixes = {group.name: group.arn_suffix for group in target_groups}
    created: dict[str, cloudwatch.MetricAlarm] = {}
    for watched in (*catalog.PYTHON_GROUPS, *catalog.RUST_GROUPS):
        dimensions = {
            "LoadBalancer": context.foundation.load_balancers[watched.listener].arn_suffix,
            "TargetGroup": suffixes[watched.group],
        }
        for alarm in alarms.group_alarms(watched.name):
            if isinstance(alarm, alarms.ErrorRatio):
                created[alarm.name] = _ratio_alarm(context, alarm, dimensions)
            else:
                created[alarm.name] = _response_time_alarm(context, alarm, dimensions)
    for watched in catalog.RUST_GROUPS:
        user_errors = alarms.user_error_alarm(watched.name)
        created[user_errors.name] = _failure_alarm(context, user_errors, suffixes[watched.group])
    for function in (*(backend.function_name for backend in catalog.ZIP_BACKENDS), rust.FUNCTION):
        errors = alarms.function_alarm(function)
        created[errors.name] = _failure_alarm(context, errors, function)
    _declare_composite(context, [created[name] for name in catalog.rust_metric_alarms()])
    declare_dashboard(context, suffixes)


def _ratio_alarm(
    context: Context, alarm: alarms.ErrorRatio, dimensions: Mapping[str, Input[str]]
) -> cloudwatch.MetricAlarm:
    def count(id_: str, metric: str) -> cloudwatch.MetricAlarmMetricQueryArgs:
        return cloudwatch.MetricAlarmMetricQueryArgs(
            id=id_,
            metric=cloudwatch.MetricAlarmMetricQueryMetricArgs(
                metric_name=metric,
                namespace=_LOAD_BALANCER_NAMESPACE,
                dimensions=dict(dimensions),
                period=alarm.threshold.period_s,
                stat="Sum",
            ),
        )

    args = _alarm_args(context, alarm.name, alarm.threshold, "GreaterThanThreshold")
    args.metric_queries = [
        count("m1", "RequestCount"),
        count("m2", alarm.metric),
        cloudwatch.MetricAlarmMetricQueryArgs(
            id="e1", expression="m2 / m1", label=alarm.label, return_data=True
        ),
    ]
    return cloudwatch.MetricAlarm(alarm.name, args)


def _response_time_alarm(
    context: Context, alarm: alarms.ResponseTime, dimensions: Mapping[str, Input[str]]
) -> cloudwatch.MetricAlarm:
    args = _alarm_args(context, alarm.name, alarm.threshold, "GreaterThanThreshold")
    args.namespace = _LOAD_BALANCER_NAMESPACE
    args.metric_name = "TargetResponseTime"
    args.dimensions = dict(dimensions)
    args.period = alarm.threshold.period_s
    args.statistic = "Average"
    args.unit = "Seconds"
    return cloudwatch.MetricAlarm(alarm.name, args)


def _failure_alarm(
    context: Context, alarm: alarms.LambdaFailures, subject: Input[str]
) -> cloudwatch.MetricAlarm:
    threshold = alarms.FAILURE_THRESHOLD
    args = _alarm_args(context, alarm.name, threshold, "GreaterThanOrEqualToThreshold")
    args.namespace = alarm.namespace
    args.metric_name = alarm.metric
    args.dimensions = {alarm.dimension: subject}
    args.period = threshold.period_s
    args.statistic = "Sum"
    return cloudwatch.MetricAlarm(alarm.name, args)


def _alarm_args(
    context: Context, name: str, threshold: alarms.Threshold, comparison: str
) -> cloudwatch.MetricAlarmArgs:
    return cloudwatch.MetricAlarmArgs(
        name=name,
        comparison_operator=comparison,
        threshold=threshold.value,
        datapoints_to_alarm=threshold.datapoints,
        evaluation_periods=threshold.periods,
        # A night without traffic is normal: left as missing, each pause would end in an OK mail.
        treat_missing_data="notBreaching",
        alarm_actions=[context.foundation.alert_topic_arn],
        ok_actions=[context.foundation.alert_topic_arn],
        tags=context.tags(name),
    )


def _declare_composite(context: Context, children: Sequence[cloudwatch.MetricAlarm]) -> None:
    cloudwatch.CompositeAlarm(
        alarms.COMPOSITE,
        alarm_name=alarms.COMPOSITE,
        alarm_description="In alarm when any alarm on the Rust scorer is.",
        alarm_rule=Output.all(*(child.name for child in children)).apply(
            lambda names: " OR ".join(f'ALARM("{name}")' for name in names)
        ),
        alarm_actions=[context.foundation.alert_topic_arn],
        ok_actions=[context.foundation.alert_topic_arn],
        tags=context.tags(alarms.COMPOSITE),
        opts=ResourceOptions(depends_on=list(children)),
    )
