"""The accounts and the load balancers of all stacks, from start to close."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.dataplane.invoke import Backend
from sandbox.dataplane.server import DataPlane
from sandbox.lifetime import LongLived
from sandbox.stackfile import ROOT, STACKS

_PATIENCE_S: Final = 10
PORT_STEP: Final = 10
"""How far the ports of one stack are from those of the stack before."""


class SandboxNotStarted(RuntimeError):
    """The sandbox's own process ended before it answered."""


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


@contextlib.contextmanager
def sandbox_process() -> Iterator[str]:
    """A sandbox on free ports in a process of its own, so that nobody shares its core; its URL.

    Raises SandboxNotStarted.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "start", "--port", "0", "--json", "--until-eof"],
        cwd=ROOT,
        stdin=subprocess.PIPE,  # whose end it sees when this process was killed
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # a Ctrl-C is for this process, which still needs the account then
    ) as process:
        try:
            first_line = process.stdout.readline() if process.stdout else ""
            if not first_line:
                raise SandboxNotStarted("The sandbox did not start; its message stands above.")
            yield json.loads(first_line)["url"]
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
