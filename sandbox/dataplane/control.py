"""Looks into the data plane and changes its conditions while it runs.

The handlers are plain methods over JSON, so that any server can offer them; `ControlApp`
does it on a port of its own, because every path of a balancer's port belongs to its rules.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from sandbox.cloudwatch.monitor import Monitor, PublishFailed
from sandbox.dataplane.asgi import Receive, Scope, Send
from sandbox.dataplane.client import PATIENCE_S
from sandbox.dataplane.clock import Clock
from sandbox.dataplane.faults import Fault, Faults
from sandbox.dataplane.metrics import Metrics
from sandbox.dataplane.source import ReadFailed, Source
from sandbox.dataplane.stickiness import Renewal
from sandbox.dataplane.table import UnsupportedRule

_BODY_LIMIT = 64 * 1024
_REFRESH_S = PATIENCE_S - 20  # to refuse before the client gives up
_Json = Mapping[str, Any]
_Handler = Callable[[_Json], dict[str, Any]]

_FAULT_KEYS = {"errors": "errors", "crashes": "crashes", "latencyMs": "latency_ms"}


class Refused(ValueError):
    """A request to the control port that makes no sense."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Control:
    """The handlers. All but `refresh` return at once; every one may be called by any thread."""

    source: Source
    faults: Faults
    metrics: Metrics
    clock: Clock
    renewal: Renewal
    monitor: Monitor
    urls: Mapping[str, str]

    def status(self) -> dict[str, Any]:
        """What is live, where, and under which conditions."""
        return {
            **self.source.status(),
            "urls": dict(self.urls),
            "faults": self.faults.as_json(),
            "failures": [*self.metrics.notes, *self.monitor.notes],
            "clock": {"now": self.clock(), "ahead": self.clock.ahead},
            "renewOnActivity": self.renewal.on_activity,
        }

    def counters(self) -> dict[str, Any]:
        """The exact counts since the start."""
        return self.metrics.totals().as_json()

    def refresh(self) -> dict[str, Any]:
        """Read everything now; returns when that is live."""
        try:
            self.source.refresh(_REFRESH_S)
        except (TimeoutError, UnsupportedRule, ReadFailed) as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        return self.status()

    def set_fault(self, implementation: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Turn a fault on: `errors` and `crashes` as shares from 0 to 1, `latencyMs`."""
        unknown = sorted(set(wanted) - set(_FAULT_KEYS))
        if unknown:
            raise Refused(
                HTTPStatus.BAD_REQUEST, f"{unknown[0]} is none of {', '.join(_FAULT_KEYS)}"
            )
        try:
            numbers = {_FAULT_KEYS[key]: _number(key, value) for key, value in wanted.items()}
            self.faults.set(implementation, Fault(**numbers))
        except KeyError as error:
            raise Refused(HTTPStatus.NOT_FOUND, error.args[0]) from None
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        return self.status()

    def clear_fault(self, implementation: str) -> dict[str, Any]:
        """Turn the fault of an implementation off."""
        try:
            self.faults.clear(implementation)
        except KeyError as error:
            raise Refused(HTTPStatus.NOT_FOUND, error.args[0]) from None
        return self.status()

    def publish(self) -> dict[str, Any]:
        """Send the minutes that have ended to CloudWatch now, and evaluate the alarms."""
        try:
            return asdict(self.monitor.publish())
        except PublishFailed as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error

    def set_renewal(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Say whether every answer renews the stickiness cookie: `onActivity`, true or false."""
        on_activity = wanted.get("onActivity")
        if not isinstance(on_activity, bool):
            raise Refused(
                HTTPStatus.BAD_REQUEST, f"onActivity is true or false, not {on_activity!r}"
            )
        self.renewal.on_activity = on_activity
        return self.status()

    def advance_clock(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Move the clock by `advance` seconds."""
        try:
            self.clock.advance(_number("advance", wanted.get("advance")))
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        return self.status()


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is a number, not {value!r}")  # noqa: TRY004 # said to a caller
    return value


class ControlApp:
    """The handlers as an ASGI application that speaks JSON.

    GET /status, GET /metrics, POST /refresh, PUT and DELETE /faults/<implementation>,
    POST /clock, POST /publish, PUT /renewal
    """

    def __init__(self, control: Control) -> None:
        self._handlers: Mapping[tuple[str, str], Callable[[str, _Json], dict[str, Any]]] = {
            ("GET", "status"): lambda _name, _body: control.status(),
            ("GET", "metrics"): lambda _name, _body: control.counters(),
            ("POST", "refresh"): lambda _name, _body: control.refresh(),
            ("POST", "clock"): lambda _name, body: control.advance_clock(body),
            ("POST", "publish"): lambda _name, _body: control.publish(),
            ("PUT", "renewal"): lambda _name, body: control.set_renewal(body),
            ("PUT", "faults"): control.set_fault,
            ("DELETE", "faults"): lambda name, _body: control.clear_fault(name),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            handler = self._handler(scope["method"], scope["path"])
            body = await _read_json(receive)
            answer = await asyncio.to_thread(handler, body)
            status = HTTPStatus.OK
        except Refused as refusal:
            answer, status = {"error": str(refusal)}, refusal.status
        content = json.dumps(answer).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
        ]
        await send({"type": "http.response.start", "status": status.value, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _handler(self, method: str, path: str) -> _Handler:
        place, _, implementation = path.strip("/").partition("/")
        handler = self._handlers.get((method, place))
        if handler is None or bool(implementation) != (place == "faults"):
            raise Refused(HTTPStatus.NOT_FOUND, f"there is no {method} {path}")
        return lambda body: handler(implementation, body)


async def _read_json(receive: Receive) -> Mapping[str, Any]:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _BODY_LIMIT:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is not JSON") from None
    if not isinstance(content, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is not a JSON object")
    return content
