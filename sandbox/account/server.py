"""The server of the emulated accounts: moto behind our refusals, on the loopback interface."""

import contextlib
import functools
import http
import io
import itertools
import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cheroot import wsgi
from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request, Response

from sandbox.account.admission import answer, missing, refusal, unable
from sandbox.account.calls import Call, CallCounter, identify
from sandbox.account.refusals import install, refuse_for
from sandbox.account.seed import REGION, STACKS, SeededAccount, seed
from sandbox.lifetime import LongLived
from sandbox.ports import HOST, listen

_WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_BACKLOG = 2048
_IDLE_S = 60

_UNSIGNED = "/moto-api"
"""What moto offers to whoever runs the server, no part of AWS."""

# Of a class that does not change; moto would look through it for each call.
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
_log = logging.getLogger(__name__)
_servers = itertools.count(1)


class AccountServer(LongLived):
    """One AWS account per stack, from `start` to `close`.

    Port 0 takes a free one; starting raises PortTaken. Every server has accounts of its own, so
    several may run in one process; nothing survives `close`.

        with AccountServer() as account:
            print(account.url)
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.instance = secrets.token_hex(8)
        self.accounts: Mapping[str, SeededAccount] = {}
        self.application: _WSGI
        self.balancers: dict[str, Mapping[str, str]] = {}
        """URLs of what serves a stack's load balancers, told to clients; empty if nothing does."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        listening = listen(self.port, "the account (--port)")
        with listening:
            self.port = listening.getsockname()[1]
            self._prepare()
            self.application = self._application()
            server = _Server(listening, self.application)
            server.prepare()
            thread = threading.Thread(
                target=server.serve, name=f"account server {self.port}", daemon=True
            )
            thread.start()
            try:
                yield
            finally:
                server.stop()
                thread.join()
                for account in self.accounts.values():
                    forget(account.account_id)

    def _prepare(self) -> None:
        install()
        default_user_config["lambda"] = {"use_docker": False}
        # 0.3 s for machine images that nobody here starts.
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        number = next(_servers)
        self.accounts = {
            stack: seed(f"{leading}{number:011d}", stack)
            for leading, stack in enumerate(STACKS, start=1)
        }
        for account in self.accounts.values():
            refuse_for(account.account_id)

    def _application(self) -> _WSGI:
        counter = CallCounter()
        moto = DomainDispatcherApplication(create_backend_app)
        # moto lists its own folder for each call, which is a tenth of what a call takes.
        moto.get_backend_for_host = functools.lru_cache(moto.get_backend_for_host)
        known = frozenset(account.account_id for account in self.accounts.values())
        return DispatcherMiddleware(
            _OneAtATime(moto, known, counter),
            {"/sandbox": _description_application(self._describe, counter)},
        )

    def _describe(self) -> Mapping[str, Any]:
        return {
            "instance": self.instance,
            "region": REGION,
            "stacks": {
                stack: {**account.as_json(), "balancers": dict(self.balancers.get(stack, {}))}
                for stack, account in self.accounts.items()
            },
        }


class _Server(wsgi.Server):
    """Serves on a socket that is bound already, and keeps connections open."""

    def __init__(self, listening: socket.socket, application: _WSGI) -> None:
        super().__init__(
            (HOST, listening.getsockname()[1]),
            application,
            request_queue_size=_BACKLOG,
            timeout=_IDLE_S,
        )
        # What it accepts has it too; without it an answer of two parts waits for 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listening = listening
        self.keep_alive_conn_limit = _BACKLOG
        self.expiration_interval = 0.05  # stopping waits for it

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:  # noqa: A002
        """As it is asked by the base class."""
        del family, type, proto
        self.socket = self._listening
        return self._listening


def forget(account_id: str) -> None:
    """Empty an account, and no other."""
    for backends in list(BackendDict._instances):
        backends.pop(account_id, None)


class _OneAtATime:
    """Hands requests to moto one by one: its backends do not expect threads.

    What moto would not keep it does not get, and what it fails on gets words. boto3 does not
    repeat 501 and 511.
    """

    def __init__(self, moto: Any, account_ids: frozenset[str], counter: CallCounter) -> None:
        self._moto = moto
        self._account_ids = account_ids
        self._counter = counter
        self._lock = threading.Lock()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = _body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        call = identify(environ, body)
        with self._lock:
            response = self._answer(call, environ, body)
            if call is not None:
                self._counter.answered(call)
        return response(environ, start_response)

    def _answer(self, call: Call | None, environ: dict[str, Any], body: bytes) -> Response:
        if call is None:
            if environ["PATH_INFO"].startswith(_UNSIGNED):
                return Response.from_app(self._moto, environ)
            return Response("The request is not signed.", status=403)
        if call.account_id not in self._account_ids:
            # The key of a server that has ended; moto would open an empty account.
            return Response(status=511)
        self._counter.add(call)
        failure = refusal(call, environ, body)
        if failure is None:
            try:
                response = Response.from_app(self._moto, environ)
                if response.status_code < http.HTTPStatus.INTERNAL_SERVER_ERROR:
                    return response
                _log.error("moto answered %s with %s", call, response.get_data(as_text=True))
                failure = unable(call, None)
            except Exception as error:
                failure = missing(call, environ, body) or unable(call, error)
                if failure.status == http.HTTPStatus.INTERNAL_SERVER_ERROR:
                    _log.exception("moto failed on %s", call)
        return answer(call, environ, failure)


def _body(environ: dict[str, Any]) -> bytes:
    stream: io.BufferedIOBase = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):  # chunked
        return stream.read()
    return stream.read(int(environ.get("CONTENT_LENGTH") or 0))


def _description_application(
    describe: Callable[[], Mapping[str, Any]], counter: CallCounter
) -> _WSGI:
    @Request.application
    def answer(request: Request) -> Response:
        match request.method, request.path.rstrip("/"):
            case "GET", "":
                return _json(describe())
            case "GET", "/calls":
                return _json(counter.as_json())
            case "GET", "/changes":
                return _json(counter.changes(request.args.get("account", ""))._asdict())
            case "DELETE", "/calls":
                counter.reset()
                return Response(status=204)
            case _:
                return Response(status=404)

    return answer


def _json(value: object) -> Response:
    return Response(json.dumps(value), mimetype="application/json")
