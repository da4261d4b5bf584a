"""From the engine's own requests to what the policies judge."""

from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from pulumi_policy.deserialize import (
    SPECIAL_SECRET_SIG,
    SPECIAL_SIG_KEY,
    deserialize_properties,
)

from policy.check import Registered


def from_request(urn: str, request: Any) -> Registered:
    """A RegisterResourceRequest as the engine would hand it to a policy: secrets in clear."""
    sent = json_format.MessageToDict(request.object)
    return Registered(
        type=request.type,
        name=request.name,
        urn=urn,
        props=deserialize_properties(sent),
        protect=request.protect,
        ignore_changes=tuple(request.ignoreChanges),
        dependencies=tuple(request.dependencies),
        property_dependencies={
            key: tuple(found.urns) for key, found in request.propertyDependencies.items()
        },
        secrets=frozenset(_secrets(sent, "")),
    )


def _secrets(sent: Any, key: str) -> Iterator[str]:
    if isinstance(sent, list):
        for index, item in enumerate(sent):
            yield from _secrets(item, f"{key}[{index}]")
    elif isinstance(sent, dict) and sent.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
        yield key
    elif isinstance(sent, dict):
        for name, item in sent.items():
            yield from _secrets(item, f"{key}.{name}" if key else name)
