"""A listener rule as plain frozen data, without Pulumi."""

from dataclasses import dataclass, field
from enum import StrEnum


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
class Forward:
    """Every request goes to one target group, named by its logical name."""

    group: str

    @property
    def groups(self) -> tuple[str, ...]:
        return (self.group,)


@dataclass(frozen=True)
class WeightedGroup:
    """A target group and its share of clients that have no cookie yet, in percent."""

    group: str
    weight: int


@dataclass(frozen=True)
class WeightedForward:
    """Clients without a cookie are spread by weight, then stay for the stickiness time."""

    targets: tuple[WeightedGroup, ...]
    stickiness_seconds: int

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(target.group for target in self.targets)


@dataclass(frozen=True)
class FixedResponse:
    """The load balancer answers by itself."""

    status: int
    content_type: str
    body: str


Action = Forward | WeightedForward | FixedResponse


@dataclass(frozen=True)
class Request:
    """One request, as far as a rule can see it. Headers hold a secret: not in `repr`."""

    method: str
    host: str
    path: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One listener rule. `name` is its logical name, a public contract.

    `witness` is a request that must reach the rule, whatever other rules there are.
    """

    name: str
    listener: Listener
    priority: int
    conditions: tuple[Condition, ...]
    action: Action
    witness: Request | None = None


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

    logical: str
    physical: str
    permission: str
    attachment: str
