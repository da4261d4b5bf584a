"""Roles: what a function may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws import cloudwatch, iam

from lambdas.context import Context
from lambdas.logs import create_log_group
from lambdas.model import role_policy_name

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
    log_groups = {name: create_log_group(context, name) for name in function_names}
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


def _allow(actions: Sequence[str], resources: Sequence[Input[str]]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
