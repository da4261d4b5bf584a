"""Services that run on this machine, behind a function or as a target of their own."""

import base64
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

import aiohttp
import yarl

from sandbox.dataplane.answers import Answer
from sandbox.dataplane.asgi import HeaderLines
from sandbox.dataplane.failures import FunctionFailed
from sandbox.dataplane.forwarded import HOP_BY_HOP
from sandbox.dataplane.groups import Group
from sandbox.dataplane.invoke import Call
from sandbox.dataplane.lambda_event import Event, is_text
from sandbox.dataplane.request import Request

_CONNECT_S = 5
_IDLE_S = 60
"""The load balancer's own idle timeout."""
_LONGEST_LINE = 64 * 1024
_NOT_SENT = {"content-length", "expect"}
"""The client library writes the one itself and waits for an answer to the other."""

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
    lines: HeaderLines
    body: bytes


class HttpService:
    """A service at a URL. All of its calls, and `close`, are made on one event loop.

    Every call gets a connection, so none waits for another. `idle_s` is how long the service
    may be silent; None is for ever.

    Raises ValueError for a URL that is not http.
    """

    def __init__(self, url: str, *, idle_s: float | None = _IDLE_S) -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"{url} is not the address of an HTTP service")
        self.url = url
        self._base = url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(sock_connect=_CONNECT_S, sock_read=idle_s)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections that are kept open."""
        if self._session is not None:
            await self._session.close()

    async def send(
        self, method: str, target: str, lines: Iterable[tuple[str, str]], body: bytes
    ) -> Reply:
        """Send a request with exactly these headers. Raises ServiceUnreachable."""
        if self._session is None:
            self._session = self._open()
        # What a client sent that is no ASCII cannot be sent on as it is.
        path = quote(target.encode("latin-1"), safe=string.punctuation)
        try:
            async with self._session.request(
                _Method(method),
                yarl.URL(self._base + path, encoded=True),
                data=body or None,
                headers=[line for line in lines if line[0] not in _NOT_SENT],
                allow_redirects=False,
            ) as response:
                return Reply(response.status, _kept(response.raw_headers), await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ServiceUnreachable(f"{self.url}: {error or type(error).__name__}") from error

    async def answer(self, request: Request, lines: Lines, body: bytes, _group: Group) -> Answer:
        query = f"?{request.query}" if request.query else ""
        try:
            # The client library writes headers in UTF-8.
            sent = [(name, value.encode("latin-1").decode()) for name, value in lines]
        except UnicodeDecodeError as error:
            raise ServiceUnreachable(f"{self.url}: a header cannot be sent on: {error}") from error
        return Answer(*await self.send(request.method, request.path + query, sent, body))

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            auto_decompress=False,
            timeout=self._timeout,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )


class _Method(str):
    """A method that keeps its case, as the load balancer keeps it; the client library would not."""

    __slots__ = ()

    def upper(self) -> str:
        return self


def _kept(lines: Iterable[tuple[bytes, bytes]]) -> HeaderLines:
    return [line for line in lines if line[0].lower() not in _DROPPED]


_DROPPED: Final = {name.encode() for name in HOP_BY_HOP} | {b"content-length"}


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
        headers.setdefault(name.decode("latin-1").lower(), []).append(
            value.decode(errors="replace")
        )
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
