"""What the load balancer knows of a target group: its target, and whether it may call it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

import rust_scorer.names as rust
from sandbox.dataplane.globs import compile_glob

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_lambda import LambdaClient

PYTHON: Final = "python"
RUST: Final = "rust"
IMPLEMENTATIONS: Final = (PYTHON, RUST)

LAMBDA: Final = "lambda"

_BALANCER = "elasticloadbalancing.amazonaws.com"
_INVOKE = ("lambda:InvokeFunction", "lambda:*", "*")
_MULTI_VALUE = "lambda.multi_value_headers.enabled"


@dataclass(frozen=True)
class Function:
    """The Lambda function behind a target group."""

    name: str
    timeout_s: int

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
    function = permitted = None
    if kind == LAMBDA and targets:
        function = _read_function(awslambda, targets[0])
        permitted = function and _is_permitted(awslambda, targets[0], arn)
    return Group(
        arn=arn,
        type=kind,
        multi_value_headers=any(
            (one["Key"], one["Value"]) == (_MULTI_VALUE, "true") for one in attributes
        ),
        targets=targets,
        function=function,
        permitted=bool(permitted),
    )


def _read_function(awslambda: "LambdaClient", arn: str) -> Function | None:
    try:
        found = awslambda.get_function_configuration(FunctionName=arn)
    except ClientError as error:
        if _is_missing(error):
            return None
        raise
    return Function(found["FunctionName"], found["Timeout"])


def _is_permitted(awslambda: "LambdaClient", function_arn: str, group_arn: str) -> bool:
    try:
        policy = awslambda.get_policy(FunctionName=function_arn)["Policy"]
    except ClientError as error:
        if _is_missing(error):
            return False
        raise
    return allows_group(policy, function_arn, group_arn)


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ResourceNotFoundException"


def allows_group(policy: str, function_arn: str, group_arn: str) -> bool:
    """Whether a function's policy lets load balancers call it for this target group."""
    return any(
        statement.get("Effect") == "Allow"
        and _lists(statement.get("Resource"), function_arn)
        and _names_balancer(statement.get("Principal"))
        and any(_lists(statement.get("Action"), action) for action in _INVOKE)
        and all(
            _holds(operator, key, pattern, group_arn)
            for operator, key, pattern in _conditions(statement.get("Condition") or {})
        )
        for statement in json.loads(policy)["Statement"]
    )


def _names_balancer(principal: Any) -> bool:
    service = principal.get("Service") if isinstance(principal, Mapping) else principal
    return _lists(service, _BALANCER) or service == "*"


def _lists(found: Any, wanted: str) -> bool:
    return wanted in found if isinstance(found, list) else found == wanted


def _conditions(condition: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in condition.items():
        for key, patterns in keys.items():
            yield operator, key.lower(), patterns if isinstance(patterns, list) else [patterns]


def _holds(operator: str, key: str, patterns: list[str], group_arn: str) -> bool:
    """Whether a condition holds for the call; one that is not known does not."""
    actual = {"aws:sourcearn": group_arn, "aws:sourceaccount": group_arn.split(":")[4]}.get(key)
    if actual is None:
        return False
    if operator in ("ArnLike", "ArnEquals", "StringLike"):
        return any(compile_glob(pattern).fullmatch(actual) for pattern in patterns)
    return operator == "StringEquals" and actual in patterns
