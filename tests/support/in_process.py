"""Answers an account's clients in the process that has its server, which costs less by a quarter.

What goes over the wire is for the tests of the server, of the plugin and of commands.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import MockRawResponse
from werkzeug.test import create_environ, run_wsgi_app

from sandbox.account.server import AccountServer


@contextmanager
def answered_here(server: AccountServer) -> Iterator[AccountServer]:
    """Spare the clients of a running server their connections, for as long as that is held."""
    send = URLLib3Session.send

    def answer(session: Any, request: AWSPreparedRequest) -> AWSResponse:
        if not request.url.startswith(f"{server.url}/"):
            return send(session, request)
        environ = create_environ(
            request.url.removeprefix(server.url),
            method=request.method,
            headers=_texts(request.headers),
            data=request.body,
        )
        parts, status, headers = run_wsgi_app(server.application, environ, buffered=True)
        raw: Any = MockRawResponse(b"".join(parts))
        found: Any = dict(headers)
        return AWSResponse(request.url, int(status.partition(" ")[0]), found, raw)

    with patch.object(URLLib3Session, "send", answer):
        yield server


def _texts(headers: Any) -> dict[str, str]:
    return {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in headers.items()
    }
