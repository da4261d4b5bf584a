"""The four functions: each creates one thing and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, ResourceOptions
from pulumi_aws import lambda_, lb

from routing import checks
from routing.model import (
    Condition,
    FixedResponse,
    Forward,
    Header,
    Host,
    Methods,
    Path,
    TargetGroupNames,
    WeightedForward,
)

LOAD_BALANCER_PRINCIPAL = "elasticloadbalancing.amazonaws.com"


class RefusedByAws(pulumi.RunError, ValueError):
    """AWS would refuse it; the message says all of why. Pulumi prints that without a trace."""


@dataclass(frozen=True)
class ImageCode:
    """A container image and the command that selects the handler in it."""

    uri: str
    command: str


@dataclass(frozen=True, kw_only=True)
class ZipCode:
    """A zip archive on disk. `package_type` stays None where it is unset today."""

    path: str
    handler: str
    runtime: str
    layers: Sequence[Input[str]]
    architecture: str | None = None
    package_type: str | None = None


@dataclass(frozen=True)
class LambdaTargetGroup:
    """A target group that may invoke its one function."""

    group: lb.TargetGroup
    permission: lambda_.Permission
    attachment: lb.TargetGroupAttachment


def build_lambda_function(
    logical_name: str,
    *,
    name: str,
    code: ImageCode | ZipCode,
    role_arn: Input[str],
    memory_mb: int,
    timeout_s: int,
    subnet_ids: Input[Sequence[Input[str]]],
    security_group_ids: Sequence[Input[str]],
    environment: Mapping[str, Input[str]],
    tags: Mapping[str, str],
    traced: bool = False,
    depends_on: Sequence[pulumi.Resource] = (),
) -> lambda_.Function:
    """Create the function in the given subnets, and nothing else.

    `name` is the physical name; `memory_mb` in MiB, `timeout_s` in seconds. Pass the
    log group in `depends_on`, or Lambda makes one that keeps logs for ever.

    Raises ValueError for a name, size or environment that AWS refuses.
    """
    _refuse(
        logical_name,
        checks.function_problems(name, memory_mb=memory_mb, timeout_s=timeout_s)
        + checks.environment_problems(environment)
        + checks.layer_problems(len(code.layers) if isinstance(code, ZipCode) else 0),
    )
    if isinstance(code, ImageCode):
        args = lambda_.FunctionArgs(
            role=role_arn,
            package_type="Image",
            image_uri=code.uri,
            image_config=lambda_.FunctionImageConfigArgs(commands=[code.command]),
        )
    else:
        args = lambda_.FunctionArgs(
            role=role_arn,
            package_type=code.package_type,
            code=pulumi.FileArchive(code.path),
            handler=code.handler,
            runtime=code.runtime,
            layers=list(code.layers),
            architectures=[code.architecture] if code.architecture else None,
        )
    args.name = name
    args.memory_size = memory_mb
    args.timeout = timeout_s
    args.vpc_config = lambda_.FunctionVpcConfigArgs(
        subnet_ids=subnet_ids, security_group_ids=list(security_group_ids)
    )
    args.environment = lambda_.FunctionEnvironmentArgs(variables=dict(environment))
    if traced:
        args.tracing_config = lambda_.FunctionTracingConfigArgs(mode="Active")
    args.tags = dict(tags)
    return lambda_.Function(logical_name, args, ResourceOptions(depends_on=list(depends_on)))


def create_lambda_target_group(
    function: lambda_.Function, names: TargetGroupNames, *, tags: Mapping[str, str]
) -> LambdaTargetGroup:
    """Create a target group with `function` as its one target.

    The permission is for exactly this group. The attachment waits for it: AWS
    refuses to register a function that the group may not invoke.

    Raises ValueError for a physical name that AWS refuses.
    """
    _refuse(names.group, checks.target_group_name_problems(names.physical))
    group = lb.TargetGroup(names.group, name=names.physical, target_type="lambda", tags=dict(tags))
    permission = lambda_.Permission(
        names.permission,
        action="lambda:InvokeFunction",
        function=function.name,
        principal=LOAD_BALANCER_PRINCIPAL,
        source_arn=group.arn,
    )
    attachment = lb.TargetGroupAttachment(
        names.attachment,
        target_group_arn=group.arn,
        target_id=function.arn,
        opts=ResourceOptions(depends_on=[permission]),
    )
    return LambdaTargetGroup(group, permission, attachment)


def create_listener_rule(
    name: str,
    *,
    listener_arn: Input[str],
    priority: int,
    conditions: Sequence[Condition],
    action: Forward[Input[str]] | FixedResponse,
    tags: Mapping[str, str],
    depends_on: Sequence[pulumi.Resource] = (),
) -> lb.ListenerRule:
    """Create one simple rule: a forward to one group's ARN, or a fixed response.

    Raises ValueError for anything about the rule that AWS refuses.
    """
    if isinstance(action, FixedResponse):
        rendered = lb.ListenerRuleActionArgs(
            type="fixed-response",
            fixed_response=lb.ListenerRuleActionFixedResponseArgs(
                status_code=str(action.status),
                content_type=action.content_type,
                message_body=action.body,
            ),
        )
    else:
        # No forward block: with one group AWS would keep no stickiness in it, and a
        # later change of the group would send two that differ.
        rendered = lb.ListenerRuleActionArgs(type="forward", target_group_arn=action.group)
    _refuse(
        name,
        checks.priority_problems(priority)
        + checks.condition_problems(conditions)
        + checks.action_problems(action),
    )
    return _rule(name, listener_arn, priority, conditions, rendered, tags, depends_on)


def create_weighted_listener_rule(
    name: str,
    *,
    listener_arn: Input[str],
    priority: int,
    conditions: Sequence[Condition],
    action: WeightedForward[Input[str]],
    tags: Mapping[str, str],
    depends_on: Sequence[pulumi.Resource] = (),
) -> lb.ListenerRule:
    """Create one rule that spreads new clients over distinct groups and keeps them there.

    Groups are ARNs; weights are shares in percent; the stickiness is in seconds.

    Raises ValueError for anything about the rule that AWS refuses, for fewer than two
    groups and for weights that are not shares of 100.
    """
    _refuse(
        name,
        checks.priority_problems(priority)
        + checks.condition_problems(conditions)
        + checks.action_problems(action),
    )
    rendered = lb.ListenerRuleActionArgs(
        type="forward",
        forward=lb.ListenerRuleActionForwardArgs(
            target_groups=[
                lb.ListenerRuleActionForwardTargetGroupArgs(arn=target.group, weight=target.weight)
                for target in action.targets
            ],
            stickiness=lb.ListenerRuleActionForwardStickinessArgs(
                enabled=True, duration=action.stickiness_seconds
            ),
        ),
    )
    return _rule(name, listener_arn, priority, conditions, rendered, tags, depends_on)


def _rule(
    name: str,
    listener_arn: Input[str],
    priority: int,
    conditions: Sequence[Condition],
    action: lb.ListenerRuleActionArgs,
    tags: Mapping[str, str],
    depends_on: Sequence[pulumi.Resource],
) -> lb.ListenerRule:
    return lb.ListenerRule(
        name,
        listener_arn=listener_arn,
        priority=priority,
        conditions=[_condition(condition) for condition in conditions],
        actions=[action],
        tags=dict(tags),
        opts=ResourceOptions(depends_on=list(depends_on)),
    )


def _condition(condition: Condition) -> lb.ListenerRuleConditionArgs:
    match condition:
        case Host(values):
            return lb.ListenerRuleConditionArgs(
                host_header=lb.ListenerRuleConditionHostHeaderArgs(values=list(values))
            )
        case Path(values):
            return lb.ListenerRuleConditionArgs(
                path_pattern=lb.ListenerRuleConditionPathPatternArgs(values=list(values))
            )
        case Methods(values):
            return lb.ListenerRuleConditionArgs(
                http_request_method=lb.ListenerRuleConditionHttpRequestMethodArgs(
                    values=list(values)
                )
            )
        case Header(name, values):
            return lb.ListenerRuleConditionArgs(
                http_header=lb.ListenerRuleConditionHttpHeaderArgs(
                    http_header_name=name,
                    values=[pulumi.Output.secret(value) for value in values],
                )
            )


def _refuse(name: str, problems: Sequence[str]) -> None:
    if problems:
        raise RefusedByAws(f"{name}: {'; '.join(problems)}")
