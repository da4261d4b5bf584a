"""The control port's application, without a server."""

import asyncio
import json
from typing import Any
from unittest.mock import Mock

import pytest

from sandbox.cloudwatch.monitor import Monitor
from sandbox.dataplane.asgi import Message
from sandbox.dataplane.clock import Clock
from sandbox.dataplane.control import Control, ControlApp
from sandbox.dataplane.faults import Fault, Faults
from sandbox.dataplane.metrics import Metrics, Outcome
from sandbox.dataplane.source import Source
from sandbox.dataplane.stickiness import Renewal
from tests.account.support import path
from tests.dataplane.support import DEFAULT, LISTENER, PYTHON, StubApi, Time, matched, rule, table


class World:
    def __init__(self) -> None:
        self.api = StubApi([rule(1, path("/a")), DEFAULT])
        self.source = Source(self.api.api, {"public": LISTENER}, 3600)
        self.source.start()
        self.clock = Clock(Time())
        self.control = Control(
            self.source,
            Faults(),
            Metrics(self.clock),
            self.clock,
            Renewal(),
            Monitor(Mock(), Metrics(self.clock), self.clock),
            {"public": "http://p"},
        )

    def ask(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": raw}

        async def send(message: Message) -> None:
            sent.append(message)

        app = ControlApp(self.control)
        asyncio.run(app({"method": method, "path": target}, receive, send))
        return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def world() -> Any:
    made = World()
    yield made
    made.source.close()


def test_the_status(world: World) -> None:
    code, status = world.ask("GET", "/status")

    assert code == 200
    assert (status["version"], status["error"]) == (1, None)
    assert status["urls"] == {"public": "http://p"}
    assert status["faults"] == {"python": None, "rust": None}


def test_a_refresh_answers_when_the_change_is_live(world: World) -> None:
    world.api.rules = [DEFAULT]

    assert world.ask("POST", "/refresh")[1]["version"] == 2


def test_a_refresh_that_fails_says_why(world: World) -> None:
    world.api.rules = [rule(9, path("/a")) | {"Transforms": ["x"]}, DEFAULT]
    code, answer = world.ask("POST", "/refresh")

    assert code == 503
    assert "rule-9" in answer["error"]


def test_faults_on_and_off(world: World) -> None:
    code, status = world.ask(
        "PUT", "/faults/rust", {"errors": 0.2, "crashes": 0.05, "latencyMs": 500}
    )
    assert code == 200
    assert status["faults"]["rust"] == {"errors": 0.2, "crashes": 0.05, "latency_ms": 500}
    assert world.control.faults.of("rust") == Fault(errors=0.2, crashes=0.05, latency_ms=500)

    world.ask("DELETE", "/faults/rust")
    assert world.control.faults.of("rust") is None


@pytest.mark.parametrize(
    ("method", "target", "body", "code", "words"),
    [
        ("PUT", "/faults/go", {"errors": 1}, 404, "no implementation go"),
        ("DELETE", "/faults/go", None, 404, "no implementation go"),
        ("PUT", "/faults/rust", {"errors": 2}, 400, "errors is a share"),
        ("PUT", "/faults/rust", {"errors": "1"}, 400, "errors is a number"),
        ("PUT", "/faults/rust", {"errors": True}, 400, "errors is a number"),
        ("PUT", "/faults/rust", {"error": 1}, 400, "error is none of"),
        ("PUT", "/faults/rust", b"{", 400, "not JSON"),
        ("PUT", "/faults/rust", b"[1]", 400, "not a JSON object"),
        ("PUT", "/faults/rust", b" " * 70_000, 413, "too large"),
        ("POST", "/clock", {"advance": -1}, 400, "forward only"),
        ("POST", "/clock", {}, 400, "advance is a number"),
        ("GET", "/", None, 404, "there is no GET /"),
        ("POST", "/status", None, 404, "there is no POST /status"),
    ],
)
def test_a_mistake(
    world: World, method: str, target: str, body: Any, code: int, words: str
) -> None:
    answered, answer = world.ask(method, target, body)

    assert answered == code
    assert words in answer["error"]


def test_the_clock_moves(world: World) -> None:
    before = world.clock()
    _, status = world.ask("POST", "/clock", {"advance": 3600})

    assert world.clock() == before + 3600
    assert status["clock"] == {"now": before + 3600, "ahead": 3600}


def test_the_counters(world: World) -> None:
    world.control.metrics.record(table(), matched(table()), Outcome(200, PYTHON, seconds=1))

    assert world.ask("GET", "/metrics")[1] == {
        "routed": [{"rule": "rule-default", "targetGroup": PYTHON.arn, "count": 1}],
        "statuses": [
            {
                "loadBalancer": "app/public/50dc6c495c0c9188",
                "targetGroup": PYTHON.arn,
                "status": 200,
                "count": 1,
            }
        ],
        "failures": [],
    }


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_the_clock_goes_forward_only(seconds: float) -> None:
    with pytest.raises(ValueError, match="forward only"):
        Clock().advance(seconds)
