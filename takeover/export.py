"""A state export of the TypeScript stack, judged by the inventory."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from takeover.inventory import RULE, Existing

_STACK: Final = "pulumi:pulumi:Stack"
_URN: Final = re.compile(r"urn:pulumi:[^:]+::[^:]+::.+?::.")
_NOT_AN_EXPORT: Final = "this is no export of a stack: pulumi stack export -s <stack>"


class NotTakenOver(Exception):
    """The export is not what the inventory says; `problems` are all that it has."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(*problems)
        self.problems = problems


@dataclass(frozen=True)
class Source:
    """The stack that owns everything today, and the URNs of what moves in the inventory's order.

    `left` are logical names that stay there because somebody said so.
    """

    stack: str
    project: str
    kept: Sequence[str]
    goes: Sequence[str]
    left: Collection[str] = field(default=())


def read_export(text: bytes, existing: Sequence[Existing], left: Collection[str] = ()) -> Source:
    """What of the export moves.

    Resources of the inventory's types that it does not know are refused but for those in
    `left`; of other types they stay without a word. Raises NotTakenOver with every problem.
    """
    deployment = _deployment(text)
    resources = [_Found(one) for one in deployment["resources"] if not one.get("external")]
    stacks = {one.stack_and_project for one in resources}
    if len(stacks) != 1:
        raise NotTakenOver([_NOT_AN_EXPORT])
    by_name: defaultdict[str, list[_Found]] = defaultdict(list)
    for one in resources:
        by_name[one.name].append(one)
    pending = deployment.get("pending_operations")
    problems = [
        *(["an update was cut off; first: pulumi refresh"] if pending else []),
        *(problem for want in existing for problem in _problems(want, by_name[want.name])),
        *_unknown(resources, existing, left),
    ]
    if problems:
        raise NotTakenOver(problems)
    urns = {(one.type, one.name): one.urn for one in resources}
    (stack, project), *_ = stacks
    return Source(
        stack,
        project,
        [urns[want.type, want.name] for want in existing if not want.goes],
        [urns[want.type, want.name] for want in existing if want.goes],
        left,
    )


class _Found:
    """One resource of an export."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.urn: str = fields["urn"]
        self.type: str = fields["type"]
        self.name = self.urn.split("::", 3)[3]
        self.values = {**fields.get("inputs", {}), **fields.get("outputs", {})}
        self.parent: str = fields.get("parent") or ""
        self.half_deleted = bool(fields.get("delete"))

    @property
    def stack_and_project(self) -> tuple[str, str]:
        stack, project = self.urn.removeprefix("urn:pulumi:").split("::")[:2]
        return stack, project


def _deployment(text: bytes) -> Mapping[str, Any]:
    try:
        deployment: Mapping[str, Any] = json.loads(text)["deployment"]
        if all(_URN.match(one["urn"]) and one["type"] for one in deployment["resources"]):
            return deployment
    except (KeyError, TypeError, ValueError):
        pass
    raise NotTakenOver([_NOT_AN_EXPORT])


def _problems(want: Existing, named: Iterable[_Found]) -> Iterator[str]:
    """What keeps one resource of the inventory from being taken over."""
    found = [one for one in named if one.type == want.type]
    if len(found) != 1:
        others = sorted({one.type for one in named} - {want.type})
        instead = f", under its name there is {', '.join(others)}" if others else ""
        yield f"{want.name}: {len(found)} of type {want.type} instead of one{instead}"
        return
    (one,) = found
    if one.half_deleted:
        yield f"{want.name}: an update was cut off before it was deleted"
    if one.parent and _STACK not in one.parent.split("::")[2]:
        yield f"{want.name}: hangs on {one.parent}, not on the stack, so its URN would change"
    physical = one.values.get("name")
    if want.physical is not None and physical != want.physical:
        yield f"{want.name}: its name in AWS is {physical}, not {want.physical}"
    if want.type == RULE and one.values.get("priority") != want.priority:
        yield f"{want.name}: its priority is {one.values.get('priority')}, not {want.priority}"


def _unknown(
    resources: Iterable[_Found], existing: Sequence[Existing], left: Collection[str]
) -> Iterator[str]:
    types = {want.type for want in existing}
    known = {(want.type, want.name) for want in existing}
    unknown = [one for one in resources if one.type in types and (one.type, one.name) not in known]
    for one in unknown:
        if one.name not in left:
            yield f"{one.name}: {one.type} is not in the inventory; --leave it if it stays"
    for name in sorted(set(left) - {one.name for one in unknown}):
        yield f"{name}: --leave names nothing that could stay"
