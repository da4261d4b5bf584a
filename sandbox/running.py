"""The accounts and the load balancers of all stacks, from start to close."""

import contextlib
from collections.abc import Iterator, Mapping

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.dataplane.invoke import Backend
from sandbox.dataplane.server import DataPlane
from sandbox.lifetime import LongLived
from sandbox.ports import PORT_STEP
from sandbox.stackfile import STACKS


class Sandbox(LongLived):
    """An account server, and two load balancers in front of each of its accounts.

    Ports are the first stack's; the next stack's are PORT_STEP higher, and 0 takes free ones.
    `backends` and `renew_on_activity` are those of DataPlane. Starting raises PortTaken, and
    making one ValueError for a backend that is none.

        with Sandbox() as sandbox:
            print(sandbox.url, sandbox.planes["staging"].public_url)
    """

    def __init__(
        self,
        *,
        port: int = 0,
        public_port: int = 0,
        internal_port: int = 0,
        backends: Mapping[str, str | Backend] | None = None,
        renew_on_activity: bool = True,
    ) -> None:
        self._server = AccountServer(port)
        self._public_port = public_port
        self._internal_port = internal_port
        self._backends = backends
        self._renew_on_activity = renew_on_activity
        self.planes: dict[str, DataPlane] = {}

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def instance(self) -> str:
        return self._server.instance

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        with contextlib.ExitStack() as parts:
            parts.enter_context(self._server)
            for place, stack in enumerate(STACKS):
                plane = parts.enter_context(self._plane(stack, place * PORT_STEP))
                self.planes[stack] = plane
                self._server.balancers[stack] = plane.urls
            yield

    def _plane(self, stack: str, step: int) -> DataPlane:
        return DataPlane(
            Account.connect(self.url, stack),
            public_port=self._public_port and self._public_port + step,
            internal_port=self._internal_port and self._internal_port + step,
            backends=self._backends,
            renew_on_activity=self._renew_on_activity,
        )
