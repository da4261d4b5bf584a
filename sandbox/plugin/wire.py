"""Property values as the plugin protocol writes them.

A secret or an archive is an object with a signature, a value that is not known yet is a
fixed text (github.com/pulumi/pulumi, developer-docs, "Property values").
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

_SIGNATURE: Final = rpc._special_sig_key
_SECRET: Final = rpc._special_secret_sig

Fields = Mapping[str, Any]


def plain(properties: struct_pb2.Struct) -> dict[str, Any]:
    """Properties as the provider takes them: secrets opened, archives as the SDK has them.

    What is not known yet stays the protocol's text for it.
    """
    return _fields(properties, hashed=False)


def comparable(properties: struct_pb2.Struct) -> dict[str, Any]:
    """The same with a hash for each archive: the content behind an old one may be gone."""
    return _fields(properties, hashed=True)


def secret_names(properties: struct_pb2.Struct) -> frozenset[str]:
    """The properties that are secret or have something secret inside."""
    return frozenset(name for name, value in properties.items() if _is_secret(value))


def secret(value: Any) -> dict[str, Any]:
    """A value as a secret."""
    return {_SIGNATURE: _SECRET, "value": value}


def merged(*parts: struct_pb2.Struct | Fields) -> struct_pb2.Struct:
    """Properties of all parts; the last one that has a name decides."""
    found = struct_pb2.Struct()
    for part in parts:
        if isinstance(part, struct_pb2.Struct):
            for name, value in part.fields.items():
                found.fields[name].CopyFrom(value)
        else:
            found.update(dict(part))
    return found


def without(properties: struct_pb2.Struct, names: Collection[str]) -> struct_pb2.Struct:
    """The properties but those."""
    found = struct_pb2.Struct()
    for name, value in properties.fields.items():
        if name not in names:
            found.fields[name].CopyFrom(value)
    return found


def _fields(properties: struct_pb2.Struct, *, hashed: bool) -> dict[str, Any]:
    return {
        name: _plain(value, hashed=hashed)
        for name, value in properties.items()
        if value is not None
    }


def _plain(value: Any, *, hashed: bool) -> Any:
    if isinstance(value, struct_pb2.ListValue):
        return [_plain(item, hashed=hashed) for item in value]
    if not isinstance(value, struct_pb2.Struct):
        return value
    fields = dict(value.items())
    signature = fields.get(_SIGNATURE)
    if signature is None:
        return _fields(value, hashed=hashed)
    if signature == _SECRET:
        return _plain(fields["value"], hashed=hashed)
    if hashed and fields.get("hash"):
        return {"archive": fields["hash"]}
    return rpc.deserialize_property(value)


def _is_secret(value: Any) -> bool:
    if isinstance(value, struct_pb2.Struct):
        fields = dict(value.items())
        return fields.get(_SIGNATURE) == _SECRET or any(map(_is_secret, fields.values()))
    return isinstance(value, struct_pb2.ListValue) and any(map(_is_secret, value))
