"""Services that run on this machine, behind a function or as a target of their own."""

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.util import SKIP_HEADER

from sandbox.dataplane.answers import Answer
from sandbox.dataplane.failures import FunctionFailed
from sandbox.dataplane.forwarded import HOP_BY_HOP
from sandbox.dataplane.groups import Group
from sandbox.dataplane.invoke import Call
from sandbox.dataplane.lambda_event import Event, is_text
from sandbox.dataplane.request import Request

_TIMEOUT = urllib3.Timeout(connect=5, read=60)
"""The load balancer's own idle timeout; a thread that waits for ever would outlive the sandbox."""

Lines = Sequence[tuple[str, str]]


class Service(Protocol):
    """Stands in for the targets of a group that are no functions."""

    async def answer(self, request: Request, lines: Lines, body: bytes, group: Group) -> Answer:
        """Answer the request; `lines` are its headers with what the load balancer adds.

        Raises ServiceUnreachable.
        """
        ...


class ServiceUnreachable(ConnectionError):
    """Nothing answers at the address of a service, or not in HTTP."""


class Reply(NamedTuple):
    """What a service answered; without the headers between neighbours."""

    status: int
    lines: Lines
    body: bytes


class HttpService:
    """A service at a URL. Its calls block, so they run in the executor's threads.

    Raises ValueError for a URL that is not http.
    """

    def __init__(self, url: str, executor: Executor) -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"{url} is not the address of an HTTP service")
        self.url = url
        self._prefix = address.path.rstrip("/")
        self._pool = urllib3.connection_from_url(url, maxsize=64, retries=False)
        self._executor = executor

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._pool.close()

    async def send(
        self, method: str, target: str, lines: Iterable[tuple[str, str]], body: bytes
    ) -> Reply:
        """Send a request with exactly these headers. Raises ServiceUnreachable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._send, method, target, lines, body)

    async def answer(self, request: Request, lines: Lines, body: bytes, _group: Group) -> Answer:
        query = f"?{request.query}" if request.query else ""
        reply = await self.send(request.method, request.path + query, lines, body)
        return Answer(
            reply.status,
            [(name.encode(), value.encode("latin-1")) for name, value in reply.lines],
            reply.body,
        )

    def _send(
        self, method: str, target: str, lines: Iterable[tuple[str, str]], body: bytes
    ) -> Reply:
        headers = urllib3.HTTPHeaderDict()
        for name, value in lines:
            if name != "content-length":
                headers.add(name, value)
        for name in ("user-agent", "accept-encoding"):
            headers.setdefault(name, SKIP_HEADER)
        try:
            response = self._pool.urlopen(
                method,
                self._prefix + target,
                body=body or None,
                headers=headers,
                redirect=False,
                decode_content=False,
                timeout=_TIMEOUT,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ServiceUnreachable(f"{self.url}: {error}") from error
        dropped = HOP_BY_HOP | {"content-length"}
        kept = [line for line in response.headers.items() if line[0].lower() not in dropped]
        return Reply(response.status, kept, response.data)


class HttpBackend:
    """Runs functions by an HTTP service, as an adapter inside the function would."""

    immediate = False

    def __init__(self, service: HttpService) -> None:
        self._service = service

    async def invoke(self, call: Call) -> object:
        event = call.event
        encoded, text = event["isBase64Encoded"], event["body"]
        try:
            reply = await self._service.send(
                event["httpMethod"],
                event["path"] + _query(event),
                list(_lines(event)),
                base64.b64decode(text) if encoded else text.encode(),
            )
        except ServiceUnreachable as error:
            raise FunctionFailed(str(error)) from error
        return _response(reply, multi_value=call.group.multi_value_headers)


def _query(event: Event) -> str:
    """The query as far as the event still holds it."""
    parameters: Mapping[str, Any] = (
        event.get("multiValueQueryStringParameters") or event.get("queryStringParameters") or {}
    )
    pairs = [f"{key}={value}" for key, values in parameters.items() for value in _all(values)]
    return "?" + "&".join(pairs) if pairs else ""


def _lines(event: Event) -> Iterable[tuple[str, str]]:
    headers: Mapping[str, Any] = event.get("multiValueHeaders") or event.get("headers") or {}
    for name, values in headers.items():
        for value in _all(values):
            yield name, value


def _all(values: str | list[str]) -> list[str]:
    return values if isinstance(values, list) else [values]


def _response(reply: Reply, *, multi_value: bool) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in reply.lines:
        headers.setdefault(name.lower(), []).append(value)
    content_type = headers.get("content-type", [""])[-1]
    encoded = not is_text(content_type, encoded="content-encoding" in headers)
    response: dict[str, Any] = {"statusCode": reply.status}
    if multi_value:
        response["multiValueHeaders"] = headers
    else:
        response["headers"] = {name: values[-1] for name, values in headers.items()}
    try:
        response["body"] = base64.b64encode(reply.body).decode() if encoded else reply.body.decode()
    except UnicodeDecodeError:
        encoded = True
        response["body"] = base64.b64encode(reply.body).decode()
    response["isBase64Encoded"] = encoded
    return response
