"""Commands that run the account with its load balancers."""

import json
import shutil
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

import catalog
import rust_scorer.names
from sandbox.commands import common
from sandbox.commands.common import DEFAULT_PORT, JsonOption, console, explained
from sandbox.dataplane.groups import IMPLEMENTATIONS
from sandbox.dataplane.lambda_api import SCHEME, LambdaBackend, is_lambda_api
from sandbox.dataplane.services import HttpService
from sandbox.ports import PORT_STEP
from sandbox.stackfile import STACKS
from sandbox.stopping import stop_asked

if TYPE_CHECKING:
    from sandbox.running import Sandbox

DEFAULT_PUBLIC_PORT: Final = 4600
DEFAULT_INTERNAL_PORT: Final = 4601
_LAST_PORT = 65_535
_EXAMPLE = ("public", "api.passport.xyz", "/v2/stamps/1/score/0x0")


def _port_option(balancer: str, default: int) -> Any:
    return typer.Option(
        min=0,
        max=_LAST_PORT - PORT_STEP,
        help=f"Port of the {balancer} load balancer, {STACKS[0]}'s; {STACKS[1]}'s is {PORT_STEP} "
        "higher. 0 picks free ones.",
        show_default=str(default),
    )


def start(
    port: Annotated[
        int,
        typer.Option(
            min=0, max=_LAST_PORT, help="Loopback port of the account; 0 picks free ports for all."
        ),
    ] = DEFAULT_PORT,
    public_port: Annotated[int | None, _port_option("public", DEFAULT_PUBLIC_PORT)] = None,
    internal_port: Annotated[int | None, _port_option("internal", DEFAULT_INTERNAL_PORT)] = None,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=URL",
            help=f"Serve {', '.join(IMPLEMENTATIONS)}, registry or one function (by its name) by "
            "what runs at URL instead of the built-in responder: http://HOST:PORT is an HTTP "
            "service; lambda+http://HOST:PORT invokes each function by its name through Lambda's "
            "API, as cargo lambda watch serves it; lambda+http://HOST:PORT/NAME invokes NAME, "
            "which is /function for AWS's runtime interface emulator. Repeatable.",
        ),
    ] = None,
    renew_cookies: Annotated[
        bool,
        typer.Option(
            help="Whether every answer renews a stickiness cookie; AWS does not document it."
        ),
    ] = True,
    until_eof: Annotated[
        bool, typer.Option("--until-eof", help="Stop also when standard input ends.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the accounts and their load balancers until Ctrl-C. Nothing of it survives."""
    from sandbox.running import Sandbox  # noqa: PLC0415 moto, which no other command needs

    sandbox = Sandbox(
        port=port,
        public_port=_default(public_port, DEFAULT_PUBLIC_PORT, port),
        internal_port=_default(internal_port, DEFAULT_INTERNAL_PORT, port),
        backends=_backends(backend),
        renew_on_activity=renew_cookies,
    )
    stopped = stop_asked(with_input=until_eof)
    with explained(), sandbox:
        if as_json:
            balancers = {stack: dict(plane.urls) for stack, plane in sandbox.planes.items()}
            print(json.dumps({"url": sandbox.url, "balancers": balancers}), flush=True)
        else:
            _introduce(sandbox)
        stopped.wait()
        shutil.rmtree(common.FOLDER / sandbox.instance, ignore_errors=True)


def _default(chosen: int | None, otherwise: int, account_port: int) -> int:
    if chosen is not None:
        return chosen
    return otherwise if account_port else 0


def _backends(texts: list[str] | None) -> dict[str, str]:
    backends = {}
    known = (*IMPLEMENTATIONS, "registry")
    functions = (rust_scorer.names.FUNCTION, *(one.function_name for one in catalog.BACKENDS))
    for text in texts or []:
        name, _, url = text.partition("=")
        address = url.removeprefix(SCHEME)
        if name not in {*known, *functions} or not address.startswith(("http://", "https://")):
            raise typer.BadParameter(
                f"{text} is not NAME=URL with one of {', '.join(known)} or a function's name, and "
                f"an http or {SCHEME}http address",
                param_hint="--backend",
            )
        if name == "registry" and is_lambda_api(url):
            raise typer.BadParameter("registry is no function", param_hint="--backend")
        try:
            (LambdaBackend if is_lambda_api(url) else HttpService)(url)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--backend") from error
        backends[name] = url
    return backends


def _introduce(sandbox: "Sandbox") -> None:
    listener, host, path = _EXAMPLE
    first = STACKS[0]
    console.print(f"The account runs at {sandbox.url}, with the stacks {', '.join(STACKS)}.")
    for stack, plane in sandbox.planes.items():
        console.print(
            f"Load balancers of {stack}: public {plane.public_url}, internal {plane.internal_url}"
        )
    console.print(f"Deploy:  sandbox up --stack {first} --rust 50 --url {sandbox.url}")
    console.print(
        f"Ask:     curl -i -H 'Host: {host}' {sandbox.planes[first].urls[listener]}{path}",
        soft_wrap=True,
    )
    console.print("Watch:   sandbox status; break it: sandbox fault rust --errors 20%")
    console.print("Stop:    Ctrl-C")
