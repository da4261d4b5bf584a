"""What the commands share: consoles, options, exit codes, and how failures are told."""

import contextlib
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final, TextIO

import pulumi
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from pages.model import Claim
from pages.wording import OUTCOME
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
from sandbox.stackfile import ROOT, STACKS, StackConfig, StackFileError, load_stack_file

FOLDER: Final = ROOT / ".sandbox"
DEFAULT_PORT: Final = 4599
DEFAULT_URL: Final = f"http://127.0.0.1:{DEFAULT_PORT}"
DEFAULT_ENGINE: Final = default_engine()

FAILED, BAD_INPUT, UNREACHABLE, UNEXPECTED_CHANGES = 1, 2, 3, 4

_FAILURES = (
    BotoCoreError,
    ClientError,
    DeploymentError,
    ControlRefused,
    ReadFailed,
    SandboxNotStarted,
    UnsupportedRule,
)

_UNWRAPPED: Final = 10_000
"""Columns where there is no window: whoever copies a command from a log gets all of it."""


def _columns(stream: TextIO) -> int | None:
    return None if stream.isatty() else _UNWRAPPED


console = Console(width=_columns(sys.stdout))
errors = Console(stderr=True, width=_columns(sys.stderr))


def walk_config(stack: str) -> StackConfig:
    """The stack's own file without what a walk through all percentages in a new account cannot
    keep.
    """
    return load_stack_file(stack).without("rustPercentageByEndpoint", "adopt")


class FolderUnusable(Exception):
    """What deployments keep cannot be written; the message says where and why."""


def heading(text: str) -> None:
    """Begin a part of the output."""
    if console.is_terminal:
        console.rule(text, align="left")
    else:
        console.print(text, highlight=False)


def tell_claims(claims: Iterable[Claim]) -> bool:
    """Print each claim as it comes; whether all passed."""
    passed = True
    for claim in claims:
        passed &= claim.passed
        console.print(f"{OUTCOME[claim.passed]:8}{claim.text}", markup=False)
    return passed


def state_folder() -> Path:
    """Where deployments keep their state, made where it is missing. Raises FolderUnusable."""
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=FOLDER):
            pass
    except OSError as error:
        raise FolderUnusable(
            f"{FOLDER} must be a folder that you may write, and is not: {error.strerror}. "
            "The state of deployments belongs there; nothing was changed."
        ) from error
    return FOLDER


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
    except (pulumi.RunError, EngineRefused, FolderUnusable, StackFileError) as error:
        raise tell(error, BAD_INPUT) from error
    except _FAILURES as error:
        raise tell(error, FAILED) from error
    except OSError as error:
        if not Path(str(error.filename)).is_relative_to(FOLDER):
            raise
        text = (
            f"{error.filename}: {error.strerror}. The state of deployments was taken away while it "
            "was used, so what AWS has may not be in it: stop sandbox start and begin anew."
        )
        raise tell(OSError(text), FAILED) from error
    except KeyboardInterrupt as error:
        text = "Interrupted. What AWS had answered is recorded; run the same command again."
        raise tell(KeyboardInterrupt(text), INTERRUPTED) from error
