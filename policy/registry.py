"""What a policy is, and what comes of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NotRequired, TypedDict, Unpack

from policy.stack import Resource, Stack


class Severity(StrEnum):
    """How bad a violation is: that of AWS FSBP or the scanners where they have the policy."""

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
Claims = Mapping[tuple[str, ...], tuple[str, ...]]
"""Types that a policy looks at -> the properties whose mistakes it claims to catch."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """It looks at one resource of `types` at a time, with the stack around it or not."""

    name: str
    wants: str
    why: str
    ids: tuple[str, ...]
    severity: Severity
    claims: Claims
    mandatory: bool = True
    on_resource: ResourceCheck | None = None
    on_stack: StackCheck | None = None

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(token for tokens in self.claims for token in tokens))

    @property
    def level(self) -> str:
        return "mandatory" if self.mandatory else "advisory"

    @property
    def sees(self) -> str:
        return "resource" if self.on_resource else "stack"


class _About(TypedDict):
    """What a policy says of itself beside its check."""

    ids: tuple[str, ...]
    severity: Severity
    why: str
    mandatory: NotRequired[bool]


def resource_policy(claims: Claims, **about: Unpack[_About]) -> Callable[[ResourceCheck], Policy]:
    """A policy over the inputs of one resource: judged before that resource is created."""
    return lambda check: _named(check, claims=claims, on_resource=check, **about)


def stack_policy(claims: Claims, **about: Unpack[_About]) -> Callable[[StackCheck], Policy]:
    """A policy over a resource and what belongs to it: judged at the end of the preview."""
    return lambda check: _named(check, claims=claims, on_stack=check, **about)


def _named(check: Callable[..., Problems], **about: Any) -> Policy:
    """Its function says what it is called and what it wants."""
    wants = " ".join((check.__doc__ or "").split())
    return Policy(name=check.__name__.replace("_", "-"), wants=wants, **about)
