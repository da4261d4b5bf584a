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
    Rule,
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
    """A zip archive on disk; without a path the function keeps the code it has.

    `package_type` stays None where it is unset today.
    """

    path: str | None
    handler: str
    runtime: str
    layers: Sequence[Input[str]]
    architecture: str | None = None
    package_type: str | None = None


@dataclass(frozen=True)
class LambdaTargetGroup:
    """A target group that may invoke its one function. `name` is its logical name."""

    name: str
    arn: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]
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
    args = _code_args(code, role_arn)
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
    keeps = isinstance(code, ZipCode) and code.path is None
    return lambda_.Function(
        logical_name,
        args,
        ResourceOptions(
            depends_on=list(depends_on),
            # The engine puts the deployed code in its place; no file is read.
            ignore_changes=["code"] if keeps else None,
        ),
    )


def _code_args(code: ImageCode | ZipCode, role_arn: Input[str]) -> lambda_.FunctionArgs:
    """What a function runs, and as whom."""
    if isinstance(code, ImageCode):
        return lambda_.FunctionArgs(
            role=role_arn,
            package_type="Image",
            image_uri=code.uri,
            image_config=lambda_.FunctionImageConfigArgs(commands=[code.command]),
        )
    return lambda_.FunctionArgs(
        role=role_arn,
        package_type=code.package_type,
        code=pulumi.FileArchive(code.path) if code.path else pulumi.AssetArchive({}),
        handler=code.handler,
        runtime=code.runtime,
        layers=list(code.layers),
        architectures=[code.architecture] if code.architecture else None,
    )


def create_lambda_target_group(
    function: lambda_.Function, names: TargetGroupNames, *, tags: Mapping[str, str]
) -> LambdaTargetGroup:
    """Create a target group with `function` as its one target.

    The permission is for exactly this group. The attachment waits for it: AWS
    refuses to register a function that the group may not invoke.

    Raises ValueError for a physical name that AWS refuses.
    """
    _refuse(names.logical, checks.target_group_name_problems(names.physical))
    group = lb.TargetGroup(
        names.logical, name=names.physical, target_type="lambda", tags=dict(tags)
    )
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
    return LambdaTargetGroup(names.logical, group.arn, group.arn_suffix, attachment)


def create_listener_rule(
    rule: Rule,
    target_group: LambdaTargetGroup | Input[str] | None = None,
    *,
    listener_arn: Input[str],
    tags: Mapping[str, str],
    depends_on: Sequence[pulumi.Resource] = (),
) -> lb.ListenerRule:
    """Create one simple rule: a forward to one group, or a fixed response without any.

    The group is what `create_lambda_target_group` returned, whose attachment the rule
    waits for, or the ARN of a group that is not ours.

    Raises ValueError for anything about the rule that AWS refuses, and for a group that
    the rule was not planned for.
    """
    given = [] if target_group is None else [target_group]
    args = _rule_args(rule, given, listener_arn, tags)
    match rule.action:
        case FixedResponse(status, content_type, body):
            action = lb.ListenerRuleActionArgs(
                type="fixed-response",
                fixed_response=lb.ListenerRuleActionFixedResponseArgs(
                    status_code=str(status), content_type=content_type, message_body=body
                ),
            )
        case Forward():
            # No forward block: with one group AWS would keep no stickiness in it, and a
            # later change of the group would send two that differ.
            action = lb.ListenerRuleActionArgs(type="forward", target_group_arn=_arn(given[0]))
        case WeightedForward():
            raise ValueError(f"{rule.name}: create_weighted_listener_rule makes weighted rules")
    args.actions = [action]
    return lb.ListenerRule(rule.name, args, _after(given, depends_on))


def create_weighted_listener_rule(
    rule: Rule,
    target_groups: Sequence[LambdaTargetGroup | Input[str]],
    *,
    listener_arn: Input[str],
    tags: Mapping[str, str],
    depends_on: Sequence[pulumi.Resource] = (),
) -> lb.ListenerRule:
    """Create one rule that spreads new clients over distinct groups and keeps them there.

    The groups come in the order of the rule's weights, which are shares in percent; each
    as in `create_listener_rule`, and the rule waits for all their attachments.

    Raises ValueError for anything about the rule that AWS refuses, for fewer than two
    groups, for weights that are not shares of 100, and for groups that the rule was not
    planned for.
    """
    args = _rule_args(rule, target_groups, listener_arn, tags)
    match rule.action:
        case WeightedForward(planned, seconds):
            groups = [
                lb.ListenerRuleActionForwardTargetGroupArgs(arn=_arn(group), weight=one.weight)
                for group, one in zip(target_groups, planned, strict=True)
            ]
        case _:
            raise ValueError(f"{rule.name}: create_listener_rule makes simple rules")
    args.actions = [
        lb.ListenerRuleActionArgs(
            type="forward",
            forward=lb.ListenerRuleActionForwardArgs(
                target_groups=groups,
                stickiness=lb.ListenerRuleActionForwardStickinessArgs(
                    enabled=True, duration=seconds
                ),
            ),
        )
    ]
    return lb.ListenerRule(rule.name, args, _after(target_groups, depends_on))


def _rule_args(
    rule: Rule,
    given: Sequence[LambdaTargetGroup | Input[str]],
    listener_arn: Input[str],
    tags: Mapping[str, str],
) -> lb.ListenerRuleArgs:
    """Everything but the action, once the rule and the groups given for it are judged."""
    planned = () if isinstance(rule.action, FixedResponse) else rule.action.groups
    named = [group.name if isinstance(group, LambdaTargetGroup) else None for group in given]
    problems = checks.rule_problems(rule)
    if len(named) != len(planned) or any(
        name not in {None, plan} for name, plan in zip(named, planned, strict=True)
    ):
        problems.append(f"planned for the groups {list(planned)}, given {named}")
    _refuse(rule.name, problems)
    return lb.ListenerRuleArgs(
        actions=[],
        listener_arn=listener_arn,
        priority=rule.priority,
        conditions=[_condition(condition) for condition in rule.conditions],
        tags=dict(tags),
    )


def _arn(group: LambdaTargetGroup | Input[str]) -> Input[str]:
    return group.arn if isinstance(group, LambdaTargetGroup) else group


def _after(
    groups: Sequence[LambdaTargetGroup | Input[str]], depends_on: Sequence[pulumi.Resource]
) -> ResourceOptions:
    """No traffic may flow to a group before its function is attached."""
    attached = [group.attachment for group in groups if isinstance(group, LambdaTargetGroup)]
    return ResourceOptions(depends_on=[*attached, *depends_on])


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
