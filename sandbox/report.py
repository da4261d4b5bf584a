"""What the sandbox prints: tables for people, JSON for programs."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.engine.foreign import Foreign
from sandbox.engine.result import EngineName, Operation, Result, Step
from sandbox.routes import Route

_LISTED = tuple(operation for operation in Operation if operation is not Operation.SAME)
_MANY = 12
_PAST = {
    Operation.CREATE: "created",
    Operation.IMPORT: "imported",
    Operation.UPDATE: "updated",
    Operation.REPLACE: "replaced",
    Operation.DELETE: "deleted",
    Operation.SAME: "unchanged",
}


def counts(result: Result) -> dict[str, int]:
    """Resources per operation."""
    return {_PAST[operation]: len(result.of(operation)) for operation in _PAST}


def print_result(console: Console, title: str, result: Result) -> None:
    """One line of counts, and the resources when they are few enough to read."""
    line = ", ".join(f"{count} {word}" for word, count in counts(result).items())
    console.print(f"[bold]{title}[/bold]: {line}", highlight=False)
    if result.lost:
        console.print(f"  AWS no longer had: {', '.join(result.lost)}", highlight=False)
    for operation in _LISTED:
        steps = result.of(operation)
        for step in steps if len(steps) <= _MANY else []:
            changed = f" ({', '.join(step.changed)})" if step.changed else ""
            console.print(f"  {_PAST[operation]} {step.name}{changed}", highlight=False)
    _print_drift(console, result)
    done = {step.name for step in result.changes}
    if held := sorted({one.name for one in result.drift} - done):
        console.print(
            f"  Left as it is: {', '.join(held)}. While shares differ only rules move; the next "
            "update puts the rest right. The mark RolledBackAt stays.",
            highlight=False,
        )


def _print_drift(console: Console, result: Result) -> None:
    for one in result.drift:
        console.print(f"  changed by hand {one.name} ({', '.join(one.changed)})", highlight=False)


def print_unlike(console: Console, rules: Sequence[str]) -> None:
    """That a run without refresh did not look, where the rules show it."""
    if rules:
        console.print(
            "  It did not look for changes by hand: AWS has these rules otherwise than the last "
            f"update left them, and only --refresh puts them right: {', '.join(rules)}",
            highlight=False,
        )


def print_drift(console: Console, stack: str, found: Result, foreign: Sequence[Foreign]) -> None:
    """What was changed, deleted or added by hand, and what comes of it."""
    console.print(
        f"[bold]{stack}[/bold], by hand: {len(found.drift)} changed, {len(found.lost)} deleted, "
        f"{len(foreign)} added",
        highlight=False,
    )
    _print_drift(console, found)
    for name in found.lost:
        console.print(f"  deleted by hand {name}", highlight=False)
    for one in foreign:
        priority = f" with priority {one.priority}" if one.priority is not None else ""
        console.print(f"  foreign {one.kind}{priority} on {one.on}: {one.id}", highlight=False)
    if found.drift or found.lost:
        console.print(
            f"  sandbox up --stack {stack} --refresh puts right what was changed or deleted. While "
            "shares differ it moves rules alone, and the next update puts the rest right. The "
            "mark RolledBackAt stays.",
            highlight=False,
        )
    if foreign:
        console.print(
            "  No update touches what is foreign: delete it, or adopt it.", highlight=False
        )


def print_routes(console: Console, routes: Sequence[Route]) -> None:
    """The rules of each listener as AWS tries them."""
    for listener in sorted({route.listener for route in routes}):
        table = Table(box=None, pad_edge=False, title=f"{listener} listener", title_justify="left")
        table.add_column("priority", justify="right")
        table.add_column("methods", no_wrap=True)
        table.add_column("host and path", overflow="fold")
        table.add_column("goes to", overflow="fold")
        for route in routes:
            if route.listener == listener:
                table.add_row(
                    "default" if route.priority is None else str(route.priority),
                    "+".join(route.methods) or "any",
                    "\n".join(part for part in (_match(route), route.header) if part),
                    _destination(route),
                )
        console.print(table)


def _match(route: Route) -> str:
    return f"{route.host or ''}{route.path or ''}" or "any"


def _destination(route: Route) -> str:
    if not route.targets:
        return route.action
    lines = [
        target.group if target.weight is None else f"{target.weight:3} % {target.group}"
        for target in route.targets
    ]
    if route.stickiness_seconds:
        lines[-1] += f", sticky {route.stickiness_seconds} s"
    return "\n".join(lines)


def print_status(console: Console, stack: str, status: Mapping[str, Any]) -> None:
    """What the load balancers of a stack obey now, and what they have counted."""
    urls = status["urls"]
    console.print(
        f"[bold]{stack}[/bold]: public {urls['public']}, internal {urls['internal']}, "
        f"rules version {status['version']}, clock {status['clock']['ahead']:.0f} s ahead, "
        f"cookies renewed by activity: {'yes' if status['renewOnActivity'] else 'no'}",
        highlight=False,
    )
    if status["error"]:
        console.print(f"  rules from before are live: {status['error']}", markup=False)
    for implementation, fault in status["faults"].items():
        if fault:
            console.print(f"  fault on {implementation}: {fault}", highlight=False)
    counted: Counter[tuple[str, int]] = Counter()
    for one in status["counters"]["statuses"]:
        group = one["targetGroup"]
        answered = group.split("/")[-2] if group else "the load balancer itself"
        counted[answered, one["status"]] += one["count"]
    for (answered, code), count in sorted(counted.items()):
        console.print(f"  {count:8} x {code} from {answered}", highlight=False)
    for text in status["failures"][-3:]:
        console.print(f"  failure: {text}", highlight=False, markup=False)


def drift_as_json(found: Result, engine: EngineName, foreign: Sequence[Foreign]) -> str:
    """What was done by hand, for programs."""
    document = {
        "engine": engine.value,
        "drift": _drift(found),
        "lost": found.lost,
        "foreign": [asdict(one) for one in foreign],
    }
    return json.dumps(document, indent=2, sort_keys=True)


def _drift(result: Result) -> list[dict[str, Any]]:
    return [asdict(one) for one in result.drift]


def as_json(
    result: Result,
    engine: EngineName,
    routes: Sequence[Route] | None = None,
    unlike: Sequence[str] = (),
) -> str:
    """What was done, for programs; `unlike` are rules that a run without refresh left."""
    document: dict[str, Any] = {
        "engine": engine.value,
        "counts": counts(result),
        "lost": result.lost,
        "drift": _drift(result),
        "unlike": list(unlike),
        "steps": [
            {
                "operation": step.operation.value,
                "type": step.type,
                "name": step.name,
                "changed": list(step.changed),
            }
            for operation in _LISTED
            for step in result.of(operation)
        ],
        "outputs": result.outputs,
    }
    if routes is not None:
        document["routes"] = [route.as_dict() for route in routes]
    return json.dumps(document, indent=2, sort_keys=True)


class Progress:
    """Counts finished resources while a run is under way; silent where nobody watches."""

    def __init__(self, console: Console, what: str) -> None:
        self._status = console.status(what)
        self._what = what
        self._done = 0

    def __enter__(self) -> "Progress":
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def step(self, step: Step) -> None:
        """A resource is done."""
        self._done += 1
        self._status.update(f"{self._what}: {self._done} resources, {step.name}")
