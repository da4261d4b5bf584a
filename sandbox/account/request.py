"""What a signed request asks for, member by member of the API's model."""

import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, parse_qsl

from moto.core.model import OperationModel
from moto.core.request import Request
from moto.core.routing import get_service_router

from sandbox.account.calls import Environ

_QUERY_OWN: Final = frozenset({"Action", "Version"})


@dataclass(frozen=True)
class Part:
    """One value of a request: the dotted path of its member, without list positions."""

    path: str
    value: Any
    shape: Any
    """The member in the API model, None if the model has no such member."""


class Unreadable(ValueError):
    """The body is not what the protocol of the service asks for."""


def parts(operation: OperationModel, environ: Environ, body: bytes) -> Iterator[Part]:
    """All values of a request; an empty list or structure counts as one.

    Raises Unreadable.
    """
    shape = operation.input_shape
    protocol = operation.service_model.protocol
    content_type = str(environ.get("CONTENT_TYPE", ""))
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
        body = gzip.decompress(body)
    if content_type.startswith("application/x-www-form-urlencoded") or protocol in ("query", "ec2"):
        wire: _Wire = _EC2() if protocol == "ec2" else _Query()
        text = body.decode("utf-8", "replace")
        fields = [
            pair
            for source in (str(environ.get("QUERY_STRING", "")), text)
            for pair in parse_qsl(source, keep_blank_values=True)
            if pair[0] not in _QUERY_OWN
        ]
        yield from _members(wire, shape, _tree(fields), "")
    elif protocol == "rest-json":
        yield from _rest(operation, environ, body)
    else:
        yield from _members(_Json(), shape, _json(body), "")


class _Wire(Protocol):
    """How a protocol writes structures, lists and maps."""

    def name(self, member: Any, name: str) -> str: ...

    def items(self, shape: Any, value: Any) -> Iterable[Any]: ...

    def values(self, shape: Any, value: Any) -> Iterable[Any]: ...


class _Json:
    def name(self, member: Any, name: str) -> str:
        return str(member.serialization.get("name", name))

    def items(self, _shape: Any, value: Any) -> Iterable[Any]:
        return value if isinstance(value, list) else [value]

    def values(self, _shape: Any, value: Any) -> Iterable[Any]:
        return value.values() if isinstance(value, dict) else [value]


class _Query:
    """Trees of the parts of keys such as `Tags.member.1.Key`."""

    def name(self, member: Any, name: str) -> str:
        return str(member.serialization.get("name", name))

    def items(self, shape: Any, value: Any) -> Iterable[Any]:
        if not isinstance(value, dict):
            return [value] if value else []
        inner = value if self._flat(shape) else value.get(self.name(shape.member, "member"), value)
        return inner.values() if isinstance(inner, dict) else [inner]

    def values(self, shape: Any, value: Any) -> Iterable[Any]:
        inner = value if self._flat(shape) else value.get("entry", value)
        return [pair.get(self.name(shape.value, "value"), "") for pair in inner.values()]

    def _flat(self, shape: Any) -> bool:
        return bool(shape.serialization.get("flattened"))


class _EC2(_Query):
    def name(self, member: Any, name: str) -> str:
        wire = member.serialization
        if "queryName" in wire:
            return str(wire["queryName"])
        name = wire.get("name", name)
        return name[0].upper() + name[1:]

    def _flat(self, _shape: Any) -> bool:
        return True


def _members(wire: _Wire, shape: Any, value: Any, path: str) -> Iterator[Part]:
    kind = shape.type_name if shape is not None else "structure"
    if kind == "structure" and isinstance(value, Mapping):
        known = {
            wire.name(member, name): (name, member)
            for name, member in (shape.members if shape is not None else {}).items()
        }
        for key, item in value.items():
            name, member = known.get(key, (key, None))
            inner = f"{path}.{name}" if path else name
            if member is None:
                yield Part(inner, item, None)
            else:
                yield from _members(wire, member, item, inner)
        if not value and path:
            yield Part(path, value, shape)
    elif kind in ("list", "map"):
        inside = wire.items(shape, value) if kind == "list" else wire.values(shape, value)
        found = False
        for item in inside:
            found = True
            yield from _members(wire, shape.member if kind == "list" else shape.value, item, path)
        if not found:
            yield Part(path, value, shape)
    else:
        yield Part(path, value, shape)


def _tree(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for key, value in fields:
        node = root
        *parents, last = key.split(".")
        for name in parents:
            inner = node.get(name)
            if not isinstance(inner, dict):
                inner = node[name] = {}
            node = inner
        node[last] = value
    return root


def _json(body: bytes) -> Any:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        raise Unreadable("the body is not JSON") from None
    if not isinstance(document, dict):
        raise Unreadable("the body is not a JSON object")
    return document


def _rest(operation: OperationModel, environ: Environ, body: bytes) -> Iterator[Part]:
    shape: Any = operation.input_shape
    members: Mapping[str, Any] = shape.members if shape is not None else {}
    request = Request({**environ, "wsgi.input": io.BytesIO()})
    _, in_path = get_service_router(operation.service_model.service_name).match(request)
    query = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    payload = shape.serialization.get("payload") if shape is not None else None
    fixed = operation.http_trait.query_args
    for name, member in members.items():
        location, wire_name = (
            member.serialization.get("location"),
            member.serialization.get("name", name),
        )
        if location == "uri" and wire_name in in_path:
            yield Part(name, in_path[wire_name], member)
        elif location == "querystring":
            for value in query.pop(wire_name, ()):
                yield Part(name, value, getattr(member, "member", member))
        elif location == "header":
            sent = environ.get("HTTP_" + wire_name.upper().replace("-", "_"))
            if sent is not None:
                yield Part(name, sent, member)
    for name in query.keys() - fixed.keys():
        yield Part(name, query[name], None)
    if payload is not None and body:
        yield Part(payload, body, members[payload])
    elif payload is None:
        yield from _members(_Json(), shape, _json(body), "")
