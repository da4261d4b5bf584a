"""Functions and targets that are services of this machine; the service is a real one."""

import asyncio
import json
from collections.abc import Awaitable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeVar

import pytest

from sandbox.dataplane.groups import Group
from sandbox.dataplane.invoke import Call
from sandbox.dataplane.lambda_event import build_event
from sandbox.dataplane.lambda_response import STRICT, parse_response
from sandbox.dataplane.services import HttpBackend, HttpService, ServiceUnreachable
from sandbox.ports import listen
from tests.dataplane.support import PYTHON, Bench, lambda_group, only_forward, request, table

T = TypeVar("T")
MULTI = lambda_group("multi", multi_value_headers=True)


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked, or with the prepared reply of its path."""

    protocol_version = "HTTP/1.1"
    prepared: tuple[int, list[tuple[str, str]], bytes] | None = None

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", 0))
        said = {
            "method": self.command,
            "target": self.path,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
            "body": self.rfile.read(length).decode("latin-1"),
        }
        status, lines, body = type(self).prepared or (
            200,
            [("Content-Type", "application/json")],
            json.dumps(said).encode(),
        )
        self.send_response_only(status)
        for name, value in lines:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_get = do_GET  # noqa: N815 # the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the library's
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def service(url: str) -> Iterator[HttpService]:
    yield HttpService(url)
    Echo.prepared = None


def once(service: HttpService, call: Awaitable[T]) -> T:
    """What the call gives; the service can be used once only."""

    async def ask() -> T:
        try:
            return await call
        finally:
            await service.close()

    return asyncio.run(ask())


def run(service: HttpService, group: Group, target: str, *args: Any) -> Any:
    """The function's response for a request."""
    method, headers, body = args or ("GET", [], b"")
    event = build_event(
        request(target, method, "api.passport.xyz", headers), body, group, table().listener, 0
    )
    assert group.function
    return once(service, HttpBackend(service).invoke(Call(group.function, group, event)))


def test_the_service_gets_the_request_of_the_event(service: HttpService) -> None:
    headers = [("Content-Type", "image/png"), ("X-A", "1"), ("X-A", "2"), ("content-length", "2")]
    response = run(service, PYTHON, "/a%20b?x=%26&y=1&y=2", "PUT", headers, b"\xff\x00")
    said = json.loads(response["body"])
    sent = dict(said["headers"])

    assert (said["method"], said["target"]) == ("PUT", "/a%20b?x=%26&y=2")
    assert said["body"] == "\xff\x00"
    assert (sent["host"], sent["x-a"], sent["content-length"]) == ("api.passport.xyz", "2", "2")
    assert sent["x-forwarded-for"] == "198.51.100.7"
    assert not {"user-agent", "accept-encoding"} & set(sent)


def test_multi_value_headers_keep_all_values(service: HttpService) -> None:
    headers = [("X-A", "1"), ("X-A", "2")]
    response = run(service, MULTI, "/?y=1&y=2", "GET", headers, b"")
    said = json.loads(response["multiValueHeaders"] and response["body"])

    assert said["target"] == "/?y=1&y=2"
    assert [value for name, value in said["headers"] if name == "x-a"] == ["1", "2"]
    assert "headers" not in response


@pytest.mark.parametrize("group", [PYTHON, MULTI])
@pytest.mark.parametrize(
    ("content_type", "extra", "body", "encoded"),
    [
        ("application/json", [], b'{"a": 1}', False),
        ("text/html; charset=utf-8", [], "grün".encode(), False),
        ("image/png", [], b"\x89PNG", True),
        ("application/json", [("Content-Encoding", "gzip")], b"\x1f\x8b", True),
        ("text/plain", [], b"\xff", True),
    ],
)
def test_the_reply_becomes_a_response(
    service: HttpService,
    group: Group,
    content_type: str,
    extra: list[tuple[str, str]],
    body: bytes,
    encoded: bool,
) -> None:
    Echo.prepared = (418, [("Content-Type", content_type), ("Connection", "x"), *extra], body)
    response = run(service, group, "/")
    answer = parse_response(response, STRICT, multi_value=group.multi_value_headers)

    assert response["isBase64Encoded"] is encoded
    assert (answer.status, answer.body) == (418, body)
    assert (b"content-type", content_type.encode()) in answer.headers


def test_several_cookies_survive_multi_value_headers_only(url: str) -> None:
    Echo.prepared = (200, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], b"")
    several = run(HttpService(url), MULTI, "/")
    single = run(HttpService(url), PYTHON, "/")
    Echo.prepared = None

    assert several["multiValueHeaders"]["set-cookie"] == ["a=1", "b=2"]
    assert single["headers"]["set-cookie"] == "b=2"


def test_redirects_are_the_clients_business(service: HttpService) -> None:
    Echo.prepared = (302, [("Location", "/elsewhere")], b"")

    assert run(service, PYTHON, "/")["statusCode"] == 302


def test_headers_may_be_long_and_hold_letters_of_any_alphabet(service: HttpService) -> None:
    Echo.prepared = (200, [("X-Long", "a" * 30_000), ("X-Name", "gr\xc3\xbcn")], b"")
    headers = run(service, PYTHON, "/")["headers"]

    assert (len(headers["x-long"]), headers["x-name"]) == (30_000, "grün")


def test_a_service_below_a_path(url: str) -> None:
    said = json.loads(run(HttpService(f"{url}/base/"), PYTHON, "//a")["body"])

    assert said["target"] == "/base//a"


@pytest.fixture
def nobody() -> str:
    """The address of a port where nobody listens."""
    with listen(0, "a test") as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_service_that_is_not_there(nobody: str) -> None:
    service = HttpService(nobody)
    bench = Bench(only_forward(PYTHON), backend=HttpBackend(service))

    assert once(service, bench.asked()).status == 502
    assert bench.metrics.totals().failures == {(PYTHON.arn, "LambdaUnhandled"): 1}
    assert nobody in bench.metrics.notes[0]
    service = HttpService(nobody)
    with pytest.raises(ServiceUnreachable, match=nobody):
        once(service, service.send("GET", "/", [], b""))


def test_a_target_that_is_a_service_gets_the_request_as_it_is(service: HttpService) -> None:
    asked = request("/a%20b?y=1&y=2")
    lines = [("host", "h.io"), ("x-a", "b"), ("x-name", "gr\xc3\xbcn")]
    answer = once(service, service.answer(asked, lines, b"", PYTHON))
    said = json.loads(answer.body)

    assert (answer.status, said["method"], said["target"]) == (200, "GET", "/a%20b?y=1&y=2")
    assert said["headers"] == [["host", "h.io"], ["x-a", "b"], ["x-name", "gr\xc3\xbcn"]]
    assert (b"Content-Type", b"application/json") in answer.headers


def test_a_method_keeps_its_case(service: HttpService) -> None:
    answer = once(service, service.answer(request("/", "get"), [], b"", PYTHON))

    assert json.loads(answer.body)["method"] == "get"


def test_a_header_that_cannot_be_sent_on_is_said(service: HttpService) -> None:
    with pytest.raises(ServiceUnreachable, match="a header cannot be sent on"):
        once(service, service.answer(request(), [("x-a", "\xff")], b"", PYTHON))


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", ""])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="is not the address"):
        HttpService(url)
