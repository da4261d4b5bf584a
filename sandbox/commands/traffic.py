"""Commands for the load balancers of a running sandbox: what is live, faults, the clock."""

import json
import re
from collections.abc import Iterator
from typing import Annotated

import typer

from sandbox import report
from sandbox.account.client import Account
from sandbox.commands.common import (
    DEFAULT_URL,
    JsonOption,
    UrlOption,
    console,
    explained,
    known_stack,
)
from sandbox.dataplane.client import ControlClient, ControlUnreachable
from sandbox.dataplane.groups import IMPLEMENTATIONS
from sandbox.stackfile import STACKS

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

StacksOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        help=f"One of {', '.join(STACKS)}; all of them if left out.",
        callback=lambda stack: stack and known_stack(stack),
    ),
]


def _share(text: str | float) -> float:
    """A percentage such as 20% as a share from 0 to 1."""
    if not isinstance(text, str):  # typer parses the default too
        return text
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%?", text.strip())
    if match is None or float(match[1]) > 100:
        raise typer.BadParameter(f"{text} is not a percentage from 0% to 100%")
    return float(match[1]) / 100


def _time(text: str | float) -> float:
    """A time such as 500ms, 90s, 15m or 1h in seconds."""
    if not isinstance(text, str):
        return text
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", text.strip())
    if match is None:
        raise typer.BadParameter(f"{text} is not a time such as 500ms, 90s, 15m or 1h")
    return float(match[1]) * _SECONDS[match[2]]


def fault(
    implementation: Annotated[
        str, typer.Argument(help=f"What fails: {' or '.join(IMPLEMENTATIONS)}.")
    ],
    errors: Annotated[
        float, typer.Option(parser=_share, metavar="N%", help="Share of calls answered with 500.")
    ] = 0.0,
    crash: Annotated[
        float, typer.Option(parser=_share, metavar="N%", help="Share of calls that crash: 502.")
    ] = 0.0,
    latency: Annotated[
        float, typer.Option(parser=_time, metavar="TIME", help="Added to every call: 500ms, 2s.")
    ] = 0.0,
    off: Annotated[bool, typer.Option("--off", help="End the fault.")] = False,
    stack: StacksOption = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Make the functions of one implementation fail, in place of any fault from before."""
    if implementation not in IMPLEMENTATIONS:
        raise typer.BadParameter(
            f"{implementation} is not one of {', '.join(IMPLEMENTATIONS)}",
            param_hint="IMPLEMENTATION",
        )
    if off == bool(errors or crash or latency):
        raise typer.BadParameter("give --errors, --crash or --latency, or --off alone")
    with explained():
        for name, control in _controls(url, stack):
            if off:
                control.clear_fault(implementation)
                console.print(f"{name}: {implementation} works again.")
            else:
                wanted = {"errors": errors, "crashes": crash, "latencyMs": latency * 1000}
                control.set_fault(implementation, wanted)
                console.print(
                    f"{name}: {implementation} answers 500 to {errors:.0%} of the calls, crashes "
                    f"on {crash:.0%} and takes {latency * 1000:.0f} ms longer. "
                    f"End it: sandbox fault {implementation} --off",
                    highlight=False,
                )


def clock(
    advance: Annotated[
        float, typer.Argument(parser=_time, metavar="TIME", help="How far: 90s, 15m, 1h.")
    ],
    stack: StacksOption = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Move the load balancers' clock ahead: cookies age, minutes of metrics close."""
    with explained():
        for name, control in _controls(url, stack):
            ahead = control.advance_clock(advance)["clock"]["ahead"]
            console.print(f"{name}: the clock is {ahead:.0f} s ahead.", highlight=False)


def status(
    stack: StacksOption = None, url: UrlOption = DEFAULT_URL, as_json: JsonOption = False
) -> None:
    """Show what the load balancers obey now and what they have counted."""
    with explained():
        found = {
            name: {**control.status(), "counters": control.counters()}
            for name, control in _controls(url, stack)
        }
        if as_json:
            print(json.dumps(found, indent=2))
        else:
            for name, one in found.items():
                report.print_status(console, name, one)


def _controls(url: str, stack: str | None) -> Iterator[tuple[str, ControlClient]]:
    for name in [stack] if stack else STACKS:
        balancers = Account.connect(url, name).balancers
        if not balancers:
            raise ControlUnreachable(f"The sandbox at {url} serves no load balancers.")
        yield name, ControlClient(balancers["control"])
