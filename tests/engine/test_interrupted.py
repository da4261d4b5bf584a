"""An update is cut off, and the next one goes on from there."""

import json
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.engine.pulumi_project import PulumiProject
from sandbox.engine.result import DeploymentError, Operation, Result
from tests.engine.support import (
    CLI,
    HANG_S,
    Deploy,
    by_hand,
    deployments,
    environment,
    weights,
)
from tests.support.gate import Gate
from tests.support.process import started

pytestmark = CLI


@dataclass(frozen=True)
class Interrupted:
    """What an interrupted first update left, and what the next one did."""

    code: int
    said: str
    in_state: Mapping[str, int]
    in_aws: Mapping[str, int]
    finished: Result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def interrupted(server: AccountServer, folder: Path) -> Iterator[Interrupted]:
    with Gate(server, holds=b"Action=CreateTargetGroup") as gate:
        account = Account.connect(gate.url, "staging")
        stack = deployments(account, folder, foreseen=False)()
        gate.shut()
        options = ["--stack", "staging", "--engine", "pulumi", "--url", gate.url]
        with started(folder, "up", *options) as process:
            assert gate.waiting.wait(HANG_S)
            process.send_signal(signal.SIGINT)
            gate.open()
            _, said = process.communicate(timeout=HANG_S)
        left = in_state(stack.project), in_aws(account)
        yield Interrupted(process.returncode, said, *left, stack.up())


@pytest.fixture
def deploy(interrupted: Interrupted, gate: Gate, folder: Path) -> Deploy:
    """Deployments of the stack that is complete now."""
    return deployments(Account.connect(gate.url, "staging"), folder, foreseen=False)


@pytest.fixture(scope="module")
def gate(server: AccountServer) -> Iterator[Gate]:
    with Gate(server, holds=b"Action=ModifyRule") as gate:
        yield gate


def in_state(project: PulumiProject) -> Counter[str]:
    """How many target groups and roles the CLI knows."""
    (path,) = project.root.rglob("passport-scorer-routing/staging.json")
    latest = json.loads(path.read_text())["checkpoint"]["latest"]
    assert not latest.get("pending_operations")
    kinds = Counter(resource["type"].rpartition(":")[2] for resource in latest["resources"])
    return Counter({kind: kinds[kind] for kind in ("TargetGroup", "Role")})


def in_aws(account: Account) -> Counter[str]:
    """How many of them there are, but for the group of the foundation."""
    groups = account.client("elbv2").describe_target_groups()["TargetGroups"]
    roles = account.client("iam").list_roles()["Roles"]
    return Counter({"TargetGroup": len(groups) - 1, "Role": len(roles)})


def test_an_interrupted_update_records_what_aws_answered(interrupted: Interrupted) -> None:
    assert interrupted.code == 130
    assert interrupted.said.strip() == (
        "Interrupted. What AWS had answered is recorded; run the same command again."
    )
    assert interrupted.in_state == interrupted.in_aws
    assert 0 < interrupted.in_state["TargetGroup"] < 18


def test_the_next_update_creates_the_rest_and_nothing_twice(
    interrupted: Interrupted, account: Account
) -> None:
    finished = interrupted.finished
    assert {step.operation for step in finished.steps} == {Operation.CREATE, Operation.SAME}
    same = Counter(step.type.rpartition(":")[2] for step in finished.of(Operation.SAME))
    assert same["TargetGroup"] == interrupted.in_aws["TargetGroup"]
    assert in_aws(account)["TargetGroup"] == 18
    assert in_aws(account)["Role"] == len(
        [step for step in finished.steps if step.type == "aws:iam/role:Role"]
    )


def test_after_a_killed_update_the_message_says_how_to_go_on(deploy: Deploy, gate: Gate) -> None:
    stack = deploy(rustPercentage="50")
    stack.project.prepare()
    stack.project.configure(stack.config)
    gate.shut()
    command = [shutil.which("pulumi") or "", "up", "--yes", "--skip-preview", "--non-interactive"]
    with subprocess.Popen(
        command, env=environment(stack.project), stdout=subprocess.DEVNULL
    ) as process:
        assert gate.waiting.wait(HANG_S)
        process.kill()
    gate.open()

    with pytest.raises(DeploymentError, match="locked") as refused:
        stack.destroy()
    assert 'eval "$(sandbox env --stack staging --url' in str(refused.value)
    assert by_hand(stack.project, "cancel", "--yes").returncode == 0
    assert by_hand(stack.project, "refresh", "--yes", "--skip-preview").returncode == 0

    stack.up()

    assert weights(stack.account) == {(50, 50)}
