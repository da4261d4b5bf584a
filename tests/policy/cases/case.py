"""What a case is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policy.check import Registered
from policy.registry import Policy
from tests.policy.good import GONE, edited, good_stack

Edits = Mapping[str, Any]
"""Path in the properties -> the value there; GONE takes it away."""


@dataclass(frozen=True)
class Change:
    """Edits of one resource, and what else is changed with them."""

    edits: Edits
    plus: tuple[Registered, ...] = ()
    minus: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of that resource."""


def also(edits: Edits | None = None, *, plus: Any = (), minus: Any = (), **options: Any) -> Change:
    """Edits, resources that come and go, and other fields of the resource."""
    return Change(edits or {}, tuple(plus), tuple(minus), options)


@dataclass(frozen=True)
class Case:
    """One change of the good stack, and whether the policy must refuse it."""

    policy: Policy
    what: str
    refused: bool
    name: str
    change: Change
    everywhere: bool
    """Whether it is a mistake in every resource of the program that is like this one."""

    def stack(self) -> list[Registered]:
        stack = good_stack()
        for gone in self.change.minus:
            del stack[gone]
        if self.name:
            one = edited(stack[self.name], self.change.edits)
            stack[self.name] = replace(one, **self.change.options)
        return [*stack.values(), *self.change.plus]


def on(
    policy: Policy,
    name: str = "",
    *,
    bad: Mapping[str, Edits | Change] | None = None,
    fine: Mapping[str, Edits | Change] | None = None,
) -> Iterator[Case]:
    """What the policy must refuse in the good stack, most often in one resource, and what not.

    A bad edit is a mistake in every resource of the program that is like this one (see
    `tests.policy.mutations`), one inside `also` in this stack alone.
    """
    for refused, changes in ((True, bad or {}), (False, fine or {})):
        for what, change in changes.items():
            if isinstance(change, Change):
                yield Case(policy, what, refused, name, change, everywhere=False)
            else:
                yield Case(policy, what, refused, name, Change(change), everywhere=refused)


def as_it_is(value: Any) -> Any:
    """Says no more than that the property is there."""
    return value


def only(kind: str) -> Callable[[list[Any]], list[Any]]:
    """The conditions of this kind."""
    return lambda conditions: [one for one in conditions if kind in one]


__all__ = ["GONE", "Case", "also", "as_it_is", "on", "only"]
