"""Commands that run the account."""

import json
import shutil
import signal
import threading
from typing import Annotated

import typer

from sandbox.account.server import AccountServer
from sandbox.commands.common import DEFAULT_PORT, FOLDER, JsonOption, console, explained
from sandbox.stackfile import STACKS


def start(
    port: Annotated[int, typer.Option(help="Loopback port; 0 picks a free one.")] = DEFAULT_PORT,
    as_json: JsonOption = False,
) -> None:
    """Run the account until Ctrl-C. Nothing of it survives."""
    with explained(), AccountServer(port=port) as account:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        if as_json:
            print(json.dumps({"url": account.url}), flush=True)
        else:
            console.print(
                f"The account runs at {account.url}, with the stacks {', '.join(STACKS)}."
            )
            console.print(f"Deploy:  sandbox up --stack staging --rust 10 --url {account.url}")
            console.print("Stop:    Ctrl-C")
        stopped.wait()
        shutil.rmtree(FOLDER / account.instance, ignore_errors=True)
