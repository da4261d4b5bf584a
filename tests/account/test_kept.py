"""What is listed as kept is kept, and nothing else is taken."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.model import OperationModel
from botocore.serialize import create_serializer
from botocore.session import Session

from sandbox.account.admission import Failure, refusal
from sandbox.account.calls import Call
from sandbox.account.kept import KEPT

PROTOCOLS = {"cloudwatch": "json"}
"""What boto3 speaks, where it is not what the model names first."""
OPERATIONS = [(service, name) for service, listed in KEPT.items() for name in sorted(listed)]


@functools.cache
def model(service: str) -> Any:
    return Session().get_service_model(service)


def ask(service: str, operation: OperationModel, params: dict[str, Any]) -> Failure | None:
    """Judge the request that boto3 would send."""
    protocol = PROTOCOLS.get(service, operation.service_model.metadata["protocol"])
    request = create_serializer(protocol, include_validation=False).serialize_to_request(
        params, operation
    )
    prepare_request_dict(request, endpoint_url="http://127.0.0.1")
    _, _, query = request["url"].partition("?")
    body = request["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode()
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in request["headers"].items()
    }
    environ = {
        "REQUEST_METHOD": request["method"],
        "PATH_INFO": request["url_path"],
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        **headers,
    }
    return refusal(Call("1", service, operation.name), environ, body or b"")


def samples(shape: Any, path: tuple[str, ...] = (), seen: tuple[str, ...] = ()) -> Iterator[Any]:
    """For every leaf member its path, and a value that holds it and nothing else."""
    if shape.name in seen:
        return
    seen = (*seen, shape.name)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            for inner, value in samples(member, (*path, name), seen):
                yield inner, {name: value}
        if not shape.members and path:
            yield path, {}
    elif shape.type_name == "list":
        for inner, value in samples(shape.member, path, seen):
            yield inner, [value]
    elif shape.type_name == "map":
        for inner, value in samples(shape.value, path, seen):
            yield inner, {"key": value}
    else:
        yield path, VALUES.get(shape.type_name, "x")


VALUES: Mapping[str, Any] = {
    "integer": 7,
    "long": 7,
    "float": 7.5,
    "double": 7.5,
    "boolean": True,
    "timestamp": "2026-01-01T00:00:00Z",
    "blob": b"x",
}


def is_kept(service: str, operation: str, path: tuple[str, ...]) -> bool:
    kept: Any = KEPT[service][operation]
    for name in path:
        if not isinstance(kept, Mapping) or name not in kept:
            return False
        kept = kept[name]
    return True


@pytest.mark.parametrize(("service", "name"), OPERATIONS, ids=lambda part: part)
def test_a_member_is_refused_unless_it_is_listed(service: str, name: str) -> None:
    operation = model(service).operation_model(name)
    shape = operation.input_shape
    addressed = {  # without these the request is one to another operation
        member: sample
        for (member, *_), params in (samples(shape) if shape else ())
        for sample in params.values()
        if member in shape.required_members and "location" in shape.members[member].serialization
    }
    for path, params in samples(shape) if shape else ():
        failure = ask(service, operation, addressed | params)
        if is_kept(service, name, path):
            assert failure is None or "enum value set" in failure.error.message, path
        else:
            assert failure is not None, path
            assert (failure.error.code, failure.status) == ("ValidationError", 400)
            named = failure.error.message.split("'")[1]
            assert ".".join(path).startswith(named), failure.error.message
            assert not is_kept(service, name, tuple(named.split(".")))


@pytest.mark.parametrize(("service", "name"), OPERATIONS, ids=lambda part: part)
def test_what_is_listed_is_in_the_api(service: str, name: str) -> None:
    """And as deep as there: a whole structure listed as one member would hide its parts."""

    def leaves(kept: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        for member, inner in kept.items():
            if inner is kept:
                continue  # values within a value
            if isinstance(inner, Mapping):
                yield from leaves(inner, (*path, member))
            else:
                yield (*path, member)

    shape = model(service).operation_model(name).input_shape
    known = {path for path, _ in samples(shape)} if shape else set()
    assert set(leaves(KEPT[service][name])) <= known


@pytest.mark.parametrize("service", KEPT)
def test_an_operation_is_refused_unless_it_is_listed(service: str) -> None:
    others = set(model(service).operation_names) - KEPT[service].keys()
    assert others
    for name in others:
        failure = refusal(Call("1", service, name), {}, b"")
        assert failure is not None
        assert (failure.error.code, failure.status) == ("InvalidAction", 501)
        assert name in failure.error.message


def test_a_service_is_refused_unless_it_is_listed() -> None:
    for service in ("s3", "ssm", "elb", "apigateway", "events", "kms", "sqs"):
        failure = refusal(Call("1", service, "ListThings"), {}, b"")
        assert failure is not None
        assert service in failure.error.message
