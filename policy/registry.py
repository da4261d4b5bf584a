"""What a rule is, and what comes of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from policy.stack import Resource, Stack


class Severity(StrEnum):
    """How bad a violation is: that of AWS FSBP or the scanners where they have the rule."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Problem:
    """What is wrong, in words that name resources and keys and never a value.

    `about` is the value itself, for the table of exceptions alone.
    """

    text: str
    about: str = field(default="", repr=False)


Problems = Iterator[str | Problem]
ResourceCheck = Callable[[Resource], Problems]
StackCheck = Callable[[Resource, Stack], Problems]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. It looks at one resource of `types` at a time, with the stack around it or not."""

    name: str
    wants: str
    why: str
    ids: tuple[str, ...]
    severity: Severity
    mandatory: bool
    claims: Mapping[tuple[str, ...], tuple[str, ...]]
    """Types it looks at -> the properties whose mistakes it claims to catch."""
    on_resource: ResourceCheck | None = None
    on_stack: StackCheck | None = None

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(token for tokens in self.claims for token in tokens))

    @property
    def level(self) -> str:
        return "mandatory" if self.mandatory else "advisory"


def resource_rule(
    claims: Mapping[tuple[str, ...], tuple[str, ...]],
    *,
    ids: tuple[str, ...],
    severity: Severity,
    why: str,
    mandatory: bool = True,
) -> Callable[[ResourceCheck], Rule]:
    """A rule over the inputs of one resource: judged before that resource is created."""

    def make(check: ResourceCheck) -> Rule:
        return Rule(
            name=_name(check.__name__),
            wants=_wants(check.__doc__),
            why=why,
            ids=ids,
            severity=severity,
            mandatory=mandatory,
            claims=claims,
            on_resource=check,
        )

    return make


def stack_rule(
    claims: Mapping[tuple[str, ...], tuple[str, ...]],
    *,
    ids: tuple[str, ...],
    severity: Severity,
    why: str,
    mandatory: bool = True,
) -> Callable[[StackCheck], Rule]:
    """A rule over a resource and what belongs to it: judged at the end of the preview."""

    def make(check: StackCheck) -> Rule:
        return Rule(
            name=_name(check.__name__),
            wants=_wants(check.__doc__),
            why=why,
            ids=ids,
            severity=severity,
            mandatory=mandatory,
            claims=claims,
            on_stack=check,
        )

    return make


def _name(function: str) -> str:
    return function.replace("_", "-")


def _wants(docstring: str | None) -> str:
    return " ".join((docstring or "").split())
