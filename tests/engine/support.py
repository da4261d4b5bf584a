"""The Pulumi CLI, where there is one."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.account.client import Account
from sandbox.engine.pulumi_cli import PulumiDeployment
from sandbox.engine.pulumi_project import PulumiProject
from sandbox.engine.result import Operation, Result
from sandbox.stackfile import ROOT, load_stack_file

NEEDS_CLI = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH"),
    pytest.mark.timeout(300),
]

Deploy = Callable[..., PulumiDeployment]


def deployments(account: Account, folder: Path) -> Deploy:
    """Deployments of the account's stack with some keys set, over one state."""

    def make(
        secret: dict[str, str] | None = None,
        *,
        program: Path = ROOT,
        judged: bool = False,  # half of the time of a preview
        **values: str,
    ) -> PulumiDeployment:
        config = load_stack_file(account.stack).with_values(values)
        config = config.with_values(secret or {}, secret=True)
        return PulumiDeployment(account, config, folder, program, judged)

    return make


def by_hand(project: PulumiProject, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI as somebody does who has evaluated `sandbox env`."""
    return subprocess.run(
        [shutil.which("pulumi") or "", *arguments, "--non-interactive"],
        env=environment(project),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def environment(project: PulumiProject) -> dict[str, str]:
    """What a shell has after `sandbox env`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    return {**kept, **project.variables}


def changes(result: Result) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted(
        (step.operation.value, step.name, step.changed)
        for step in result.steps
        if step.operation is not Operation.SAME
    )


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
