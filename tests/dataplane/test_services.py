"""Functions and targets that are services of this machine; the service is a real one."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from sandbox.dataplane.groups import Group
from sandbox.dataplane.invoke import Call
from sandbox.dataplane.lambda_event import build_event
from sandbox.dataplane.lambda_response import STRICT, parse_response
from sandbox.dataplane.services import HttpBackend, HttpService, ServiceUnreachable
from sandbox.ports import listen
from tests.dataplane.support import PYTHON, Bench, lambda_group, only_forward, request, table

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

    do_POST = do_PUT = do_GET  # noqa: N815 # the library's names

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


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def service(url: str, executor: ThreadPoolExecutor) -> Iterator[HttpService]:
    service = HttpService(url, executor)
    yield service
    service.close()
    Echo.prepared = None


def run(service: HttpService, group: Group, target: str, *args: Any) -> Any:
    """The function's response for a request."""
    method, headers, body = args or ("GET", [], b"")
    event = build_event(
        request(target, method, "api.passport.xyz", headers), body, group, table().listener, 0
    )
    assert group.function
    return asyncio.run(HttpBackend(service).invoke(Call(group.function, group, event)))


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


def test_several_cookies_survive_multi_value_headers_only(service: HttpService) -> None:
    Echo.prepared = (200, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], b"")

    assert run(service, MULTI, "/")["multiValueHeaders"]["set-cookie"] == ["a=1", "b=2"]
    assert run(service, PYTHON, "/")["headers"]["set-cookie"] == "b=2"


def test_redirects_are_the_clients_business(service: HttpService) -> None:
    Echo.prepared = (302, [("Location", "/elsewhere")], b"")

    assert run(service, PYTHON, "/")["statusCode"] == 302


def test_a_service_below_a_path(url: str, executor: ThreadPoolExecutor) -> None:
    service = HttpService(f"{url}/base/", executor)
    said = json.loads(run(service, PYTHON, "//a")["body"])
    service.close()

    assert said["target"] == "/base//a"


def test_a_service_that_is_not_there(executor: ThreadPoolExecutor) -> None:
    with listen(0, "a test") as taken:
        port = taken.getsockname()[1]
    service = HttpService(f"http://127.0.0.1:{port}", executor)
    bench = Bench(only_forward(PYTHON), backend=HttpBackend(service))

    assert bench.ask().status == 502
    assert bench.metrics.totals().failures == {(PYTHON.arn, "LambdaUnhandled"): 1}
    assert f"http://127.0.0.1:{port}" in bench.metrics.notes[0]
    with pytest.raises(ServiceUnreachable):
        asyncio.run(service.send("GET", "/", [], b""))
    service.close()


def test_a_target_that_is_a_service_gets_the_request_as_it_is(service: HttpService) -> None:
    asked = request("/a%20b?y=1&y=2")
    answer = asyncio.run(service.answer(asked, [("host", "h.io"), ("x-a", "b")], b"", PYTHON))
    said = json.loads(answer.body)

    assert (answer.status, said["target"]) == (200, "/a%20b?y=1&y=2")
    assert said["headers"] == [["host", "h.io"], ["x-a", "b"]]
    assert (b"Content-Type", b"application/json") in answer.headers


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", ""])
def test_an_address_that_is_none(url: str, executor: ThreadPoolExecutor) -> None:
    with pytest.raises(ValueError, match="is not the address"):
        HttpService(url, executor)
