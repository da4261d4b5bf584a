"""Both load balancers of one stack, served on the loopback interface."""

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast, overload

import uvicorn
import uvloop

from routing.limits import IDLE_TIMEOUT_SECONDS
from sandbox.changes import Changes
from sandbox.cloudwatch.monitor import Monitor
from sandbox.dataplane.asgi import App
from sandbox.dataplane.balancer import Balancer, Targets
from sandbox.dataplane.clock import Clock
from sandbox.dataplane.connection import Connection
from sandbox.dataplane.control import Control, ControlApp
from sandbox.dataplane.faults import Faults
from sandbox.dataplane.groups import IMPLEMENTATIONS, Group
from sandbox.dataplane.invoke import Backend, Invoker
from sandbox.dataplane.lambda_api import LambdaBackend, is_lambda_api
from sandbox.dataplane.lambda_response import STRICT, Strictness
from sandbox.dataplane.metrics import Metrics
from sandbox.dataplane.responder import Responder, ServiceResponder
from sandbox.dataplane.services import HttpBackend, HttpService, Service
from sandbox.dataplane.source import INTERVAL_S, PATIENCE_S, Live, Source
from sandbox.dataplane.stickiness import Renewal, Stickiness
from sandbox.lifetime import LongLived
from sandbox.ports import HOST, listen

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_lambda import LambdaClient

PUBLIC: Final = "public"
INTERNAL: Final = "internal"
CONTROL: Final = "control"


class Account(Protocol):
    """What is needed of `sandbox.account.client.Account`."""

    @overload
    def client(self, service: Literal["cloudwatch"]) -> "CloudWatchClient": ...
    @overload
    def client(self, service: Literal["elbv2"]) -> "ElasticLoadBalancingv2Client": ...
    @overload
    def client(self, service: Literal["lambda"]) -> "LambdaClient": ...
    def changes(self) -> Changes: ...
    @property
    def stack(self) -> str: ...
    @property
    def foundation(self) -> Mapping[str, Any]: ...


class DataPlane(LongLived):
    """The public and the internal load balancer, from `start` to `close`.

    Ports: 0 takes a free one. `backends` says what stands behind an implementation
    (`python`, `rust`), behind one function, or behind the targets of a group that are no
    functions (by the group's name, `registry`): the URL of a service or of a Lambda API, or a
    backend; else a built-in responder answers.
    `renew_on_activity`: whether every answer renews a stickiness cookie, which AWS does not
    document for these cookies. Starting raises PortTaken, UnsupportedRule and ReadFailed.

        with DataPlane(account) as plane:
            print(plane.public_url)
    """

    def __init__(
        self,
        account: Account,
        *,
        public_port: int = 0,
        internal_port: int = 0,
        control_port: int = 0,
        backends: Mapping[str, str | Backend] | None = None,
        renew_on_activity: bool = True,
        strictness: Strictness = STRICT,
        interval_s: float = INTERVAL_S,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._stack = account.stack
        self.clock = clock or Clock()
        self.faults = Faults()
        self.metrics = Metrics(self.clock)
        self.monitor = Monitor(account, self.metrics, self.clock)
        self.source = Source(
            account,
            {
                PUBLIC: account.foundation["publicAlbHttpsListenerArn"],
                INTERNAL: account.foundation["privateAlbHttpListenerArn"],
            },
            interval_s,
        )
        self._ports = {PUBLIC: public_port, INTERNAL: internal_port, CONTROL: control_port}
        self._stand_ins = _StandIns(backends or {})
        self._targets = Targets(
            Invoker(self._stand_ins.functions, self.faults, chance),
            self._stand_ins.service,
            strictness,
        )
        self._renewal = Renewal(renew_on_activity)
        self._stickiness = {
            name: Stickiness(self.clock, chance, self._renewal) for name in (PUBLIC, INTERNAL)
        }

    @property
    def public_url(self) -> str:
        return self._url(PUBLIC)

    @property
    def internal_url(self) -> str:
        return self._url(INTERNAL)

    @property
    def urls(self) -> Mapping[str, str]:
        """Where the load balancers and the control answer, by name."""
        return {name: self._url(name) for name in self._ports}

    @property
    def control(self) -> Control:
        """The handlers of the control port, for a server of someone else."""
        return Control(
            self.source,
            self.faults,
            self.metrics,
            self.clock,
            self._renewal,
            self.monitor,
            self.urls,
        )

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        with contextlib.ExitStack() as undo:
            sockets = {
                name: undo.enter_context(
                    listen(port, f"{self._stack}'s {name} load balancer (--{name}-port)")
                )
                for name, port in self._ports.items()
            }
            self._ports = {name: one.getsockname()[1] for name, one in sockets.items()}
            self.source.start()
            undo.callback(self.source.close)
            servers = [
                Server(self._app(name), listening, "httptools" if name == CONTROL else Connection)
                for name, listening in sockets.items()
            ]
            undo.enter_context(_served(servers, self._stand_ins.close))
            self.monitor.start()
            undo.callback(self.monitor.close)
            yield

    def refresh(self, timeout_s: float = PATIENCE_S) -> Live:
        """Read all changes now; what the API held before the call is live after it."""
        return self.source.refresh(timeout_s)

    def _url(self, name: str) -> str:
        return f"http://{HOST}:{self._ports[name]}"

    def _app(self, name: str) -> App:
        if name == CONTROL:
            return ControlApp(self.control)
        return Balancer(
            self.source.table(name),
            self._stickiness[name],
            self._targets,
            self.metrics,
            self.clock,
        )


@contextlib.contextmanager
def _served(servers: Sequence["Server"], close: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Serve all ports from one thread of their own, whose loop ends with `close`."""

    async def serve() -> None:
        try:
            await asyncio.gather(*(server.serve_socket() for server in servers))
        finally:
            await close()

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="load balancers", daemon=True)
    thread.start()
    try:
        for server in servers:
            server.wait_until_ready(thread)
        yield
    finally:
        for server in servers:
            server.should_exit = True
        thread.join()


class _StandIns:
    """What stands behind the implementations, and behind other groups by name."""

    def __init__(self, wanted: Mapping[str, str | Backend]) -> None:
        self._http: list[HttpService] = []
        self._responder = ServiceResponder()
        self._services: dict[str, Service] = {}
        self.functions: dict[str, Backend] = dict.fromkeys(IMPLEMENTATIONS, Responder())
        for name, backend in wanted.items():
            self._add(name, backend)

    def service(self, group: Group) -> Service:
        return self._services.get(group.name, self._responder)

    async def close(self) -> None:
        for service in self._http:
            await service.close()

    def _add(self, name: str, backend: str | Backend) -> None:
        if not isinstance(backend, str):
            if name not in IMPLEMENTATIONS:
                raise ValueError(f"{name} is none of {', '.join(IMPLEMENTATIONS)}: give a URL")
            self.functions[name] = backend
        elif is_lambda_api(backend):
            api = LambdaBackend(backend)
            self._http.append(api.service)
            self.functions[name] = api
        else:
            service = HttpService(backend)
            self._http.append(service)
            self.functions[name] = HttpBackend(service)
            self._services[name] = service


class Server(uvicorn.Server):
    """One port. All of them run on one event loop.

    `http` reads requests; a Connection leaves the Date to the application. After `idle_s`
    seconds without a byte the client is not waited for any longer.
    """

    def __init__(
        self,
        app: App,
        listening: socket.socket,
        http: Literal["httptools"] | type[Connection] = "httptools",
        idle_s: float = IDLE_TIMEOUT_SECONDS,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=http,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=http == "httptools",
                timeout_keep_alive=cast("int", idle_s),  # for the event loop, which takes parts
                timeout_graceful_shutdown=2,
            )
        )
        self._listening = listening
        self._ready = threading.Event()

    async def serve_socket(self) -> None:
        await self.serve([self._listening])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    def wait_until_ready(self, thread: threading.Thread) -> None:
        while not self._ready.wait(0.1):
            if not thread.is_alive():
                raise RuntimeError("the load balancers did not start")
