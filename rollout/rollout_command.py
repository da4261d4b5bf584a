"""The `rollout` command, for a stack by the Pulumi CLI; the sandbox has the same for its own.

Exit codes: 0 done, or on its way as planned, 1 something could not be read or done, 2 bad usage
or settings, 3 no account to talk to, 4 refused before the first change, 5 held or paused, 6
rolled back, 130 interrupted. `abort` ends with 0 when everything is Python's.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

from rollout.starting import INTERRUPTED, starting

with starting("Interrupted; nothing was done."):
    import typer
    from botocore.exceptions import BotoCoreError, ClientError
    from rich.console import Console
    from rich.live import Live

    from rollout import terminal
    from rollout.compare import compare, read_questions, witnesses
    from rollout.journal import OVER, Request, State, position
    from rollout.ledger import Busy, Ledger, LedgerUnreadable, Overtaken
    from rollout.live import find_place
    from rollout.observe import Aws, doors
    from rollout.operate import NotRunning, Operator, Report, Running
    from rollout.plan import estimates
    from rollout.pulumi_stack import PulumiStack
    from rollout.rollback import NothingFound, WrongStack
    from rollout.rollback_command import known_stack
    from rollout.settings import BadSettings, Settings, read_settings
    from rollout.stack import StackFailed
    from rollout.webhook import notify

DONE, ERROR, BAD_INPUT, UNREACHABLE, REFUSED, HELD, ROLLED_BACK = range(7)
_CODES: Final = {
    State.REFUSED: REFUSED,
    State.HOLD: HELD,
    State.PAUSED: HELD,
    State.ROLLING_BACK: ROLLED_BACK,
    State.DRAINED: ROLLED_BACK,
}
_TICK_S: Final = 15.0
"""Between two looks of who stays."""
_MOST_FAILURES: Final = 40
"""In a row, until a watch ends: ten minutes."""
_PASSING: Final = (LedgerUnreadable, Overtaken, BotoCoreError, ClientError)
ROOT: Final = Path(__file__).resolve().parents[1]

Stack = Annotated[str, typer.Option(help="Stack to work on.", callback=known_stack)]
To = Annotated[int, typer.Option(min=1, max=100, help="Share to end at, in percent.")]
Steps = Annotated[
    str | None, typer.Option(metavar="N,N", help="Rising shares in percent: 5,10,25,50,100.")
]
Bake = Annotated[str | None, typer.Option(metavar="N,N", help="Minutes that each step is watched.")]
Watch = Annotated[bool, typer.Option("--watch", help="Stay, and tick until it is over.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON lines for programs.")]

console = Console(soft_wrap=not sys.stdout.isatty())
errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Move the percentage step by step, prove each step, and go back by itself.",
)
"""Its context's object gives a hand on a stack by its name."""


@contextmanager
def _opened(context: typer.Context, stack: str, *, as_json: bool = False) -> Iterator[Operator]:
    open_: Callable[[str], Operator] = context.obj
    with explained():
        operator = open_(stack)
        operator.say = errors.print
        operator.watch = lambda report: _tell(report, as_json=as_json)
        yield operator


def _follow(operator: Operator, report: Report) -> Report:
    """Tick until it is over; what fails now may work in a while, and Rust must not go unwatched."""
    failures = 0
    while report.decision.state not in OVER:
        time.sleep(_TICK_S)
        try:
            report, failures = operator.tick(), 0
        except Busy as error:
            errors.print(str(error))
        except (*_PASSING, StackFailed) as error:
            failures += 1
            errors.print(f"{error} ({failures} of {_MOST_FAILURES} in a row)")
            if failures == _MOST_FAILURES:
                raise
    return report


@app.command()
def plan(
    context: typer.Context, stack: Stack, to: To = 100, steps: Steps = None, bake: Bake = None
) -> None:
    """Say what a rollout would do and how long it takes at the traffic of now."""
    with _opened(context, stack) as operator:
        found, seen = operator.plan(_settings(stack, steps, bake), to)
        console.print(terminal.estimates_table(found, estimates(found, seen.minutes)))


@app.command()
def start(
    context: typer.Context,
    stack: Stack,
    to: To = 100,
    steps: Steps = None,
    bake: Bake = None,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Begin a rollout: check everything, then set the first step."""
    with _opened(context, stack, as_json=as_json) as operator:
        report = operator.start(_settings(stack, steps, bake), to)
        _end(_follow(operator, report) if watch else report)


@app.command()
def tick(
    context: typer.Context, stack: Stack, watch: Watch = False, as_json: AsJson = False
) -> None:
    """Do what is due, if something is; for a scheduler, every minute or so."""
    with _opened(context, stack, as_json=as_json) as operator:
        try:
            report = operator.tick()
        except Busy as error:
            errors.print(str(error))
            raise typer.Exit(DONE) from None
        _end(_follow(operator, report) if watch else report)


@app.command()
def status(
    context: typer.Context, stack: Stack, watch: Watch = False, as_json: AsJson = False
) -> None:
    """Show where the rollout is and what the next tick would decide; change nothing."""
    with _opened(context, stack) as operator:
        report = operator.look()
        if as_json or not watch:
            _show(report, as_json=as_json)
        else:
            with Live(terminal.tree(report), console=console, auto_refresh=False) as live:
                while report.decision.state not in OVER:
                    time.sleep(_TICK_S)
                    report = operator.look()
                    live.update(terminal.tree(report), refresh=True)
        _end(report)


def _asking(what: Request, text: str) -> None:
    def ask(context: typer.Context, stack: Stack) -> None:
        with _opened(context, stack) as operator:
            operator.request(what)
            console.print(f"{stack}: {what} is written down; the next tick obeys.")

    ask.__name__, ask.__doc__ = what, text
    app.command()(ask)


_asking(Request.PAUSE, "Take no further step; the gates go on, and may roll back.")
_asking(Request.RESUME, "Go on after a pause, or set what somebody changed again.")
_asking(Request.PROMOTE, "Skip the rest of this step's bake, but no gate that fails.")


@app.command()
def abort(context: typer.Context, stack: Stack) -> None:
    """Send everything back to Python now; at any time, twice, with nothing running."""
    with _opened(context, stack) as operator:
        operator.abort()
        if operator.rollback and operator.rollback.seconds is not None:
            console.print(
                f"{stack}: every dual rule is plain Python after "
                f"{operator.rollback.seconds:.2f} s, {len(operator.rollback.sent)} API calls."
            )


@app.command()
def verify(context: typer.Context, stack: Stack, as_json: AsJson = False) -> None:
    """Compare every dual rule with the configuration; change nothing."""
    with _opened(context, stack) as operator:
        found = operator.verify()
        for rule, (wanted, live) in found.items():
            if as_json:
                print(json.dumps({"rule": rule, "set": wanted, "live": live}))
            else:
                mark = "ok" if wanted == live else "NOT SO"
                console.print(f"{rule}: set {wanted} %, live {live}  {mark}", markup=False)
        if any(wanted != live for wanted, live in found.values()):
            raise typer.Exit(ERROR)


@app.command()
def history(context: typer.Context, stack: Stack, as_json: AsJson = False) -> None:
    """List the rollouts of the stack, the newest first, with every entry of the newest."""
    with _opened(context, stack) as operator:
        for place, one in enumerate(operator.ledger.started()):
            journal = operator.ledger.journal(one.id)
            at = position(journal)
            if as_json:
                print(json.dumps({"rollout": one.id, "by": one.by, "state": at.state}))
                continue
            console.print(f"{one.id}  {at.state}: {at.reason}  ({one.by})", markup=False)
            for entry in journal if place == 0 else ():
                console.print(f"  {terminal.entry_line(one.plan, entry)}", markup=False)


@app.command()
def report(
    context: typer.Context,
    stack: Stack,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, writable=True, help="Where the page goes.")
    ] = None,
) -> None:
    """Write the newest rollout as a page with charts."""
    with _opened(context, stack) as operator:
        path = out or Path(f"rollout-{stack}.html")
        write_report(operator, path)
        console.print(f"The page: {path}", markup=False)


@app.command(name="compare")
def compare_(
    context: typer.Context,
    stack: Stack,
    requests: Annotated[
        Path | None,
        typer.Argument(help="HTTP file; without it the safe requests that the endpoints carry."),
    ] = None,
    public: Annotated[
        str | None, typer.Option(help="URL of the public load balancer.", envvar="PUBLIC_URL")
    ] = None,
    internal: Annotated[
        str | None, typer.Option(help="URL of the internal load balancer.", envvar="INTERNAL_URL")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="Part of a JSON body that may differ: a.b.*")
    ] = None,
) -> None:
    """Ask Python and Rust the same, by the tester header, whose value is in TESTER_HEADER_VALUE."""
    with _opened(context, stack) as operator:
        secret = os.environ.get("TESTER_HEADER_VALUE", "")
        urls = {"public": public, "internal": internal}
        bases = operator.stack.balancers | {name: url for name, url in urls.items() if url}
        questions = read_questions(requests) if requests else witnesses()
        asked = {one.listener for one in questions if one.is_sent}
        if missing := sorted(asked - bases.keys()):
            raise BadSettings(f"no URL is known of the load balancers: {', '.join(missing)}")
        if not secret:
            raise BadSettings("TESTER_HEADER_VALUE is not set: without it nobody asks Rust")
        place = find_place(operator.aws.elb)
        if shut := sorted(asked - doors(operator.aws.elb, place, secret)):
            raise BadSettings(
                f"no rule of the {', '.join(shut)} load balancer sends a request with the value of "
                "TESTER_HEADER_VALUE to Rust: deploy testerHeaderValue first"
            )
        differ = skipped = 0
        for one in compare(questions, bases, secret, ignore or ()):
            told = one.skipped or "; ".join(one.differences) or "the same"
            mark = "skipped" if one.skipped else "DIFFERS" if one.differences else "ok"
            differ += bool(one.differences)
            skipped += bool(one.skipped)
            console.print(f"{mark:8}{one.question}: {told}", markup=False, highlight=False)
        if differ:
            raise typer.Exit(ERROR)
        if skipped or {live for _, live in operator.verify().values()} != {0}:
            console.print("Not kept for a start: something was skipped, or Rust has traffic.")
        else:
            operator.ledger.write_compared(operator.stack.now())


def write_report(operator: Operator, path: Path) -> None:
    """Write the newest rollout of the stack as a page."""
    # The charts cost half a second that only a report should.
    from pages.page import write_page  # noqa: PLC0415
    from rollout.report import page  # noqa: PLC0415

    found = operator.look()
    write_page(page(found, operator.ledger.journal(found.rollout.id)), path)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what a user can mend into a message and an exit code."""
    try:
        yield
    except (BadSettings, NotRunning, Running, WrongStack) as error:
        raise _failed(error, BAD_INPUT) from error
    except (NothingFound, LedgerUnreadable, BotoCoreError, ClientError) as error:
        raise _failed(error, UNREACHABLE) from error
    except (StackFailed, Busy, Overtaken) as error:
        raise _failed(error, ERROR) from error
    except KeyboardInterrupt:
        text = "Interrupted; traffic stays as it is. Go on: rollout tick. Go back: rollout abort."
        raise _failed(text, INTERRUPTED) from None


def _failed(error: Exception | str, code: int) -> typer.Exit:
    errors.print(str(error))
    return typer.Exit(code)


def _settings(stack: str, steps: str | None, bake: str | None) -> Settings:
    return read_settings(stack, ROOT, steps=_numbers(steps), bake=_numbers(bake))


def _numbers(text: str | None) -> list[Any] | None:
    if text is None:
        return None
    return [int(part) if part.strip().isdigit() else part for part in text.split(",")]


def _tell(report: Report, *, as_json: bool) -> None:
    """Show what is new, and let others know of a transition."""
    if not report.failed and (as_json or report.is_news):
        _show(report, as_json=as_json)
    if (report.moved or report.failed) and (url := os.environ.get("ROLLOUT_WEBHOOK")):
        notify(url, terminal.as_json(report), errors.print)


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(terminal.as_json(report), allow_nan=False, default=str))
    elif console.is_terminal:
        console.print(terminal.tree(report))
    else:
        for line in terminal.plain_lines(report):
            console.print(line, markup=False, highlight=False)


def _end(report: Report) -> None:
    state, error = report.decision.state, report.failed or report.decision.error
    code = ERROR if error and state not in OVER else _CODES.get(state, DONE)
    raise typer.Exit(code)


def _open(stack: str) -> Operator:
    aws = Aws.of_environment(os.environ.get("AWS_REGION", "us-west-2"))
    return Operator(PulumiStack(stack, ROOT), aws, Ledger(aws.dynamodb, stack))


def main() -> None:
    """Entry point of the command."""
    app(obj=_open)
