"""The `sandbox` command.

Exit codes: 0 done, 1 the deployment failed, 2 bad usage or configuration (nothing
changed), 3 no account to talk to, 4 changes where none were expected or something was done by
hand, 130 interrupted.
"""

import gc
import os
import signal
import sys

from rollout.starting import starting

with starting("Interrupted."):
    import typer

    from rollout import rollout_command
    from sandbox.commands import account, checking, deploying, environment, rollouts, traffic
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
    deploying.drift,
    deploying.routes,
    deploying.destroy,
    environment.env,
    traffic.status,
    traffic.fault,
    traffic.clock,
    checking.check,
    checking.demo,
    checking.soak,
    rollouts.rehearse,
):
    app.command()(command)
app.add_typer(rollout_command.app, name="rollout", callback=rollouts.where)


def main() -> None:
    """Entry point of the command."""
    os.environ.setdefault("PULUMI_ERROR_OUTPUT_STRING", "1")
    sys.path.insert(0, str(ROOT))
    # What ends a process in an orderly way lets calls under way come to their end, as Ctrl-C does,
    # which a shell's background jobs ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    gc.freeze()  # what is imported lives as long as the process: keep it out of collections
    app()
