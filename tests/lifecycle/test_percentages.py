"""The percentage moves, and nothing else does."""

import json
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

import catalog
from policy.policies import POLICIES
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.engine.result import DeploymentError, Operation, Result
from sandbox.routes import read_routes

from .conftest import Deploy, deployments

DUAL_RULES = sorted(endpoint.rule for endpoint in catalog.ENDPOINTS if endpoint.dual)
DUAL_PRIORITIES = {endpoint.priority for endpoint in catalog.ENDPOINTS if endpoint.dual}


def changes(result: Result) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted(
        (step.operation.value, step.name, step.changed)
        for step in result.steps
        if step.operation is not Operation.SAME
    )


def weights(account: Account) -> set[tuple[int | None, ...]]:
    return {
        tuple(target.weight for target in route.targets)
        for route in read_routes(account)
        if route.priority in DUAL_PRIORITIES
    }


def calls(server: AccountServer) -> dict[str, int]:
    with urllib.request.urlopen(f"{server.url}/sandbox/calls") as response:
        return {call["action"]: call["count"] for call in json.load(response)}


def reset_calls(server: AccountServer) -> None:
    request = urllib.request.Request(f"{server.url}/sandbox/calls", method="DELETE")
    urllib.request.urlopen(request).close()


def test_every_change_of_percentage_is_six_rules_updated_in_place(
    server: AccountServer, account: Account, deployment: Deploy
) -> None:
    deployment(rustPercentage="0").up()
    assert weights(account) == {(None,)}
    reset_calls(server)
    foreseen = changes(deployment(rustPercentage="50").preview())
    assert calls(server) == {}  # a preview changes nothing

    for percentage, expected in ((50, (50, 50)), (100, (0, 100)), (0, (None,))):
        reset_calls(server)
        result = deployment(rustPercentage=str(percentage)).up()

        assert calls(server) == {"ModifyRule": 6}
        assert changes(result) == [("update", rule, ("actions",)) for rule in DUAL_RULES]
        assert changes(result) == foreseen
        assert weights(account) == {expected}

    reset_calls(server)
    assert changes(deployment(rustPercentage="0").up()) == []  # a second update
    assert calls(server) == {}


def test_an_override_moves_one_rule(account: Account, deployment: Deploy) -> None:
    deployment(rustPercentage="10").up()

    result = deployment(rustPercentage="10", rustPercentageByEndpoint='{"embed-st": 0}').up()

    assert changes(result) == [("update", "embed-st-rule-lambda", ("actions",))]
    assert weights(account) == {(90, 10), (None,)}


def test_a_change_that_would_replace_a_resource_is_refused_by_name(
    account: Account, deployment: Deploy
) -> None:
    deployment(rustPercentage="0").up()
    before = read_routes(account)
    public = account.foundation["publicAlbHttpsListenerArn"]
    elsewhere = replace(
        account, foundation={**account.foundation, "privateAlbHttpListenerArn": public}
    )

    with pytest.raises(DeploymentError, match=r"embed-\w+-rule-lambda: a change of listenerArn"):
        replace(deployment(rustPercentage="0"), account=elsewhere, rules=POLICIES).up()

    assert read_routes(account) == before


def test_the_tester_header_is_a_rule_in_front_and_nowhere_in_clear(
    account: Account, deployment: Deploy
) -> None:
    deployment(rustPercentage="0").up()

    tested = deployment(rustPercentage="0", secret={"testerHeaderValue": "canary-4711"})
    created = tested.up()

    names = {step.name for step in created.of(Operation.CREATE)}
    assert names == set(catalog.logical_names(with_tester_rules=True)) - set(
        catalog.logical_names(with_tester_rules=False)
    )
    headers = [route.header for route in read_routes(account) if route.header]
    assert headers == ["X-Use-Rust-Scorer: [secret]"] * 7
    assert "canary" not in tested.state_path.read_text()
    assert "canary" not in repr(created) + repr(tested.config)
    assert changes(tested.up()) == []
    gone = deployment(rustPercentage="0").up()
    assert {step.name for step in gone.of(Operation.DELETE)} == names


def test_a_stack_from_nothing_is_created_once_and_destroyed_wholly(
    server: AccountServer, tmp_path: Path
) -> None:
    account = Account.connect(server.url, "production")
    production = deployments(account, tmp_path)
    before = read_routes(account)
    foreseen = changes(production().preview())
    assert read_routes(account) == before

    created = production().up()
    assert changes(created) == foreseen
    assert {step.operation for step in created.steps} == {Operation.CREATE}
    destroyed = production().destroy()

    assert len(destroyed.of(Operation.DELETE)) == len(created.steps)
    assert read_routes(account) == before
    assert account.client("lambda").list_functions()["Functions"] == []
    assert account.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
