"""Tags."""

from policy import facts
from policy.registry import Problems, Severity, resource_rule
from policy.stack import Resource
from policy.tokens import (
    COMPOSITE_ALARM,
    FUNCTION,
    LISTENER_RULE,
    LOG_GROUP,
    METRIC_ALARM,
    ROLE,
    SECURITY_GROUP,
    TARGET_GROUP,
)

_TAGGED = (
    COMPOSITE_ALARM,
    FUNCTION,
    LISTENER_RULE,
    LOG_GROUP,
    METRIC_ALARM,
    ROLE,
    SECURITY_GROUP,
    TARGET_GROUP,
)


@resource_rule(
    dict.fromkeys(_TAGGED, ("tags",)),
    ids=("row 34", "Lambda.6", "resource-tagging"),
    severity=Severity.LOW,
    mandatory=False,
    why="Costs are shared out by tags, and a tag says which stack to ask.",
)
def resource_is_tagged(resource: Resource) -> Problems:
    """Everything that takes tags has the six tags of this system."""
    missing = sorted(name for name in facts.TAGS if not resource["tags"][name].given)
    if missing:
        yield f"tags lacks {', '.join(missing)}"
