"""What the commands share: consoles, options, exit codes, and how failures are told."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Annotated, Final

import pulumi
import typer
from rich.console import Console

from rollout.starting import INTERRUPTED
from sandbox.account.client import AccountUnreachable
from sandbox.dataplane.client import ControlRefused, ControlUnreachable
from sandbox.dataplane.source import ReadFailed
from sandbox.dataplane.table import UnsupportedRule
from sandbox.engine.choice import EngineRefused, default_engine
from sandbox.engine.result import DeploymentError, EngineName
from sandbox.own_process import SandboxNotStarted
from sandbox.ports import PortTaken
from sandbox.routes import MASK
from sandbox.stackfile import ROOT, STACKS, StackFileError

FOLDER: Final = ROOT / ".sandbox"
DEFAULT_PORT: Final = 4599
DEFAULT_URL: Final = f"http://127.0.0.1:{DEFAULT_PORT}"
DEFAULT_ENGINE: Final = default_engine()

FAILED, BAD_INPUT, UNREACHABLE, UNEXPECTED_CHANGES = 1, 2, 3, 4

_FAILURES = (
    DeploymentError,
    ControlRefused,
    ReadFailed,
    SandboxNotStarted,
    UnsupportedRule,
)

_WIDE = None if sys.stdout.isatty() else 120
"""Columns where nobody's window says how many."""

console = Console(width=_WIDE)
errors = Console(stderr=True, width=_WIDE)


def known_stack(stack: str) -> str:
    """Refuse a stack that this repository does not have."""
    if stack not in STACKS:
        raise typer.BadParameter(f"{stack} is not one of {', '.join(STACKS)}", param_hint="--stack")
    return stack


StackOption = Annotated[
    str,
    typer.Option(help=f"Stack to work on: {', '.join(STACKS)}.", callback=known_stack),
]
UrlOption = Annotated[
    str, typer.Option(envvar="SANDBOX_URL", help="Address that `sandbox start` printed.")
]
EngineOption = Annotated[
    EngineName,
    typer.Option(
        envvar="SANDBOX_ENGINE",
        help="What deploys: the Pulumi CLI, by default where it is on PATH, or a stand-in.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@contextlib.contextmanager
def explained(secrets: list[str] | None = None) -> Iterator[None]:
    """Turn what a user can mend into a message and an exit code."""

    def tell(error: BaseException, code: int) -> typer.Exit:
        text = str(error)
        for value in secrets or []:
            text = text.replace(value, MASK)
        errors.print(text, highlight=False, markup=False)
        return typer.Exit(code)

    try:
        yield
    except (AccountUnreachable, ControlUnreachable, PortTaken) as error:
        raise tell(error, UNREACHABLE) from error
    except (pulumi.RunError, EngineRefused, StackFileError) as error:
        raise tell(error, BAD_INPUT) from error
    except _FAILURES as error:
        raise tell(error, FAILED) from error
    except KeyboardInterrupt as error:
        text = "Interrupted. What AWS had answered is recorded; run the same command again."
        raise tell(KeyboardInterrupt(text), INTERRUPTED) from error
