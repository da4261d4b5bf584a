"""The `sandbox` command.

Exit codes: 0 done, 1 the deployment failed, 2 bad usage or configuration (nothing
changed), 3 no account to talk to, 4 changes where none were expected, 130 interrupted.
"""

import gc
import os
import sys

import typer

from sandbox.commands import account, deploying, traffic
from sandbox.commands.common import FOLDER, console, explained
from sandbox.demo import run_demo
from sandbox.stackfile import ROOT

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An AWS account on this machine, and the program of this repository deployed into it.",
)
for command in (
    account.start,
    deploying.up,
    deploying.preview,
    deploying.routes,
    deploying.destroy,
    traffic.status,
    traffic.fault,
    traffic.clock,
):
    app.command()(command)


@app.command()
def demo() -> None:
    """Walk both stacks through their percentages in an account of its own."""
    with explained():
        run_demo(console, FOLDER)


def main() -> None:
    """Entry point of the command."""
    os.environ.setdefault("PULUMI_ERROR_OUTPUT_STRING", "1")
    sys.path.insert(0, str(ROOT))
    gc.freeze()  # what is imported lives as long as the process: keep it out of collections
    app()
