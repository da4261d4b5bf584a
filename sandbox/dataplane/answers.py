"""Answers to clients, those of the load balancer itself included."""

import http
import re
import time
from email.utils import formatdate
from functools import lru_cache
from typing import Final, NamedTuple

from sandbox.dataplane.actions import FixedResponse, Redirect
from sandbox.dataplane.asgi import HeaderLines, Send
from sandbox.dataplane.request import Request
from sandbox.dataplane.table import Listener

_SERVER = (b"server", b"awselb/2.0")
_WITHOUT_BODY: Final = (http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED)
_KEYWORD = re.compile(r"#\{(protocol|host|port|path|query)\}")


class Answer(NamedTuple):
    """A whole response; Content-Length, and a Date if it has none, are added when it is sent."""

    status: int
    headers: HeaderLines
    body: bytes


async def send_answer(answer: Answer, more_headers: HeaderLines, send: Send) -> None:
    """Send an answer with the stickiness cookies, if there are any."""
    status, headers, body = answer
    lines = [*headers, *more_headers]
    if status in _WITHOUT_BODY:
        body = b""
    else:
        lines.append((b"content-length", b"%d" % len(body)))
    if b"date" not in dict(lines):
        lines.append((b"date", _date(int(time.time()))))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=1)
def _date(now: int) -> bytes:
    return formatdate(now, usegmt=True).encode()


def error_answer(status: int) -> Answer:
    """The page that the load balancer sends with an error of its own."""
    title = f"{status} {_phrase(status)}".strip()
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(status, [_SERVER, (b"content-type", b"text/html")], page.encode())


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def fixed_answer(action: FixedResponse) -> Answer:
    """What the rule says."""
    content_type = (b"content-type", action.content_type.encode())
    return Answer(action.status, [_SERVER, content_type], action.body.encode())


def redirect_answer(action: Redirect, request: Request, listener: Listener) -> Answer:
    """The redirect, with the port always written out, as AWS does."""
    parts = {
        "protocol": listener.protocol,
        "host": request.host,
        "port": listener.port,
        "path": request.path.removeprefix("/"),
        "query": request.query,
    }

    def fill(template: str) -> str:
        return _KEYWORD.sub(lambda found: parts[found[1]], template)

    query = fill(action.query)
    location = (
        f"{fill(action.protocol).lower()}://{fill(action.host)}:{fill(action.port)}"
        f"{fill(action.path)}{'?' if query else ''}{query}"
    )
    page = error_answer(action.status)
    return page._replace(headers=[*page.headers, (b"location", location.encode("latin-1"))])
