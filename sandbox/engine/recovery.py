"""What AWS has and the state does not know, or the other way round, before an update begins."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from pulumi.runtime import rpc

from sandbox.engine.result import DeploymentError, Drift
from sandbox.engine.state import DIGEST, Resource, State, digest_of
from sandbox.provider import HANDLERS, Provider, Read
from sandbox.provider.base import words
from sandbox.provider.listener_rule import ListenerRule

_SECRET: Final = re.compile(rf'"{DIGEST}|"{rpc._special_sig_key}": "{rpc._special_secret_sig}"')
"""In an input, as the embedded engine keeps it or as the CLI does."""
_ROUTES: Final = frozenset({"actions", "conditions", "priority"})
"""What of a rule decides where a request goes."""


def catch_up(provider: Provider, state: State) -> list[Resource]:
    """Let a state say what AWS has of what it knows or may know; changes nothing in AWS.

    Returns the resources that AWS no longer has: somebody deleted them by hand.
    """
    for begun in list(state.begun.values()):
        read = (
            provider.read(begun.type, begun.id, begun.inputs)
            if begun.id
            else provider.find(begun.type, begun.inputs)
        )
        if read is None:
            state.remove(begun.urn)
        else:
            inputs = {**read.inputs, **_hidden(begun.inputs)}
            state.put(replace(begun, id=read.id, inputs=inputs, outputs=read.outputs))
    lost = find_lost(provider, state)
    for resource in lost:
        state.remove(resource.urn)
    return lost


def find_lost(provider: Provider, resources: Iterable[Resource]) -> list[Resource]:
    """The resources of a state that AWS no longer has."""
    by_type: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        if resource.type in HANDLERS:
            by_type[resource.type].append(resource)

    def lost(type_: str) -> list[Resource]:
        known: Mapping[str, Mapping[str, Any]] = {one.id: one.inputs for one in by_type[type_]}
        gone = provider.lost(type_, known)
        return [one for one in by_type[type_] if one.id in gone]

    with ThreadPoolExecutor() as pool:
        return [one for found in pool.map(lost, sorted(by_type)) for one in found]


def look_at_all(provider: Provider, state: State, key: str) -> list[Drift]:
    """Let a state say what AWS has of every resource; changes nothing in AWS.

    Returns what differs from what the last update left. `key` is the one of the state's
    digests. Raises DeploymentError with the names of what cannot be read.
    """
    drift = []
    for resource, read in _read_all(provider, state):
        found = {**read.inputs, **_digested(read.inputs, resource.inputs, key)}
        changed = provider.diff(resource.type, resource.inputs, found).changed
        if changed:
            kept = {name: resource.inputs[name] for name in resource.inputs.keys() - changed}
            inputs = kept | {name: found[name] for name in changed & found.keys()}
            edited = tuple(sorted(changed))
            state.put(
                replace(
                    resource,
                    inputs=inputs,
                    outputs={**resource.outputs, **read.outputs},
                    edited=edited,
                )
            )
            drift.append(Drift(resource.type, resource.name, edited))
    return sorted(drift)


def unlike_rules(provider: Provider, resources: Iterable[Resource]) -> list[str]:
    """The listener rules of a state that AWS has otherwise, by name.

    Judges what a table of routes shows, but for properties with a secret inside.
    """
    unlike = []
    rules = [one for one in resources if one.type == ListenerRule.type_name]
    for rule, read in _read_all(provider, rules):
        changed = provider.diff(rule.type, rule.inputs, read.inputs).changed
        if changed & _ROUTES - _hidden(rule.inputs).keys():
            unlike.append(rule.name)
    return sorted(unlike)


def _read_all(provider: Provider, resources: Iterable[Resource]) -> Iterator[tuple[Resource, Read]]:
    """Every resource that AWS has, as it has it."""

    def read(resource: Resource) -> Read | Exception | None:
        try:
            return provider.read(resource.type, resource.id, resource.inputs)
        except (ClientError, BotoCoreError) as error:
            return error

    known = [one for one in resources if one.type in HANDLERS]
    with ThreadPoolExecutor() as pool:
        answers = list(zip(known, pool.map(read, known), strict=True))
    if failures := [
        f"{resource.type} {resource.name}: {words(answer)}"
        for resource, answer in answers
        if isinstance(answer, Exception)
    ]:
        raise DeploymentError("\n".join(["AWS cannot be read; nothing was changed.", *failures]))
    for resource, answer in answers:
        if isinstance(answer, Read):
            yield resource, answer


def _digested(found: Mapping[str, Any], known: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What was found of the inputs with a secret inside, without anything that may be one."""
    clear = {name: frozenset(_texts(value)) for name, value in _hidden(known).items()}
    return {
        name: _without_secrets(found[name], clear[name], key)
        for name in clear.keys() & found.keys()
    }


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _without_secrets(value: Any, clear: frozenset[str], key: str) -> Any:
    """The value with a digest for each text in it that is not known to be none."""
    if isinstance(value, Mapping):
        return {name: _without_secrets(item, clear, key) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item, clear, key) for item in value]
    return digest_of(key, value) if isinstance(value, str) and value not in clear else value


def _hidden(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with a secret inside: what AWS has of them must not be written down."""
    return {name: value for name, value in inputs.items() if _SECRET.search(json.dumps(value))}
