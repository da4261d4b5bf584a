"""What a run of an engine did, whichever engine it was."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.provider.listener_rule import ListenerRule


class EngineName(StrEnum):
    """The engines there are."""

    EMBEDDED = "embedded"
    PULUMI = "pulumi"


class Operation(StrEnum):
    """What a run does with a resource."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    IMPORT = "import"
    DELETE = "delete"


@dataclass(frozen=True)
class Step:
    """One resource of a run and, for an update, the properties that changed."""

    operation: Operation
    type: str
    name: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Drift:
    """A resource that somebody changed by hand, and its properties that AWS has otherwise."""

    type: str
    name: str
    changed: tuple[str, ...]


Watcher = Callable[[Step], None]
"""Told of each step when it is done, from the threads that do them."""


def unwatched(_step: Step) -> None:
    """Watches nothing."""


@dataclass
class Result:
    """What a run did, or would do."""

    steps: list[Step] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """Logical names of what AWS no longer had when the run began; an update makes it again."""
    drift: list[Drift] = field(default_factory=list)
    """What was changed by hand, by type and name; only a run that refreshes looks for it."""

    @property
    def changes(self) -> list[Step]:
        """The steps that change something, in the order in which they were done."""
        return [step for step in self.steps if step.operation is not Operation.SAME]

    def of(self, operation: Operation) -> list[Step]:
        return sorted(
            (step for step in self.steps if step.operation is operation),
            key=lambda step: (step.type, step.name),
        )


class DeploymentError(Exception):
    """The run failed; the message lists each resource and AWS's own words."""


def failed(failures: Iterable[str], steps: Iterable[Step]) -> DeploymentError:
    """The failures of a run; where rules are among them, also which ones have moved."""
    lines = list(failures)
    rule = ListenerRule.type_name
    if any(line.startswith(rule) for line in lines):
        moved = sorted(
            step.name
            for step in steps
            if step.type == rule and step.operation is not Operation.SAME
        )
        lines.append(f"Listener rules that this run changed: {', '.join(moved) or 'none'}.")
    return DeploymentError("\n".join(lines))


def would_replace(properties: Iterable[str]) -> str:
    """Why a change of properties is refused."""
    return (
        f"a change of {', '.join(sorted(properties))} would replace it; "
        "in this program that is an outage, so it is refused"
    )


def no_such_stack(name: str, known: Iterable[str]) -> str:
    """That a stack reference leads nowhere."""
    return f"The account has no stack {name}; it has {', '.join(known)}."


def forbidden(problems: Iterable[str]) -> str:
    """That policies do not allow a deployment."""
    return "\n".join(["The policies forbid this; nothing was changed.", *problems])
