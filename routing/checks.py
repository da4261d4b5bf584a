"""What AWS would refuse and mocks accept, found before anything is registered.

Every function returns the problems as sentences, an empty list when there are none.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from routing import limits
from routing.matching import winner
from routing.model import (
    Action,
    Condition,
    FixedResponse,
    Header,
    Host,
    Listener,
    Methods,
    Path,
    Rule,
    TargetGroupNames,
    WeightedForward,
)

_FIELDS = {
    Host: "host-header",
    Path: "path-pattern",
    Methods: "http-request-method",
    Header: "http-header",
}
"""What the API calls the conditions."""


def table_problems(rules: Sequence[Rule]) -> list[str]:
    """Problems of a whole routing table, target groups by logical name."""
    problems = [
        f"{rule.name}: {problem}" for rule in rules for problem in rule_problems(rule)
    ] + _balancer_problems(rules)
    for listener in Listener:
        on_listener = [rule for rule in rules if rule.listener is listener]
        taken: dict[int, str] = {}
        for rule in on_listener:
            if other := taken.get(rule.priority):
                problems.append(
                    f"{rule.name}: priority {rule.priority} of the {listener} listener "
                    f"belongs to {other}"
                )
            taken.setdefault(rule.priority, rule.name)
        problems += reach_problems(on_listener)
    return problems


def reach_problems(rules: Sequence[Rule]) -> list[str]:
    """Rules of one listener without a witness, or whose witness another rule takes."""
    problems = []
    for rule in rules:
        if rule.witness is None:
            problems.append(f"{rule.name}: no request is known that reaches it")
        elif (taker := winner(rules, rule.witness)) is not rule:
            by = taker.name if taker else "the default rule"
            problems.append(f"{rule.name}: {rule.witness} does not reach it, {by} takes it")
    return problems


def rule_problems(rule: Rule) -> list[str]:
    """Problems of one rule by itself."""
    return (
        priority_problems(rule.priority)
        + condition_problems(rule.conditions)
        + action_problems(rule.action)
    )


def priority_problems(priority: int) -> list[str]:
    """A priority that the API refuses."""
    if limits.PRIORITY_MIN <= priority <= limits.PRIORITY_MAX:
        return []
    return [f"priority {priority} is not in {limits.PRIORITY_MIN}-{limits.PRIORITY_MAX}"]


def condition_problems(conditions: Sequence[Condition]) -> list[str]:
    """Limits per rule; no value is part of a message, it may be a secret."""
    problems = []
    kinds = [type(condition) for condition in conditions if not isinstance(condition, Header)]
    problems += [
        f"more than one {kind.__name__.lower()} condition"
        for kind in sorted(set(kinds), key=lambda kind: kind.__name__)
        if kinds.count(kind) > 1
    ]
    if not conditions:
        problems.append("no condition")
    values = [value for condition in conditions for value in condition.values]
    if len(values) > limits.CONDITION_VALUES_PER_RULE:
        problems.append(
            f"{len(values)} condition values, AWS allows {limits.CONDITION_VALUES_PER_RULE}"
        )
    wildcards = sum(value.count("*") + value.count("?") for value in values)
    if wildcards > limits.WILDCARDS_PER_RULE:
        problems.append(f"{wildcards} wildcards, AWS allows {limits.WILDCARDS_PER_RULE}")
    for condition in conditions:
        problems += _value_problems(condition)
    return problems


def _value_problems(condition: Condition) -> list[str]:
    kind = type(condition).__name__.lower()
    if not condition.values:
        return [f"a {kind} condition without a value"]
    problems = []
    if isinstance(condition, Header) and (
        len(condition.name) > limits.HEADER_NAME_LENGTH
        or not re.fullmatch(limits.HEADER_NAME_PATTERN, condition.name)
        or condition.name.lower() == "host"
    ):
        problems.append(
            f"a header name that is not 1-{limits.HEADER_NAME_LENGTH} characters that AWS takes"
        )
    allowed = limits.CONDITION_PATTERNS[_FIELDS[type(condition)]]
    for place, value in enumerate(condition.values, start=1):
        if not 1 <= len(value) <= limits.CONDITION_VALUE_LENGTH:
            problem = f"does not have 1-{limits.CONDITION_VALUE_LENGTH} characters"
        elif isinstance(condition, Host) and "." not in value:
            problem = "has no dot"
        elif re.fullmatch(allowed, value, re.ASCII):
            continue
        elif isinstance(condition, Methods):
            problem = "is not a method in capitals"
        else:
            problem = "has a character that AWS refuses"
        problems.append(f"{kind} value {place} {problem}")
    return problems


def action_problems(action: Action) -> list[str]:
    """Limits on groups, weights, stickiness and fixed responses."""
    match action:
        case WeightedForward():
            return _weighted_problems(action)
        case FixedResponse():
            return _fixed_response_problems(action)
        case _:
            return []


def _weighted_problems(action: WeightedForward) -> list[str]:
    problems = []
    if not 2 <= len(action.targets) <= limits.TARGET_GROUPS_PER_ACTION:
        problems.append(
            f"{len(action.targets)} target groups, a weighted rule has "
            f"2-{limits.TARGET_GROUPS_PER_ACTION}"
        )
    if len(set(action.groups)) < len(action.groups):
        problems.append("a target group is named twice")
    weights = [target.weight for target in action.targets]
    # AWS takes 0-999 and any sum; shares of 100 keep a weight readable as a percentage.
    if any(not 0 <= weight <= 100 for weight in weights) or sum(weights) != 100:
        problems.append(f"weights {weights} are not shares of 100")
    seconds = action.stickiness_seconds
    if not limits.STICKINESS_SECONDS_MIN <= seconds <= limits.STICKINESS_SECONDS_MAX:
        problems.append(
            f"stickiness of {seconds} s is not in "
            f"{limits.STICKINESS_SECONDS_MIN}-{limits.STICKINESS_SECONDS_MAX}"
        )
    return problems


def _fixed_response_problems(action: FixedResponse) -> list[str]:
    problems = []
    if not re.fullmatch(limits.FIXED_RESPONSE_STATUS_PATTERN, str(action.status)):
        problems.append(f"status {action.status} is not 2xx, 4xx or 5xx")
    if action.content_type not in limits.FIXED_RESPONSE_CONTENT_TYPES:
        problems.append(f"content type {action.content_type} is not allowed")
    if len(action.body) > limits.FIXED_RESPONSE_BODY_LENGTH:
        problems.append(
            f"a body of {len(action.body)} characters, "
            f"AWS allows {limits.FIXED_RESPONSE_BODY_LENGTH}"
        )
    return problems


def _balancer_problems(rules: Sequence[Rule]) -> list[str]:
    problems = []
    listeners: defaultdict[str, set[Listener]] = defaultdict(set)
    groups: defaultdict[Listener, set[str]] = defaultdict(set)
    for rule in rules:
        if not isinstance(rule.action, FixedResponse):
            for group in rule.action.groups:
                listeners[group].add(rule.listener)
                groups[rule.listener].add(group)
    problems += [
        f"target group {group} serves {len(on)} load balancers, "
        f"AWS allows {limits.LOAD_BALANCERS_PER_TARGET_GROUP}"
        for group, on in listeners.items()
        if len(on) > limits.LOAD_BALANCERS_PER_TARGET_GROUP
    ]
    for listener in Listener:
        count = sum(rule.listener is listener for rule in rules)
        if count > limits.RULES_PER_LOAD_BALANCER:
            problems.append(
                f"{count} rules on the {listener} load balancer, "
                f"AWS allows {limits.RULES_PER_LOAD_BALANCER}"
            )
        if len(groups[listener]) > limits.TARGET_GROUPS_PER_LOAD_BALANCER:
            problems.append(
                f"{len(groups[listener])} target groups on the {listener} load balancer, "
                f"AWS allows {limits.TARGET_GROUPS_PER_LOAD_BALANCER}"
            )
    return problems


def target_group_problems(groups: Sequence[TargetGroupNames]) -> list[str]:
    """Problems of the names of all target groups together."""
    physical = [names.physical for names in groups]
    return [
        f"{names.logical}: {problem}"
        for names in groups
        for problem in target_group_name_problems(names.physical)
    ] + [
        f"two target groups are called {name}"
        for name in sorted(set(physical))
        if physical.count(name) > 1
    ]


def target_group_name_problems(name: str) -> list[str]:
    """A physical name that the API refuses."""
    if re.fullmatch(limits.TARGET_GROUP_NAME_PATTERN, name):
        return []
    return [f"target group name {name} is not 1-32 letters, digits and inner hyphens"]


def function_problems(name: str, *, memory_mb: int, timeout_s: int) -> list[str]:
    """A physical name or a size that the API refuses."""
    problems = []
    if not re.fullmatch(limits.FUNCTION_NAME_PATTERN, name):
        problems.append(f"function name {name} is not 1-64 letters, digits, hyphens, underscores")
    if not limits.FUNCTION_MEMORY_MB_MIN <= memory_mb <= limits.FUNCTION_MEMORY_MB_MAX:
        problems.append(
            f"memory of {memory_mb} MB is not in "
            f"{limits.FUNCTION_MEMORY_MB_MIN}-{limits.FUNCTION_MEMORY_MB_MAX}"
        )
    if not 1 <= timeout_s <= limits.FUNCTION_TIMEOUT_SECONDS_MAX:
        problems.append(
            f"timeout of {timeout_s} s is not in 1-{limits.FUNCTION_TIMEOUT_SECONDS_MAX}"
        )
    return problems


def layer_problems(count: int) -> list[str]:
    """More layers than a function may have."""
    if count <= limits.FUNCTION_LAYERS_MAX:
        return []
    return [f"{count} layers, AWS allows {limits.FUNCTION_LAYERS_MAX}"]


def environment_problems(variables: Mapping[str, Any]) -> list[str]:
    """Names that Lambda refuses or reserves, and the size of what is known; never a value."""
    problems = []
    for name in variables:
        if not re.fullmatch(limits.FUNCTION_ENVIRONMENT_NAME_PATTERN, name):
            problems.append(f"environment variable {name} is not a letter, then word characters")
        elif name in limits.FUNCTION_ENVIRONMENT_RESERVED:
            problems.append(f"environment variable {name} is reserved by Lambda")
    known = {name: value for name, value in variables.items() if isinstance(value, str)}
    # AWS measures the variables as JSON, quotes and commas too.
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode()) if known else 0
    if size > limits.FUNCTION_ENVIRONMENT_BYTES:
        problems.append(
            f"environment of {size} bytes, AWS allows {limits.FUNCTION_ENVIRONMENT_BYTES}"
        )
    return problems
