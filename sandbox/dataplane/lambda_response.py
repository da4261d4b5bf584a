"""What a Lambda target answers, made into an HTTP response."""

import base64
import binascii
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


@dataclass(frozen=True)
class Strictness:
    """What a response may lack. The user guide demands all of it; AWS was not asked."""

    text_status: bool = False
    """Whether `statusCode` may be a string of digits."""
    without_headers: bool = False
    without_base64_flag: bool = False


STRICT: Final = Strictness()
LENIENT: Final = Strictness(text_status=True, without_headers=True, without_base64_flag=True)


def parse_response(response: object, strictness: Strictness, *, multi_value: bool) -> Answer:
    """The answer for the client.

    Raises LambdaFailure for a response that is malformed or too large.
    """
    if not isinstance(response, Mapping):
        raise _invalid("it is not a JSON object")
    try:
        _check_size(response)
        headers = _headers(response, strictness, multi_value=multi_value)
        body = _body(response, strictness)
    except UnicodeEncodeError:
        raise _invalid("it holds half of a surrogate pair") from None
    if sum(len(name) + len(value) for name, value in headers) > _HEADER_LIMIT:
        raise _invalid("its headers are larger than 32 KB")
    if not any(name == b"server" for name, _ in headers):
        headers.append((b"server", b"awselb/2.0"))
    return Answer(_status(response.get("statusCode"), strictness), headers, body)


def _invalid(explanation: str) -> LambdaFailure:
    return LambdaFailure(Reason.INVALID_RESPONSE, explanation)


def _check_size(response: Mapping[str, Any]) -> None:
    """Refuse more than 1 MB of JSON; most bodies need no exact count."""
    body = response.get("body")
    if isinstance(body, str) and len(body) * _LONGEST_ESCAPE < BODY_LIMIT // 2:
        return
    if len(json.dumps(response, ensure_ascii=False, separators=(",", ":")).encode()) > BODY_LIMIT:
        raise LambdaFailure(Reason.RESPONSE_TOO_LARGE)


def _status(status: object, strictness: Strictness) -> int:
    if isinstance(status, str) and status.isdecimal() and strictness.text_status:
        status = int(status)
    if not isinstance(status, int) or status not in _STATUSES:
        raise _invalid(f"statusCode is {status!r}")
    return status


def _headers(
    response: Mapping[str, Any], strictness: Strictness, *, multi_value: bool
) -> HeaderLines:
    field = "multiValueHeaders" if multi_value else "headers"
    found = response.get(field)
    if found is None and strictness.without_headers:
        return []
    if not isinstance(found, Mapping):
        raise _invalid(f"{field} is {type(found).__name__}, not an object")
    lines = []
    for name, value in found.items():
        line_name = _line_name(name)
        texts = value if multi_value else [value]
        if not isinstance(texts, list):
            raise _invalid(f"header {name} is not a list")
        for text in texts:
            if not isinstance(text, str) or _BAD_VALUE.search(text):
                raise _invalid(f"header {name} is not a line of text")
            if line_name is not None:
                lines.append((line_name, text.encode()))
    return lines


@lru_cache(maxsize=1024)
def _line_name(name: str) -> bytes | None:
    """A header's name as it is sent; None if the load balancer does not pass it on."""
    if not _NAME.fullmatch(name):
        raise _invalid(f"a header is called {name!r}")
    return None if name.lower() in _RECOMPUTED else name.lower().encode()


def _body(response: Mapping[str, Any], strictness: Strictness) -> bytes:
    encoded = response.get("isBase64Encoded")
    if encoded is None and strictness.without_base64_flag:
        encoded = False
    if not isinstance(encoded, bool):
        raise _invalid(f"isBase64Encoded is {encoded!r}")
    body = response.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise _invalid("the body is not text")
    try:
        return base64.b64decode(body, validate=True) if encoded else body.encode()
    except binascii.Error as error:
        raise _invalid(f"the body is not Base64: {error}") from None
