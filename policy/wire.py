"""From the engine's own requests to what the policies judge."""

from typing import Any

from google.protobuf import json_format
from pulumi_policy.deserialize import deserialize_properties

from policy.check import Registered


def from_request(urn: str, request: Any) -> Registered:
    """A RegisterResourceRequest as the engine would hand it to a policy: secrets in clear."""
    return Registered(
        type=request.type,
        name=request.name,
        urn=urn,
        props=deserialize_properties(json_format.MessageToDict(request.object)),
        protect=request.protect,
        ignore_changes=tuple(request.ignoreChanges),
        dependencies=tuple(request.dependencies),
        property_dependencies={
            key: tuple(found.urns) for key, found in request.propertyDependencies.items()
        },
    )
