"""What `scorer`, `embed` and `rust_scorer` need around the four routing functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi
from pulumi import Input, Output
from pulumi_aws import cloudwatch, ec2, iam, lambda_, lb

import routing
from endpoints.environment import python_environment
from endpoints.model import ZipLambda, log_group_name, role_policy_name
from foundation import Foundation
from routing import Condition, FixedResponse, Forward, Rule, WeightedForward
from settings import Settings

PYTHON_RUNTIME = "python3.12"
LOG_RETENTION_DAYS = {"production": 365}
LOG_RETENTION_DAYS_ELSEWHERE = 14

_NETWORK_INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:UnassignPrivateIpAddresses",
)
_TRACE_ACTIONS = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


@dataclass(frozen=True)
class Context:
    """What every declaring module is given."""

    stack: str
    settings: Settings
    foundation: Foundation

    def tags(self, name: str) -> dict[str, str]:
        """Tags of a resource whose `Name` is `name` (contract, "Identity")."""
        return {
            "Application": "scorer",
            "Environment": self.stack,
            "ManagedBy": "pulumi",
            "Name": name,
            "PulumiStack": self.stack,
            "Repo": "https://github.com/passportxyz/passport-scorer",
        }

    def python_environment(self) -> dict[str, Input[str]]:
        return dict(
            python_environment(self.foundation.scorer_secret_arn, self.settings.environment)
        )


@dataclass(frozen=True)
class Execution:
    """A role and the log groups that its functions write; both before any function."""

    role: iam.Role
    policy: iam.RolePolicy
    log_groups: Mapping[str, cloudwatch.LogGroup]

    def before(self, function_name: str) -> list[pulumi.Resource]:
        """What a function must wait for: its log group, and the right to use it."""
        return [self.log_groups[function_name], self.policy]


def create_execution(
    context: Context, role_name: str, function_names: Sequence[str], *, traced: bool
) -> Execution:
    """Create a role, its one policy and the log groups of the functions that assume it."""
    log_groups = {name: _log_group(context, name) for name in function_names}
    role = iam.Role(
        role_name,
        assume_role_policy=Output.json_dumps(
            _policy(
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                }
            )
        ),
        tags=context.tags(role_name),
    )
    statements = [
        _allow(
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            [Output.concat(group.arn, ":*") for group in log_groups.values()],
        ),
        _allow(("secretsmanager:GetSecretValue",), [context.foundation.scorer_secret_arn]),
        # AWS offers no narrower resource: the interfaces do not exist when a role is made.
        _allow(_NETWORK_INTERFACE_ACTIONS, ["*"]),
    ]
    if traced:
        # X-Ray has no resources to name.
        statements.append(_allow(_TRACE_ACTIONS, ["*"]))
    policy = iam.RolePolicy(
        role_policy_name(role_name),
        role=role.name,
        policy=Output.json_dumps(_policy(*statements)),
    )
    return Execution(role, policy, log_groups)


def build_zip_function(context: Context, backend: ZipLambda) -> lambda_.Function:
    """The function of a zip endpoint, with a role and a security group of its own."""
    execution = create_execution(context, backend.role, [backend.function_name], traced=False)
    security_group = ec2.SecurityGroup(
        backend.security_group,
        # A description may not change in place; this is the one it was made with.
        description="Managed by Pulumi",
        vpc_id=context.foundation.vpc_id,
        # Written out: leaving it away would keep rules that are open to the world.
        ingress=[],
        # Database, cache and verifier (plain HTTP) are reached through it.
        egress=[
            ec2.SecurityGroupEgressArgs(
                protocol="-1", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"]
            )
        ],
        tags=context.tags(backend.security_group),
    )
    return routing.build_lambda_function(
        backend.function,
        name=backend.function_name,
        code=routing.ZipCode(
            path=context.settings.python_package,
            handler=backend.handler,
            runtime=PYTHON_RUNTIME,
            layers=[context.foundation.python_layer_arn],
        ),
        role_arn=execution.role.arn,
        memory_mb=backend.memory_mb,
        timeout_s=backend.timeout_s,
        subnet_ids=context.foundation.private_subnet_ids,
        security_group_ids=[security_group.id],
        environment=context.python_environment(),
        tags=context.tags(backend.function_name),
        depends_on=execution.before(backend.function_name),
    )


@dataclass(frozen=True)
class Groups:
    """Target groups a rule may name, by logical name; the registry's is not ours."""

    own: Mapping[str, routing.LambdaTargetGroup]
    foreign: Mapping[str, Output[str]]

    def arn(self, name: str) -> Input[str]:
        return self.own[name].group.arn if name in self.own else self.foreign[name]

    def ready(self, names: Sequence[str]) -> list[pulumi.Resource]:
        """What must exist before traffic may flow to the groups."""
        return [self.own[name].attachment for name in names if name in self.own]


def create_rules(
    context: Context, rules: Sequence[Rule[str]], groups: Groups, moves_after: Mapping[str, str]
) -> dict[str, lb.ListenerRule]:
    """Create each planned rule, plain or weighted as it was decided, by logical name.

    `moves_after` maps a rule to the one that must leave its priority first; that one comes
    earlier in `rules`.
    """
    created: dict[str, lb.ListenerRule] = {}
    for rule in rules:
        target_names = () if isinstance(rule.action, FixedResponse) else rule.action.groups
        depends_on = groups.ready(target_names)
        if rule.name in moves_after:
            depends_on.append(created[moves_after[rule.name]])
        shared = _RuleArgs(
            listener_arn=context.foundation.load_balancers[rule.listener].listener_arn,
            priority=rule.priority,
            conditions=rule.conditions,
            tags=context.tags(rule.name),
            depends_on=depends_on,
        )
        match rule.action:
            case WeightedForward() as weighted:
                created[rule.name] = routing.create_weighted_listener_rule(
                    rule.name, action=weighted.map(groups.arn), **shared
                )
            case Forward() as forward:
                created[rule.name] = routing.create_listener_rule(
                    rule.name, action=forward.map(groups.arn), **shared
                )
            case FixedResponse() as response:
                created[rule.name] = routing.create_listener_rule(
                    rule.name, action=response, **shared
                )
    return created


class _RuleArgs(TypedDict):
    listener_arn: Input[str]
    priority: int
    conditions: Sequence[Condition]
    tags: Mapping[str, str]
    depends_on: Sequence[pulumi.Resource]


def _log_group(context: Context, function_name: str) -> cloudwatch.LogGroup:
    name = log_group_name(function_name)
    return cloudwatch.LogGroup(
        name,
        name=f"/aws/lambda/{function_name}",
        retention_in_days=LOG_RETENTION_DAYS.get(context.stack, LOG_RETENTION_DAYS_ELSEWHERE),
        tags=context.tags(name),
    )


def _allow(actions: Sequence[str], resources: Sequence[Input[str]]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
