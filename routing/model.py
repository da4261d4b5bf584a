"""A listener rule as plain frozen data, without Pulumi.

A group reference `G` is a logical name while a rule is planned and checked, and
an ARN once it is declared, so the same types serve both.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

G = TypeVar("G")
H = TypeVar("H")


class Listener(StrEnum):
    """The listener a rule hangs on; each belongs to a load balancer of its own."""

    PUBLIC = "public"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Host:
    """Matches the Host header: not case-sensitive, `*` and `?` are wildcards."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Path:
    """Matches the whole path without the query: case-sensitive, `*` also eats `/`."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Methods:
    """Matches the request method: exact, in capitals, no wildcards."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Header:
    """Matches one header: neither name nor value is case-sensitive.

    The values stay out of `repr`: the tester rules match on a secret.
    """

    name: str
    values: tuple[str, ...] = field(repr=False)


Condition = Host | Path | Methods | Header


@dataclass(frozen=True)
class Forward(Generic[G]):
    """Every request goes to one target group."""

    group: G

    @property
    def groups(self) -> tuple[G, ...]:
        return (self.group,)

    def map(self, convert: Callable[[G], H]) -> "Forward[H]":
        return Forward(convert(self.group))


@dataclass(frozen=True)
class WeightedGroup(Generic[G]):
    """A target group and its share of clients that have no cookie yet."""

    group: G
    weight: int


@dataclass(frozen=True)
class WeightedForward(Generic[G]):
    """Clients without a cookie are spread by weight, then stay for the stickiness time."""

    targets: tuple[WeightedGroup[G], ...]
    stickiness_seconds: int

    @property
    def groups(self) -> tuple[G, ...]:
        return tuple(target.group for target in self.targets)

    def map(self, convert: Callable[[G], H]) -> "WeightedForward[H]":
        return WeightedForward(
            tuple(WeightedGroup(convert(target.group), target.weight) for target in self.targets),
            self.stickiness_seconds,
        )


@dataclass(frozen=True)
class FixedResponse:
    """The load balancer answers by itself."""

    status: int
    content_type: str
    body: str


Action = Forward[G] | WeightedForward[G] | FixedResponse


@dataclass(frozen=True, kw_only=True)
class Rule(Generic[G]):
    """One listener rule. `name` is its logical name, a public contract."""

    name: str
    listener: Listener
    priority: int
    conditions: tuple[Condition, ...]
    action: Action[G]


def conditions(
    *,
    path: str,
    host: str | None = None,
    methods: tuple[str, ...] = (),
    header: Header | None = None,
) -> tuple[Condition, ...]:
    """The conditions of a rule in the order of the AWS console; all of them must hold."""
    listed: list[Condition] = []
    if host is not None:
        listed.append(Host((host,)))
    listed.append(Path((path,)))
    if methods:
        listed.append(Methods(methods))
    if header is not None:
        listed.append(header)
    return tuple(listed)


@dataclass(frozen=True)
class TargetGroupNames:
    """The names of a Lambda target group and of the two resources that belong to it.

    All but `physical` are logical names.
    """

    group: str
    physical: str
    permission: str
    attachment: str
