"""The `sandbox` command.

Exit codes: 0 done, 1 the deployment failed, 2 bad usage or configuration (nothing
changed), 3 no account to talk to, 4 changes where none were expected, 130 interrupted.
"""

import contextlib
import gc
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pulumi
import typer
from rich.console import Console

from sandbox import report
from sandbox.account.client import Account, AccountUnreachable
from sandbox.account.server import AccountServer
from sandbox.demo import DemoFailed, run_demo
from sandbox.deploy import Deployment
from sandbox.engine.embedded import DeploymentError, Result
from sandbox.ports import PortTaken
from sandbox.routes import MASK, read_routes
from sandbox.stackfile import ROOT, STACKS, StackConfig, StackFileError, load_stack_file

FOLDER = ROOT / ".sandbox"
DEFAULT_PORT = 4599

FAILED, BAD_INPUT, UNREACHABLE, UNEXPECTED_CHANGES, INTERRUPTED = 1, 2, 3, 4, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An AWS account on this machine, and the program of this repository deployed into it.",
)
_WIDE = None if sys.stdout.isatty() else 120
"""Columns where nobody's window says how many."""

console = Console(width=_WIDE)
errors = Console(stderr=True, width=_WIDE)

StackOption = Annotated[str, typer.Option(help=f"Stack to work on: {', '.join(STACKS)}.")]
UrlOption = Annotated[
    str, typer.Option(envvar="SANDBOX_URL", help="Address that `sandbox start` printed.")
]
RustOption = Annotated[
    str | None, typer.Option(metavar="N", help="Set rustPercentage, as `pulumi config set`.")
]
ConfigOption = Annotated[
    list[str] | None, typer.Option("--config", metavar="KEY=VALUE", help="Set a key; repeatable.")
]
SecretOption = Annotated[
    list[str] | None,
    typer.Option("--secret", metavar="KEY=VALUE", help="Set a secret key; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
NoChangesOption = Annotated[
    bool, typer.Option("--expect-no-changes", help=f"Exit with {UNEXPECTED_CHANGES} on any change.")
]
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"


@app.command()
def start(
    port: Annotated[int, typer.Option(help="Loopback port; 0 picks a free one.")] = DEFAULT_PORT,
    as_json: JsonOption = False,
) -> None:
    """Run the account until Ctrl-C. Nothing of it survives."""
    with _explained(), AccountServer(port=port) as account:
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


@app.command()
def up(
    stack: StackOption,
    url: UrlOption = DEFAULT_URL,
    rust: RustOption = None,
    config: ConfigOption = None,
    secret: SecretOption = None,
    as_json: JsonOption = False,
    expect_no_changes: NoChangesOption = False,
) -> None:
    """Deploy the program with that stack's own file."""
    stack_config = _configuration(stack, rust, config, secret)
    with _explained(stack_config.secret_values()):
        deployment = Deployment(Account.connect(url, stack), stack_config, FOLDER)
        result = _watched(f"Deploying {stack}", deployment.up, as_json=as_json)
        _show(deployment, f"{stack} deployed", result, as_json=as_json)
        _expect(result, no_changes=expect_no_changes)


@app.command()
def preview(
    stack: StackOption,
    url: UrlOption = DEFAULT_URL,
    rust: RustOption = None,
    config: ConfigOption = None,
    secret: SecretOption = None,
    as_json: JsonOption = False,
    expect_no_changes: NoChangesOption = False,
) -> None:
    """Show what `up` would change, and change nothing."""
    stack_config = _configuration(stack, rust, config, secret)
    with _explained(stack_config.secret_values()):
        deployment = Deployment(Account.connect(url, stack), stack_config, FOLDER)
        result = _watched(f"Previewing {stack}", deployment.preview, as_json=as_json)
        if as_json:
            print(report.as_json(result))
        else:
            report.print_result(console, f"{stack} would have", result)
        _expect(result, no_changes=expect_no_changes)


@app.command()
def routes(stack: StackOption, url: UrlOption = DEFAULT_URL, as_json: JsonOption = False) -> None:
    """List the listener rules as AWS holds them, by priority."""
    _known(stack)
    with _explained():
        found = read_routes(Account.connect(url, stack))
        if as_json:
            print(json.dumps([route.as_dict() for route in found], indent=2))
        else:
            report.print_routes(console, found)


@app.command()
def destroy(stack: StackOption, url: UrlOption = DEFAULT_URL, as_json: JsonOption = False) -> None:
    """Delete everything the program made in the stack."""
    stack_config = _configuration(stack, None, None, None)
    with _explained(stack_config.secret_values()):
        deployment = Deployment(Account.connect(url, stack), stack_config, FOLDER)
        result = _watched(f"Destroying {stack}", deployment.destroy, as_json=as_json)
        _show(deployment, f"{stack} destroyed", result, as_json=as_json)


@app.command()
def demo() -> None:
    """Walk both stacks through their percentages in an account of its own."""
    with _explained():
        run_demo(console, FOLDER)


def _configuration(
    stack: str, rust: str | None, config: list[str] | None, secret: list[str] | None
) -> StackConfig:
    _known(stack)
    try:
        stack_config = load_stack_file(stack)
    except StackFileError as error:
        errors.print(str(error), highlight=False, markup=False)
        raise typer.Exit(BAD_INPUT) from error
    plain = _pairs(config) | ({"rustPercentage": rust} if rust is not None else {})
    return stack_config.with_values(_absolute(plain)).with_values(_pairs(secret), secret=True)


def _known(stack: str) -> None:
    if stack not in STACKS:
        raise typer.BadParameter(f"{stack} is not one of {', '.join(STACKS)}", param_hint="--stack")


def _pairs(texts: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in texts or []:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise typer.BadParameter("write KEY=VALUE", param_hint="--config/--secret")
        pairs[key] = value
    return pairs


def _absolute(values: dict[str, str]) -> dict[str, str]:
    """A path that was typed is relative to where it was typed."""
    return {
        key: str(Path(value).absolute()) if key.endswith("Package") else value
        for key, value in values.items()
    }


def _watched(
    what: str, work: Callable[[Callable[[Any], None]], Result], *, as_json: bool
) -> Result:
    if as_json:
        return work(lambda _: None)
    with report.Progress(errors, what) as progress:
        return work(progress.step)


def _show(deployment: Deployment, title: str, result: Result, *, as_json: bool) -> None:
    found = read_routes(deployment.account)
    if as_json:
        print(report.as_json(result, found))
    else:
        report.print_result(console, title, result)
        report.print_routes(console, found)


def _expect(result: Result, *, no_changes: bool) -> None:
    counted = report.counts(result)
    if no_changes and any(count for word, count in counted.items() if word != "unchanged"):
        errors.print("Changes where none were expected.")
        raise typer.Exit(UNEXPECTED_CHANGES)


@contextlib.contextmanager
def _explained(secrets: list[str] | None = None) -> Iterator[None]:
    """Turn what a user can mend into a message and an exit code."""

    def tell(error: BaseException, code: int) -> typer.Exit:
        text = str(error)
        for value in secrets or []:
            text = text.replace(value, MASK)
        errors.print(text, highlight=False, markup=False)
        return typer.Exit(code)

    try:
        yield
    except (AccountUnreachable, PortTaken) as error:
        raise tell(error, UNREACHABLE) from error
    except pulumi.RunError as error:
        raise tell(error, BAD_INPUT) from error
    except (DeploymentError, DemoFailed) as error:
        raise tell(error, FAILED) from error
    except KeyboardInterrupt as error:
        text = "Interrupted. What AWS had answered is recorded; run the same command again."
        raise tell(KeyboardInterrupt(text), INTERRUPTED) from error


def main() -> None:
    """Entry point of the command."""
    os.environ.setdefault("PULUMI_ERROR_OUTPUT_STRING", "1")
    sys.path.insert(0, str(ROOT))
    gc.freeze()  # what is imported lives as long as the process: keep it out of collections
    app()
