"""Physical names: what AWS takes, and what must not come twice."""

import re

from policy.registry import Problems, Severity, resource_policy, stack_policy
from policy.stack import Resource, Stack
from policy.tokens import (
    COMPOSITE_ALARM,
    FUNCTION,
    LOAD_BALANCER,
    LOG_GROUP,
    METRIC_ALARM,
    PERMISSION,
    ROLE,
    TABLE,
    TARGET_GROUP,
)
from routing import limits

_ALARM_NAME_PATTERN = rf".{{1,{limits.ALARM_NAME_LENGTH}}}"
_REQUIRED = {
    **dict.fromkeys(TARGET_GROUP, ("name", limits.TARGET_GROUP_NAME_PATTERN)),
    **dict.fromkeys(FUNCTION, ("name", limits.FUNCTION_NAME_PATTERN)),
    **dict.fromkeys(LOG_GROUP, ("name", limits.LOG_GROUP_NAME_PATTERN)),
    **dict.fromkeys(METRIC_ALARM, ("name", _ALARM_NAME_PATTERN)),
    **dict.fromkeys(COMPOSITE_ALARM, ("alarmName", _ALARM_NAME_PATTERN)),
    **dict.fromkeys(TABLE, ("name", limits.TABLE_NAME_PATTERN)),
}
_OPTIONAL = {
    **dict.fromkeys(LOAD_BALANCER, ("name", limits.TARGET_GROUP_NAME_PATTERN)),
    **dict.fromkeys(ROLE, ("name", limits.ROLE_NAME_PATTERN)),
    **dict.fromkeys(PERMISSION, ("statementId", limits.STATEMENT_ID_PATTERN)),
}


@resource_policy(
    {
        TARGET_GROUP: ("name",),
        FUNCTION: ("name",),
        LOG_GROUP: ("name",),
        METRIC_ALARM: ("name",),
        COMPOSITE_ALARM: ("alarmName",),
        TABLE: ("name",),
        LOAD_BALANCER: ("name",),
        ROLE: (),
        PERMISSION: (),
    },
    ids=("D11",),
    severity=Severity.MEDIUM,
    why="AWS refuses longer names and other letters during the update. A name that the provider "
    "invents is another one after every replacement: dashboards and people lose the resource.",
)
def physical_name_is_valid(resource: Resource) -> Problems:
    """A physical name has the letters and the length that AWS takes; most types must have one."""
    required = resource.type in _REQUIRED
    key, pattern = (_REQUIRED if required else _OPTIONAL)[resource.type]
    name = resource[key]
    if not name.given:
        if required:
            yield f"{key} is not set"
    elif not re.fullmatch(pattern, name.text or ""):
        yield f"{key} is not a name that AWS takes"


@stack_policy(
    {TARGET_GROUP: ("name",)},
    ids=("D11",),
    severity=Severity.MEDIUM,
    why="AWS refuses the second group, or takes the first one over if nothing differs.",
)
def target_group_names_are_unique(group: Resource, stack: Stack) -> Problems:
    """No two target groups have the same physical name."""
    name = group["name"].text
    for other in stack.of(TARGET_GROUP):
        if name and other.urn != group.urn and other["name"].text == name:
            yield f"name is also that of {other.name}"
