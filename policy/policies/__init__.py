"""The policies, one concern per file."""

from policy.policies import (
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
    tables,
    tags,
    target_groups,
)
from policy.registry import Policy

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
    tables,
    ownership,
    tags,
)

POLICIES: tuple[Policy, ...] = tuple(
    value for module in MODULES for value in vars(module).values() if isinstance(value, Policy)
)
"""Every policy, in the order of the documentation."""
