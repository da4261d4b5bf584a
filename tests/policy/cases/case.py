"""What a case is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from policy.check import Registered
from policy.registry import Rule
from tests.policy.good import GONE, edited, good_stack

Stack = dict[str, Registered]


@dataclass(frozen=True)
class Case:
    """A rule, one change of the good stack, and whether the rule must refuse it."""

    rule: Rule
    what: str
    change: Callable[[Stack], None]
    refused: bool

    def stack(self) -> list[Registered]:
        resources = good_stack()
        self.change(resources)
        return list(resources.values())


def bad(
    rule: Rule, what: str, name: str = "", edits: Mapping[str, Any] | None = None, **options: Any
) -> Case:
    """The rule must refuse the good stack with these edits of one resource, or options."""
    return Case(rule, what, _change(name, edits or {}, options), refused=True)


def fine(
    rule: Rule, what: str, name: str = "", edits: Mapping[str, Any] | None = None, **options: Any
) -> Case:
    """The rule must not."""
    return Case(rule, what, _change(name, edits or {}, options), refused=False)


def _change(
    name: str, edits: Mapping[str, Any], options: Mapping[str, Any]
) -> Callable[[Stack], None]:
    def change(stack: Stack) -> None:
        for one in options.get("plus", ()):
            stack[f"plus {one.name}"] = one
        for gone in options.get("minus", ()):
            del stack[gone]
        if name:
            one = edited(stack[name], edits)
            if "edges" in options:
                one = replace(one, property_dependencies=options["edges"])
            for key in ("protect", "ignore_changes", "dependencies"):
                if key in options:
                    one = replace(one, **{key: options[key]})
            stack[name] = one

    return change


__all__ = ["GONE", "Case", "bad", "fine"]
