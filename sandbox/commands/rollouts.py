"""`sandbox rollout`: the rollout commands on a stack of the running sandbox; and a rehearsal."""

import time

import typer

from rollout.ledger import Ledger
from rollout.operate import Operator, Report
from rollout.rollout_command import explained as rollout_explained
from rollout.rollout_command import write_report
from rollout.terminal import headline
from sandbox.account.client import Account
from sandbox.commands import common
from sandbox.commands.common import (
    DEFAULT_ENGINE,
    DEFAULT_URL,
    FAILED,
    EngineOption,
    UrlOption,
    console,
    errors,
    explained,
    heading,
    tell_claims,
    walk_config,
)
from sandbox.commands.deploying import ConfigOption, SecretOption, configuration
from sandbox.dataplane.client import ControlClient
from sandbox.engine.result import EngineName
from sandbox.own_process import sandbox_process
from sandbox.rehearsal import Rehearsal
from sandbox.rollouts import open_stack
from sandbox.stackfile import STACKS, StackConfig


def where(
    context: typer.Context,
    url: UrlOption = DEFAULT_URL,
    engine: EngineOption = DEFAULT_ENGINE,
    config: ConfigOption = None,
    secret: SecretOption = None,
) -> None:
    """Move the percentage step by step, prove each step, and go back by itself."""

    def open_(stack: str) -> Operator:
        with explained():
            account = Account.connect(url, stack)
            values = configuration(stack, None, config, secret)
            return _operator(account, values, engine)

    context.obj = open_


def rehearse(engine: EngineOption = DEFAULT_ENGINE) -> None:
    """Show two rollouts under load on a fast clock: one to 100 %, one that has to go back."""
    begun = time.monotonic()
    passed = True
    with explained(), rollout_explained(), sandbox_process() as (url, _):
        for stack, faulty in zip(STACKS, (False, True), strict=True):
            heading(f"{stack}: {'a faulty' if faulty else 'a healthy'} Rust")
            rehearsal = _rehearsal(url, engine, stack, faulty=faulty)
            passed &= tell_claims(rehearsal.run())
            path = common.state_folder() / f"rollout-{stack}.html"
            write_report(rehearsal.operator, path)
            console.print(f"The page: {path}", markup=False, soft_wrap=True)
    console.print(f"{time.monotonic() - begun:.0f} s in all.", highlight=False)
    if not passed:
        raise typer.Exit(FAILED)


def _rehearsal(url: str, engine: EngineName, stack: str, *, faulty: bool) -> Rehearsal:
    """A rollout of a stack that was just deployed at 0 %."""
    account = Account.connect(url, stack)
    operator = _operator(account, walk_config(stack).with_values({"rustPercentage": "0"}), engine)
    operator.stack.update()
    ControlClient(account.balancers["control"]).refresh()
    operator.say, operator.watch = errors.print, _tell
    return Rehearsal(account, operator, faulty)


def _operator(account: Account, config: StackConfig, engine: EngineName) -> Operator:
    found = open_stack(account, config, common.state_folder(), engine)
    return Operator(found, found.aws, Ledger(found.aws.dynamodb, account.stack))


def _tell(report: Report) -> None:
    if report.is_news:
        console.print(headline(report), markup=False, soft_wrap=True, highlight=False)
