"""What AWS has and the state does not know, or the other way round, before an update begins."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from sandbox.engine.state import DIGEST, Resource, State
from sandbox.provider import HANDLERS, Provider


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


def _hidden(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with a secret inside: what AWS has of them must not be written down."""
    return {name: value for name, value in inputs.items() if f'"{DIGEST}' in json.dumps(value)}
