"""One load balancer: a bare ASGI application that obeys the table that is live."""

import http
import logging
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, assert_never

from sandbox.dataplane.actions import FixedResponse, Forward, Redirect
from sandbox.dataplane.answers import (
    Answer,
    error_answer,
    fixed_answer,
    redirect_answer,
    send_answer,
)
from sandbox.dataplane.asgi import HeaderLines, Receive, Scope, Send
from sandbox.dataplane.failures import LambdaFailure, Reason
from sandbox.dataplane.forwarded import forwarded_lines, has_too_many_addresses
from sandbox.dataplane.groups import LAMBDA, Group
from sandbox.dataplane.invoke import Invoker
from sandbox.dataplane.lambda_event import BODY_LIMIT, build_event
from sandbox.dataplane.lambda_response import Strictness, parse_response
from sandbox.dataplane.metrics import Metrics, Outcome
from sandbox.dataplane.request import Request
from sandbox.dataplane.services import Service, ServiceUnreachable
from sandbox.dataplane.stickiness import Stickiness
from sandbox.dataplane.table import Rule, Table

TOO_MANY_ADDRESSES = 463

_log = logging.getLogger(__name__)


class NoBody(Exception):
    """The body did not come whole: the client left, stopped, or sent what is none."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the request is answered with {status}")
        self.status = status


class Result(NamedTuple):
    """An answer and how it came about."""

    answer: Answer
    outcome: Outcome
    cookies: HeaderLines


class Targets(NamedTuple):
    """What stands behind the target groups."""

    invoker: Invoker
    services: Callable[[Group], Service]
    strictness: Strictness


class Balancer:
    """Serves the listener whose table `live` gives, request by request."""

    def __init__(
        self,
        live: Callable[[], Table],
        stickiness: Stickiness,
        targets: Targets,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._live = live
        self._stickiness = stickiness
        self._targets = targets
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        table = self._live()
        if "refused" in scope:
            result = _own(scope["refused"])
            self._metrics.record(table, None, result.outcome)
            await send_answer(result.answer, [], send)
            return
        request = Request(scope)
        rule = table.match(request)
        try:
            result = await self._answer(request, table, rule, receive)
        except NoBody as failure:
            result = _own(failure.status)
        except Exception:
            _log.exception("The load balancer failed on %s %s", request.method, request.path)
            result = _own(http.HTTPStatus.INTERNAL_SERVER_ERROR)
        self._metrics.record(table, rule, result.outcome)
        await send_answer(result.answer, result.cookies, send)

    async def _answer(self, request: Request, table: Table, rule: Rule, receive: Receive) -> Result:
        if request.method == "TRACE":
            return _own(http.HTTPStatus.METHOD_NOT_ALLOWED)
        if has_too_many_addresses(request):
            return _own(TOO_MANY_ADDRESSES)
        match rule.action:
            case FixedResponse() as action:
                return _without_target(fixed_answer(action), "fixed-response")
            case Redirect() as action:
                answer = redirect_answer(action, request, table.listener)
                return _without_target(answer, "redirect")
            case Forward() as action:
                return await self._forward(action, request, table, rule, receive)
            case action:
                assert_never(action)

    async def _forward(
        self, action: Forward, request: Request, table: Table, rule: Rule, receive: Receive
    ) -> Result:
        group, cookies = self._stickiness.choose(action, request)
        if group is None or not group.targets:
            return _own(http.HTTPStatus.SERVICE_UNAVAILABLE)
        if group.type != LAMBDA:
            result = await self._call_service(group, request, table, receive)
        else:
            result = await self._call_function(group, request, table, rule, receive)
        answered = result.outcome.seconds is not None
        return Result(result.answer, result.outcome, cookies) if answered else result

    async def _call_function(
        self, group: Group, request: Request, table: Table, rule: Rule, receive: Receive
    ) -> Result:
        begun = None
        ran_s = None
        try:
            if request.wants_websocket:
                raise LambdaFailure(Reason.WEBSOCKET)  # noqa: TRY301 # one place counts failures
            body = await _read_body(request, receive, limit=BODY_LIMIT)
            event = build_event(request, body, group, table.listener, self._clock())
            begun = time.perf_counter()
            response = await self._targets.invoker.invoke(group, event, rule.priority)
            ran_s = time.perf_counter() - begun
            answer = parse_response(
                response, self._targets.strictness, multi_value=group.multi_value_headers
            )
        except LambdaFailure as failure:
            self._metrics.note(str(failure))
            reason = failure.reason
            if begun is not None and reason is Reason.UNHANDLED:
                ran_s = time.perf_counter() - begun
        else:
            return Result(answer, Outcome(answer.status, group, seconds=ran_s, ran_s=ran_s), [])
        outcome = Outcome(reason.status, group, reason=reason, ran_s=ran_s)
        return Result(error_answer(reason.status), outcome, [])

    async def _call_service(
        self, group: Group, request: Request, table: Table, receive: Receive
    ) -> Result:
        body = await _read_body(request, receive, limit=None)
        lines = forwarded_lines(request, table.listener, self._clock())
        begun = time.perf_counter()
        try:
            answer = await self._targets.services(group).answer(request, lines, body, group)
        except ServiceUnreachable as error:
            self._metrics.note(str(error))
            status = http.HTTPStatus.BAD_GATEWAY
            return Result(error_answer(status), Outcome(status, group), [])
        seconds = time.perf_counter() - begun
        return Result(answer, Outcome(answer.status, group, seconds=seconds), [])


async def _read_body(request: Request, receive: Receive, *, limit: int | None) -> bytes:
    """The whole body. One that is too large is read to its end, but not kept.

    Raises LambdaFailure for that, and NoBody.
    """
    if not request.has_body:
        return b""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise NoBody(message.get("refused", http.HTTPStatus.BAD_REQUEST))
        part = message.get("body", b"")
        size += len(part)
        if limit is not None and size > limit:
            parts.clear()
        else:
            parts.append(part)
        more = message.get("more_body", False)
    if limit is not None and size > limit:
        raise LambdaFailure(Reason.REQUEST_TOO_LARGE)
    return b"".join(parts)


def _own(status: int) -> Result:
    return _without_target(_ERRORS[status], "forward")


def _without_target(answer: Answer, action: str) -> Result:
    return Result(answer, Outcome(answer.status, action=action), [])


_ERRORS: Mapping[int, Answer] = {
    status: error_answer(status)
    for status in (
        http.HTTPStatus.BAD_REQUEST,
        http.HTTPStatus.METHOD_NOT_ALLOWED,
        http.HTTPStatus.REQUEST_TIMEOUT,
        http.HTTPStatus.INTERNAL_SERVER_ERROR,
        http.HTTPStatus.NOT_IMPLEMENTED,
        http.HTTPStatus.SERVICE_UNAVAILABLE,
        http.HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
        TOO_MANY_ADDRESSES,
    )
}
