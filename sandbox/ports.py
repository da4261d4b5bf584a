"""Ports of the loopback interface."""

import errno
import socket
from typing import Final

HOST: Final = "127.0.0.1"
PORT_STEP: Final = 10
"""How far the ports of one stack are from those of the stack before."""


class PortTaken(RuntimeError):
    """Something else listens on the port."""


def listen(port: int, what: str) -> socket.socket:
    """Take a port; 0 takes a free one. Raises PortTaken, which says what the port is for."""
    # Where SO_REUSEADDR lets two servers share a port, the one that answers has it.
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = port != 0 and probe.connect_ex((HOST, port)) == 0
    if not taken:
        try:
            return socket.create_server((HOST, port), backlog=2048)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise PortTaken(
        f"Port {port} of {HOST} is taken, which is for {what}: "
        "stop what listens there, or use another port"
    )
