"""Every property that a policy claims, broken on every resource of the real program.

What is a mistake in one resource of the good stack is one in every resource like it; mistakes
that take several resources are here.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import catalog
from policy import facts, tokens
from policy.check import Registered, Report, add
from policy.policies import (
    alarms,
    listener_rules,
    logs,
    names,
    permissions,
    routing,
    security_groups,
    target_groups,
)
from policy.registry import Policy
from policy.stack import Resource, Stack
from tests.policy.cases import CASES
from tests.policy.cases.case import Case
from tests.policy.good import UNKNOWN, edited, good_stack, steps

Everything = Sequence[Registered]
Types = tuple[str, ...]
Change = Callable[[Registered, Everything], Registered | None]


@dataclass(frozen=True)
class Mutation:
    """One way to break what a policy claims; the change is None where it has no place."""

    policy: Policy
    property: str
    """Empty when what is broken is a resource as a whole, a dependency or an option."""
    what: str
    change: Change
    removes: Callable[[Registered, Everything], frozenset[str]] | None = None
    """URNs of what goes away because of it, perhaps the resource itself."""


def _everywhere(case: Case) -> Mutation:
    """The edits of a case, in every resource where their paths lead as far as in the good one."""
    edits, good = case.change.edits, good_stack()[case.name]

    def change(one: Registered, _: Everything) -> Registered | None:
        alike = all(_depth(one, path) == _depth(good, path) for path in edits)
        return edited(one, edits) if one.type == good.type and alike else None

    (*_, last) = edits
    return Mutation(case.policy, steps(last)[0], case.what, change)


def _depth(one: Registered, path: str) -> int:
    """How many steps of the path lead somewhere."""
    here: Any = one.props
    for depth, step in enumerate(steps(path)):
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(steps(path))


def _without_dependency(policy: Policy, dependent: Types, on: Types) -> Mutation:
    def change(one: Registered, _: Everything) -> Registered | None:
        kept = tuple(urn for urn in one.dependencies if f"{on[0]}::" not in urn)
        if one.type not in dependent or kept == one.dependencies:
            return None
        edges = {
            key: tuple(urn for urn in urns if urn in kept)
            for key, urns in one.property_dependencies.items()
        }
        return replace(one, dependencies=kept, property_dependencies=edges)

    what = f"no dependency on the {on[0].split(':')[-1]}"
    return Mutation(policy, "", what, change)


def _gone(policy: Policy, token: Types, *, but: frozenset[str] = frozenset()) -> Mutation:
    def change(one: Registered, _: Everything) -> Registered | None:
        return one if one.type in token and one.name not in but else None

    what = f"a {token[0].split(':')[-1]} is gone"
    return Mutation(policy, "", what, change, removes=lambda one, _: frozenset({one.urn}))


def _another(one: Registered, everything: Everything, key: str) -> Any:
    """The same property of another resource of the type, with another value."""
    others = (other.props.get(key) for other in everything if other.type == one.type)
    return next((value for value in others if value not in {None, one.props.get(key)}), None)


def _swapped(policy: Policy, key: str) -> Mutation:
    def change(one: Registered, everything: Everything) -> Registered | None:
        value = _another(one, everything, key)
        return edited(one, {key: value}) if key in one.props and value else None

    return Mutation(policy, key, f"{key} is another's", change)


def _hidden(one: Registered, everything: Everything) -> Registered | None:
    """The conditions of the rule that comes first on the same listener."""
    mine = _on_the_same_listener(one, everything)
    first = min(mine, key=lambda rule: rule.props["priority"])
    return None if first is one else edited(one, {"conditions": first.props["conditions"]})


def _history_last(one: Registered, everything: Everything) -> Registered | None:
    """The history route behind the stamp score, whose pattern covers it."""
    behind = _HISTORY.get(one.name)
    for rule in _rules(everything):
        if rule.name == behind:
            return edited(one, {"priority": rule.props["priority"] + 1})
    return None


def _same_priority(one: Registered, everything: Everything) -> Registered | None:
    others = [rule for rule in _on_the_same_listener(one, everything) if rule is not one]
    return edited(one, {"priority": others[0].props["priority"]})


def _one_group_twice(one: Registered, _: Everything) -> Registered | None:
    """As a preview sees it: two ARNs that are not known, from one group."""
    if not _is_weighted(one):
        return None
    arns = (f"actions[0].forward.targetGroups[{index}].arn" for index in range(2))
    unknown = edited(one, dict.fromkeys(arns, UNKNOWN))
    group = next(urn for urn in one.property_dependencies["actions"] if "TargetGroup" in urn)
    return replace(unknown, property_dependencies={"actions": (group,)})


def _group_of_the_other_balancer(one: Registered, everything: Everything) -> Registered | None:
    foreign = [
        rule.props["actions"]
        for rule in _rules(everything)
        if rule.props["listenerArn"] != one.props["listenerArn"]
        and rule.name not in facts.REGISTRY_RULES
        and _arns(rule)
    ]
    return edited(one, {"actions": foreign[0]}) if _arns(one) else None


def _to_the_other_listener(one: Registered, everything: Everything) -> Registered | None:
    """Seen by this rule where another one keeps the group on the first listener."""
    staying = {
        arn
        for rule in _on_the_same_listener(one, everything)
        if rule is not one and rule.name not in facts.REGISTRY_RULES
        for arn in _arns(rule)
    }
    if staying.isdisjoint(_arns(one)):
        return None
    return edited(one, {"listenerArn": _another(one, everything, "listenerArn")})


def _to_rust(one: Registered, everything: Everything) -> Registered | None:
    """A route of Python's alone, sent to the Rust group of its load balancer."""
    if _is_weighted(one) or one.name in _TESTER_RULES:
        return None
    tester = next(
        rule for rule in _on_the_same_listener(one, everything) if rule.name in _TESTER_RULES
    )
    return edited(one, {"actions": tester.props["actions"]})


def _rules(everything: Everything) -> list[Registered]:
    return [one for one in everything if one.type in tokens.LISTENER_RULE]


def _on_the_same_listener(one: Registered, everything: Everything) -> list[Registered]:
    arn = one.props["listenerArn"]
    return [rule for rule in _rules(everything) if rule.props["listenerArn"] == arn]


def _is_weighted(rule: Registered) -> bool:
    return "forward" in rule.props["actions"][0]


def _arns(rule: Registered) -> list[str]:
    """The target groups that a rule names."""
    action = rule.props["actions"][0]
    weighted = [target["arn"] for target in action.get("forward", {}).get("targetGroups", ())]
    return weighted or [action[key] for key in ("targetGroupArn",) if key in action]


_TESTER_RULES = frozenset(
    endpoint.tester.name for endpoint in catalog.ENDPOINTS if endpoint.tester and endpoint.dual
)
_HISTORY = {
    "passport-v2-lrule-history": "lrule-lambda-passport-v2-stamp-score",
    "lrule-tester-v2-history": "lrule-rust-v2-stamps-score",
}
"""Rule -> the rule that would hide it from a later priority."""

MUTATIONS: tuple[Mutation, ...] = (
    *(_everywhere(case) for case in CASES if case.everywhere),
    Mutation(
        listener_rules.weights_have_one_owner,
        "",
        "ignoreChanges covers actions",
        lambda one, _: (
            replace(one, ignore_changes=("actions",)) if one.type in tokens.LISTENER_RULE else None
        ),
    ),
    Mutation(routing.one_rule_per_priority, "priority", "another's", _same_priority),
    Mutation(routing.every_rule_is_reachable, "priority", "history last", _history_last),
    Mutation(routing.every_rule_is_reachable, "conditions", "the first rule's", _hidden),
    Mutation(routing.weighted_groups_are_distinct, "actions", "one group twice", _one_group_twice),
    _gone(
        routing.no_group_without_rule,
        tokens.LISTENER_RULE,
        but=frozenset({"lrule-no-gitcoin-v2", *facts.REGISTRY_RULES, *_TESTER_RULES}),
    ),
    Mutation(
        routing.group_serves_one_load_balancer,
        "actions",
        "a group of the other load balancer",
        _group_of_the_other_balancer,
    ),
    Mutation(
        routing.group_serves_one_load_balancer,
        "listenerArn",
        "the other listener",
        _to_the_other_listener,
    ),
    Mutation(routing.rust_serves_what_it_gets, "actions", "sent to Rust", _to_rust),
    *(
        _swapped(target_groups.group_may_invoke_its_one_function, key)
        for key in ("targetGroupArn", "targetId", "function", "sourceArn")
    ),
    _gone(target_groups.group_may_invoke_its_one_function, tokens.PERMISSION),
    _gone(target_groups.group_may_invoke_its_one_function, tokens.ATTACHMENT),
    _without_dependency(
        target_groups.attachment_waits_for_permission, tokens.ATTACHMENT, tokens.PERMISSION
    ),
    _swapped(names.target_group_names_are_unique, "name"),
    Mutation(
        permissions.function_has_one_calling_service,
        "principal",
        "another service, where there are two permissions",
        lambda one, everything: (
            edited(one, {"principal": "sns.amazonaws.com"})
            if [other.props.get("function") for other in everything].count(one.props["function"])
            > 1
            else None
        ),
    ),
    _gone(logs.function_waits_for_its_log_group, tokens.LOG_GROUP),
    _without_dependency(logs.function_waits_for_its_log_group, tokens.FUNCTION, tokens.LOG_GROUP),
    Mutation(
        alarms.every_group_has_a_5xx_alarm,
        "",
        "its 5xx alarms are gone",
        lambda one, _: one if one.type in tokens.TARGET_GROUP else None,
        removes=lambda group, everything: frozenset(
            one.urn
            for one in everything
            if one.type in tokens.METRIC_ALARM
            and group.urn in one.dependencies
            and "5XX" in json.dumps(one.props)
        ),
    ),
    _without_dependency(
        security_groups.security_group_is_used, tokens.FUNCTION, tokens.SECURITY_GROUP
    ),
)
"""Each is tried on every resource of the policy's types, or of all types without a property."""


@dataclass(frozen=True)
class Tried:
    """One mutation of one resource, and whether the policy that claims it saw it."""

    mutation: Mutation
    name: str
    caught: bool


def run(registered: Everything) -> Iterator[Tried]:
    """Break every claimed property of every resource, one at a time."""
    sound = {one.urn: one.as_resource() for one in registered}
    for mutation in MUTATIONS:
        for one in registered:
            if mutation.property and one.type not in mutation.policy.types:
                continue
            broken = mutation.change(one, registered)
            if broken is None:
                continue
            gone = mutation.removes(one, registered) if mutation.removes else frozenset()
            report = _judge(mutation.policy, broken, gone, sound)
            if report.violations or not report.excepted:
                yield Tried(mutation, one.name, bool(report.violations))


def _judge(
    policy: Policy, broken: Registered, gone: frozenset[str], sound: Mapping[str, Resource]
) -> Report:
    report = Report()
    changed = broken.as_resource()
    if policy.on_resource is not None:
        add(report, policy, changed, None)
        return report
    stack = Stack(
        changed if urn == broken.urn else resource
        for urn, resource in sound.items()
        if urn not in gone
    )
    # The resource itself first: most policies see the mistake there.
    for resource in sorted(stack.of(policy.types), key=lambda one: one is not changed):
        add(report, policy, resource, stack)
        if report.violations:
            break
    return report
