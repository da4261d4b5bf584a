"""Tags."""

from policy import facts, tokens
from policy.registry import Problems, Severity, resource_policy
from policy.stack import Resource

_TAGGED = (
    tokens.COMPOSITE_ALARM,
    tokens.FUNCTION,
    tokens.LISTENER_RULE,
    tokens.LOG_GROUP,
    tokens.METRIC_ALARM,
    tokens.ROLE,
    tokens.SECURITY_GROUP,
    tokens.TABLE,
    tokens.TARGET_GROUP,
)


@resource_policy(
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
