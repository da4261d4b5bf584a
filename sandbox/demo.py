"""The percentage moves up and back to 0 in an account of its own, and only six rules move."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

import catalog
from sandbox import report
from sandbox.account.client import Account
from sandbox.deploy import Deployment
from sandbox.engine.result import Operation, Result, Step
from sandbox.routes import Route, read_routes
from sandbox.stackfile import ROOT, load_stack_file

WALK = (
    ("staging", 0),
    ("staging", 100),
    ("staging", 50),
    ("staging", 0),
    ("production", 0),
    ("production", 10),
)
"""Stack and percentage; staging in the order of the analysis."""


class DemoFailed(Exception):
    """Something moved that should not have, or did not move; the message says what."""


def run_demo(console: Console, folder: Path) -> None:
    """Deploy each step of the walk, show what it did and what AWS then holds.

    Raises DemoFailed when a change of percentage does anything else than update six rules
    in place, or when the rules read back are not what was asked for.
    """
    begun = time.monotonic()
    deployed: set[str] = set()
    with _account_process() as url:
        console.print(f"An AWS account runs at {url}.")
        for stack, percentage in WALK:
            config = load_stack_file(stack).with_values({"rustPercentage": str(percentage)})
            deployment = Deployment(Account.connect(url, stack), config, folder)
            console.rule(f"{stack}: {percentage} % Rust", align="left")
            step_begun = time.monotonic()
            with report.Progress(console, f"Deploying {stack}") as progress:
                result = deployment.up(progress.step)
            report.print_result(console, f"done in {time.monotonic() - step_begun:.1f} s", result)
            routes = read_routes(deployment.account)
            report.print_routes(console, routes)
            _check_steps(result, first=stack not in deployed)
            _check_routes(routes, percentage)
            deployed.add(stack)
    console.print(
        f"\nEvery change of percentage was {len(catalog.DUAL_ENDPOINTS)} rules updated in place "
        f"and nothing else. {time.monotonic() - begun:.0f} s in all.",
        highlight=False,
    )


def _check_steps(result: Result, *, first: bool) -> None:
    changes = [step for step in result.steps if step.operation is not Operation.SAME]
    if first:
        wrong = [step for step in changes if step.operation is not Operation.CREATE]
        if wrong or not changes:
            raise DemoFailed(f"A first deployment only creates, this one also: {_names(wrong)}")
        return
    dual = {endpoint.rule for endpoint in catalog.ENDPOINTS if endpoint.dual}
    wrong = [
        step
        for step in changes
        if step.operation is not Operation.UPDATE
        or step.name not in dual
        or step.changed != ("actions",)
    ]
    missing = dual - {step.name for step in changes}
    if wrong or missing:
        raise DemoFailed(
            "A change of percentage updates the actions of the six dual rules and nothing "
            f"else. Also changed: {_names(wrong)}. Not changed: {', '.join(missing) or 'none'}."
        )


def _check_routes(routes: list[Route], percentage: int) -> None:
    dual = {e.priority for e in catalog.ENDPOINTS if e.dual}
    expected = (None,) if percentage == 0 else (100 - percentage, percentage)
    for route in routes:
        weights = tuple(target.weight for target in route.targets)
        if route.priority in dual and weights != expected:
            raise DemoFailed(
                f"Rule {route.priority} has the weights {weights} instead of {expected}."
            )


def _names(steps: list[Step]) -> str:
    return ", ".join(f"{step.operation} {step.name} {step.changed}" for step in steps) or "none"


@contextlib.contextmanager
def _account_process() -> Iterator[str]:
    """The account in a process of its own, so that it does not share the demo's core."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "start", "--port", "0", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        first_line = process.stdout.readline() if process.stdout else ""
        if not first_line:
            raise DemoFailed("The account did not start; its message stands above.")
        yield json.loads(first_line)["url"]
    finally:
        process.terminate()
        process.wait()
