"""Updates by the embedded engine that are cut off, refused half way, or begun twice."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ClientError
from pulumi_aws import cloudwatch

import catalog
import sandbox.deploy
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.deploy import Deployment
from sandbox.engine.lock import only_update
from sandbox.engine.result import DeploymentError, Operation
from sandbox.provider.listener_rule import IN_RUNBOOK
from sandbox.provider.logs import LogGroup
from sandbox.routes import read_routes
from sandbox.stackfile import ROOT, load_stack_file
from tests.engine.support import HANG_S, Deploy, embedded_deployments, weights
from tests.support.engines import First
from tests.support.faults import Killed
from tests.support.gate import Gate
from tests.support.process import started

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

_UNWATCHED = """
import monitoring.declare, policy.policies
monitoring.declare.declare_monitoring = lambda *_: None
policy.policies.POLICIES = ()
"""
"""A command that deploys without alarms, which no policy judges then."""


def one_log_group() -> None:
    cloudwatch.LogGroup("one", name="one", retention_in_days=14)


def deploying(program: Callable[[], None], account: Account, folder: Path) -> Deployment:
    return Deployment(account, load_stack_file("staging"), folder, program=program, rules=())


def refused(*_: Any) -> None:
    raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "Change")


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


def test_what_somebody_else_has_made_meanwhile_is_not_taken_over(
    fresh_account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tagged() -> None:
        cloudwatch.LogGroup("one", name="one", tags={"Owner": "us"})

    def cut_off(*_: Any) -> None:
        raise Killed

    stack = deploying(tagged, fresh_account, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(LogGroup, "create", cut_off)
        with pytest.raises(DeploymentError, match="Killed"):
            stack.up()
    fresh_account.client("logs").create_log_group(logGroupName="one", tags={"Owner": "them"})

    with pytest.raises(DeploymentError, match="ResourceAlreadyExistsException"):
        stack.up()


def test_a_destroy_takes_what_was_begun_along(
    fresh_account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = deploying(one_log_group, fresh_account, tmp_path)
    monkeypatch.setattr(LogGroup, "_set_retention", refused)
    with pytest.raises(DeploymentError, match="one: Throttling: Rate exceeded"):
        stack.up()
    assert stack.has_resources()

    stack.destroy()

    assert fresh_account.client("logs").describe_log_groups()["logGroups"] == []
    assert not stack.has_resources()


def test_an_orphan_rule_is_adopted(routed: Deploy, account: Account) -> None:
    stack = routed()
    lines = stack.state_path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "::cc-nonce-rule-lambda" not in line]
    stack.state_path.write_text("".join(kept))
    with pytest.raises(DeploymentError, match="cc-nonce-rule-lambda: priority 5010: PriorityInUse"):
        stack.up()
    rules = account.client("elbv2").describe_rules(
        ListenerArn=account.foundation["publicAlbHttpsListenerArn"]
    )["Rules"]
    (orphan,) = [rule["RuleArn"] for rule in rules if rule["Priority"] == "5010"]

    adopted = routed(adopt=f'{{"cc-nonce-rule-lambda": "{orphan}"}}').up()

    assert [step.name for step in adopted.of(Operation.IMPORT)] == ["cc-nonce-rule-lambda"]
    assert {step.operation for step in stack.up().steps} == {Operation.SAME}


def test_a_throttled_call_is_made_again_after_a_while(
    fresh_account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttled: Counter[str] = Counter()
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=waited.append))

    def throttle(event_name: str, **_: Any) -> Any:
        if throttled[event_name] == 3:
            return None
        throttled[event_name] += 1
        answer = AWSResponse("", 400, HTTPHeaders(), None)
        answer._content = b'{"__type": "ThrottlingException"}'  # type: ignore[attr-defined]
        return answer

    fresh_account._session.events.register("before-send", throttle)

    result = deploying(one_log_group, fresh_account, tmp_path).up()

    assert [step.operation for step in result.steps] == [Operation.CREATE]
    calls = {name.rpartition(".")[2] for name in throttled}
    assert calls == {"CreateLogGroup", "DescribeLogGroups", "PutRetentionPolicy"}
    assert len(waited) == 3 * len(calls)
    assert all(0 <= wait < 2 ** (place % 3) for place, wait in enumerate(waited))


@pytest.fixture
def gate(server: AccountServer) -> Iterator[Gate]:
    with Gate(server, holds=b"Action=ModifyRule") as gate:
        yield gate


def test_a_second_update_is_told_who_has_the_first_which_ends_in_order_when_asked_to(
    gate: Gate, first_unwatched: First, tmp_path: Path
) -> None:
    account = Account.connect(gate.url, "staging")
    deploy = embedded_deployments(account, tmp_path, watched=False)
    first_unwatched.restore(tmp_path)
    gate.shut()
    options = ["--stack", "staging", "--rust", "10", "--engine", "embedded", "--url", gate.url]
    with started(tmp_path, "up", *options, before=_UNWATCHED) as process:
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
    account: Account, routed: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed(rustPercentage="10").up()
    elb = account.client("elbv2")
    rules = elb.describe_rules(ListenerArn=account.foundation["publicAlbHttpsListenerArn"])["Rules"]
    (arn,) = [rule["RuleArn"] for rule in rules if rule["Priority"] == "2023"]
    # It is deleted when the update has already looked.
    monkeypatch.setattr(sandbox.deploy, "catch_up", lambda *_: elb.delete_rule(RuleArn=arn) and [])

    with pytest.raises(DeploymentError) as refused:
        routed(rustPercentage="0").up()

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
