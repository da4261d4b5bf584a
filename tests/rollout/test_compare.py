"""Do both sides say the same? Asked of a server that answers by the tester header."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from rollout.compare import Question, compare, read_questions, witnesses
from rollout.settings import BadSettings
from routing import Listener

SECRET = "open-sesame"
Answer = tuple[int, dict[str, str], bytes]


class Server:
    """Answers as Python or, to whoever has the secret, as Rust."""

    def __init__(self) -> None:
        self.python: Answer = (200, {"Content-Type": "application/json"}, b'{"score": 1}')
        self.rust = self.python
        self.asked: list[tuple[str, str, str, bytes]] = []

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.asked.append((self.command, self.headers["Host"], self.path, body))
                by_rust = self.headers.get("X-Use-Rust-Scorer") == SECRET
                status, headers, text = server.rust if by_rust else server.python
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def ask(server: Server) -> Iterator[Callable[..., list[str]]]:
    """Compare, and list the differences."""
    with HTTPServer(("127.0.0.1", 0), server.handler()) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        base = f"http://127.0.0.1:{running.server_port}"

        def asked(*questions: Question, ignored: Any = ()) -> list[str]:
            bases = dict.fromkeys(map(str, Listener), base)
            found = compare(questions or [GET], bases, SECRET, ignored)
            return [text for one in found for text in one.differences or (one.skipped,) if text]

        yield asked
        running.shutdown()
        thread.join()


GET = Question(Listener.PUBLIC, "GET", "api.passport.xyz", "/v2/stamps/1/score/0x0")
JSON = {"Content-Type": "application/json"}


def test_the_same_is_no_difference_and_each_side_is_asked_once(
    server: Server, ask: Callable[..., list[str]]
) -> None:
    assert ask() == []
    assert server.asked == [("GET", "api.passport.xyz", "/v2/stamps/1/score/0x0", b"")] * 2


@pytest.mark.parametrize(
    ("rust", "told"),
    [
        ((405, JSON, b'{"score": 1}'), ["status 200, Rust 405"]),
        ((200, {"Content-Type": "text/plain"}, b'{"score": 1}'), ["content-type"]),
        ((200, JSON, b'{"score": "1"}'), ["body differs at score"]),
        ((200, JSON, b'{"score": 1, "more": [{"a": 2}]}'), ["body differs at more.0.a"]),
        ((200, JSON, b"[]"), ["body differs at its root", "body differs at score"]),
        ((200, JSON, b"no JSON"), ["body differs at its root", "body differs at score"]),
    ],
)
def test_a_difference_is_named_and_no_value_of_a_body(
    server: Server, ask: Callable[..., list[str]], rust: Answer, told: list[str]
) -> None:
    server.rust = rust

    found = ask()

    assert len(found) == len(told)
    assert all(text in one for text, one in zip(told, found, strict=True))


def test_the_order_of_keys_and_what_may_differ_are_no_difference(
    server: Server, ask: Callable[..., list[str]]
) -> None:
    server.python = (200, JSON, json.dumps({"a": 1, "at": {"s": 1, "ms": 5}}).encode())
    server.rust = (200, JSON, json.dumps({"at": {"ms": 7, "s": 2}, "a": 1}).encode())

    assert ask(ignored=["at.*"]) == []
    assert len(ask(ignored=["at.s"])) == 1


def test_what_may_change_something_is_sent_only_when_the_file_says_so(
    server: Server, ask: Callable[..., list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "requests.http"
    path.write_text(
        "GET https://api.passport.xyz/v2/stamps/1/score/0x0?a=1\n\n"
        "### left out\nPOST https://api.passport.xyz/ceramic-cache/stamps/bulk\n\n[1]\n"
        "### sent\n# @send\nPOST /ceramic-cache/stamps/bulk\nHost: api.passport.xyz\n"
        "Content-Type: application/json\n\n[2]\n"
    )

    found = ask(*read_questions(path))

    assert found == ["sent only with a comment `# @send` above it"]
    assert [(method, target, body) for method, _, target, body in server.asked] == [
        *[("GET", "/v2/stamps/1/score/0x0?a=1", b"")] * 2,
        *[("POST", "/ceramic-cache/stamps/bulk", b"[2]")] * 2,
    ]


def test_a_file_without_requests_is_refused_with_every_line(tmp_path: Path) -> None:
    path = tmp_path / "requests.http"
    path.write_text("get api.passport.xyz/x\n###\nGET /x\n\n")

    with pytest.raises(BadSettings) as caught:
        read_questions(path)

    assert "get api.passport.xyz/x" in str(caught.value)
    assert "GET /x" in str(caught.value)
    with pytest.raises(BadSettings, match="cannot be read"):
        read_questions(tmp_path / "none.http")


def test_a_side_that_does_not_answer_is_a_difference() -> None:
    (found,) = compare([GET], dict.fromkeys(map(str, Listener), "http://127.0.0.1:9"), SECRET)

    assert found.differences == ("no answer: NewConnectionError",)


def test_the_dual_endpoints_bring_their_own_and_no_post_is_sent() -> None:
    found = witnesses()

    assert len(found) == 6
    assert {one.method for one in found if one.is_sent} == {"GET"}
    assert {one.listener for one in found if one.is_sent} == set(Listener)
