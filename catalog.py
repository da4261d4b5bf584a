"""Everything the program declares, by name. Plain data, no Pulumi."""

from dataclasses import dataclass

import embed.endpoints
import rust_scorer.names
import scorer.endpoints
from endpoint import Traffic
from lambdas.model import (
    ImageLambda,
    LambdaBackend,
    ZipLambda,
    log_group_name,
    role_policy_name,
)
from monitoring import alarms
from routing import Listener, Rule
from routing.checks import table_problems, target_group_problems

ENDPOINTS = scorer.endpoints.ENDPOINTS + embed.endpoints.ENDPOINTS

DUAL = tuple(endpoint for endpoint in ENDPOINTS if endpoint.dual)
"""Served by Python and Rust; the endpoints that a share applies to."""

DUAL_ENDPOINTS = tuple(endpoint.name for endpoint in DUAL)

BACKENDS: tuple[LambdaBackend, ...] = tuple(
    endpoint.backend for endpoint in ENDPOINTS if isinstance(endpoint.backend, LambdaBackend)
)
IMAGE_BACKENDS = tuple(backend for backend in BACKENDS if isinstance(backend, ImageLambda))
ZIP_BACKENDS = tuple(backend for backend in BACKENDS if isinstance(backend, ZipLambda))

TARGET_GROUPS = (
    *(backend.target_group for backend in BACKENDS),
    *rust_scorer.names.TARGET_GROUPS.values(),
)

SHARED_ROLE = "lambdaRole"
"""Role of the image functions and of Rust."""

PROJECT = "passport-scorer-routing"
"""Pulumi's project, and the namespace of its configuration."""

DASHBOARD = "passport-scorer-routing"
"""Logical name; the physical one ends with the stack's."""

ROLLOUT_TABLE = "scorer-rollout"
"""Table of journal and lock of rollouts, its logical and its physical name."""

ROLLOUT_TABLE_HASH_KEY = "stack"
ROLLOUT_TABLE_RANGE_KEY = "item"
"""Both are strings."""

RULE_TYPE = "aws:lb/listenerRule:ListenerRule"
"""Pulumi's type token of a listener rule."""


def routing_table(traffic: Traffic) -> dict[str, Rule]:
    """Every listener rule of the stack by its logical name, tester rules where it has testers.

    Raises ValueError with all problems when AWS would refuse the table or a rule's witness
    would not reach it.
    """
    rules = []
    for endpoint in ENDPOINTS:
        rust_group = rust_scorer.names.TARGET_GROUPS[endpoint.listener].logical
        rules.append(endpoint.plan(traffic, rust_group))
        if tester := endpoint.plan_tester(traffic, rust_group):
            rules.append(tester)
    if problems := table_problems(rules) + target_group_problems(TARGET_GROUPS):
        raise ValueError("the routing table has problems:\n  " + "\n  ".join(problems))
    return {rule.name: rule for rule in rules}


@dataclass(frozen=True)
class WatchedGroup:
    """A target group with alarms; `name` is the N in their names, `group` the logical name."""

    name: str
    group: str
    listener: Listener


RUST_GROUPS = tuple(
    WatchedGroup(names.physical.removeprefix("l-"), names.logical, listener)
    for listener, names in rust_scorer.names.TARGET_GROUPS.items()
)
PYTHON_GROUPS = tuple(
    WatchedGroup(
        endpoint.backend.function_name, endpoint.backend.target_group.logical, endpoint.listener
    )
    for endpoint in ENDPOINTS
    if isinstance(endpoint.backend, LambdaBackend)
)


def rust_metric_alarms() -> list[str]:
    """Names of the alarms on Rust's target groups and function."""
    return [
        *(
            alarm.name
            for group in RUST_GROUPS
            for alarm in (*alarms.group_alarms(group.name), alarms.user_error_alarm(group.name))
        ),
        alarms.function_alarm(rust_scorer.names.FUNCTION).name,
    ]


def rust_alarms() -> list[str]:
    """Names of all alarms on Rust, the composite over the others last."""
    return [*rust_metric_alarms(), alarms.COMPOSITE]


def logical_names(*, with_tester_rules: bool) -> list[str]:
    """Logical names of every resource the program declares."""
    rules = [endpoint.rule for endpoint in ENDPOINTS]
    if with_tester_rules:
        rules += [endpoint.tester.name for endpoint in ENDPOINTS if endpoint.tester]
    rust = rust_scorer.names.FUNCTION
    roles = [SHARED_ROLE, *(backend.role for backend in ZIP_BACKENDS)]
    return [
        *rules,
        *(name for backend in BACKENDS for name in (backend.function, backend.log_group)),
        *(rust, log_group_name(rust)),
        *(name for g in TARGET_GROUPS for name in (g.logical, g.permission, g.attachment)),
        *(name for role in roles for name in (role, role_policy_name(role))),
        *(backend.security_group for backend in ZIP_BACKENDS),
        *(alarm.name for group in PYTHON_GROUPS for alarm in alarms.group_alarms(group.name)),
        *(alarms.function_alarm(backend.function_name).name for backend in ZIP_BACKENDS),
        *rust_alarms(),
        DASHBOARD,
        ROLLOUT_TABLE,
    ]
