"""Commands that deploy into an account of their own and measure what happens."""

import json
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from endpoint import STICKINESS_S
from pages.page import write_page
from sandbox import report
from sandbox.account.client import Account
from sandbox.checklist import terminal
from sandbox.checklist.checklist import (
    DEFAULT_CLIENTS,
    run_checklist,
)
from sandbox.checklist.results import Checklist
from sandbox.checklist.run import Run, only_moves_rules
from sandbox.commands import common
from sandbox.commands.common import (
    DEFAULT_ENGINE,
    FAILED,
    EngineOption,
    JsonOption,
    StackOption,
    console,
    errors,
    explained,
    heading,
    tell_claims,
    walk_config,
)
from sandbox.dataplane.client import ControlClient
from sandbox.engine.choice import open_deployment
from sandbox.engine.result import EngineName, Operation, Result
from sandbox.own_process import sandbox_process
from sandbox.routes import read_routes
from sandbox.soak import Minute, soaked, verdict
from sandbox.stackfile import STACKS

_CHECKED, _SHOWN = STACKS
_RAISED_TO = 10
_TOLD_EACH = 5

ClientsOption = Annotated[
    int,
    typer.Option(
        min=400, help="New clients per endpoint that measure the split; fewer at 0 and 100 %."
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        dir_okay=False,
        help="The page; its numbers go beside it as JSON.",
        writable=True,
    ),
]


def check(
    stack: StackOption = _CHECKED,
    clients: ClientsOption = DEFAULT_CLIENTS,
    report_path: ReportOption = None,
    engine: EngineOption = DEFAULT_ENGINE,
    as_json: JsonOption = False,
) -> None:
    """Measure the testing checklist of the analysis on a freshly deployed stack."""
    with explained():
        page = _page(stack, report_path)
    with explained(), sandbox_process() as (url, _):
        if not as_json:
            _introduce(url)
        checklist = _measure(_run(url, stack, engine, clients), engine, page, quiet=as_json)
        if as_json:
            print(_as_json(checklist))
    _judge(checklist)


def demo(engine: EngineOption = DEFAULT_ENGINE) -> None:
    """Deploy production and raise it, then measure the whole checklist on staging."""
    begun = time.monotonic()
    with explained(), sandbox_process() as (url, _):
        _introduce(url)
        _show_raise(url, _SHOWN, engine)
        heading(f"{_CHECKED}: the testing checklist, measured")
        run = _run(url, _CHECKED, engine, DEFAULT_CLIENTS)
        checklist = _measure(run, engine, _page(_CHECKED), quiet=False)
    console.print(f"{time.monotonic() - begun:.0f} s in all.", highlight=False)
    _judge(checklist)


def soak(
    minutes: Annotated[
        int, typer.Option(min=2, help="Of the sandbox's clock, each with a change of percentage.")
    ] = 60,
    engine: EngineOption = DEFAULT_ENGINE,
) -> None:
    """Change the percentage each minute under load on every route; judge answers and memory."""
    begun = time.monotonic()
    with explained(), sandbox_process() as (url, pid):
        _introduce(url)
        processes = {"sandbox": pid, "engine and clients": os.getpid()}
        found: list[Minute] = []
        for minute in soaked(_run(url, _CHECKED, engine, 0), minutes, processes):
            found.append(minute)
            if len(found) % _TOLD_EACH == 0 or len(found) == minutes:
                console.print(f"{len(found):3} min {minute}", highlight=False)
    passed = tell_claims(verdict(found))
    console.print(f"{time.monotonic() - begun:.0f} s in all.", highlight=False)
    if not passed:
        raise typer.Exit(FAILED)


def _page(stack: str, wanted: Path | None = None) -> Path:
    """Where the page goes, which is better found out before the measuring than after it."""
    page = wanted or common.state_folder() / f"checklist-{stack}.html"
    if page.suffix == ".json":
        raise typer.BadParameter("the numbers go beside the page as .json", param_hint="--report")
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=page.parent):
            pass
        for old in (page, page.with_suffix(".json")):
            old.unlink(missing_ok=True)  # nobody shall take an earlier run for this one
    except OSError as error:
        raise typer.BadParameter(
            f"{page} cannot be written: {error}", param_hint="--report"
        ) from error
    return page


def _introduce(url: str) -> None:
    console.print(f"An AWS account with its load balancers runs at {url}, until this ends.")


def _show_raise(url: str, stack: str, engine: EngineName) -> None:
    """Deploy a stack at 0 % and raise it a little; show the rules before and after."""
    account = Account.connect(url, stack)
    for percentage in (0, _RAISED_TO):
        config = walk_config(stack).with_values({"rustPercentage": str(percentage)})
        deployment = open_deployment(engine, account, config, common.state_folder())
        heading(f"{stack}: {percentage} % Rust")
        begun = time.monotonic()
        with report.Progress(errors, f"Deploying {stack}") as progress:
            result = deployment.up(progress.step)
        seconds = time.monotonic() - begun
        report.print_result(console, f"done in {seconds:.1f} s", result)
        report.print_routes(console, read_routes(account))
        _expect(result, percentage, seconds)


def _expect(result: Result, percentage: int, seconds: float) -> None:
    if percentage == 0:
        passed = {step.operation for step in result.steps} == {Operation.CREATE}
        text = "A first update creates and does nothing else."
    else:
        claim = only_moves_rules(result, percentage, seconds)
        passed, text = claim.passed, claim.text
    console.print(text, highlight=False)
    if not passed:
        errors.print("That is not so.")
        raise typer.Exit(FAILED)


def _run(url: str, stack: str, engine: EngineName, clients: int) -> Run:
    account = Account.connect(url, stack)
    config = walk_config(stack)

    def deploy(percentage: int) -> Result:
        """The policies judge the first update; the others move rules, which is measured."""
        values = config.with_values({"rustPercentage": str(percentage)})
        deployment = open_deployment(engine, account, values, common.state_folder())
        with report.Progress(errors, f"Deploying {stack} at {percentage} %") as progress:
            return deployment.up(progress.step, foreseen=deployment.has_resources())

    return Run(
        account,
        ControlClient(account.balancers["control"]),
        deploy,
        clients,
        stickiness_s=int(config.get("stickinessSeconds") or STICKINESS_S),
    )


def _measure(run: Run, engine: EngineName, page: Path, *, quiet: bool) -> Checklist:
    checklist = run_checklist(
        run,
        engine=engine,
        watch=lambda number, item: None if quiet else terminal.print_item(console, number, item),
    )
    write_page(checklist.page, page)
    page.with_suffix(".json").write_text(_as_json(checklist))
    if not quiet:
        terminal.print_checklist(console, checklist, page)
    return checklist


def _as_json(checklist: Checklist) -> str:
    return json.dumps({"passed": checklist.passed, **asdict(checklist)}, indent=2)


def _judge(checklist: Checklist) -> None:
    if not checklist.passed:
        raise typer.Exit(FAILED)
