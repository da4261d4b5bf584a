"""One server in a process of its own: `serve plane ACCOUNT_URL` or `serve bare FILE`.

`bare` answers every request with the response that the file holds: status, header lines and
body as JSON. Prints its URL, and ends with its standard input.
"""

import json
import sys
import threading
from pathlib import Path

import uvloop

from sandbox.account.client import Account
from sandbox.dataplane.asgi import Receive, Scope, Send
from sandbox.dataplane.server import DataPlane, Server
from sandbox.ports import HOST, listen


def _bare(path: str) -> None:
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
    print(f"http://{HOST}:{listening.getsockname()[1]}", flush=True)
    sys.stdin.read()


def _plane(account_url: str) -> None:
    with DataPlane(Account.connect(account_url, "staging")) as plane:
        print(plane.public_url, flush=True)
        sys.stdin.read()


{"bare": _bare, "plane": _plane}[sys.argv[1]](sys.argv[2])
