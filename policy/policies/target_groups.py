"""Target groups, and the function and permission that belong to each."""

from policy import facts
from policy.registry import Problems, Severity, resource_policy, stack_policy
from policy.stack import Resource, Stack
from policy.tokens import ATTACHMENT, FUNCTION, PERMISSION, TARGET_GROUP
from routing import limits

_UNUSED = ("port", "protocol", "protocolVersion", "vpcId", "stickiness")


def is_for_lambda(group: Resource) -> bool:
    """Whether the group holds a function."""
    return group["targetType"].text == "lambda"


@resource_policy(
    {TARGET_GROUP: ("targetType",)},
    ids=("row 13", "E3681"),
    severity=Severity.MEDIUM,
    why="AWS refuses these settings for a Lambda target, and a change of the type replaces the "
    "group while rules use it. That is why ELB.21, ELB.22, CKV_AWS_261 and CKV_AWS_378 do not "
    "apply.",
)
def target_group_is_for_lambda_alone(group: Resource) -> Problems:
    """A target group is for a Lambda and sets no port, protocol, network or health check port."""
    if not is_for_lambda(group):
        yield "targetType is not lambda"
    for name in _UNUSED:
        if group[name].given:
            yield f"{name} is set"
    for name in ("port", "protocol"):
        if group["healthCheck"][name].given:
            yield f"healthCheck.{name} is set"


@stack_policy(
    {
        TARGET_GROUP: (),
        ATTACHMENT: ("targetGroupArn", "targetId"),
        PERMISSION: ("function", "sourceArn"),
    },
    ids=("D9",),
    severity=Severity.HIGH,
    why="A Lambda target group holds one function, and every request fails if the function "
    "does not let this very group call it.",
)
def group_may_invoke_its_one_function(resource: Resource, stack: Stack) -> Problems:
    """A target group has one attachment, and a permission for that function and that group."""
    if resource.type in ATTACHMENT:
        if not stack.named_by(resource["targetGroupArn"], resource, TARGET_GROUP):
            yield "targetGroupArn is not a target group of this stack"
        if len(stack.named_by(resource["targetId"], resource, FUNCTION)) != 1:
            yield "targetId is not a function of this stack"
    elif resource.type in PERMISSION:
        if len(stack.named_by(resource["function"], resource, FUNCTION)) != 1:
            yield "function is not a function of this stack"
        if _is_for_balancers(resource) and not stack.named_by(
            resource["sourceArn"], resource, TARGET_GROUP
        ):
            yield "sourceArn is not a target group of this stack"
    else:
        yield from _group_problems(resource, stack)


def _group_problems(group: Resource, stack: Stack) -> Problems:
    attached = attachments_of(group, stack)
    if len(attached) != limits.LAMBDAS_PER_TARGET_GROUP:
        yield "does not have exactly one attachment"
        return
    functions = {one.urn for one in stack.named_by(attached[0]["targetId"], attached[0], FUNCTION)}
    allowed = [
        {one.urn for one in stack.named_by(permission["function"], permission, FUNCTION)}
        for permission in permissions_of(group, stack)
    ]
    if allowed != [functions]:
        yield "does not have exactly one permission to invoke its function"


def attachments_of(group: Resource, stack: Stack) -> list[Resource]:
    """What puts a target into the group."""
    return [
        one
        for one in stack.of(ATTACHMENT)
        if group in stack.named_by(one["targetGroupArn"], one, TARGET_GROUP)
    ]


def permissions_of(group: Resource, stack: Stack) -> list[Resource]:
    """The permissions that let load balancers call on behalf of this group."""
    return [
        one
        for one in stack.of(PERMISSION)
        if _is_for_balancers(one) and group in stack.named_by(one["sourceArn"], one, TARGET_GROUP)
    ]


def _is_for_balancers(permission: Resource) -> bool:
    return permission["principal"].text == facts.LOAD_BALANCER_PRINCIPAL


@stack_policy(
    {ATTACHMENT: ()},
    ids=("D10",),
    severity=Severity.HIGH,
    why="AWS checks the permission when the function is attached. Without the dependency a "
    "first deployment loses the race with AccessDenied, and only the retry works.",
)
def attachment_waits_for_permission(attachment: Resource, stack: Stack) -> Problems:
    """An attachment depends on the permission of its target group."""
    for group in stack.named_by(attachment["targetGroupArn"], attachment, TARGET_GROUP):
        for permission in permissions_of(group, stack):
            if permission.urn not in attachment.depends_on:
                yield f"does not depend on {permission.name}"
