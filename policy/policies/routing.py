"""Listener rules together: priorities, reachability, quotas, and the groups they name."""

import json
import re
from functools import lru_cache

from policy import facts
from policy.planned import as_rule, reach_problem
from policy.policies.listener_rules import condition_values, conditions, targets
from policy.policies.target_groups import attachments_of
from policy.registry import Problems, Severity, stack_policy
from policy.stack import Resource, Stack
from policy.tokens import LISTENER, LISTENER_RULE, TARGET_GROUP
from policy.values import Undecided
from routing import Rule, WeightedForward, choose_forward, limits

_CONFIG = "passport-scorer-routing:"
_SUFFIX = re.compile(r"\b(app/[^/]+/[^/]+)")


def listener_of(rule: Resource, stack: Stack) -> str:
    """The listener of a rule: its ARN, or the listener it depends on while that is unknown."""
    value = rule["listenerArn"]
    if value.unknown:
        for listener in stack.named_by(value, rule, LISTENER):
            return listener.urn
    return value.text or ""


def balancer_of(rule: Resource, stack: Stack) -> str:
    """The ARN suffix of the load balancer of a rule, or what stands for its listener."""
    listener = listener_of(rule, stack)
    found = _SUFFIX.search(listener)
    return found.group(1) if found else listener


def groups_of(rule: Resource, stack: Stack) -> list[Resource]:
    """The target groups of this stack that a rule names."""
    try:
        named = [
            group
            for target in targets(rule)
            for group in stack.named_by(target, rule, TARGET_GROUP)
        ]
    except Undecided:
        named = stack.behind("actions", rule, TARGET_GROUP)
    return list({group.urn: group for group in named}.values())


def rules_to(group: Resource, stack: Stack) -> list[Resource]:
    """The rules that name a target group."""
    return list(_rules_by_group(stack).get(group.urn, ()))


@lru_cache(maxsize=2)
def _rules_by_group(stack: Stack) -> dict[str, list[Resource]]:
    by_group: dict[str, list[Resource]] = {}
    for rule in stack.of(LISTENER_RULE):
        for group in groups_of(rule, stack):
            by_group.setdefault(group.urn, []).append(rule)
    return by_group


@stack_policy(
    {LISTENER_RULE: ("priority",)},
    ids=("D1",),
    severity=Severity.HIGH,
    why="AWS refuses the second one with PriorityInUse, in the middle of an update.",
)
def one_rule_per_priority(rule: Resource, stack: Stack) -> Problems:
    """No two rules of one listener have the same priority."""
    mine = listener_of(rule, stack), rule["priority"].whole
    for other in stack.of(LISTENER_RULE):
        if other.urn != rule.urn and mine == (listener_of(other, stack), other["priority"].whole):
            yield f"priority is also that of {other.name}"


@stack_policy(
    {LISTENER_RULE: ("priority", "conditions")},
    ids=("D2",),
    severity=Severity.HIGH,
    why="AWS takes a rule that earlier ones hide completely, even several of them together; "
    "the endpoint then answers from the wrong place.",
)
def every_rule_is_reachable(rule: Resource, stack: Stack) -> Problems:
    """A request is known that reaches the rule: earlier rules do not take it."""
    listener = listener_of(rule, stack)
    on_listener = _as_rules(stack).get(listener, {})
    if rule.urn in on_listener:
        problem = reach_problem(on_listener[rule.urn], list(on_listener.values()))
        if problem:
            yield problem


@lru_cache(maxsize=2)
def _as_rules(stack: Stack) -> dict[str, dict[str, Rule]]:
    """The rules of each listener, by URN; those whose place is not known yet left out."""
    by_listener: dict[str, dict[str, Rule]] = {}
    for rule in stack.of(LISTENER_RULE):
        try:
            listener, found = listener_of(rule, stack), as_rule(rule)
        except Undecided:
            continue
        if found is not None:
            by_listener.setdefault(listener, {})[rule.urn] = found
    return by_listener


@stack_policy(
    {LISTENER_RULE: ()},
    ids=("contract: routing",),
    severity=Severity.HIGH,
    why="What a rule does not take goes to the next that matches: without its tester rule the "
    "history route goes to Rust, which has none.",
)
def every_route_has_its_rules(rule: Resource, stack: Stack) -> Problems:
    """Every endpoint has its rule, and with testers its tester rule."""
    rules = stack.of(LISTENER_RULE)
    if rule.urn != rules[0].urn:
        return  # said once per stack
    names = {one.name for one in rules}
    testers = f"{_CONFIG}testerHeaderValue" in (stack.config or {}) or names & facts.TESTER_RULES
    wanted = facts.RULES | facts.TESTER_RULES if testers else facts.RULES
    for name in sorted(wanted - names):
        yield f"the stack lacks {name}"


@stack_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("contract: routing",),
    severity=Severity.CRITICAL,
    why="Swapped or stale weights are weights like any other: only the configuration says what "
    "was asked for. Where it is not known, nothing is said.",
)
def rule_has_the_configured_share(rule: Resource, stack: Stack) -> Problems:
    """A dual endpoint's rule is plain at 0 %, else its weights are 100 - share and share."""
    if stack.config is None or rule.name not in facts.DUAL_RULES:
        return
    shares = json.loads(stack.config.get(f"{_CONFIG}rustPercentageByEndpoint") or "{}")
    common = int(stack.config.get(f"{_CONFIG}rustPercentage") or 0)
    share = int(facts.DUAL_RULES[rule.name].rust_share(common, shares))
    asked = choose_forward(share, python="python", rust="rust", stickiness_seconds=1)
    wanted = [one.weight for one in asked.targets] if isinstance(asked, WeightedForward) else []
    for action in rule["actions"]:
        weights = [target["weight"].whole for target in action["forward"]["targetGroups"]]
        if weights != wanted:
            yield f"{action.key} does not have the share of the configuration"
        elif not wanted and action["targetGroupArn"].given:
            named = stack.named_by(action["targetGroupArn"], rule, TARGET_GROUP)
            if any(group.name in facts.RUST_GROUPS for group in named):
                yield f"{action.key} is plain, and to Rust"


@stack_policy(
    {LISTENER_RULE: ()},
    ids=("D10",),
    severity=Severity.HIGH,
    why="Traffic to a group whose function is not attached yet is answered with 503.",
)
def rule_waits_for_its_functions(rule: Resource, stack: Stack) -> Problems:
    """A rule depends on the attachments of the groups that it names."""
    for group in groups_of(rule, stack):
        for attachment in attachments_of(group, stack):
            if attachment.urn not in rule.depends_on:
                yield f"does not depend on {attachment.name}"


@stack_policy(
    {LISTENER_RULE: ()},
    ids=("D4",),
    severity=Severity.MEDIUM,
    why="The quotas count per load balancer, over all its listeners (L-7EED9B64).",
)
def load_balancer_has_room(rule: Resource, stack: Stack) -> Problems:
    """A load balancer has at most 100 rules and 100 target groups."""
    mine = balancer_of(rule, stack)
    rules = [other for other in stack.of(LISTENER_RULE) if balancer_of(other, stack) == mine]
    if rule.urn != rules[0].urn:
        return  # said once per load balancer
    if len(rules) > limits.RULES_PER_LOAD_BALANCER:
        yield f"its load balancer has more than {limits.RULES_PER_LOAD_BALANCER} rules"
    groups = {group.urn for other in rules for group in groups_of(other, stack)}
    if len(groups) > limits.TARGET_GROUPS_PER_LOAD_BALANCER:
        most = limits.TARGET_GROUPS_PER_LOAD_BALANCER
        yield f"its load balancer has more than {most} target groups"


@stack_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("D5",),
    severity=Severity.HIGH,
    why="Two entries for one group add up, so the shares are not what they say.",
)
def weighted_groups_are_distinct(rule: Resource, stack: Stack) -> Problems:
    """Each entry of a weighted forward is a target group of its own."""
    for action in rule["actions"]:
        entries = list(action["forward"]["targetGroups"])
        unknown = [entry["arn"] for entry in entries if entry["arn"].unknown]
        if unknown and len(stack.named_by(unknown[0], rule, TARGET_GROUP)) < len(unknown):
            yield f"{action.key}.forward.targetGroups names one group twice"


@stack_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("D13",),
    severity=Severity.HIGH,
    why="A group that nobody here declares may have no target, or belong to something that is "
    "about to go.",
)
def rules_name_groups_of_this_stack(rule: Resource, stack: Stack) -> Problems:
    """A rule forwards to groups of this stack; the registry's rules to one foreign group, all."""
    for target in targets(rule):
        if stack.named_by(target, rule, TARGET_GROUP):
            continue
        if rule.name not in facts.REGISTRY_RULES:
            yield f"{target.key} is not a target group of this stack"
        elif not target.unknown:
            for other in stack.of(LISTENER_RULE):
                if other.name in facts.REGISTRY_RULES and target.text not in _known_targets(other):
                    yield f"{target.key} is not the group of {other.name}"


def _known_targets(rule: Resource) -> set[str | None]:
    return {target.text for target in targets(rule) if not target.unknown}


@stack_policy(
    {TARGET_GROUP: ()},
    ids=("D13",),
    severity=Severity.MEDIUM,
    why="An orphan is a leftover: its alarms stay silent and its function is never called.",
)
def no_group_without_rule(group: Resource, stack: Stack) -> Problems:
    """Every target group is named by a rule, or waits for Rust's share to leave 0."""
    if group.name not in facts.RUST_GROUPS and not rules_to(group, stack):
        yield "no listener rule names it"


@stack_policy(
    {LISTENER_RULE: ("listenerArn", "actions")},
    ids=("D8",),
    severity=Severity.HIGH,
    why="AWS answers TargetGroupAssociationLimit, in the middle of an update.",
)
def group_serves_one_load_balancer(rule: Resource, stack: Stack) -> Problems:
    """A target group serves one load balancer only."""
    mine = balancer_of(rule, stack)
    for group in groups_of(rule, stack):
        for other in rules_to(group, stack):
            if balancer_of(other, stack) != mine:
                yield f"{group.name} also serves the load balancer of {other.name}"


@stack_policy(
    {LISTENER_RULE: ("actions", "conditions")},
    ids=("D14",),
    severity=Severity.HIGH,
    why="The Rust scorer answers 405 to a method it has no route for, to the unlucky share of "
    "clients only.",
)
def rust_serves_what_it_gets(rule: Resource, stack: Stack) -> Problems:
    """A rule that can send requests to Rust has a path and methods that both backends serve."""
    rust = [group for group in groups_of(rule, stack) if group.name in facts.RUST_GROUPS]
    if not rust:
        return
    paths = _values(rule, "pathPattern")
    methods = _values(rule, "httpRequestMethod")
    if not paths or any(path not in facts.SERVED_BY_BOTH for path in paths):
        yield "conditions match a path that Rust has no route for"
    elif not methods or any(not methods <= facts.SERVED_BY_BOTH[path] for path in paths):
        yield "conditions match a method that Rust has no route for"


def _values(rule: Resource, kind: str) -> set[str]:
    return {
        value.text or ""
        for found, body in conditions(rule)
        if found == kind
        for value in condition_values(found, body)
    }
