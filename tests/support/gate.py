"""A gate before an account: what happens while AWS has not answered yet."""

import contextlib
import socket
import socketserver
import threading
from types import TracebackType
from typing import cast

from sandbox.account.server import AccountServer
from sandbox.ports import HOST


class Gate(socketserver.ThreadingTCPServer):
    """Passes everything on to an account server, but for what it holds while it is shut.

    `holds` is something that every request has that must wait, such as `Action=ModifyRule`.
    """

    def __init__(self, server: AccountServer, holds: bytes = b"") -> None:
        super().__init__((HOST, 0), _Connection)
        self.port = server.port
        self.holds = holds
        self.url = f"http://{HOST}:{self.server_address[1]}"
        self.opened = threading.Event()
        self.opened.set()
        self.clients: set[socket.socket] = set()
        self.waiting = threading.Event()
        """Whether a request has had to wait since the gate was shut."""

    def shut(self) -> None:
        self.waiting.clear()
        self.opened.clear()

    def open(self) -> None:
        self.opened.set()

    def __enter__(self) -> "Gate":
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.open()
        self.shutdown()
        for client in list(self.clients):  # they would wait for another request
            _end(client)
        self.server_close()


class _Connection(socketserver.BaseRequestHandler):
    """One connection and its like to the account; both end with either."""

    def handle(self) -> None:
        gate, client = cast("Gate", self.server), self.request
        gate.clients.add(client)
        with socket.create_connection((HOST, gate.port)) as account:
            back = threading.Thread(target=_pass_on, args=(account, client))
            back.start()
            with contextlib.suppress(ConnectionError):
                while data := client.recv(65_536):
                    if gate.holds in data and not gate.opened.is_set():
                        gate.waiting.set()
                        gate.opened.wait()
                    account.sendall(data)
            _end(account)
            back.join()
        gate.clients.remove(client)


def _pass_on(account: socket.socket, client: socket.socket) -> None:
    with contextlib.suppress(ConnectionError):  # the client may have been killed
        while data := account.recv(65_536):
            client.sendall(data)
    _end(client)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
