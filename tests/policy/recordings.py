"""The program recorded once per configuration, and a slice of it that is quick to judge."""

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from policy import report
from policy.check import Registered, Report, add
from policy.registry import Policy
from policy.stack import Resource, Stack

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a text that is not known yet."""

GONE = object()
"""In an edit: the property is not there at all."""

RUST = "passport-v2-rust-scorer"
_SLICE = re.compile(
    r"(.*cc-v1-st-bulk-POST-0|.*cc-auth).*(?<!sustain)|.*rust-scorer.*|lambdaRole.*"
    r"|lrule-(no-gitcoin-v2|tester-v2-history|rust-embed-stamps|rust-ceramic-cache-stamps-bulk)"
    r"|passport-v2-lrule.*|scorer-rollout"
)
"""A dual image endpoint, a zip endpoint and Rust, and a rule of every kind."""


recorded = cache(report.recorded)


def program() -> list[Registered]:
    """What the production stack registers at 50 %."""
    return recorded("production", 50, preview=False)[0]


def config() -> Mapping[str, str]:
    """Its configuration."""
    return recorded("production", 50, preview=False)[1]


@cache
def small() -> Mapping[str, Registered]:
    """One of each kind of what the program registers, by logical name."""
    return {one.name: one for one in program() if _SLICE.fullmatch(one.name)}


@cache
def _resource(urn: str) -> Resource:
    return next(one for one in program() if one.urn == urn).as_resource()


def as_resource(one: Registered) -> Resource:
    """A resource of the program as policies see it, made once."""
    return _resource(one.urn)


def judge(
    policies: Iterable[Policy],
    changed: Iterable[Registered],
    sound: Iterable[Resource],
    known: Mapping[str, str] | None,
) -> Report:
    """What policies say of changed resources, with the sound ones around them."""
    new, result = [one.as_resource() for one in changed], Report()
    stack = Stack([*sound, *new], known)
    for policy in policies:
        for resource in stack.of(policy.types) if policy.on_stack else new:
            if resource.type in policy.types:
                add(result, policy, resource, stack)
    return result


def edited(one: Registered, edits: Mapping[str, Any], **options: Any) -> Registered:
    """The same resource with properties set, or taken away, by path: `actions[0].type`."""
    props = copy.deepcopy(dict(one.props))
    for path, value in edits.items():
        *way, last = steps(path)
        holder: Any = props
        for step in way:
            holder = holder[step]
        if value is GONE:
            del holder[last]
        elif isinstance(holder, list) and last == len(holder):
            holder.append(value)
        else:
            holder[last] = value(holder[last]) if callable(value) else value
    return replace(one, props=props, **options)


def steps(path: str) -> list[Any]:
    """`actions[0].type` -> `actions`, 0, `type`."""
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]


def another(name: str, new: str, edits: Mapping[str, Any], **options: Any) -> Registered:
    """A resource of the slice again, under another name."""
    one = small()[name]
    return edited(one, edits, name=new, urn=one.urn.removesuffix(name) + new, **options)


def extra(token: tuple[str, ...], **props: Any) -> Registered:
    """A resource of a type that the program does not have."""
    urn = f"urn:pulumi:production::passport-scorer-routing::{token[0]}::extra"
    return Registered(type=token[0], name="extra", urn=urn, props=props)


def without(urns: Iterable[str], *types: str) -> tuple[str, ...]:
    """The URNs of resources of other types."""
    return tuple(urn for urn in urns if not any(f"{type_}::" in urn for type_ in types))
