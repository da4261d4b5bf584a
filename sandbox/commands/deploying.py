"""Commands that deploy the program into a running account, and show what it then holds."""

import contextlib
import functools
import json
import re
from collections.abc import Callable, Iterator, Sequence
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
from sandbox.engine.foreign import find_foreign
from sandbox.engine.recovery import unlike_rules
from sandbox.engine.result import DeploymentError, EngineName, Result, Watcher, unwatched
from sandbox.provider import Provider
from sandbox.routes import Route, read_routes
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

RefreshOption = Annotated[
    bool, typer.Option("--refresh", help="First look for what was changed by hand.")
]

_TAKEN: Final = re.compile(r"AlreadyExists|Conflict|Duplicate|InUse")
"""In what AWS answers where a name or a priority is taken."""
_LOST_STATE: Final = (
    "This was a first update: no state of the stack is in .sandbox. If there was one that somebody "
    "deleted, nothing knows any more what the account has: stop sandbox start and begin anew."
)


def _deploying(work: Callable[[AnyDeployment, bool, bool], Result]) -> Callable[..., None]:
    """The command that does this, told whether to refresh and whether to print JSON."""

    def command(
        stack: StackOption,
        url: UrlOption = DEFAULT_URL,
        engine: EngineOption = DEFAULT_ENGINE,
        rust: RustOption = None,
        config: ConfigOption = None,
        secret: SecretOption = None,
        refresh: RefreshOption = False,
        as_json: JsonOption = False,
        expect_no_changes: NoChangesOption = False,
    ) -> None:
        with _deployment(engine, url, configuration(stack, rust, config, secret)) as deployment:
            result = work(deployment, refresh, as_json)
            if expect_no_changes and result.changes:
                errors.print("Changes where none were expected.")
                raise typer.Exit(UNEXPECTED_CHANGES)

    command.__name__, command.__doc__ = work.__name__, work.__doc__
    return command


@_deploying
def up(deployment: AnyDeployment, refresh: bool, as_json: bool) -> Result:
    """Deploy the program with that stack's own file."""
    work = functools.partial(deployment.up, refresh=refresh)
    result = _done(deployment, work, "Deploying", as_json=as_json)
    unlike = [] if refresh else _unlike(deployment)
    _tell(deployment, "deployed", result, _routes(deployment.account), unlike, as_json=as_json)
    return result


@_deploying
def preview(deployment: AnyDeployment, refresh: bool, as_json: bool) -> Result:
    """Show what `up` would change, and change nothing."""
    work = functools.partial(deployment.preview, refresh=refresh)
    result = _done(deployment, work, "Previewing", as_json=as_json)
    unlike = [] if refresh else _unlike(deployment)
    _tell(deployment, "would have", result, None, unlike, as_json=as_json)
    return result


def drift(
    stack: StackOption,
    url: UrlOption = DEFAULT_URL,
    engine: EngineOption = DEFAULT_ENGINE,
    as_json: JsonOption = False,
) -> None:
    """List what was changed, deleted or added by hand since the last update.

    Runs no program and changes nothing.
    """
    with _deployment(engine, url, configuration(stack, None, None, None)) as deployment:
        client = deployment.account.client
        with errors.status(f"Reading {stack}"):
            found, foreign = deployment.drift(), find_foreign(client, deployment.resources())
        if as_json:
            print(report.drift_as_json(found, deployment.engine, foreign))
        else:
            report.print_drift(console, stack, found, foreign)
        if found.drift or found.lost or foreign:
            raise typer.Exit(UNEXPECTED_CHANGES)


def destroy(
    stack: StackOption,
    url: UrlOption = DEFAULT_URL,
    engine: EngineOption = DEFAULT_ENGINE,
    as_json: JsonOption = False,
) -> None:
    """Delete everything the program made in the stack."""
    with _deployment(engine, url, configuration(stack, None, None, None)) as deployment:
        result = _done(deployment, deployment.destroy, "Destroying", as_json=as_json)
        _tell(deployment, "destroyed", result, _routes(deployment.account), as_json=as_json)


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


def _done(
    deployment: AnyDeployment, work: Callable[[Watcher], Result], doing: str, *, as_json: bool
) -> Result:
    """Do it, and show how far it is where somebody watches."""
    if as_json:
        return work(unwatched)
    with report.Progress(errors, f"{doing} {deployment.config.stack}") as progress:
        return work(progress.step)


def _routes(account: Account) -> list[Route]:
    """The rules that AWS now holds."""
    if account.balancers:  # what is shown now is also what they obey
        ControlClient(account.balancers["control"]).refresh()
    return read_routes(account)


def _unlike(deployment: AnyDeployment) -> list[str]:
    return unlike_rules(Provider(deployment.account.client), deployment.resources())


def _tell(
    deployment: AnyDeployment,
    done: str,
    result: Result,
    found: list[Route] | None,
    unlike: Sequence[str] = (),
    *,
    as_json: bool,
) -> None:
    """Print what was done, what of the rules a run without refresh left, and those `found`."""
    if as_json:
        print(report.as_json(result, deployment.engine, found, unlike))
    else:
        title = f"{deployment.config.stack} {done} ({deployment.engine})"
        report.print_result(console, title, result)
        report.print_unlike(console, unlike)
        report.print_routes(console, found or [])
