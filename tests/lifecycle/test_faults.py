"""AWS fails or the run is cut off, and the same command again mends it."""

from collections.abc import Mapping
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError

import sandbox.deploy
from sandbox.account.client import Account
from sandbox.engine.result import DeploymentError, Operation
from sandbox.provider import Created, Provider
from sandbox.routes import read_routes
from tests.engine.support import Deploy


class Refusing(Provider):
    """Throttled by AWS once a number of changes has gone through."""

    left = 0
    lock = Lock()

    def _count(self) -> None:
        with self.lock:
            type(self).left -= 1
            refused = self.left < 0
        if refused:
            raise ClientError(
                {"Error": {"Code": "TooManyRequestsException", "Message": "Rate exceeded"}},
                "Change",
            )

    def create(self, type_: str, name: str, inputs: Mapping[str, Any]) -> Created:
        self._count()
        return super().create(type_, name, inputs)

    def update(self, *args: Any) -> dict[str, Any]:
        self._count()
        return super().update(*args)


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> type[Refusing]:
    monkeypatch.setattr(sandbox.deploy, "Provider", Refusing)
    return Refusing


def test_after_any_number_of_changes_the_next_run_goes_on_where_aws_refused(
    refusing: type[Refusing], fresh_account: Account, fresh_deployment: Deploy
) -> None:
    for allowed in (0, 50):
        refusing.left = allowed
        with pytest.raises(DeploymentError, match="TooManyRequestsException: Rate exceeded"):
            fresh_deployment(rustPercentage="10").up()
    refusing.left = 1000

    last = fresh_deployment(rustPercentage="10").up()

    assert 0 < len(last.of(Operation.CREATE)) < len(last.steps)
    assert {step.operation for step in fresh_deployment(rustPercentage="10").up().steps} == {
        Operation.SAME
    }
    functions = fresh_account.client("lambda").list_functions(MaxItems=50)["Functions"]
    assert len(functions) == 17
    assert len([route for route in read_routes(fresh_account) if route.priority]) == 19


def test_half_a_change_of_percentage_is_finished_by_the_next_run(
    refusing: type[Refusing], routed: Deploy
) -> None:
    refusing.left = 2
    with pytest.raises(DeploymentError, match="TooManyRequestsException"):
        routed(rustPercentage="50").up()
    refusing.left = 1000

    finished = routed(rustPercentage="50").up()

    assert len(finished.of(Operation.UPDATE)) == 4


def test_a_journal_cut_off_in_a_line_loses_that_line_and_none_after_it(routed: Deploy) -> None:
    with routed().state_path.open("a") as journal:
        journal.write('{"put": {"urn": "half of a li')

    assert len(routed(rustPercentage="50").up().of(Operation.UPDATE)) == 6
    assert {step.operation for step in routed(rustPercentage="50").up().steps} == {Operation.SAME}


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
