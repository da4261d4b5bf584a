"""What the load balancer knows of a target group: its target, and whether it may call it."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

import rust_scorer.names as rust
from sandbox.permission import UnknownPolicy, may_invoke

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_lambda import LambdaClient

PYTHON: Final = "python"
RUST: Final = "rust"
IMPLEMENTATIONS: Final = (PYTHON, RUST)

LAMBDA: Final = "lambda"

_MULTI_VALUE = "lambda.multi_value_headers.enabled"


@dataclass(frozen=True)
class Function:
    """The Lambda function behind a target group."""

    name: str
    timeout_s: int
    reserved: int | None = None
    """How many of its invocations may run at once; None while the account's limit is all."""

    @property
    def implementation(self) -> str:
        """Which scorer it is; known by the name, the other functions are all Python."""
        return RUST if self.name == rust.FUNCTION else PYTHON


@dataclass(frozen=True)
class Group:
    """A target group with its registered target."""

    arn: str
    type: str = LAMBDA
    multi_value_headers: bool = False
    targets: tuple[str, ...] = ()
    function: Function | None = None
    """None while none is registered, and when the registered one does not exist."""
    permitted: bool = False
    """Whether the function's policy lets load balancers call it for this group."""
    unknown_policy: str = ""
    """The part of the function's policy because of which it is not known whether it does."""

    @cached_property
    def name(self) -> str:
        return self.arn.split("/")[-2]

    @cached_property
    def suffix(self) -> str:
        """The dimension TargetGroup of CloudWatch."""
        return self.arn.rpartition(":")[2]

    @cached_property
    def fingerprint(self) -> bytes:
        """What a stickiness cookie says instead of the ARN."""
        return sha256(self.arn.encode()).digest()[:16]

    @property
    def is_complete(self) -> bool:
        """Whether requests can be served; a group is made in several steps."""
        return bool(self.targets) and (self.type != LAMBDA or self.permitted)


def read_group(elbv2: "ElasticLoadBalancingv2Client", awslambda: "LambdaClient", arn: str) -> Group:
    """Ask the API for one target group. Raises what boto3 raises."""
    (description,) = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    attributes = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    kind = description["TargetType"]
    targets = tuple(one["Target"]["Id"] for one in health)
    function = None
    permitted = False
    unknown_policy = ""
    if kind == LAMBDA and targets:
        function = _read_function(awslambda, targets[0])
        try:
            permitted = function is not None and _is_permitted(awslambda, targets[0], arn)
        except UnknownPolicy as problem:
            unknown_policy = str(problem)
    return Group(
        arn=arn,
        type=kind,
        multi_value_headers=any(
            (one["Key"], one["Value"]) == (_MULTI_VALUE, "true") for one in attributes
        ),
        targets=targets,
        function=function,
        permitted=permitted,
        unknown_policy=unknown_policy,
    )


def _read_function(awslambda: "LambdaClient", arn: str) -> Function | None:
    try:
        found = awslambda.get_function_configuration(FunctionName=arn)
        concurrency = awslambda.get_function_concurrency(FunctionName=found["FunctionName"])
    except ClientError as error:
        if _is_missing(error):
            return None
        raise
    return Function(
        found["FunctionName"],
        found["Timeout"],
        concurrency.get("ReservedConcurrentExecutions"),
    )


def _is_permitted(awslambda: "LambdaClient", function_arn: str, group_arn: str) -> bool:
    try:
        policy = awslambda.get_policy(FunctionName=function_arn)["Policy"]
    except ClientError as error:
        if _is_missing(error):
            return False
        raise
    return may_invoke(json.loads(policy)["Statement"], function_arn, group_arn)


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ResourceNotFoundException"
