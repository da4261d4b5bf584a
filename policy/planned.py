"""A listener rule's resource as the plain rule that `routing` judges."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from policy import facts
from policy.policies.listener_rules import plain_conditions
from policy.stack import Resource
from policy.values import Undecided
from routing import Forward, Header, Host, Listener, Methods, Path, Request, Rule
from routing.checks import condition_problems
from routing.matching import winner
from routing.model import Condition

_FILLERS = ("x", "")


def as_rule(resource: Resource) -> Rule | None:
    """The rule as far as its place and its conditions go, None without a usable priority.

    Conditions that cannot be read become ones that hide no other rule. Raises Undecided
    while the priority is not known.
    """
    priority = resource["priority"].whole
    if priority is None:
        return None
    return Rule(
        name=resource.name,
        listener=Listener.PUBLIC,  # one listener at a time, whichever it is
        priority=priority,
        conditions=tuple(_conditions(resource)),
        action=Forward(""),
        witness=facts.WITNESSES.get(resource.name),
    )


def reach_problem(rule: Rule, rules: Sequence[Rule]) -> str | None:
    """What keeps requests from the rule among those of its listener, or None.

    A rule of this program has its endpoint's witness. For any other one witnesses are
    looked for, with its wildcards replaced: not finding one is no proof that none exists.
    """
    headers = [_lines(found) for found in rule.conditions if isinstance(found, Header)]
    if rule.witness:
        witness = replace(rule.witness, headers=tuple(lines[0] for lines in headers))
        taker = winner(rules, witness)
        if taker is rule:
            return None
        by = taker.name if taker else "the default rule"
        return f"conditions do not get {rule.witness}, {by} does"
    hosts = _filled(rule, Host) or ["x.example"]
    paths = _filled(rule, Path) or ["/x"]
    methods = _filled(rule, Methods) or ["GET", "X"]
    for (method, host, path), lines in product(product(methods, hosts, paths), product(*headers)):
        if winner(rules, Request(method, host, path, lines)) is rule:
            return None
    return (
        "conditions got none of the requests made from them: rules with earlier priorities "
        "take them all"
    )


def _filled(rule: Rule, kind: type[Host | Path | Methods]) -> list[str]:
    return [
        value.replace("*", filler).replace("?", "x")
        for found in rule.conditions
        if isinstance(found, kind)
        for value in found.values
        for filler in _FILLERS
    ]


def _lines(header: Header) -> list[tuple[str, str]]:
    """Header lines that fulfil the condition, the plainest first."""
    return [
        (header.name, value.replace("*", filler).replace("?", "x"))
        for filler in reversed(_FILLERS)
        for value in header.values
    ]


def _conditions(rule: Resource) -> Iterator[Condition]:
    """Those that cannot be read, or that AWS refuses, never hide another rule."""
    try:
        found = [*plain_conditions(rule)]
    except Undecided:
        yield Header(rule.urn, ("unknown",))
        return
    if condition_problems(found):
        yield Header(rule.urn, ("refused",))
        return
    yield from found
