"""What happens to a request before and after moto: refused by its members, and never a bare 500."""

import http
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from botocore.utils import parse_timestamp
from moto.core.model import OperationModel
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.wrappers import Response

from routing import limits
from sandbox.account.calls import Call, Environ
from sandbox.account.kept import KEPT, Kept
from sandbox.account.refusals.guard import Refused, refused, unsatisfied
from sandbox.account.request import Part, Unreadable, parts

_CODE_UPLOADS: Final = frozenset({"CreateFunction", "UpdateFunctionCode", "PublishLayerVersion"})


@dataclass(frozen=True)
class Failure:
    """An answer of AWS's kind that moto did not give."""

    error: Refused
    status: int = http.HTTPStatus.BAD_REQUEST


def refusal(call: Call, environ: Environ, body: bytes) -> Failure | None:
    """Why the account does not take a request, None if it keeps or obeys all of it."""
    kept = KEPT.get(call.service, {}).get(call.action)
    operation = _operation(call)
    if kept is None or operation is None:
        return Failure(
            refused(
                "InvalidAction",
                f"The account of the sandbox does not know the operation {call.action} "
                f"of {call.service}",
            ),
            http.HTTPStatus.NOT_IMPLEMENTED,
        )
    if call.action in _CODE_UPLOADS and len(body) > limits.FUNCTION_REQUEST_BYTES:
        return Failure(
            refused(
                "RequestEntityTooLargeException",
                f"Request must be smaller than {limits.FUNCTION_REQUEST_BYTES} bytes for the "
                f"{call.action} operation",
            ),
            http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    try:
        for part in parts(operation, environ, body):
            _check(call.action, kept, part)
    except Unreadable as error:
        return Failure(refused("SerializationException", f"The request is not readable: {error}"))
    except Refused as error:
        return Failure(error)
    return None


def _operation(call: Call) -> OperationModel | None:
    try:
        return get_service_model(call.service).operation_model(call.action)
    except (UnknownServiceError, OperationNotFoundError):
        return None


def _check(operation: str, kept: Kept, part: Part) -> None:
    inner: Any = kept
    names = part.path.split(".")
    for depth, name in enumerate(names, start=1):
        is_last = depth == len(names)
        if not isinstance(inner, Mapping) or name not in inner or (is_last and not part.shape):
            raise refused(
                "ValidationError",
                f"The account of the sandbox does not keep '{'.'.join(names[:depth])}' of "
                f"{operation}, so it does not take it",
            )
        inner = inner[name]
    if isinstance(inner, frozenset) and part.value not in inner:
        raise unsatisfied(
            part.value,
            part.path,
            f"satisfy enum value set: [{', '.join(sorted(inner))}], which the account of the "
            "sandbox keeps",
        )
    if not _fits(part.shape.type_name, part.value):
        raise unsatisfied(part.value, part.path, f"be of type {part.shape.type_name}")


def _fits(kind: str, value: Any) -> bool:
    """Whether a value, as text or from JSON, is of its kind."""
    if isinstance(value, bool):
        return kind == "boolean"
    test = _KINDS.get(kind)
    return isinstance(value, str) if test is None else bool(test(value))


def _reads(read: Callable[[Any], object]) -> Callable[[Any], bool]:
    def reads(value: Any) -> bool:
        try:
            read(value)
        except (TypeError, ValueError, OverflowError):
            return False
        return True

    return reads


def _whole(value: Any) -> None:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    int(value)


def _is_empty_list(value: Any) -> bool:
    """Lists that are not empty show their items."""
    return value in ("", []) or value == {}


_KINDS: Final[Mapping[str, Callable[[Any], object]]] = {
    "blob": _reads(lambda value: isinstance(value, bytes) or b64decode(value, validate=True)),
    "boolean": {"true", "false"}.__contains__,
    "double": _reads(float),
    "float": _reads(float),
    "integer": _reads(_whole),
    "list": _is_empty_list,
    "long": _reads(_whole),
    "map": lambda value: isinstance(value, Mapping) or value == "",
    "structure": lambda value: isinstance(value, Mapping),
    "timestamp": _reads(parse_timestamp),
}


def missing(call: Call, environ: Environ, body: bytes) -> Failure | None:
    """What AWS says of a request that lacks a required member, None if it lacks none."""
    operation = _operation(call)
    if operation is None or operation.input_shape is None:
        return None
    given = {part.path.split(".")[0] for part in parts(operation, environ, body)}
    for name in operation.input_shape.required_members:
        if name not in given:
            return Failure(unsatisfied("null", name, "not be null"))
    return None


def unable(call: Call, error: Exception | None) -> Failure:
    """What a client is told when moto cannot answer, instead of a trace or nothing at all."""
    if isinstance(error, NotImplementedError):
        return Failure(
            refused(
                "NotImplemented",
                f"The account of the sandbox does not know how to obey this {call.action} "
                f"of {call.service}: {error}",
            ),
            http.HTTPStatus.NOT_IMPLEMENTED,
        )
    return Failure(
        refused(
            "InternalFailure",
            f"The account of the sandbox failed on this {call.action} of {call.service}. "
            "Its log says why; the request itself may be right.",
        ),
        http.HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def answer(call: Call, environ: Environ, failure: Failure) -> Response:
    """The failure in the protocol of the request.

    It has no body where that protocol is not known: boto3 makes a ClientError of the status.
    """
    try:
        model = get_service_model(call.service)
        protocol = determine_request_protocol(model, environ.get("CONTENT_TYPE"))
        serializer = get_serializer_class(model.service_name, protocol)
    except (UnknownServiceError, NotImplementedError, KeyError):
        return Response(status=failure.status)
    operation = _operation(call) or OperationModel({}, model, call.action)
    said = serializer(operation).serialize(failure.error)
    return Response(said["body"], status=failure.status, headers=dict(said["headers"]))
