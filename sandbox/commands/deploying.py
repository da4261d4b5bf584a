"""Commands that deploy the program into a running account, and show what it then holds."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from sandbox import report
from sandbox.account.client import Account
from sandbox.commands import common
from sandbox.commands.common import (
    BAD_INPUT,
    DEFAULT_ENGINE,
    DEFAULT_URL,
    UNEXPECTED_CHANGES,
    EngineOption,
    JsonOption,
    StackOption,
    UrlOption,
    console,
    errors,
    explained,
)
from sandbox.dataplane.client import ControlClient
from sandbox.engine.choice import AnyDeployment, open_deployment
from sandbox.engine.result import DeploymentError, EngineName, Result, Watcher, unwatched
from sandbox.routes import read_routes
from sandbox.stackfile import StackConfig, StackFileError, load_stack_file

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
NoChangesOption = Annotated[
    bool, typer.Option("--expect-no-changes", help=f"Exit with {UNEXPECTED_CHANGES} on any change.")
]


_TAKEN: Final = re.compile(r"AlreadyExists|Conflict|Duplicate|InUse")
"""In what AWS answers where a name or a priority is taken."""
_LOST_STATE: Final = (
    "This was a first update: no state of the stack is in .sandbox. If there was one that somebody "
    "deleted, nothing knows any more what the account has: stop sandbox start and begin anew."
)


def _deploying(work: Callable[[AnyDeployment, bool], Result]) -> Callable[..., None]:
    """The command that does this, told whether to print JSON; `up` and `preview` are alike."""

    def command(
        stack: StackOption,
        url: UrlOption = DEFAULT_URL,
        engine: EngineOption = DEFAULT_ENGINE,
        rust: RustOption = None,
        config: ConfigOption = None,
        secret: SecretOption = None,
        as_json: JsonOption = False,
        expect_no_changes: NoChangesOption = False,
    ) -> None:
        with _deployment(engine, url, configuration(stack, rust, config, secret)) as deployment:
            result = work(deployment, as_json)
            if expect_no_changes and result.changes:
                errors.print("Changes where none were expected.")
                raise typer.Exit(UNEXPECTED_CHANGES)

    command.__name__, command.__doc__ = work.__name__, work.__doc__
    return command


@_deploying
def up(deployment: AnyDeployment, as_json: bool) -> Result:
    """Deploy the program with that stack's own file."""
    return _told(deployment, deployment.up, "Deploying", "deployed", as_json=as_json)


@_deploying
def preview(deployment: AnyDeployment, as_json: bool) -> Result:
    """Show what `up` would change, and change nothing."""
    return _told(deployment, deployment.preview, "Previewing", "would have", as_json=as_json)


def destroy(
    stack: StackOption,
    url: UrlOption = DEFAULT_URL,
    engine: EngineOption = DEFAULT_ENGINE,
    as_json: JsonOption = False,
) -> None:
    """Delete everything the program made in the stack."""
    with _deployment(engine, url, configuration(stack, None, None, None)) as deployment:
        _told(deployment, deployment.destroy, "Destroying", "destroyed", as_json=as_json)


def routes(stack: StackOption, url: UrlOption = DEFAULT_URL, as_json: JsonOption = False) -> None:
    """List the listener rules as AWS holds them, by priority."""
    with explained():
        found = read_routes(Account.connect(url, stack))
        if as_json:
            print(json.dumps([route.as_dict() for route in found], indent=2))
        else:
            report.print_routes(console, found)


@contextlib.contextmanager
def _deployment(engine: EngineName, url: str, config: StackConfig) -> Iterator[AnyDeployment]:
    """A deployment whose failures are told without its secrets."""
    with explained(config.secret_values()):
        account = Account.connect(url, config.stack)
        deployment = open_deployment(engine, account, config, common.state_folder())
        first = not deployment.has_resources()
        try:
            yield deployment
        except DeploymentError as error:
            if first and _TAKEN.search(str(error)):
                raise DeploymentError(f"{error}\n{_LOST_STATE}") from error
            raise


def configuration(
    stack: str, rust: str | None, config: list[str] | None, secret: list[str] | None
) -> StackConfig:
    """The stack's own file with these keys set; ends the command where that cannot be."""
    try:
        stack_config = load_stack_file(stack)
    except StackFileError as error:
        errors.print(str(error), highlight=False, markup=False)
        raise typer.Exit(BAD_INPUT) from error
    plain = _pairs(config) | ({"rustPercentage": rust} if rust is not None else {})
    return stack_config.with_values(_absolute(plain)).with_values(_pairs(secret), secret=True)


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


def _told(
    deployment: AnyDeployment,
    work: Callable[[Watcher], Result],
    doing: str,
    done: str,
    *,
    as_json: bool,
) -> Result:
    """Do it, and print what was done and, after a change, the rules that AWS then holds."""
    stack, account = deployment.config.stack, deployment.account
    if as_json:
        result = work(unwatched)
    else:
        with report.Progress(errors, f"{doing} {stack}") as progress:
            result = work(progress.step)
    found = None
    if work != deployment.preview:
        if account.balancers:  # what is shown now is also what they obey
            ControlClient(account.balancers["control"]).refresh()
        found = read_routes(account)
    if as_json:
        print(report.as_json(result, deployment.engine, found))
    else:
        report.print_result(console, f"{stack} {done} ({deployment.engine})", result)
        report.print_routes(console, found or [])
    return result
