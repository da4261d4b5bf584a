"""What somebody deleted by hand: an update that trusts its state would leave it unmended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.engine.state import Resource
from sandbox.provider import HANDLERS, Provider


def find_lost(provider: Provider, resources: Iterable[Resource]) -> list[Resource]:
    """The resources of a state that AWS no longer has. Changes nothing."""
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
