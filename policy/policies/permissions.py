"""Who may call a function."""

import re

from policy.registry import Problems, Severity, resource_policy, stack_policy
from policy.stack import Resource, Stack
from policy.tokens import ASYNC_CONFIG, EVENT_SOURCE, FUNCTION, FUNCTION_URL, PERMISSION

_ANY_SOURCE = re.compile(r"\*+|arn(:[^:]*){4}:\*+")


@resource_policy(
    {PERMISSION: ("principal", "sourceArn")},
    ids=(
        "row 1",
        "Lambda.1",
        "CKV_AWS_301",
        "CKV_AWS_364",
        "AWS-0067",
        "LambdaFunctionPublicAccessProhibited",
        "W3663",
        "W3664",
        "aws-lambda-permission-configure-source-arn",
    ),
    severity=Severity.CRITICAL,
    why="Without a source any account may have that service call the function; a source ARN "
    "carries the account, so sourceAccount adds nothing.",
)
def permission_names_its_caller(permission: Resource) -> Problems:
    """A permission is never for everyone, and one for a service names its source ARN."""
    principal = permission["principal"].text or ""
    if not principal or "*" in principal:
        yield "principal is not one service or account"
    source = permission["sourceArn"]
    if "." in principal and not source.given:
        yield "sourceArn is not set"
    if not source.unknown and _ANY_SOURCE.fullmatch(source.text or ""):
        yield "sourceArn names no source"


@resource_policy(
    {PERMISSION: ("action",)},
    ids=("row 1", "contract: identity"),
    severity=Severity.HIGH,
    why="Calling is all that a load balancer needs; another action lets the caller change the "
    "function or its URL.",
)
def permission_is_to_invoke(permission: Resource) -> Problems:
    """A permission is to invoke the function and nothing else."""
    if permission["action"].text != "lambda:InvokeFunction":
        yield "action is not lambda:InvokeFunction"


@stack_policy(
    {PERMISSION: ("principal",)},
    ids=("row 9", "WS1002"),
    severity=Severity.LOW,
    why="A function that several services call cannot be sized, throttled or withdrawn for one "
    "of them alone. Here the one caller is the load balancer.",
)
def function_has_one_calling_service(permission: Resource, stack: Stack) -> Problems:
    """Every permission on a function is for the same service."""
    mine = permission["principal"].text
    for function in stack.named_by(permission["function"], permission, FUNCTION):
        for other in stack.of(PERMISSION):
            same = function in stack.named_by(other["function"], other, FUNCTION)
            if same and other["principal"].text != mine:
                yield f"principal differs from that of {other.name} for {function.name}"


@resource_policy(
    {FUNCTION_URL: ("authorizationType",)},
    ids=("row 11", "CKV_AWS_258", "LambdaFunctionUrlAuth"),
    severity=Severity.HIGH,
    why="An open URL goes around the load balancer, its rules and its firewall.",
)
def function_url_asks_who_calls(url: Resource) -> Problems:
    """A function URL has an authorization."""
    if url["authorizationType"].text != "AWS_IAM":
        yield "authorizationType is not AWS_IAM"


@resource_policy(
    {EVENT_SOURCE: ("destinationConfig",), ASYNC_CONFIG: ("destinationConfig",)},
    ids=("CKV_AWS_116", "LambdaDLQ", "ES1007"),
    severity=Severity.MEDIUM,
    why="Load balancers call synchronously, so functions here need no dead letters. An "
    "asynchronous caller would lose what fails.",
)
def asynchronous_callers_keep_failures(resource: Resource) -> Problems:
    """An event source or asynchronous configuration names where failed events go."""
    if not resource["destinationConfig"]["onFailure"]["destinationArn"].given and not (
        resource["destinationConfig"]["onFailure"]["destination"].given
    ):
        yield "destinationConfig.onFailure has no destination"
