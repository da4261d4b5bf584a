"""The rules, one concern per file."""

from policy.registry import Rule
from policy.rules import (
    alarms,
    functions,
    iam,
    listener_rules,
    logs,
    names,
    ownership,
    permissions,
    routing,
    security_groups,
    tags,
    target_groups,
)

MODULES = (
    listener_rules,
    routing,
    target_groups,
    names,
    permissions,
    functions,
    iam,
    logs,
    alarms,
    security_groups,
    ownership,
    tags,
)

RULES: tuple[Rule, ...] = tuple(
    value for module in MODULES for value in vars(module).values() if isinstance(value, Rule)
)
"""Every rule, in the order of the documentation."""
