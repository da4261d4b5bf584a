"""A client's connection to a load balancer: uvicorn's, but with requests read by `http1`.

The next request is read when the one before has its answer. What is refused goes through the
application too, so that it is counted and its answer comes in turn.
"""

import asyncio
from http import HTTPStatus
from typing import Any, Final, cast

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from routing.limits import CLIENT_KEEP_ALIVE_SECONDS
from sandbox.dataplane.asgi import Message
from sandbox.dataplane.http1 import END, Chunks, Head, Refused, check_begun, read_head

_LINGER_S: Final = 5
"""How long a client may go on sending; a close at once could wipe out its last answer."""

_KEPT: Final = b"connection: keep-alive\r\n"
_CLOSED: Final = b"connection: close\r\n"


class Connection(HttpToolsProtocol):
    """Serves one connection.

    The scope of a request that is refused has the status as `refused`, and lacks the request.
    A body that is refused ends in a `http.disconnect` with the status as `refused`; the answer
    is still sent.
    """

    cycle: "_Cycle"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._event = asyncio.Event()
        """Tells the one request that is answered of its body."""
        self._input = b""
        self._searched = 0
        """Where the search for the end of the head goes on."""
        self._body: int | Chunks | None = None
        """What is still to come of the request's body."""
        self._ended = False
        """Whether the client sends no more."""
        self._deaf = False
        """Whether nothing counts that the client still sends."""
        self._closing = False
        self._deadline = self.loop.time() + CLIENT_KEEP_ALIVE_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._deaf:
            return
        self._input = self._input + data if self._input else data
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deaf = True
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio's, which uvicorn narrows
        """A client that has sent everything still gets its answers."""
        self._unset_keepalive_if_required()
        self._ended = True
        if self._closing:
            self.transport.close()
        else:
            self._watch()
        return True

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self._closing or self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.cycle.expected and self._body is not None:
            self.close()  # whether the body comes now or another request, the client decides
        elif self._input:
            self._go_on()
        else:
            self._watch()

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._input or self._body is not None:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def close(self) -> None:
        """Close after the last answer; what the client still sends is read for a while."""
        self._closing = self._deaf = True
        if self._ended:
            self.transport.close()
        else:
            self._input = b""
            self.transport.write_eof()
            self.timeout_keep_alive_task = self.loop.call_later(_LINGER_S, self.transport.close)

    def _go_on(self) -> None:
        """Read as far as it is possible now."""
        try:
            while self._input and (
                self._read_head() if self._body is None else self._read_body(self._body)
            ):
                pass
        except Refused as refusal:
            self._refuse(refusal.status)
        else:
            self._watch()

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _read_head(self) -> bool:
        """Begin the next request, if it is its turn and its head is there."""
        if self._answering:
            if len(self._input) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            return False
        if self._input[0] in b"\r\n":
            self._input = self._input.lstrip(b"\r\n")
            if not self._input:
                return False
        end = END.search(self._input, self._searched)
        if end is None:
            check_begun(self._input)
            self._searched = max(0, len(self._input) - 2)
            return False
        head = read_head(self._input[: end.start()])
        self._input = self._input[end.end() :]
        self._searched = 0
        self._begin(head)
        return True

    def _begin(self, head: Head) -> None:
        self._body = head.body
        scope = {
            "type": "http",
            "http_version": head.version,
            "method": head.method,
            "raw_path": head.path,
            "query_string": head.query,
            "headers": head.headers,
            "client": self.client,
        }
        keep_alive = head.keep_alive and self.loop.time() < self._deadline
        self._start(scope, keep_alive, head.expects_continue)

    def _start(self, scope: dict[str, Any], keep_alive: bool, expected: bool) -> None:  # noqa: FBT001 # once a request
        self.cycle = cycle = _Cycle(
            cast("Any", scope),
            self.transport if keep_alive else cast("Any", _Last(self)),
            self.flow,
            self.logger,
            self.access_logger,
            False,  # noqa: FBT003 # no log of requests
            [],
            self._event,
            expected,
            keep_alive,
            self.on_response_complete,
        )
        if expected:
            cycle.expected = True
        if self._body is None:
            cycle.more_body = False
            self._event.set()
        else:
            self._event.clear()
        self._start_asgi_task(cycle, self.app)

    def _read_body(self, body: int | Chunks) -> bool:
        """Pass the body on, or drop it behind an early answer; whether it has ended."""
        if isinstance(body, int):
            part, self._input = self._input[:body], self._input[body:]
            self._body = body - len(part) or None
        else:
            part, self._input, ended = body.take(self._input)
            self._body = None if ended else body
        if part:
            self.cycle.expected = False
        if not self.cycle.response_complete:
            self.cycle.body += part
            self.cycle.more_body = self._body is not None
            if len(self.cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            self.cycle.message_event.set()
        return self._body is None

    def _watch(self) -> None:
        """Bound the wait for the client, if that is what comes next."""
        if self._deaf or (self._answering and self._body is None):
            return
        unfinished = bool(self._input) or self._body is not None
        if self._ended:
            if unfinished:
                self._refuse(HTTPStatus.BAD_REQUEST)
            else:
                self.transport.close()
        elif unfinished and self.loop.time() > self._deadline:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        elif self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _refuse(self, status: int) -> None:
        """Answer with the load balancer's own page, and close."""
        self._deaf = True
        self._input = b""
        self._unset_keepalive_if_required()
        begun, self._body = self._body is not None, None
        if not begun:
            scope = {"type": "http", "http_version": "1.1", "method": "", "refused": status}
            self._start(scope, False, False)  # noqa: FBT003
        elif self.cycle.response_complete:
            self.close()
        else:
            self.cycle.refuse(status, cast("Any", _Last(self)))


class _Cycle(RequestResponseCycle):
    """One request and its answer."""

    expected = False
    """Whether the client waits for a word before it sends the body."""
    _refused = 0
    _start: Message

    def refuse(self, status: int, transport: asyncio.Transport) -> None:
        """The body turned out to be none; the application is told instead of getting it."""
        self._refused = status
        self.keep_alive = False
        self.transport = transport
        self.message_event.set()

    async def send(self, message: Any) -> None:
        """Send an answer that comes in two messages, its head and all of its body."""
        if not self.response_started:
            self._start = message
            self.response_started = True
            self.waiting_for_100_continue = False
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        lines = [STATUS_LINE[self._start["status"]]]
        lines += [b"%b: %b\r\n" % line for line in self._start["headers"]]
        if not self.keep_alive:
            lines.append(_CLOSED)
        elif self.scope["http_version"] == "1.0":
            lines.append(_KEPT)
        lines.append(b"\r\n")
        if self.scope["method"] != "HEAD":
            lines.append(message["body"])
        self.response_complete = True
        self.message_event.set()
        self.transport.write(b"".join(lines))
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    async def receive(self) -> Any:
        message = await super().receive()
        if self._refused and not self.disconnected:
            return {"type": "http.disconnect", "refused": self._refused}
        return message


class _Last:
    """The transport for the last answer of a connection."""

    def __init__(self, connection: Connection) -> None:
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing
        self.close = connection.close
