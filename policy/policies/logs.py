"""Log groups."""

from policy import facts
from policy.registry import Problems, Severity, resource_policy, stack_policy
from policy.stack import Resource, Stack
from policy.tokens import FUNCTION, LOG_GROUP
from routing import limits


@resource_policy(
    {LOG_GROUP: ("retentionInDays",)},
    ids=("row 18", "CloudWatch.16", "CKV_AWS_66", "WS1004"),
    severity=Severity.MEDIUM,
    why="The default is for ever. Production keeps a year, as FSBP asks; the other stacks any "
    "time that ends.",
)
def log_group_forgets(group: Resource) -> Problems:
    """A log group has a retention that AWS takes, in production of a year at least."""
    days = group["retentionInDays"].whole
    if days not in limits.LOG_RETENTION_DAYS:
        yield "retentionInDays is not a time that AWS takes"
    elif group.in_production and days < facts.LOG_RETENTION_DAYS_IN_PRODUCTION:
        yield f"retentionInDays is less than {facts.LOG_RETENTION_DAYS_IN_PRODUCTION}"


@stack_policy(
    {FUNCTION: ("name",), LOG_GROUP: ("name",)},
    ids=("row 20", "WS1004"),
    severity=Severity.MEDIUM,
    why="At its first line Lambda makes a missing log group itself, one that keeps logs for "
    "ever and that a later creation trips over.",
)
def function_waits_for_its_log_group(resource: Resource, stack: Stack) -> Problems:
    """Every function depends on the log group with its name, and no log group is left over."""
    if resource.type in LOG_GROUP:
        names = {f"/aws/lambda/{function['name'].text}" for function in stack.of(FUNCTION)}
        if resource["name"].text not in names:
            yield "name belongs to no function of this stack"
        return
    name = f"/aws/lambda/{resource['name'].text}"
    groups = [group for group in stack.of(LOG_GROUP) if group["name"].text == name]
    if not groups:
        yield "no log group has the name of the function"
    elif not {group.urn for group in groups} & resource.depends_on:
        yield f"does not depend on {groups[0].name}"
