"""A deployed stack as a rollout reads and changes it; two engines are behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class StackFailed(RuntimeError):
    """The stack's engine did not do what it was asked for; the message is its own."""


class Change(NamedTuple):
    """What an update would do to a resource, in the engine's words: `update`, `create` ..."""

    operation: str
    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation} {self.name} ({self.type})"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the configuration of a stack asks for, and what its last update was asked for."""

    share: int
    """`rustPercentage`."""
    fixed: Mapping[str, int] = field(default_factory=dict)
    """`rustPercentageByEndpoint`."""
    stickiness: int
    """`stickinessSeconds`."""
    last: Mapping[str, int] = field(default_factory=dict)
    """The share of every dual rule by the last update; empty where that is not known."""

    @property
    def rust(self) -> bool:
        """Whether the configuration or the last update has Rust anywhere."""
        return any([self.share, *self.fixed.values(), *self.last.values()])


class Stack(Protocol):
    """One stack. Every method raises StackFailed; nothing but `ask` and `update` changes it."""

    @property
    def name(self) -> str: ...
    @property
    def balancers(self) -> dict[str, str]:
        """URLs of the load balancers, where they are known."""
        ...

    def now(self) -> float:
        """Seconds since 1970, by the clock that the stack's metrics go by."""
        ...

    def asked(self) -> Asked: ...
    def ask(self, share: int, *, alone: bool) -> None:
        """Write the share into the configuration; `alone` takes the shares of endpoints out."""
        ...

    def foresee(self, share: int) -> Sequence[Change]:
        """What an update at a share would change; the configuration stays as it is."""
        ...

    def update(self, *, refresh: bool = False) -> None:
        """Make AWS what the configuration asks for, without a preview of its own.

        `refresh` reads first what AWS has.
        """
        ...
