"""What a Lambda target answers, made into an HTTP response."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sandbox.dataplane.answers import Answer
from sandbox.dataplane.asgi import HeaderLines
from sandbox.dataplane.failures import LambdaFailure, Reason
from sandbox.dataplane.forwarded import HOP_BY_HOP
from sandbox.dataplane.lambda_event import BODY_LIMIT

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_RECOMPUTED = HOP_BY_HOP | {"content-length"}
_LONGEST_ESCAPE = 6  # one character of a body is at most \u0000 in JSON
_STATUSES = range(200, 600)
_HEADER_LIMIT = 32 * 1024
_ABSENT: Final = object()
_JSON: Final = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


@dataclass(frozen=True)
class Strictness:
    """What becomes of a response that nobody has seen a load balancer judge."""

    unknown_passes: bool
    """Whether it passes where a meaning can be made of it; else it is refused."""


STRICT: Final = Strictness(unknown_passes=False)
LENIENT: Final = Strictness(unknown_passes=True)


def parse_response(response: object, strictness: Strictness, *, multi_value: bool) -> Answer:
    """The answer for the client.

    A field that is absent, null or of the wrong type is three things. Only `statusCode` has to
    be there; a null is refused in every field (aws-lambda-go#207 and #438, aws-lambda-dotnet#507
    and issue 33 of the load balancer's user guide); a type that the guide does not show is
    refused, unless a lenient balancer can do something with it.

    Raises LambdaFailure for a response that is malformed or too large.
    """
    if not isinstance(response, Mapping):
        raise _invalid("the response", response)
    try:
        _check_size(response)
        headers = _headers(response, strictness, multi_value=multi_value)
        body = _body(response)
    except UnicodeEncodeError:
        raise _refusal("it holds half of a surrogate pair") from None
    if sum(len(name) + len(value) for name, value in headers) > _HEADER_LIMIT:
        raise _refusal("its headers are larger than 32 KB")
    _check_description(response, strictness)
    if b"server" not in dict(headers):
        headers.append((b"server", b"awselb/2.0"))
    return Answer(_status(response, strictness), headers, body)


def _refusal(explanation: str) -> LambdaFailure:
    return LambdaFailure(Reason.INVALID_RESPONSE, explanation)


def _invalid(what: str, value: object) -> LambdaFailure:
    kind = "absent" if value is _ABSENT else _JSON.get(type(value), "of no JSON type")
    return _refusal(f"{what} is {kind}")


def _check_size(response: Mapping[str, Any]) -> None:
    """Refuse more than 1 MB of JSON; most bodies need no exact count."""
    body = response.get("body")
    if isinstance(body, str) and len(body) * _LONGEST_ESCAPE < BODY_LIMIT // 2:
        return
    if len(json.dumps(response, ensure_ascii=False, separators=(",", ":")).encode()) > BODY_LIMIT:
        raise LambdaFailure(Reason.RESPONSE_TOO_LARGE)


def _status(response: Mapping[str, Any], strictness: Strictness) -> int:
    status = response.get("statusCode", _ABSENT)
    if strictness.unknown_passes:
        digits = isinstance(status, str) and re.fullmatch("[0-9]{3}", status)
        if digits or (isinstance(status, float) and status.is_integer()):
            status = int(status)
    if type(status) is not int:
        raise _invalid("statusCode", status)
    if status not in _STATUSES:
        raise _refusal("statusCode is none of 200 to 599")
    return status


def _check_description(response: Mapping[str, Any], strictness: Strictness) -> None:
    """Its text is not looked at: whether AWS compares it with the status is not known."""
    description = response.get("statusDescription", "")
    if description is None or not (isinstance(description, str) or strictness.unknown_passes):
        raise _invalid("statusDescription", description)


def _headers(
    response: Mapping[str, Any], strictness: Strictness, *, multi_value: bool
) -> HeaderLines:
    field, other = "headers", "multiValueHeaders"
    if multi_value:
        field, other = other, field
    found = response.get(field, _ABSENT)
    if found is _ABSENT and (other not in response or strictness.unknown_passes):
        return []
    if not isinstance(found, Mapping):
        raise _invalid(field, found)
    lines = []
    for name, value in found.items():
        line_name = _line_name(name)
        texts = value if multi_value else [value]
        if not isinstance(texts, list):
            raise _invalid(f"header {name}", texts)
        for text in texts:
            if not isinstance(text, str):
                raise _invalid(f"a value of header {name}", text)
            if _BAD_VALUE.search(text):
                raise _refusal(f"header {name} is not a line of text")
            if line_name is not None:
                lines.append((line_name, text.encode()))
    return lines


@lru_cache(maxsize=1024)
def _line_name(name: str) -> bytes | None:
    """A header's name as it is sent; None if the load balancer does not pass it on."""
    if not _NAME.fullmatch(name):
        raise _refusal(f"a header is called {name!r}")
    return None if name.lower() in _RECOMPUTED else name.lower().encode()


def _body(response: Mapping[str, Any]) -> bytes:
    encoded = response.get("isBase64Encoded", False)
    if not isinstance(encoded, bool):
        raise _invalid("isBase64Encoded", encoded)
    body = response.get("body", "")
    if not isinstance(body, str):
        raise _invalid("body", body)
    if not encoded:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise _refusal(f"the body is not Base64: {error}") from None
