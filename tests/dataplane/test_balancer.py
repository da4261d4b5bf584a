import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.dataplane.failures import FunctionFailed, FunctionThrottled
from sandbox.dataplane.faults import Fault, Faults
from sandbox.dataplane.groups import Group
from sandbox.dataplane.lambda_response import LENIENT
from sandbox.dataplane.responder import Responder
from tests.account.support import fixed_response, path, weighted
from tests.dataplane.support import (
    BALANCER,
    PYTHON,
    RUST,
    Bench,
    Says,
    function_arn,
    group_arn,
    lambda_group,
    lambda_response,
    only_forward,
    rule,
    table,
)

MEGABYTE = 1024 * 1024


def test_a_request_reaches_its_function() -> None:
    backend = Says(lambda_response())
    bench = Bench(only_forward(PYTHON), backend=backend)

    reply = bench.ask("/a?b=c", "POST", [("Content-Type", "text/plain")], [b"he", b"llo"])

    assert (reply.status, reply.body, reply.header("content-length")) == (200, b"hello", "5")
    assert reply.header("server") == "awselb/2.0"
    (call,) = backend.calls
    assert call.function == PYTHON.function
    assert (call.event["httpMethod"], call.event["path"]) == ("POST", "/a")
    assert call.event["body"] == "hello"
    assert call.event["headers"]["x-forwarded-for"] == "198.51.100.7"


def test_the_built_in_responder_says_who_answered() -> None:
    reply = Bench(only_forward(RUST)).ask("/v2/x?a=1")

    assert reply.header("x-sandbox-implementation") == "rust"
    assert reply.header("x-sandbox-function") == "passport-v2-rust-scorer"
    assert reply.header("x-sandbox-target-group") == "rust"
    assert b'"query": {"a": "1"}' in reply.body


def test_multi_value_headers_both_ways() -> None:
    group = lambda_group("multi", multi_value_headers=True)

    assert Bench(only_forward(group)).ask("/?a=1&a=2").status == 200
    backend = Says({"statusCode": 200, "isBase64Encoded": False, "headers": {}})
    assert Bench(only_forward(group), backend=backend).ask().status == 502


def test_a_status_without_a_body() -> None:
    reply = Bench(only_forward(PYTHON), backend=Says(lambda_response(statusCode=204))).ask()

    assert (reply.status, reply.body, reply.header("content-length")) == (204, b"", None)


NO_TARGET = Group(group_arn("empty"))
UNPERMITTED = lambda_group("shut", permitted=False)
GONE = Group(group_arn("gone"), targets=(function_arn("gone"),))
USER_ERROR = {"LambdaUserError": 1}


@pytest.mark.parametrize(
    ("group", "backend", "status", "reason"),
    [
        (NO_TARGET, None, 503, None),
        (UNPERMITTED, None, 502, "LambdaAccessDenied"),
        (GONE, None, 502, "LambdaResourceNotFound"),
        (PYTHON, Says(FunctionFailed("boom")), 502, "LambdaUnhandled"),
        (PYTHON, Says(FunctionThrottled()), 502, "LambdaThrottling"),
        (PYTHON, Says("not an object"), 502, "LambdaInvalidResponse"),
        (PYTHON, Says(lambda_response(statusCode="200")), 502, "LambdaInvalidResponse"),
        (PYTHON, Says(lambda_response(body="x" * MEGABYTE)), 502, "LambdaResponseTooLarge"),
    ],
)
def test_a_failure(group: Group, backend: Says | None, status: int, reason: str | None) -> None:
    bench = Bench(only_forward(group), backend=backend)
    reply = bench.ask()

    assert reply.status == status
    assert reply.header("server") == "awselb/2.0"
    assert f"<h1>{status} ".encode() in reply.body
    assert reply.cookies == []
    totals = bench.metrics.totals()
    assert totals.failures == ({(group.arn, reason): 1} if reason else {})
    counted = bench.counted()
    requests = {"RequestCount": 1} if reason else {}
    assert counted[(BALANCER,)] == {
        "HTTPCode_ELB_5XX_Count": 1,
        f"HTTPCode_ELB_{status}_Count": 1,
        **requests,
    }
    assert counted.get((group.suffix,)) == (USER_ERROR if reason else None)
    assert counted.get((BALANCER, group.suffix)) == (requests or None)
    assert all(reason in note for note in bench.metrics.notes if reason)


def test_a_switch_lets_an_incomplete_response_pass() -> None:
    backend = Says({"statusCode": "200", "body": "hi"})

    assert Bench(only_forward(PYTHON), backend=backend).ask().status == 502
    lenient = Bench(only_forward(PYTHON), backend=backend, strictness=LENIENT)
    assert lenient.ask().body == b"hi"


class Never:
    """A function that does not answer."""

    immediate = False

    async def invoke(self, _call: Any) -> object:
        return await asyncio.Event().wait()


def test_a_timeout() -> None:
    bench = Bench(only_forward(lambda_group("slow", timeout_s=0)), backend=Never())

    assert bench.ask().status == 502
    assert "did not answer within 0 s" in bench.metrics.notes[0]
    assert bench.counted()[("slow",)] == {"Invocations": 1, "Errors": 1, "Throttles": 0}


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "status"), [(MEGABYTE, 200), (MEGABYTE + 1, 413)])
def test_a_request_of_more_than_1_mb(size: int, status: int, chunked: bool) -> None:
    backend = Says(lambda_response())
    bench = Bench(only_forward(PYTHON), backend=backend)
    parts = [b"x" * 65_536] * (size // 65_536) + [b"x" * (size % 65_536)]
    headers = [] if chunked else [("Content-Length", str(size))]

    reply = bench.ask("/", "POST", headers, parts)

    assert reply.status == status
    assert len(backend.calls) == (status == 200)
    if status == 413:
        counted = bench.counted()
        assert counted[(BALANCER,)] == {"HTTPCode_ELB_4XX_Count": 1, "RequestCount": 1}
        assert counted[(PYTHON.suffix,)] == USER_ERROR


def test_websockets_are_refused() -> None:
    bench = Bench(only_forward(PYTHON))
    upgrade = [("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket")]

    assert bench.ask(headers=upgrade).status == 400
    assert bench.metrics.totals().failures == {(PYTHON.arn, "LambdaWebsocketNotSupported"): 1}
    assert bench.ask(headers=[("Upgrade", "websocket")]).status == 200


def test_headers_that_are_not_utf8_are_refused() -> None:
    bench = Bench(only_forward(PYTHON))

    assert bench.ask(headers=[("a", "\xff")]).status == 400
    assert bench.metrics.totals().failures == {(PYTHON.arn, "LambdaBadRequest"): 1}


def test_a_client_that_leaves_while_it_sends() -> None:
    backend = Says(lambda_response())
    bench = Bench(only_forward(PYTHON), backend=backend)

    assert bench.ask("/", "POST", body=[b"half"], gone=True).status == 400
    assert backend.calls == []
    assert bench.counted() == {(BALANCER,): {"HTTPCode_ELB_4XX_Count": 1}}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [("TRACE", [], 405), ("GET", [("X-Forwarded-For", "1.1.1.1," * 30 + "1.1.1.1")], 463)],
)
def test_what_the_balancer_refuses_before_any_rule(
    method: str, headers: list[tuple[str, str]], status: int
) -> None:
    bench = Bench(only_forward(PYTHON))

    assert bench.ask("/", method, headers).status == status
    assert bench.counted() == {(BALANCER,): {"HTTPCode_ELB_4XX_Count": 1}}


def test_a_fixed_response_and_a_redirect_are_counted() -> None:
    target = {"Type": "redirect", "RedirectConfig": {"Host": "new.io", "StatusCode": "HTTP_302"}}
    bench = Bench(
        table(
            rule(1, path("/no"), action=fixed_response('{"no": 1}', "400")),
            rule(2, path("/go"), action=target),
        )
    )

    assert bench.ask("/no").body == b'{"no": 1}'
    moved = bench.ask("/go")
    assert (moved.status, moved.header("location")) == (302, "https://new.io:443/go")
    assert bench.ask("/other").status == 404
    assert bench.counted() == {
        (BALANCER,): {
            "HTTPCode_ELB_4XX_Count": 2,
            "HTTPCode_ELB_3XX_Count": 1,
            "HTTP_Fixed_Response_Count": 2,
            "HTTP_Redirect_Count": 1,
        }
    }


def test_a_mistake_of_ours_is_a_500_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(only_forward(PYTHON), backend=Says(ZeroDivisionError()))

    assert bench.ask("/x").status == 500
    assert "failed on GET /x" in caplog.text


STICKY = {"Enabled": True, "DurationSeconds": 60}


def test_answers_of_targets_carry_the_cookies_and_errors_do_not() -> None:
    action = weighted((PYTHON.arn, 1), (RUST.arn, 1), **STICKY)
    rules = table(rule(1, path("*"), action=action))

    assert len(Bench(rules).ask().cookies) == 2
    assert Bench(rules, backend=Says(FunctionFailed())).ask().cookies == []
    own = Says(lambda_response(headers={"Set-Cookie": "session=1"}))
    assert Bench(rules, backend=own).ask().cookies[0] == "session=1"
    assert len(Bench(rules, backend=own).ask().cookies) == 3


def test_all_weights_0_is_a_503() -> None:
    action = weighted((PYTHON.arn, 0), (RUST.arn, 0), **STICKY)

    assert Bench(table(rule(1, path("*"), action=action))).ask().status == 503


def test_a_target_that_is_no_function() -> None:
    registry = Group(group_arn("registry"), type="ip", targets=("10.0.0.10",))
    reply = Bench(only_forward(registry)).ask("/x", "POST", body=[b"a" * MEGABYTE, b"b"])

    assert reply.status == 200
    assert reply.header("x-sandbox-implementation") == "registry"
    empty = Group(registry.arn, type="ip")
    assert Bench(only_forward(empty)).ask().status == 503


def cycle(*values: float) -> Callable[[], float]:
    endless = itertools.cycle(values)
    return lambda: next(endless)


def test_faults_strike_their_share_and_one_side_only() -> None:
    both = {"python": only_forward(PYTHON), "rust": only_forward(RUST)}
    statuses = {}
    for side, rules in both.items():
        bench = Bench(rules)
        bench.faults.set("rust", Fault(errors=0.25, crashes=0.25))
        # Two draws a call: the crash, then the error if there was none.
        bench.chance = cycle(0.0, 0.3, 0.2, 0.9, 0.9, 0.24, 0.3, 0.3, 0.3)
        statuses[side] = [bench.ask().status for _ in range(5)]

    assert statuses == {"python": [200] * 5, "rust": [502, 500, 200, 502, 200]}


def test_a_fault_of_the_function_is_a_target_code_and_a_crash_is_not() -> None:
    bench = Bench(only_forward(RUST))
    bench.faults.set("rust", Fault(errors=1))
    assert bench.ask().status == 500
    bench.faults.set("rust", Fault(crashes=1))
    assert bench.ask().status == 502
    bench.faults.clear("rust")
    assert bench.ask().status == 200

    counted = bench.counted()
    assert counted[(BALANCER, RUST.suffix)] == {
        "RequestCount": 3,
        "HTTPCode_Target_5XX_Count": 1,
        "HTTPCode_Target_2XX_Count": 1,
    }
    assert counted[(RUST.suffix,)] == USER_ERROR
    assert counted[("passport-v2-rust-scorer",)] == {"Invocations": 3, "Errors": 1, "Throttles": 0}


def test_latency_is_seen_in_the_response_time() -> None:
    bench = Bench(only_forward(RUST))
    bench.faults.set("rust", Fault(latency_ms=20))
    bench.ask()

    (minute,) = bench.metrics.drain_closed_minutes(bench.time() + 60)
    assert minute.groups[RUST.arn].times["TargetResponseTime"].whole.minimum >= 0.02


def test_latency_beyond_the_timeout_is_a_502() -> None:
    bench = Bench(only_forward(lambda_group("rust", "passport-v2-rust-scorer", timeout_s=0)))
    bench.faults.set("rust", Fault(latency_ms=60_000))

    assert bench.ask().status == 502


@pytest.mark.parametrize(
    "wrong", [{"errors": 1.1}, {"errors": -0.1}, {"crashes": 2}, {"latency_ms": -1}]
)
def test_a_fault_that_makes_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Fault(**wrong)


def test_faults_know_the_implementations() -> None:
    faults = Faults()
    with pytest.raises(KeyError, match="there is no implementation go, only python, rust"):
        faults.set("go", Fault())
    with pytest.raises(KeyError):
        faults.clear("go")
    faults.set("rust", Fault(errors=0.5))
    assert faults.as_json() == {
        "python": None,
        "rust": {"errors": 0.5, "crashes": 0.0, "latency_ms": 0.0},
    }


def test_the_responder_needs_no_timeout() -> None:
    assert Responder.immediate
