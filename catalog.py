"""Everything the program declares, by name. Plain data, no Pulumi."""

from dataclasses import dataclass

import embed.endpoints
import rust_scorer.endpoints
import scorer.endpoints
from endpoints.model import (
    ImageLambda,
    LambdaBackend,
    Traffic,
    ZipLambda,
    log_group_name,
    plan_rules,
    role_policy_name,
)
from monitoring import alarms
from routing import Listener, Rule
from routing.checks import table_problems, target_group_problems

ENDPOINTS = scorer.endpoints.ENDPOINTS + embed.endpoints.ENDPOINTS

DUAL_ENDPOINTS = tuple(endpoint.name for endpoint in ENDPOINTS if endpoint.dual)
"""Served by Python and Rust; the endpoints that a share applies to."""

BACKENDS: tuple[LambdaBackend, ...] = tuple(
    endpoint.backend for endpoint in ENDPOINTS if isinstance(endpoint.backend, LambdaBackend)
)
IMAGE_BACKENDS = tuple(backend for backend in BACKENDS if isinstance(backend, ImageLambda))
ZIP_BACKENDS = tuple(backend for backend in BACKENDS if isinstance(backend, ZipLambda))

RUST_GROUP_NAMES = {
    listener: names.group for listener, names in rust_scorer.endpoints.GROUPS.items()
}
"""Logical name of the Rust target group of each load balancer."""

MOVES_AFTER = {
    endpoint.rule: other.rule
    for endpoint in ENDPOINTS
    for other in ENDPOINTS
    if endpoint.moves_after == other.name
}
"""Rule -> the rule that must leave its priority first."""

SHARED_ROLE = "lambdaRole"
"""Role of the image functions and of Rust."""

DASHBOARD = "passport-scorer-routing"
"""Logical name; the physical one ends with the stack's."""


def routing_table(traffic: Traffic) -> list[Rule[str]]:
    """Every listener rule of the stack.

    Raises ValueError with all problems when AWS would refuse the table or could never
    reach a rule of it.
    """
    rules = plan_rules(
        scorer.endpoints.ENDPOINTS, traffic, RUST_GROUP_NAMES[Listener.PUBLIC]
    ) + plan_rules(embed.endpoints.ENDPOINTS, traffic, RUST_GROUP_NAMES[Listener.INTERNAL])
    problems = table_problems(rules) + target_group_problems(
        [backend.group for backend in BACKENDS] + list(rust_scorer.endpoints.GROUPS.values())
    )
    if problems:
        raise ValueError("the routing table has problems:\n  " + "\n  ".join(problems))
    return rules


@dataclass(frozen=True)
class WatchedGroup:
    """A target group with alarms; `name` is the N in their names."""

    name: str
    group: str
    listener: Listener


RUST_GROUPS = tuple(
    WatchedGroup(names.physical.removeprefix("l-"), names.group, listener)
    for listener, names in rust_scorer.endpoints.GROUPS.items()
)
PYTHON_GROUPS = tuple(
    WatchedGroup(endpoint.backend.function_name, endpoint.backend.group.group, endpoint.listener)
    for endpoint in ENDPOINTS
    if isinstance(endpoint.backend, LambdaBackend)
)


def rust_alarms() -> list[str]:
    """Names of all alarms on Rust, the composite over them last."""
    groups = [
        alarm.name
        for group in RUST_GROUPS
        for alarm in (*alarms.group_alarms(group.name), alarms.user_error_alarm(group.name))
    ]
    return [
        *groups,
        alarms.function_alarm(rust_scorer.endpoints.FUNCTION).name,
        alarms.COMPOSITE,
    ]


def logical_names(*, with_tester_rules: bool) -> list[str]:
    """Logical names of every resource the program declares."""
    rules = [endpoint.rule for endpoint in ENDPOINTS]
    if with_tester_rules:
        rules += [endpoint.tester.name for endpoint in ENDPOINTS if endpoint.tester]
    functions = [
        *((backend.function, backend.log_group) for backend in BACKENDS),
        (rust_scorer.endpoints.FUNCTION, log_group_name(rust_scorer.endpoints.FUNCTION)),
    ]
    groups = [backend.group for backend in BACKENDS] + list(rust_scorer.endpoints.GROUPS.values())
    roles = [SHARED_ROLE, *(backend.role for backend in ZIP_BACKENDS)]
    return [
        *rules,
        *(name for pair in functions for name in pair),
        *(name for g in groups for name in (g.group, g.permission, g.attachment)),
        *(name for role in roles for name in (role, role_policy_name(role))),
        *(backend.security_group for backend in ZIP_BACKENDS),
        *(alarm.name for group in PYTHON_GROUPS for alarm in alarms.group_alarms(group.name)),
        *(alarms.function_alarm(backend.function_name).name for backend in ZIP_BACKENDS),
        *rust_alarms(),
        DASHBOARD,
    ]
