"""The event that a Lambda target gets for a request."""

import base64
from typing import Any, Final

from sandbox.dataplane.failures import LambdaFailure, Reason
from sandbox.dataplane.forwarded import CONSUMED, added_headers
from sandbox.dataplane.groups import Group
from sandbox.dataplane.request import Request, query_pairs
from sandbox.dataplane.table import Listener

Event = dict[str, Any]

BODY_LIMIT: Final = 1024 * 1024
"""AWS says 1 MB, for the body of the request and for the JSON of the response."""

_TEXT_TYPES = ("application/json", "application/javascript", "application/xml")


def build_event(
    request: Request, body: bytes, group: Group, listener: Listener, now: float
) -> Event:
    """The event, in the form that the group's attribute asks for: single or multiple values.

    Raises LambdaFailure for headers or text that are not UTF-8.
    """
    encoded = bool(body) and not is_text(
        request.last.get(b"content-type", b"").decode("latin-1"),
        encoded=b"content-encoding" in request.last,
    )
    added = added_headers(request, listener, now)
    event: Event = {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    try:
        if group.multi_value_headers:
            _add_all_values(event, request, added)
        else:
            _add_last_values(event, request, added)
        event["body"] = base64.b64encode(body).decode() if encoded else body.decode()
    except UnicodeDecodeError as error:
        raise LambdaFailure(Reason.BAD_REQUEST, str(error)) from None
    event["isBase64Encoded"] = encoded
    return event


def is_text(content_type: str, *, encoded: bool) -> bool:
    """Whether the load balancer passes such a body as it is; else in Base64."""
    kind = content_type.partition(";")[0].strip().lower()
    return not encoded and (kind.startswith("text/") or kind in _TEXT_TYPES)


def _add_last_values(event: Event, request: Request, added: dict[str, str]) -> None:
    event["queryStringParameters"] = dict(query_pairs(request.query))
    headers = {name.decode(): value.decode() for name, value in request.last.items()}
    for name in CONSUMED.intersection(headers):
        del headers[name]
    if "host" in headers:
        headers["host"] = headers["host"].lower()
    headers.update(added)
    event["headers"] = headers


def _add_all_values(event: Event, request: Request, added: dict[str, str]) -> None:
    parameters: dict[str, list[str]] = {}
    for key, value in query_pairs(request.query):
        parameters.setdefault(key, []).append(value)
    event["multiValueQueryStringParameters"] = parameters
    headers: dict[str, list[str]] = {}
    for line_name, line_value in request.headers:
        headers.setdefault(line_name.decode(), []).append(line_value.decode())
    for name in CONSUMED.intersection(headers):
        del headers[name]
    if "host" in headers:
        headers["host"] = [host.lower() for host in headers["host"]]
    headers.update((name, [value]) for name, value in added.items())
    event["multiValueHeaders"] = headers
