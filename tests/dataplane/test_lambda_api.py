"""Functions behind the Invoke API; a small server speaks it, on the loop that asks."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from routing import limits
from sandbox.dataplane.faults import Faults
from sandbox.dataplane.groups import Function, Group
from sandbox.dataplane.invoke import Backend, Invoker
from sandbox.dataplane.lambda_api import LambdaBackend, is_lambda_api
from sandbox.dataplane.services import HttpBackend
from sandbox.ports import listen
from tests.dataplane.support import (
    HANG_S,
    PYTHON,
    RUST,
    Bench,
    Says,
    lambda_group,
    lambda_response,
    only_forward,
)

RESPONSE = json.dumps(lambda_response()).encode()


@dataclass
class LambdaApi:
    """Answers every invocation with what is prepared, not before it may."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = RESPONSE
    open: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    """(method and path, event)."""
    running: int = 0
    most: int = 0
    """How many ran at once."""
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        event = json.loads(await request.read() or "null")
        self.calls.append((f"{request.method} {request.path}", event))
        self.running += 1
        self.most = max(self.most, self.running)
        await self.open.wait()
        self.running -= 1
        return web.Response(status=self.status, headers=self.headers, body=self.body)

    async def wait_for_calls(self, count: int) -> None:
        async with asyncio.timeout(HANG_S):
            while len(self.calls) < count:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def lambda_api(*, open_: bool = True, **prepared: Any) -> AsyncIterator[LambdaApi]:
    api = LambdaApi(**prepared)
    if open_:
        api.open.set()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        api.url = str(server.make_url("")).rstrip("/")
        try:
            yield api
        finally:
            api.open.set()  # a failed test must not wait for it


@asynccontextmanager
async def behind(url: str) -> AsyncIterator[LambdaBackend]:
    backend = LambdaBackend(url)
    try:
        yield backend
    finally:
        await backend.service.close()


def scenario(run: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        await run()

    asyncio.run(within())


def test_the_event_reaches_the_function_and_its_response_comes_back() -> None:
    async def run() -> None:
        said = lambda_response(body="mine", headers={"content-type": "text/plain", "x-a": "1"})
        async with (
            lambda_api(body=json.dumps(said).encode()) as api,
            behind(f"lambda+{api.url}") as backend,
        ):
            bench = Bench(only_forward(PYTHON), backend=backend)
            reply = await bench.asked("/a%20b?x=1", "POST", [("X-A", "b")], [b"body"])

        ((called, event),) = api.calls
        assert called == "POST /2015-03-31/functions/python/invocations"
        assert event["requestContext"] == {"elb": {"targetGroupArn": PYTHON.arn}}
        assert (event["httpMethod"], event["path"]) == ("POST", "/a%20b")
        assert event["queryStringParameters"] == {"x": "1"}
        assert event["headers"]["x-a"] == "b"
        assert event["headers"]["x-forwarded-for"] == "198.51.100.7"
        assert (reply.status, reply.body, reply.header("x-a")) == (200, b"mine", "1")
        assert bench.metrics.totals().failures == {}

    scenario(run)


def test_two_invocations_do_not_share_what_the_function_says() -> None:
    async def run() -> None:
        async with lambda_api() as api, behind(f"lambda+{api.url}") as backend:
            bench = Bench(only_forward(PYTHON), backend=backend)
            await bench.asked("/a")
            api.body = json.dumps(lambda_response(body="second")).encode()
            assert (await bench.asked("/b")).body == b"second"
        assert [event["path"] for _, event in api.calls] == ["/a", "/b"]

    scenario(run)


ERROR = json.dumps({"errorMessage": "no such stamp", "errorType": "RuntimeError"}).encode()
UNHANDLED = {"X-Amz-Function-Error": "Unhandled"}
USER, INTERNAL = "LambdaUserError", "LambdaInternalError"


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason", "metric", "words"),
    [
        (200, UNHANDLED, ERROR, "LambdaUnhandled", USER, "RuntimeError: no such stamp"),
        (200, UNHANDLED, RESPONSE, "LambdaUnhandled", USER, "statusCode"),
        (200, {}, ERROR, "LambdaUnhandled", USER, "no such stamp"),
        (200, {}, b"Task timed out after 3.00 seconds", "LambdaUnhandled", USER, "timed out"),
        (200, {}, b"", "LambdaUnhandled", USER, "its process ended"),
        (500, {}, ERROR, "LambdaUnhandled", USER, "no such stamp"),
        (502, {}, ERROR, "LambdaUnhandled", USER, "no such stamp"),
        (200, {}, b"hello", "LambdaInvalidResponse", USER, "is a string"),
        (200, {}, b"[1]", "LambdaInvalidResponse", USER, "is a list"),
        (200, {}, b'{"a": 1}', "LambdaInvalidResponse", USER, ""),
        (429, {}, b'{"Reason": "x"}', "LambdaThrottling", USER, "python"),
        (403, {}, b'{"Message": "no"}', "LambdaAccessDenied", USER, "no"),
        (404, {}, b'{"title": "Missing"}', "LambdaResourceNotFound", USER, "Missing"),
        (500, {}, b'{"Message": "sorry"}', "LambdaServiceException", INTERNAL, "500"),
        (503, {}, b"sorry", "LambdaServiceException", INTERNAL, "503 sorry"),
        (302, {"Location": "/"}, b"there", "LambdaServiceException", INTERNAL, "302 there"),
    ],
)
def test_what_goes_wrong_is_a_502_with_its_reason(
    status: int, headers: dict[str, str], body: bytes, reason: str, metric: str, words: str
) -> None:
    async def run() -> None:
        async with (
            lambda_api(status=status, headers=headers, body=body) as api,
            behind(f"lambda+{api.url}") as backend,
        ):
            bench = Bench(only_forward(PYTHON), backend=backend)
            assert (await bench.asked()).status == 502
        assert bench.metrics.totals().failures == {(PYTHON.arn, reason): 1}
        assert bench.counted()[PYTHON.suffix,] == {metric: 1}
        assert words in bench.metrics.notes[0]

    scenario(run)


def test_a_lambda_api_that_is_not_there() -> None:
    with listen(0, "a test") as taken:
        port = taken.getsockname()[1]

    async def run() -> None:
        async with behind(f"lambda+http://127.0.0.1:{port}") as backend:
            bench = Bench(only_forward(PYTHON), backend=backend)
            assert (await bench.asked()).status == 502
        assert bench.metrics.totals().failures == {(PYTHON.arn, "LambdaConnectionError"): 1}
        assert bench.counted()[PYTHON.suffix,] == {INTERNAL: 1}
        assert f"127.0.0.1:{port}" in bench.metrics.notes[0]

    scenario(run)


def test_a_function_that_does_not_answer_in_its_time() -> None:
    hasty = lambda_group("hasty", timeout_s=0)

    async def run() -> None:
        async with lambda_api(open_=False) as api, behind(f"lambda+{api.url}") as backend:
            bench = Bench(only_forward(hasty), backend=backend)
            assert (await bench.asked()).status == 502
        assert "hasty did not answer within 0 s" in bench.metrics.notes[0]
        assert bench.counted()["hasty",]["Errors"] == 1

    scenario(run)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("lambda+{}", "python"),
        ("lambda+{}/", "python"),
        ("lambda+{}/function", "function"),
        ("{}/2015-03-31/functions/other/invocations", "other"),
        ("lambda+{}/2015-03-31/functions/other/invocations", "other"),
    ],
)
def test_how_a_function_is_named(url: str, name: str) -> None:
    async def run() -> None:
        async with lambda_api() as api, behind(url.format(api.url)) as backend:
            await Bench(only_forward(PYTHON), backend=backend).asked()
        assert [called for called, _ in api.calls] == [
            f"POST /2015-03-31/functions/{name}/invocations"
        ]

    assert is_lambda_api(url.format("http://h"))
    scenario(run)


@pytest.mark.parametrize(
    "url", ["lambda+ftp://h", "lambda+http://", "lambda+http://h/a/b", "lambda+http://h/a?b=c"]
)
def test_an_address_of_no_lambda_api(url: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        LambdaBackend(url)


@pytest.mark.parametrize("url", ["http://h", "http://h/functions/f/invocations", "https://h/a"])
def test_a_service_is_no_lambda_api(url: str) -> None:
    assert not is_lambda_api(url)


def test_invocations_of_the_emulator_wait_for_each_other() -> None:
    """Two at once make it crash, also when the caller of the first one has left."""

    async def run() -> None:
        async with (
            lambda_api(open_=False) as api,
            behind(f"lambda+{api.url}/function") as backend,
            behind(f"lambda+{api.url}/later") as unbound,
        ):
            bench = Bench(only_forward(PATIENT), backend=backend)
            first = asyncio.ensure_future(bench.asked("/1"))
            await api.wait_for_calls(1)
            second, third = (asyncio.ensure_future(bench.asked(path)) for path in ("/2", "/3"))
            first.cancel()
            await asyncio.wait([first])
            # What does not wait overtakes them.
            later = asyncio.ensure_future(Bench(only_forward(PATIENT), backend=unbound).asked())
            await api.wait_for_calls(2)
            assert api.calls[1][0].endswith("/later/invocations")
            api.open.set()
            replies = await asyncio.wait_for(asyncio.gather(second, third, later), HANG_S)

        assert [reply.status for reply in replies] == [200, 200, 200]
        assert [event["path"] for _, event in api.calls] == ["/1", "/", "/2", "/3"]

    scenario(run)


def invoker(python: Backend, rust: Backend) -> Invoker:
    return Invoker({"python": python, "rust": rust}, Faults(), lambda: 0.0)


EVENT = {"httpMethod": "GET", "path": "/", "headers": {}, "body": "", "isBase64Encoded": False}
HELD = 200
PATIENT = lambda_group("patient", timeout_s=900)
"""Its invocations are held, however long that takes."""


@pytest.mark.parametrize("kind", ["service", "Lambda API"])
def test_a_function_that_hangs_does_not_slow_another_nor_its_own_invocations(kind: str) -> None:
    async def run() -> None:
        async with (
            lambda_api(open_=False) as slow,
            lambda_api() as quick,
            behind(f"lambda+{slow.url}") as python,
            behind(f"lambda+{quick.url}") as rust,
        ):
            backends: list[Backend] = [python, rust]
            if kind == "service":
                backends = [HttpBackend(one.service) for one in (python, rust)]
            calls = invoker(*backends)
            held = [asyncio.ensure_future(calls.invoke(PATIENT, EVENT)) for _ in range(HELD)]
            await slow.wait_for_calls(HELD)
            await asyncio.wait_for(calls.invoke(RUST, EVENT), HANG_S)
            assert not any(one.done() for one in held)
            slow.open.set()
            await asyncio.wait_for(asyncio.gather(*held), HANG_S)
        assert slow.most == HELD

    scenario(run)


def reserved(name: str, count: int) -> Group:
    return replace(lambda_group(name), function=Function(name, 900, count))


def test_beyond_its_concurrency_a_function_is_throttled_and_no_other_is() -> None:
    two = reserved("two", 2)

    async def run() -> None:
        async with lambda_api(open_=False) as api, behind(f"lambda+{api.url}") as backend:
            bench = Bench(only_forward(two), backend=backend)
            held = [asyncio.ensure_future(bench.asked()) for _ in range(2)]
            await api.wait_for_calls(2)
            third = await asyncio.wait_for(bench.asked(), HANG_S)
            assert third.status == 502
            assert bench.metrics.totals().failures == {(two.arn, "LambdaThrottling"): 1}
            api.open.set()
            replies = await asyncio.wait_for(asyncio.gather(*held), HANG_S)
            assert [reply.status for reply in (*replies, await bench.asked())] == [200] * 3

        counted = bench.counted()
        assert counted["two",] == {"Throttles": 1, "Invocations": 3, "Errors": 0}
        assert counted[two.suffix,] == {USER: 1}

    scenario(run)


def test_a_concurrency_of_0_turns_a_function_off() -> None:
    off = reserved("off", 0)
    bench = Bench(only_forward(off))

    assert bench.ask().status == 502
    assert bench.metrics.totals().failures == {(off.arn, "LambdaThrottling"): 1}


def test_functions_without_a_concurrency_of_their_own_share_the_accounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "ACCOUNT_CONCURRENT_EXECUTIONS", 1)
    own = reserved("own", 1)

    async def run() -> None:
        async with lambda_api(open_=False) as api, behind(f"lambda+{api.url}") as backend:
            calls = invoker(backend, Says(lambda_response()))
            held = asyncio.ensure_future(calls.invoke(PATIENT, EVENT))
            await api.wait_for_calls(1)
            with pytest.raises(Exception, match="LambdaThrottling: passport-v2-rust-scorer"):
                await calls.invoke(RUST, EVENT)
            also = asyncio.ensure_future(calls.invoke(own, EVENT))
            await api.wait_for_calls(2)
            api.open.set()
            await asyncio.wait_for(asyncio.gather(held, also), HANG_S)

    scenario(run)


def test_one_function_may_have_a_backend_of_its_own() -> None:
    implementation, own = Says(lambda_response()), Says(lambda_response())
    calls = Invoker({"python": implementation, "other": own}, Faults(), lambda: 0.0)
    asyncio.run(calls.invoke(PYTHON, EVENT))
    asyncio.run(calls.invoke(lambda_group("other"), EVENT))

    assert [call.function.name for call in implementation.calls] == ["python"]
    assert [call.function.name for call in own.calls] == ["other"]
