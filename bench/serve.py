"""A bare ASGI application that answers every request with the response that a file holds.

The file has status, header lines and body as JSON. Prints its URL as JSON, and ends with its
standard input.
"""

import json
import sys
import threading
from pathlib import Path

import uvloop

from sandbox.dataplane.asgi import Receive, Scope, Send
from sandbox.dataplane.server import Server
from sandbox.ports import HOST, listen


def main(path: str) -> None:
    """Serve until the end of the input."""
    said = json.loads(Path(path).read_text())
    headers = [(name.encode(), value.encode()) for name, value in said["headers"]]
    start = {"type": "http.response.start", "status": said["status"], "headers": headers}
    end = {"type": "http.response.body", "body": said["body"].encode()}

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start)
        await send(end)

    listening = listen(0, "the bare application")
    server = Server(app, listening)
    threading.Thread(
        target=lambda: uvloop.run(server.serve_socket()), name="bare", daemon=True
    ).start()
    print(json.dumps({"url": f"http://{HOST}:{listening.getsockname()[1]}"}), flush=True)
    sys.stdin.read()


main(sys.argv[1])
