"""Functions that run elsewhere, behind Lambda's own Invoke API.

Who serves it on a developer's machine, and how they were seen to answer:

- `cargo lambda watch`: a function error is a 500 with `errorType` and `errorMessage`, a
  function that it lacks a 404.
- AWS's runtime interface emulator, which is part of AWS's images: it knows its function as
  `function` only. A function error is a 200 without X-Amz-Function-Error, a timeout a 200
  with a line of text, an ended process a 502. It runs one invocation at a time, and a second
  one beside it makes it crash (version of 2026-10-30).
"""

import asyncio
import http
import json
import re
from typing import Final
from urllib.parse import urlsplit

from sandbox.dataplane.failures import (
    FunctionFailed,
    FunctionThrottled,
    LambdaFailure,
    Reason,
)
from sandbox.dataplane.invoke import Call
from sandbox.dataplane.services import HttpService, Reply, ServiceUnreachable

SCHEME: Final = "lambda+"
"""Begins the URL of a Lambda API."""

_INVOCATIONS = "/2015-03-31/functions/{}/invocations"
_INVOCATIONS_PATH = re.compile(_INVOCATIONS.format("(?P<name>[^/]+)") + "/?")
_EMULATED = "function"
_TIMED_OUT = "Task timed out after "
_LONGEST_QUOTE = 300


class LambdaBackend:
    """Runs functions by the Invoke API at `url`, each under its own name or all as one.

    `lambda+http://HOST:PORT` invokes each function by its name in the account,
    `lambda+http://HOST:PORT/NAME` invokes NAME for all of them, and so does a URL that ends with
    the path of NAME's invocations. NAME `function` stands for the runtime interface emulator,
    whose invocations wait for each other.

    Raises ValueError for a URL that is none of these.
    """

    immediate = False

    def __init__(self, url: str) -> None:
        address = urlsplit(url.removeprefix(SCHEME))
        path = _INVOCATIONS_PATH.fullmatch(address.path)
        name = path["name"] if path else address.path.strip("/")
        if "/" in name or address.query:
            raise ValueError(f"{url} is not lambda+http://HOST:PORT with at most a function's name")
        self._name = name
        self.service = HttpService(f"{address.scheme}://{address.netloc}", idle_s=None)
        self._turn = asyncio.Lock() if name == _EMULATED else None

    async def invoke(self, call: Call) -> object:
        if self._turn is None:
            return _response(await self._send(call))
        turn = self._turn
        await turn.acquire()
        # The emulator goes on with an invocation whose caller does not wait any longer.
        sending = asyncio.ensure_future(self._send(call))
        sending.add_done_callback(lambda _: turn.release())
        return _response(await asyncio.shield(sending))

    async def _send(self, call: Call) -> Reply:
        target = _INVOCATIONS.format(self._name or call.function.name)
        lines = [("content-type", "application/json")]
        try:
            return await self.service.send("POST", target, lines, json.dumps(call.event).encode())
        except ServiceUnreachable as error:
            raise LambdaFailure(Reason.CONNECTION_ERROR, str(error)) from error


def is_lambda_api(url: str) -> bool:
    """Whether a backend's URL is one of the Invoke API, and not of an HTTP service."""
    return url.startswith(SCHEME) or bool(_INVOCATIONS_PATH.fullmatch(urlsplit(url).path))


def _response(reply: Reply) -> object:
    """What the function returned. Raises what `Backend.invoke` does."""
    text = reply.body.decode(errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        content = text
    said = text.strip()[:_LONGEST_QUOTE]
    if reply.status == http.HTTPStatus.TOO_MANY_REQUESTS:
        raise FunctionThrottled(said)
    if _is_function_error(reply, content):
        raise FunctionFailed(_describe(content) or said or "its process ended")
    if reason := _REASONS.get(reply.status):
        raise LambdaFailure(reason, said)
    if reply.status >= http.HTTPStatus.MULTIPLE_CHOICES:
        raise LambdaFailure(Reason.SERVICE_EXCEPTION, f"{reply.status} {said}")
    return content


def _is_function_error(reply: Reply, content: object) -> bool:
    return (
        any(name.lower() == b"x-amz-function-error" for name, _ in reply.lines)
        or _describe(content) is not None
        or (isinstance(content, str) and (not content or content.startswith(_TIMED_OUT)))
    )


def _describe(content: object) -> str | None:
    """The error that a runtime reports instead of a response."""
    if not isinstance(content, dict) or "statusCode" in content or "errorMessage" not in content:
        return None
    return f"{content.get('errorType', 'Error')}: {content['errorMessage']}"[:_LONGEST_QUOTE]


_REASONS: Final[dict[int, Reason]] = {
    http.HTTPStatus.FORBIDDEN: Reason.ACCESS_DENIED,
    http.HTTPStatus.NOT_FOUND: Reason.RESOURCE_NOT_FOUND,
}
