"""Deployments by either engine, and what the stories of both ask of them."""

import json
import os
import runpy
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import catalog
from sandbox.account.calls import READS
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.deploy import Deployment
from sandbox.engine.pulumi_cli import PulumiDeployment
from sandbox.engine.pulumi_project import PulumiProject
from sandbox.engine.result import EngineName, Result, Watcher, unwatched
from sandbox.routes import read_routes
from sandbox.stackfile import ROOT, StackConfig, load_stack_file
from tests.support.recorder import alarms_if

HANG_S = 1200
"""A test of the CLI that takes longer hangs; it takes a minute or two."""

_NEEDS_CLI = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH"),
    pytest.mark.timeout(HANG_S),
]
_PULUMI = pytest.param(EngineName.PULUMI, marks=_NEEDS_CLI)
BOTH_ENGINES = pytest.mark.parametrize(
    "engine", [EngineName.EMBEDDED, _PULUMI], indirect=True, scope="module"
)
"""For stories that both engines must tell alike."""
CLI = pytest.mark.parametrize("engine", [_PULUMI], indirect=True, scope="module")
"""For what only the Pulumi CLI can do."""

_DUAL_PRIORITIES = {endpoint.priority for endpoint in catalog.ENDPOINTS if endpoint.dual}

Deploy = Callable[..., Any]
"""Makes a deployment of an engine, of which the stories need what both have."""


@dataclass(frozen=True)
class Unforeseen(PulumiDeployment):
    """Updates without the preview that comes before, which is half of the time."""

    def up(
        self, watch: Watcher = unwatched, *, foreseen: bool = True, refresh: bool = False
    ) -> Result:
        return super().up(watch, foreseen=foreseen, refresh=refresh)


def deployments(account: Account, folder: Path, *, foreseen: bool = True) -> Deploy:
    """Deployments by the CLI of the account's stack with some keys set, over one state.

    `foreseen`: whether a preview comes before an update, as always when the policies judge.
    """

    def make(
        secret: dict[str, str] | None = None,
        *,
        program: Path = ROOT,
        judged: bool = False,  # half of the time of a preview
        foreseen: bool = foreseen,
        **values: str,
    ) -> PulumiDeployment:
        kind = PulumiDeployment if foreseen or judged else Unforeseen
        return kind(account, configured(account, secret, values), folder, program, judged)

    return make


def embedded_deployments(account: Account, folder: Path, *, watched: bool = True) -> Deploy:
    """The same by the embedded engine. The alarms of `watched` are half of what a run takes."""

    def make(
        secret: dict[str, str] | None = None,
        *,
        program: Path = ROOT,
        judged: bool = False,
        foreseen: bool = False,
        **values: str,
    ) -> Deployment:
        def run() -> None:
            with alarms_if(watched=watched):
                runpy.run_path(str(program / "__main__.py"))

        stack = Deployment(account, configured(account, secret, values), folder, program=run)
        return stack if judged else replace(stack, rules=())

    return make


def configured(
    account: Account, secret: dict[str, str] | None, values: dict[str, str]
) -> StackConfig:
    config = load_stack_file(account.stack).with_values(values)
    return config.with_values(secret or {}, secret=True)


def by_hand(project: PulumiProject, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI as somebody does who has evaluated `sandbox env`."""
    return subprocess.run(
        [shutil.which("pulumi") or "", *arguments, "--non-interactive"],
        env=environment(project),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )


def environment(project: PulumiProject) -> dict[str, str]:
    """What a shell has after `sandbox env`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    return {**kept, **project.variables}


def changes(result: Result) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted((step.operation.value, step.name, step.changed) for step in result.changes)


def weights(account: Account) -> set[tuple[int | None, ...]]:
    """Of the groups of each dual rule."""
    return {
        tuple(target.weight for target in route.targets)
        for route in read_routes(account)
        if route.priority in _DUAL_PRIORITIES
    }


def header_values(account: Account) -> list[str]:
    """Values that a header must have, of all rules, as AWS has them."""
    elb = account.client("elbv2")
    return [
        value
        for listener in ("publicAlbHttpsListenerArn", "privateAlbHttpListenerArn")
        for rule in elb.describe_rules(ListenerArn=account.foundation[listener])["Rules"]
        for condition in rule["Conditions"]
        for value in condition.get("HttpHeaderConfig", {}).get("Values", [])
    ]


def calls(server: AccountServer) -> dict[str, int]:
    """Calls that changed AWS, since the last time."""
    url = f"{server.url}/sandbox/calls"
    with urllib.request.urlopen(url) as response:
        counted = {
            call["action"]: call["count"]
            for call in json.load(response)
            if not call["action"].startswith(READS)
        }
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()
    return counted


def state_of(stack: Deployment | PulumiDeployment) -> str:
    """What the engine knows of the stack, as it is written down."""
    if isinstance(stack, Deployment):
        return stack.state_path.read_text()
    return next(stack.project.root.rglob("passport-scorer-routing/staging.json")).read_text()


def files_of(stack: Deployment | PulumiDeployment) -> list[Path]:
    """All that was written for the stack: state, history, logs, configuration."""
    root = stack.folder / stack.account.instance / stack.account.stack
    return [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]


def write_program(folder: Path, *, before: str = "", after: str = "") -> Path:
    """The folder of a program that is this repository's with a few lines more."""
    lines = [
        "import runpy, sys",
        f"sys.path.insert(0, {str(ROOT)!r})",
        before,
        f"runpy.run_path({str(ROOT / '__main__.py')!r})",
        after,
    ]
    (folder / "__main__.py").write_text("\n".join(lines))
    return folder
