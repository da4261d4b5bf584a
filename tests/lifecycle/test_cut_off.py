"""Updates by the embedded engine that are cut off, refused half way, or begun twice."""

import itertools
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError
from botocore.model import OperationModel
from pulumi_aws import cloudwatch, ec2, lb

import catalog
import sandbox.deploy
from sandbox.account.calls import READS
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.deploy import Deployment
from sandbox.engine.foreign import find_foreign
from sandbox.engine.lock import only_update
from sandbox.engine.result import DeploymentError, Operation
from sandbox.engine.state import Resource, State
from sandbox.provider.base import Handler
from sandbox.provider.ec2 import SecurityGroup
from sandbox.provider.elbv2 import TargetGroup, TargetGroupAttachment
from sandbox.provider.iam import Role, RolePolicy
from sandbox.provider.lambda_permission import Permission
from sandbox.provider.listener_rule import IN_RUNBOOK, ListenerRule
from sandbox.provider.logs import LogGroup
from sandbox.routes import read_routes
from sandbox.stackfile import ROOT, load_stack_file
from tests.engine.support import HANG_S, Deploy, changes, embedded_deployments, files_of, weights
from tests.support.engines import First, Shared
from tests.support.gate import Gate
from tests.support.process import started

CANARY = "canary-4711"
RULE = "aws:lb/listenerRule:ListenerRule"

_DYING = """
import os, pathlib, signal, sys
from pulumi_aws import cloudwatch
from sandbox.account.client import Account
from sandbox.deploy import Deployment
from sandbox.engine.state import State
from sandbox.stackfile import load_stack_file
State.put = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
account = Account.connect(sys.argv[1], "staging")
config = load_stack_file("staging")
program = lambda: cloudwatch.LogGroup("one", name="one", retention_in_days=14)
Deployment(account, config, pathlib.Path(sys.argv[2]), program=program, rules=()).up()
"""
"""An update that is killed when AWS has answered."""


FOUND_BY_MORE_THAN_A_NAME = (
    ListenerRule,
    Permission,
    Role,
    RolePolicy,
    SecurityGroup,
    TargetGroup,
    TargetGroupAttachment,
)


class CutOff(Exception):
    """Stands for the end of the process, or of the connection."""


class FailingCall:
    """Fails one of the calls to AWS, refused or with its answer lost.

    `counts` says by a call's name whether it is one of them.
    """

    def __init__(self, account: Account, counts: Callable[[str], bool]) -> None:
        self.failed: list[str] = []
        self._counts, self._left, self._loses, self._lock = counts, 0, False, Lock()
        events = account._session.events  # every client that is made from now on has them
        events.register("before-call", self._refuse)
        events.register("after-call", self._lose)

    def fail(self, number: int, *, loses_answer: bool = False) -> None:
        """Let that one of the calls to come fail, from 1 on; 0 for none of them."""
        self._left, self._loses = number, loses_answer

    def _is_it(self, name: str) -> bool:
        with self._lock:
            self._left -= self._counts(name)
            if self._left or not self._counts(name):
                return False
            self.failed.append(name)
            return True

    def _refuse(self, model: OperationModel, **_: Any) -> None:
        if not self._loses and self._is_it(model.name):
            refused()

    def _lose(self, model: OperationModel, **_: Any) -> None:
        if self._loses and self._is_it(model.name):
            raise ConnectionClosedError(endpoint_url="https://aws.invalid")


def is_read(name: str) -> bool:
    return name.startswith(READS)


def one_log_group() -> None:
    cloudwatch.LogGroup("one", name="one", retention_in_days=14)


def deploying(program: Callable[[], None], account: Account, folder: Path) -> Deployment:
    return Deployment(account, load_stack_file("staging"), folder, program=program, rules=())


def refused(*_: Any) -> None:
    raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "Change")


def kinds(account: Account) -> dict[str, int]:
    """How many there are of what has no fixed name, or would be made twice."""
    groups = account.client("ec2").describe_security_groups()["SecurityGroups"]
    return {
        "roles": len(account.client("iam").list_roles()["Roles"]),
        "security groups": len([group for group in groups if group.get("Tags")]),
        "target groups": len(account.client("elbv2").describe_target_groups()["TargetGroups"]),
    }


def test_an_update_that_is_cut_off_anywhere_is_finished_and_nothing_is_made_twice(
    fresh_account: Account, fresh_deployment: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = fresh_deployment(secret={"testerHeaderValue": CANARY})
    put, left = State.put, {kind.type_name for kind in FOUND_BY_MORE_THAN_A_NAME}

    def cut_off(state: State, resource: Resource) -> None:
        if resource.type in left:
            left.remove(resource.type)
            raise CutOff
        put(state, resource)

    monkeypatch.setattr(State, "put", cut_off)
    while left:
        before = len(left)
        with pytest.raises(DeploymentError, match="CutOff"):
            stack.up()
        assert len(left) < before
    monkeypatch.undo()

    finished = stack.up()

    assert {step.operation for step in finished.steps} <= {Operation.CREATE, Operation.SAME}
    assert changes(stack.up()) == []
    assert kinds(fresh_account) == {"roles": 6, "security groups": 5, "target groups": 19}
    assert [path for path in files_of(stack) if CANARY in path.read_text("latin-1")] == []


@pytest.mark.parametrize(
    ("counts", "kth"),
    [(lambda name: not is_read(name), lambda _: 53), (is_read, lambda turn: 7 * turn)],
    ids=["changes", "reads"],
)
def test_whichever_call_of_a_first_update_fails_the_same_command_ends_as_if_none_had(
    counts: Callable[[str], bool],
    kth: Callable[[int], int],
    shared: Shared,
    first: First,
    tmp_path: Path,
) -> None:
    first.accounts.restore()
    clean = read_routes(Account.connect(shared.server.url, "staging"))
    shared.empty.restore()
    account = Account.connect(shared.server.url, "staging")
    aws = FailingCall(account, counts)
    stack = embedded_deployments(account, tmp_path)()

    for turn in itertools.count(1):
        aws.fail(kth(turn), loses_answer=turn % 2 == 1)
        try:
            finished = stack.up()
        except (BotoCoreError, ClientError, DeploymentError):
            assert len(aws.failed) == turn
        else:
            break

    aws.fail(0)
    assert len(aws.failed) >= 4
    assert finished.of(Operation.DELETE) == []
    again = stack.up(refresh=True)
    assert (changes(again), again.lost, again.drift) == ([], [], [])
    assert read_routes(account) == clean
    assert find_foreign(account.client, stack.resources()) == []
    assert kinds(account) == {"roles": 6, "security groups": 5, "target groups": 19}


def test_a_killed_update_leaves_neither_a_lock_nor_a_state_that_is_behind(
    fresh_account: Account, tmp_path: Path
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", _DYING, fresh_account.url, str(tmp_path)],
        cwd=ROOT,
        check=False,
        timeout=HANG_S,
    )
    assert died.returncode == -signal.SIGKILL
    stack = deploying(one_log_group, fresh_account, tmp_path)
    assert stack.has_resources()

    assert [step.operation for step in stack.up().steps] == [Operation.SAME]


def cut_off_before_creation(stack: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update that ends when the state says that a log group is to be made."""

    def cut_off(*_: Any) -> None:
        raise CutOff

    with monkeypatch.context() as patched:
        patched.setattr(LogGroup, "create", cut_off)
        with pytest.raises(DeploymentError, match="CutOff"):
            stack.up()


def test_what_was_begun_and_is_not_there_is_created(
    fresh_account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = deploying(one_log_group, fresh_account, tmp_path)

    cut_off_before_creation(stack, monkeypatch)

    assert [step.operation for step in stack.up().steps] == [Operation.CREATE]


def test_what_somebody_else_has_made_meanwhile_is_not_taken_over(
    fresh_account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tagged() -> None:
        cloudwatch.LogGroup("one", name="one", tags={"Owner": "us"})

    stack = deploying(tagged, fresh_account, tmp_path)

    cut_off_before_creation(stack, monkeypatch)
    fresh_account.client("logs").create_log_group(logGroupName="one", tags={"Owner": "them"})

    with pytest.raises(DeploymentError, match="ResourceAlreadyExistsException"):
        stack.up()


def one_security_group() -> None:
    ec2.SecurityGroup("one", ingress=[], egress=[])


def one_target_group() -> None:
    lb.TargetGroup("one", name="one", target_type="lambda", lambda_multi_value_headers_enabled=True)


@pytest.mark.parametrize(
    ("program", "kind", "method", "changed"),
    [
        (one_log_group, LogGroup, "_set_retention", "retentionInDays"),
        (one_security_group, SecurityGroup, "_reconcile", "egress"),
        (one_target_group, TargetGroup, "_set_multi_value", "lambdaMultiValueHeadersEnabled"),
    ],
)
def test_what_was_refused_in_the_middle_of_a_creation_is_mended(
    program: Callable[[], None],
    kind: type[Handler],
    method: str,
    changed: str,
    fresh_account: Account,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack = deploying(program, fresh_account, tmp_path)
    monkeypatch.setattr(kind, method, refused)
    with pytest.raises(DeploymentError, match="one: Throttling: Rate exceeded"):
        stack.up()
    assert stack.has_resources()
    monkeypatch.undo()

    assert changes(stack.up()) == [("update", "one", (changed,))]
    assert changes(stack.up()) == []


def test_a_destroy_takes_what_was_begun_along(
    fresh_account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = deploying(one_log_group, fresh_account, tmp_path)
    monkeypatch.setattr(LogGroup, "_set_retention", refused)
    with pytest.raises(DeploymentError):
        stack.up()

    stack.destroy()

    assert fresh_account.client("logs").describe_log_groups()["logGroups"] == []
    assert not stack.has_resources()


@pytest.fixture
def gate(server: AccountServer) -> Iterator[Gate]:
    with Gate(server, holds=b"Action=ModifyRule") as gate:
        yield gate


def test_a_second_update_is_told_who_has_the_first_which_ends_in_order_when_asked_to(
    gate: Gate, first: First, tmp_path: Path
) -> None:
    account = Account.connect(gate.url, "staging")
    deploy = embedded_deployments(account, tmp_path)
    first.restore(tmp_path)
    gate.shut()
    options = ["--stack", "staging", "--rust", "10", "--engine", "embedded", "--url", gate.url]
    with started(tmp_path, "up", *options) as process:
        assert gate.waiting.wait(HANG_S)
        with pytest.raises(DeploymentError) as second:
            deploy(rustPercentage="50").up()
        deploy(rustPercentage="50").preview()
        process.terminate()
        gate.open()
        _, said = process.communicate(timeout=HANG_S)

    assert f"under way (process {process.pid}, since " in str(second.value)
    assert "nothing was changed" in str(second.value)
    assert process.returncode == 130
    assert said.endswith(
        "Interrupted. What AWS had answered is recorded; run the same command again.\n"
    )
    deploy(rustPercentage="10").up()
    assert weights(account) == {(90, 10)}


def test_a_lock_ends_with_the_update(tmp_path: Path) -> None:
    taken: Callable[[], Any] = lambda: only_update(tmp_path / "lock", "staging")  # noqa: E731
    with taken(), pytest.raises(DeploymentError, match="Another update of staging"), taken():
        pass

    with taken():
        pass


def test_what_aws_says_of_a_rule_comes_with_its_priority_and_what_has_moved(
    account: Account, deployed: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(rustPercentage="10").up()
    elb = account.client("elbv2")
    rules = elb.describe_rules(ListenerArn=account.foundation["publicAlbHttpsListenerArn"])["Rules"]
    (arn,) = [rule["RuleArn"] for rule in rules if rule["Priority"] == "2023"]
    # It is deleted when the update has already looked.
    monkeypatch.setattr(sandbox.deploy, "catch_up", lambda *_: elb.delete_rule(RuleArn=arn) and [])

    with pytest.raises(DeploymentError) as refused:
        deployed(rustPercentage="0").up()

    first, last = str(refused.value).splitlines()
    assert first == (
        f"{RULE} lrule-lambda-passport-v2-stamp-score: priority 2023: RuleNotFound: "
        "One or more rules not found (docs/runbook.md, row RuleNotFound)"
    )
    plain = {route.priority for route in read_routes(account) if len(route.targets) == 1}
    moved = [one.rule for one in catalog.ENDPOINTS if one.dual and one.priority in plain]
    named = ", ".join(sorted(moved)) or "none"
    assert last == f"Listener rules that this run changed: {named}."


@pytest.mark.parametrize("code", sorted(IN_RUNBOOK))
def test_the_rows_that_messages_name_are_in_the_runbook(code: str) -> None:
    assert f"\n| `{code}` | " in (ROOT / "docs/runbook.md").read_text()
