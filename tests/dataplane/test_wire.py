"""HTTP as the load balancer speaks it, over a raw socket.

UG is the load balancer's user guide, its page on troubleshooting unless another is named;
guardian is aws/http-desync-guardian, which classifies a load balancer's requests, in defensive
mode; RFC is 9112 unless another is named. "Ours" was not found anywhere.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
import uvloop

from sandbox.dataplane.connection import Connection
from sandbox.dataplane.invoke import Call
from sandbox.dataplane.server import Server
from sandbox.ports import HOST, listen
from tests.account.support import fixed_response, methods, path
from tests.dataplane.support import BALANCER, HANG_S, PYTHON, Bench, rule, table

K = 1024


@dataclass
class Echo:
    """A function that answers with its event, and keeps the calls."""

    immediate: bool = True
    calls: list[Call] = field(default_factory=list)

    async def invoke(self, call: Call) -> object:
        self.calls.append(call)
        return {"statusCode": 200, "body": json.dumps(call.event)}


FORWARD = {"Type": "forward", "TargetGroupArn": PYTHON.arn}
RULES = table(
    rule(1, methods("purge"), action=fixed_response("small", "200")),
    rule(2, methods("PURGE"), action=fixed_response("capital", "200")),
    rule(3, path("/fixed"), action=fixed_response("fixed", "200")),
    rule(4, path("*"), action=FORWARD),
)


class Served(NamedTuple):
    port: int
    bench: Bench
    echo: Echo


@contextmanager
def served(idle_s: float = HANG_S) -> Iterator[Served]:
    """A balancer on a port of its own."""
    echo = Echo()
    bench = Bench(RULES, backend=echo)
    listening = listen(0, "a test")
    server = Server(bench.balancer, listening, Connection, idle_s)
    thread = threading.Thread(target=lambda: uvloop.run(server.serve_socket()), daemon=True)
    thread.start()
    server.wait_until_ready(thread)
    try:
        yield Served(listening.getsockname()[1], bench, echo)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def balancer() -> Iterator[Served]:
    with served() as running:
        yield running


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def event(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A connection of bare bytes."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=HANG_S)
        self._received = b""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def end(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def answer(self, *, head: bool = False) -> Answer:
        """The next answer; its body by its Content-Length."""
        block = self._until(b"\r\n\r\n").decode("latin-1")
        line, *lines = block.split("\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        status = int(line.split(" ")[1])
        length = int(dict(headers).get("content-length", "0"))
        while not head and len(self._received) < length:
            self._receive()
        cut = 0 if head else length
        body, self._received = self._received[:cut], self._received[cut:]
        return Answer(status, headers, body)

    def _until(self, end: bytes) -> bytes:
        while end not in self._received:
            self._receive()
        found, _, self._received = self._received.partition(end)
        return found

    def _receive(self) -> None:
        part = self._socket.recv(65_536)
        assert part, f"closed after {self._received!r}"
        self._received += part

    @property
    def closed(self) -> bool:
        """Whether the balancer closes without another byte; waits for either."""
        return self._received == b"" and self._socket.recv(1) == b""

    @property
    def is_open(self) -> bool:
        """Whether one more request is answered."""
        self.send(b"GET /probe HTTP/1.1\r\nHost: h\r\n\r\n")
        return bool(self.answer().event["path"] == "/probe")


def get(*lines: str, line: str = "GET /a HTTP/1.1", host: str = "h") -> bytes:
    """A request without a body."""
    hosts = [f"Host: {host}"] if host else []
    return "\r\n".join([line, *hosts, *lines, "", ""]).encode("latin-1")


def post(*lines: str, body: bytes = b"") -> bytes:
    return get("Content-Type: text/plain", *lines, line="POST /a HTTP/1.1") + body


class Case(NamedTuple):
    name: str
    sent: bytes
    statuses: list[int]
    stays_open: bool
    source: str


def long(length: int) -> str:
    return "x" * length


CHUNKED = "Transfer-Encoding: chunked"
FIRST = get()
HEADER_16K = f"X-Long: {long(16 * K - len('X-Long: '))}"
LINE_16K = f"GET /{long(16 * K - len('GET / HTTP/1.1'))} HTTP/1.1"

CASES = [
    # Host
    Case("a Host", get(), [200], True, "RFC 3.2"),
    Case("no Host", get(host=""), [400], False, "RFC 3.2; issue: asked with curl"),
    Case("an empty Host", get("Host:", host=""), [400], False, "issue: asked with curl"),
    Case("two Hosts", get("Host: i"), [400], False, "RFC 3.2; issue: asked with curl"),
    Case("the same Host twice", get("host: h"), [400], False, "RFC 3.2"),
    Case("a Host with a space", get(host="a b"), [400], False, "RFC 3.2: an invalid value"),
    Case("a Host with a path", get(host="a/b"), [400], False, "RFC 3.2: an invalid value"),
    Case(
        "no Host in HTTP/1.0",
        get(line="GET /a HTTP/1.0", host=""),
        [200],
        False,
        "UG, HTTP 401: it gets as far as the rules",
    ),
    Case(
        "an empty Host in 1.0", get("Host:", line="GET / HTTP/1.0", host=""), [400], False, "ours"
    ),
    # Versions and how long a connection lives
    Case("HTTP/1.0", get(line="GET /a HTTP/1.0"), [200], False, "RFC 9.3"),
    Case(
        "HTTP/1.0 that asks to be kept",
        get("Connection: Keep-Alive", line="GET /a HTTP/1.0"),
        [200],
        True,
        "RFC 9.3",
    ),
    Case("HTTP/1.1 with close", get("Connection: x, Close"), [200], False, "RFC 9.3"),
    Case(
        "close in one of two lines", get("Connection: close", "Connection: x"), [200], False, "RFC"
    ),
    Case("HTTP/1.2", get(line="GET / HTTP/1.2"), [505], False, "UG, HTTP 505"),
    Case("HTTP/3.0", get(line="GET / HTTP/3.0"), [505], False, "UG, HTTP 505"),
    Case("HTTP/0.9", get(line="GET / HTTP/0.9"), [505], False, "UG, HTTP 505"),
    Case(
        "HTTP/2 without a word before",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
        [505],
        False,
        "UG, HTTP 505: its example",
    ),
    Case("no version", b"GET /\r\n\r\n", [400], False, "ours; an early HTTP, not served"),
    Case(
        "a version in small letters",
        get(line="GET / http/1.1"),
        [400],
        False,
        "guardian: BadVersion",
    ),
    Case("half a version", get(line="GET / HTTP/1"), [400], False, "guardian: BadVersion"),
    # Transfer-Encoding and Content-Length
    Case("chunked", post(CHUNKED, body=b"2\r\nhi\r\n0\r\n\r\n"), [200], True, "UG, HTTP 501"),
    Case("Chunked", post("Transfer-Encoding: Chunked", body=b"0\r\n\r\n"), [200], True, "RFC 7"),
    Case("identity", post("Transfer-Encoding: identity"), [200], True, "UG, HTTP 501"),
    Case("gzip", post("Transfer-Encoding: gzip"), [501], False, "UG, HTTP 501"),
    Case("gzip, chunked", post("Transfer-Encoding: gzip, chunked"), [501], False, "UG, HTTP 501"),
    Case("a made-up coding", post("Transfer-Encoding: xchunked"), [501], False, "UG, HTTP 501"),
    Case("an empty coding", post("Transfer-Encoding:"), [501], False, "UG, HTTP 501"),
    Case("two codings", post(CHUNKED, CHUNKED), [400], False, "guardian: MultipleTransferEncoding"),
    Case("a space before the colon", post("Transfer-Encoding : chunked"), [400], False, "RFC 5.1"),
    Case(
        "chunks and a length",
        post(CHUNKED, "Content-Length: 4", body=b"2\r\nhi\r\n0\r\n\r\n" + FIRST),
        [200],
        False,
        "RFC 6.3; guardian: BothTeClPresent is served and closed",
    ),
    Case(
        "chunks in HTTP/1.0",
        get(CHUNKED, "Connection: keep-alive", line="POST / HTTP/1.0") + b"0\r\n\r\n",
        [200],
        False,
        "guardian: UndefinedTransferEncodingSemantics is served and closed",
    ),
    Case(
        "the same length twice",
        post("Content-Length: 2", "Content-Length: 2", body=b"hi"),
        [200],
        False,
        "guardian: DuplicateContentLength is served and closed",
    ),
    Case(
        "two lengths",
        post("Content-Length: 2", "Content-Length: 3", body=b"hi"),
        [400],
        False,
        "guardian: MultipleContentLength",
    ),
    Case("a list of lengths", post("Content-Length: 2, 2", body=b"hi"), [400], False, "RFC 6.3"),
    Case(
        "a negative length", post("Content-Length: -1"), [400], False, "guardian: BadContentLength"
    ),
    Case(
        "a length with a sign",
        post("Content-Length: +1"),
        [400],
        False,
        "guardian: BadContentLength",
    ),
    Case("an empty length", post("Content-Length:"), [400], False, "guardian: BadContentLength"),
    Case("an endless length", post(f"Content-Length: {'9' * 40}"), [400], False, "ours"),
    Case(
        "a GET with a body",
        get("Content-Length: 2") + b"hi",
        [200],
        False,
        "guardian: UndefinedContentLengthSemantics is served and closed",
    ),
    Case("a GET with a length of 0", get("Content-Length: 0"), [200], True, "guardian: acceptable"),
    # Chunks
    Case(
        "extensions and trailers",
        post(CHUNKED, body=b'1;a="b"\r\nh\r\n1 \r\ni\r\n0\r\nX-Sum: 1\r\n\r\n'),
        [200],
        True,
        "RFC 7.1",
    ),
    Case("a size that is no number", post(CHUNKED, body=b"x\r\n"), [400], False, "RFC 7.1"),
    Case("a size with 0x", post(CHUNKED, body=b"0x2\r\nhi\r\n"), [400], False, "RFC 7.1"),
    Case("a negative size", post(CHUNKED, body=b"-2\r\nhi\r\n"), [400], False, "RFC 7.1"),
    Case("an endless size", post(CHUNKED, body=b"f" * 100 + b"\r\n"), [400], False, "RFC 7.1"),
    Case("a size without end", post(CHUNKED, body=b"1" * 5 * K), [400], False, "ours"),
    Case("a size that lies", post(CHUNKED, body=b"1\r\nhi\r\n0\r\n\r\n"), [400], False, "RFC 7.1"),
    Case(
        "a bare LF behind a size",
        post(CHUNKED, body=b"2\nhi\r\n0\r\n\r\n"),
        [400],
        False,
        "RFC 7.1",
    ),
    Case(
        "trailers without end",
        post(CHUNKED, body=b"0\r\n" + b"X-Trailer: 1\r\n" * 6 * K),
        [400],
        False,
        "ours: as large as a head",
    ),
    # Sizes
    Case("a request line of 16 K", get(line=LINE_16K), [200], True, "UG, HTTP 400"),
    Case("and one byte", get(line=LINE_16K.replace("/x", "/xx")), [400], False, "UG, HTTP 400"),
    Case("a request line without end", b"GET /" + b"x" * 17 * K, [400], False, "UG, HTTP 400"),
    Case("a header of 16 K", get(HEADER_16K), [200], True, "UG, HTTP 400"),
    Case("and one byte of a header", get(HEADER_16K + "x"), [400], False, "UG, HTTP 400"),
    Case("headers of 60 K", get(*[f"X-{n}: {long(10 * K)}" for n in range(6)]), [200], True, "UG"),
    Case("headers of 70 K", get(*[f"X-{n}: {long(10 * K)}" for n in range(7)]), [400], False, "UG"),
    Case(
        "headers without end",
        get().removesuffix(b"\r\n") + b"X-Header: 1\r\n" * 20 * K,
        [400],
        False,
        "UG, HTTP 400",
    ),
    # Bytes
    Case("garbage", b"nonsense\r\n\r\n", [400], False, "UG, HTTP 400"),
    Case("a line without an end to come", b"test\n", [400], False, "asked with netcat"),
    Case("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400], False, "UG, HTTP 400"),
    Case("nothing but zeros", b"\0" * 100, [400], False, "UG, HTTP 400"),
    Case("empty lines before", b"\r\n\r\n" + get(), [200], True, "RFC 2.2"),
    Case("lines without CR", get().replace(b"\r", b""), [200], True, "guardian: acceptable"),
    Case("a CR in a header", get("X: a\rb"), [400], False, "guardian: BadHeader"),
    Case("a zero in a header", get("X: a\0b"), [400], False, "guardian: BadHeader"),
    Case("a zero in the path", get(line="GET /\0 HTTP/1.1"), [400], False, "guardian: BadUri"),
    Case("a space in the path", get(line="GET /a b HTTP/1.1"), [400], False, "RFC 3.2"),
    Case("a path that is not ASCII", get(line="GET /\xe4 HTTP/1.1"), [400], False, "RFC 3986"),
    Case("a folded header", get("X: a", " b"), [400], False, "RFC 5.2; UG: gets a colon, not done"),
    Case(
        "a fold that hides a length", post("X: a", "\tContent-Length: 5"), [400], False, "RFC 5.2"
    ),
    Case("a header without a colon", get("Nothing"), [400], False, "RFC 5.1"),
    Case("a header without a name", get(": a"), [400], False, "RFC 5.1"),
    Case("a name with a space", get("X Y: a"), [400], False, "RFC 5.1"),
    Case("a name with a plus", get("+agent: a"), [200], True, "UG: invalid names are passed on"),
    Case("a whole URL", get(line="GET http://i/b HTTP/1.1"), [200], True, "RFC 3.2.2"),
    Case("CONNECT", get(line="CONNECT h:443 HTTP/1.1"), [400], False, "as Classic ones; no path"),
    Case("OPTIONS *", get(line="OPTIONS * HTTP/1.1"), [200], True, "RFC 3.2.4"),
    # Methods
    Case("TRACE", get(line="TRACE / HTTP/1.1"), [405], True, "UG, HTTP 405"),
    Case("a method of one's own", get(line="GEET /a HTTP/1.1"), [200], True, "asked with netcat"),
    Case("a method with odd letters", get(line="M-S_3.! /a HTTP/1.1"), [200], True, "RFC 9110"),
    Case("a method that is none", get(line="G@T /a HTTP/1.1"), [400], False, "guardian: BadMethod"),
    # Several
    Case("three at once", get() * 3, [200, 200, 200], True, "RFC 9.3.2"),
    Case("garbage behind a request", get() + b"\x00garbage", [200, 400], False, "issue"),
    Case(
        "garbage behind a body",
        post("Content-Length: 2", body=b"hi!!!\n"),
        [200, 400],
        False,
        "RFC",
    ),
    Case(
        "a body that no rule wants",
        get("Content-Length: 300000", line="POST /fixed HTTP/1.1") + b"x" * 300_000 + get(),
        [200, 200],
        True,
        "RFC 9.3",
    ),
    Case("two that are bad", b"bad\r\n\r\n" + b"bad\r\n\r\n", [400], False, "the first one closes"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_is_answered_as_the_load_balancer_does(balancer: Served, case: Case) -> None:
    with Wire(balancer.port) as wire:
        wire.send(case.sent)

        assert [wire.answer().status for _ in case.statuses] == case.statuses
        assert wire.is_open if case.stays_open else wire.closed


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.statuses == [200]], ids=lambda c: c.name
)
def test_it_does_not_matter_in_which_pieces_a_request_comes(balancer: Served, case: Case) -> None:
    with Wire(balancer.port) as wire:
        for at in range(0, len(case.sent), max(1, len(case.sent) // 150)):
            wire.send(case.sent[at : at + max(1, len(case.sent) // 150)])

        assert wire.answer().status == 200


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.statuses[0] >= 400], ids=lambda c: c.name
)
def test_what_is_refused_has_a_page_and_reaches_no_function(balancer: Served, case: Case) -> None:
    called = len(balancer.echo.calls)
    with Wire(balancer.port) as wire:
        wire.send(case.sent)
        answer = wire.answer()

    title = f"<title>{answer.status} ".encode()
    assert answer.values("server") == ["awselb/2.0"]
    assert answer.values("content-type") == ["text/html"]
    assert answer.body.startswith(b"<html>\r\n<head>" + title)
    assert len(answer.values("date")) == 1
    assert len(balancer.echo.calls) == called


def test_a_refused_request_is_counted_and_no_rule_gets_it() -> None:
    with served() as running:
        for sent in (b"nonsense\r\n\r\n", get(line="GET / HTTP/3.0"), post(CHUNKED, body=b"x\r\n")):
            with Wire(running.port) as wire:
                wire.send(sent)
                wire.answer()

        assert running.bench.counted() == {
            (BALANCER,): {"HTTPCode_ELB_4XX_Count": 2, "HTTPCode_ELB_5XX_Count": 1}
        }
        assert sum(running.bench.metrics.totals().routed.values()) == 1  # had a head without fault


def event(balancer: Served, sent: bytes) -> Any:
    with Wire(balancer.port) as wire:
        wire.send(sent)
        return wire.answer().event


def test_the_host_reaches_the_function_in_small_letters(balancer: Served) -> None:
    assert event(balancer, get(host="API.Example.COM:443"))["headers"]["host"] == (
        "api.example.com:443"
    )


def test_a_whole_url_outranks_the_host(balancer: Served) -> None:
    """RFC 9112, 3.2.2."""
    seen = event(balancer, get(line="GET HTTPS://other.io?a=b HTTP/1.1"))

    assert (seen["headers"]["host"], seen["path"]) == ("other.io", "/")
    assert seen["queryStringParameters"] == {"a": "b"}


def test_chunks_outrank_a_length_which_the_function_does_not_see(balancer: Served) -> None:
    body = b"5\r\nhello\r\n0\r\n\r\n"
    seen = event(balancer, post("Content-Length: 1", CHUNKED, body=body))

    assert seen["body"] == "hello"
    assert not {"content-length", "transfer-encoding"} & set(seen["headers"])


@pytest.mark.parametrize("expected", ["100-continue", "100-Continue", "something"])
def test_expect_is_consumed(balancer: Served, expected: str) -> None:
    sent = post(f"Expect: {expected}", "Content-Length: 2", body=b"hi")
    with Wire(balancer.port) as wire:
        wire.send(sent)
        answer = wire.answer()
        if answer.status == 100:
            answer = wire.answer()

    assert "expect" not in answer.event["headers"]
    assert answer.event["body"] == "hi"


def test_a_client_that_expects_a_word_gets_it_before_it_sends_the_body(balancer: Served) -> None:
    with Wire(balancer.port) as wire:
        wire.send(post("Expect: 100-continue", "Content-Length: 2"))
        assert wire.answer().status == 100
        wire.send(b"hi")
        assert wire.answer().event["body"] == "hi"
        assert wire.is_open


def test_who_expects_a_word_and_gets_the_answer_need_not_send_the_body(balancer: Served) -> None:
    """RFC 9110, 10.1.1: what follows may be the body or another request, so it is closed."""
    line = "POST /fixed HTTP/1.1"
    with Wire(balancer.port) as wire:
        wire.send(get("Expect: 100-continue", "Content-Length: 2", line=line))
        assert wire.answer().body == b"fixed"
        assert wire.closed


def test_a_kept_connection_of_http_1_0_says_so(balancer: Served) -> None:
    with Wire(balancer.port) as wire:
        wire.send(get("Connection: keep-alive", line="GET / HTTP/1.0"))
        assert wire.answer().values("connection") == ["keep-alive"]
        wire.send(get(line="GET / HTTP/1.0"))
        assert wire.answer().values("connection") == ["close"]


@pytest.mark.parametrize(("size", "kept"), [(6 * K, True), (8 * K, False)])
def test_the_trace_begins_anew_behind_7_k_of_headers(
    balancer: Served, size: int, kept: bool
) -> None:
    root = "Root=1-67891233-abcdef012345678912345678"
    for lines in ([f"X-Amzn-Trace-Id: {root};a={long(size)}"],):
        trace = event(balancer, get(*lines))["headers"]["x-amzn-trace-id"]

        assert (root in trace) is kept
        assert trace.startswith("Self=" if kept else "Root=1-")
        assert (len(trace) < 100) is not kept


@pytest.mark.parametrize(
    ("method", "body"), [("purge", b"small"), ("PURGE", b"capital"), ("Purge", None), ("get", None)]
)
def test_methods_are_matched_as_they_were_sent(
    balancer: Served, method: str, body: bytes | None
) -> None:
    with Wire(balancer.port) as wire:
        wire.send(get(line=f"{method} /a HTTP/1.1"))
        answer = wire.answer()

    if body is None:
        assert answer.event["httpMethod"] == method
    else:
        assert answer.body == body


def test_head_has_no_body(balancer: Served) -> None:
    with Wire(balancer.port) as wire:
        wire.send(get(line="HEAD /fixed HTTP/1.1"))
        assert wire.answer(head=True).values("content-length") == ["5"]
        assert wire.is_open


@pytest.mark.parametrize("framing", ["Content-Length: 100", CHUNKED])
def test_a_client_that_ends_within_its_body_gets_a_400(balancer: Served, framing: str) -> None:
    """UG, HTTP 400: the client closed the connection before sending the full request body."""
    called = len(balancer.echo.calls)
    with Wire(balancer.port) as wire:
        wire.send(post(framing, body=b"5\r\nhal"))
        wire.end()
        assert wire.answer().status == 400
        assert wire.closed
    assert len(balancer.echo.calls) == called


@pytest.mark.parametrize("sent", [get()[:-3], b"GET", get(line="POST /fixed HTTP/1.1")[:20]])
def test_a_client_that_ends_within_its_head_gets_a_400(balancer: Served, sent: bytes) -> None:
    with Wire(balancer.port) as wire:
        wire.send(sent)
        wire.end()
        assert wire.answer().status == 400
        assert wire.closed


def test_a_client_that_ends_behind_its_requests_gets_the_answers(balancer: Served) -> None:
    with Wire(balancer.port) as wire:
        wire.send(get() * 3)
        wire.end()
        assert [wire.answer().status for _ in range(3)] == [200] * 3
        assert wire.closed


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"", []),
        (b"GET / HT", [408]),
        (get()[:-2], [408]),
        (post("Content-Length: 5", body=b"half"), [408]),
        (post(CHUNKED, body=b"5\r\nhalf"), [408]),
        (get(), [200]),
        (get() + b"GET", [200, 408]),
    ],
)
def test_a_client_is_not_waited_for_any_longer_than_the_idle_timeout(
    sent: bytes, statuses: list[int]
) -> None:
    """UG, HTTP 408."""
    with served(idle_s=0.1) as running, Wire(running.port) as wire:
        wire.send(sent)
        assert [wire.answer().status for _ in statuses] == statuses
        assert wire.closed


def test_a_client_that_sends_a_byte_now_and_then_is_cut_off_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """UG: client keep-alive; without it a byte every minute would hold a connection for ever."""
    monkeypatch.setattr("sandbox.dataplane.connection.CLIENT_KEEP_ALIVE_SECONDS", -1)
    with served() as running:
        with Wire(running.port) as wire:
            wire.send(b"GET / HT")
            assert wire.answer().status == 408
            assert wire.closed
        with Wire(running.port) as wire:
            wire.send(get())
            assert wire.answer().status == 200
            assert wire.closed


def test_a_refused_client_that_goes_on_sending_still_gets_its_answer(balancer: Served) -> None:
    with Wire(balancer.port) as wire:
        wire.send(b"bad\r\n\r\n" + b"x" * 4_000_000)
        assert wire.answer().status == 400
        assert wire.closed


def test_a_thousand_requests_at_once_are_answered_in_order(balancer: Served) -> None:
    with Wire(balancer.port) as wire:
        lines = [get(line=f"GET /{number} HTTP/1.1") for number in range(1000)]
        sender = threading.Thread(target=wire.send, args=(b"".join(lines),))
        sender.start()
        paths = [wire.answer().event["path"] for _ in lines]
        sender.join()

    assert paths == [f"/{number}" for number in range(1000)]
