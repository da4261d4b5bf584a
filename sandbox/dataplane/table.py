"""The rules of one listener, compiled: immutable, by priority, the default action last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sandbox.dataplane.actions import Action, compile_actions
from sandbox.dataplane.conditions import Test, Unsupported, compile_conditions
from sandbox.dataplane.groups import Group
from sandbox.dataplane.request import Request

_KEYS: Final = {"RuleArn", "Priority", "Conditions", "Actions", "IsDefault"}


class UnsupportedRule(RuntimeError):
    """Rules with a part that the data plane does not know how to obey.

    It obeys all of a table or none of it: a rule that it skipped would send requests astray.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "The load balancers of the sandbox do not know how to obey "
            + "; ".join(f"{construct} (rule {arn})" for arn, construct in self.problems)
        )


@dataclass(frozen=True)
class Listener:
    """Where requests come in."""

    arn: str
    balancer: str
    """The dimension LoadBalancer of CloudWatch."""
    protocol: str
    port: str


@dataclass(frozen=True)
class Rule:
    """One rule; the default rule has no priority and no tests."""

    arn: str
    priority: int | None
    methods: frozenset[str] | None
    """None for all methods."""
    tests: tuple[Test, ...]
    """What must hold besides."""
    action: Action


_Entry = tuple[tuple[Test, ...], Rule]


@dataclass(frozen=True)
class Table:
    """All rules of a listener in the order in which they are tried."""

    listener: Listener
    rules: tuple[Rule, ...]

    def match(self, request: Request) -> Rule:
        """The first rule whose conditions all hold; the default rule holds always."""
        for tests, rule in self._by_method.get(request.method, self._other_methods):
            for test in tests:
                if not test(request):
                    break
            else:
                return rule
        raise AssertionError("a table ends with the default rule")

    @cached_property
    def _by_method(self) -> Mapping[str, Sequence[_Entry]]:
        named = {method for rule in self.rules for method in rule.methods or ()}
        return {method: self._entries(method) for method in named}

    @cached_property
    def _other_methods(self) -> Sequence[_Entry]:
        return self._entries(None)

    def _entries(self, method: str | None) -> Sequence[_Entry]:
        return tuple(
            (rule.tests, rule)
            for rule in self.rules
            if rule.methods is None or method in rule.methods
        )

    def rule(self, arn: str) -> Rule | None:
        """A rule by its ARN."""
        return next((rule for rule in self.rules if rule.arn == arn), None)


def compile_table(
    listener: Mapping[str, Any],
    rules: Iterable[Mapping[str, Any]],
    groups: Mapping[str, Group],
) -> Table:
    """Compile a listener and its rules as DescribeListeners and DescribeRules give them.

    `groups` holds at least the target groups that the rules forward to, by ARN. The order of
    `rules` is of no importance.

    Raises UnsupportedRule.
    """
    compiled = []
    problems = []
    for rule in rules:
        try:
            compiled.append(_compile(rule, groups))
        except Unsupported as problem:  # all problems are told at once
            problems.append((rule["RuleArn"], str(problem)))
    defaults = sum(rule.priority is None for rule in compiled)
    if not problems and defaults != 1:
        problems = [(listener["ListenerArn"], f"a listener with {defaults} default rules")]
    if problems:
        raise UnsupportedRule(problems)
    compiled.sort(key=lambda rule: (rule.priority is None, rule.priority))
    return Table(_listener(listener), tuple(compiled))


def _listener(described: Mapping[str, Any]) -> Listener:
    return Listener(
        arn=described["ListenerArn"],
        balancer=described["LoadBalancerArn"].partition(":loadbalancer/")[2],
        protocol=described["Protocol"].lower(),
        port=str(described["Port"]),
    )


def _compile(rule: Mapping[str, Any], groups: Mapping[str, Group]) -> Rule:
    for key, value in rule.items():
        if value and key not in _KEYS:
            raise Unsupported(key)
    is_default = rule.get("IsDefault") or rule["Priority"] == "default"
    methods, tests = compile_conditions(rule.get("Conditions") or ())
    return Rule(
        arn=rule["RuleArn"],
        priority=None if is_default else int(rule["Priority"]),
        methods=methods,
        tests=tests,
        action=compile_actions(rule["Actions"], groups),
    )
