"""The percentage moves with the real engine, and nothing else does."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pulumi
import pytest

import catalog
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.deploy import Deployment
from sandbox.engine.choice import EngineRefused, open_deployment, open_project
from sandbox.engine.result import DeploymentError, EngineName, Operation
from sandbox.routes import read_routes
from tests.engine.support import NEEDS_CLI, Deploy, by_hand, changes, write_program

pytestmark = NEEDS_CLI

DUAL_RULES = sorted(endpoint.rule for endpoint in catalog.ENDPOINTS if endpoint.dual)
DUAL_PRIORITIES = {endpoint.priority for endpoint in catalog.ENDPOINTS if endpoint.dual}


@pytest.fixture(scope="module", autouse=True)
def deployed(deployment: Deploy) -> None:
    """Staging at 0 %; every test leaves it there."""
    created = deployment(judged=True).up()
    assert {step.operation for step in created.steps} == {Operation.CREATE}
    assert {step.name for step in created.steps} == set(
        catalog.logical_names(with_tester_rules=False)
    )
    assert created.outputs["rustPercentage"] == 0


def weights(account: Account) -> set[tuple[int | None, ...]]:
    return {
        tuple(target.weight for target in route.targets)
        for route in read_routes(account)
        if route.priority in DUAL_PRIORITIES
    }


def calls(server: AccountServer) -> dict[str, int]:
    """Calls that changed AWS, since the last time."""
    url = f"{server.url}/sandbox/calls"
    with urllib.request.urlopen(url) as response:
        counted = {call["action"]: call["count"] for call in json.load(response)}
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()
    return counted


def test_every_change_of_percentage_is_six_rules_updated_in_place(
    server: AccountServer, account: Account, deployment: Deploy
) -> None:
    for percentage, expected in ((50, (50, 50)), (100, (0, 100)), (0, (None,))):
        calls(server)
        result = deployment(rustPercentage=str(percentage)).up()

        assert calls(server) == {"ModifyRule": 6}
        assert changes(result) == [("update", rule, ("actions",)) for rule in DUAL_RULES]
        assert weights(account) == {expected}
        assert result.outputs["rustPercentage"] == percentage


def test_a_second_update_changes_nothing_and_calls_nothing(
    server: AccountServer, deployment: Deploy
) -> None:
    calls(server)

    again = deployment().up()

    assert changes(again) == []
    assert len(again.steps) == len(catalog.logical_names(with_tester_rules=False))
    assert calls(server) == {}


def test_a_refresh_sees_what_was_changed_by_hand_and_an_update_mends_it(
    account: Account, deployment: Deploy
) -> None:
    stack = deployment()
    elb = account.client("elbv2")
    pages = elb.describe_rules(ListenerArn=account.foundation["publicAlbHttpsListenerArn"])
    (arn,) = [rule["RuleArn"] for rule in pages["Rules"] if rule["Priority"] == "2023"]
    answer: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    elb.modify_rule(RuleArn=arn, Actions=[answer])

    refreshed = by_hand(stack.project, "refresh", "--yes", "--skip-preview", "--json")

    assert refreshed.returncode == 0
    events = [json.loads(line) for line in refreshed.stdout.splitlines()]
    found = [event["resOutputsEvent"]["metadata"] for event in events if "resOutputsEvent" in event]
    drifted = {
        one["urn"].rpartition("::")[2]: one["diffs"] for one in found if one["op"] == "update"
    }
    assert drifted == {"lrule-lambda-passport-v2-stamp-score": ["actions"]}
    assert changes(stack.up()) == [("update", "lrule-lambda-passport-v2-stamp-score", ("actions",))]
    assert weights(account) == {(None,)}


def test_a_bad_configuration_ends_as_with_the_other_engine_and_registers_nothing(
    account: Account, deployment: Deploy, tmp_path: Path, server: AccountServer
) -> None:
    stack = deployment(rustPercentage="101", rustPercent="1", rustPackage="/nowhere/rust.zip")
    state = next(stack.project.root.rglob("passport-scorer-routing/staging.json"))
    before = state.read_text()
    calls(server)

    with pytest.raises(pulumi.RunError) as real:
        stack.up()
    with pytest.raises(pulumi.RunError) as embedded:
        Deployment(account, stack.config, tmp_path).up()

    assert str(real.value) == str(embedded.value)
    assert "has 3 problems; nothing was registered" in str(real.value)
    assert state.read_text() == before
    assert calls(server) == {}


def test_a_foundation_that_is_not_there_is_a_mistake_in_the_configuration(
    account: Account, deployment: Deploy, tmp_path: Path
) -> None:
    stack = deployment(foundationStack="organization/passport-scorer/production")

    with pytest.raises(pulumi.RunError) as real:
        stack.preview()
    with pytest.raises(pulumi.RunError) as embedded:
        Deployment(account, stack.config, tmp_path).preview()

    assert str(real.value) == str(embedded.value)


def test_a_forbidden_update_is_refused_with_the_names_of_the_policies(
    deployment: Deploy, tmp_path: Path, server: AccountServer
) -> None:
    after = (
        "import pulumi_aws as a; a.lb.TargetGroup('orphan', name='orphan', target_type='lambda')"
    )
    calls(server)

    with pytest.raises(DeploymentError, match="The policies forbid this") as refused:
        deployment(judged=True, program=write_program(tmp_path, after=after)).up()

    assert "orphan" in str(refused.value)
    assert calls(server) == {}


def test_an_update_that_would_replace_a_resource_is_refused_by_name(
    deployment: Deploy, tmp_path: Path, server: AccountServer
) -> None:
    before = """
import pulumi
def renamed(args):
    if args.name == "l-submit-passport-0":
        args.props["name"] = "other"
    return pulumi.ResourceTransformationResult(args.props, args.opts)
pulumi.runtime.register_stack_transformation(renamed)
"""
    calls(server)

    with pytest.raises(
        DeploymentError, match="l-submit-passport-0: a change of name would replace"
    ):
        deployment(program=write_program(tmp_path, before=before)).up()

    assert calls(server) == {}


def test_the_other_engine_leaves_the_stack_alone(account: Account, deployment: Deploy) -> None:
    stack = deployment()

    assert open_deployment(EngineName.PULUMI, account, stack.config, stack.folder).has_resources()
    with pytest.raises(EngineRefused, match="The engine `pulumi` deployed staging"):
        open_deployment(EngineName.EMBEDDED, account, stack.config, stack.folder)


def test_the_cli_works_by_hand(account: Account, deployment: Deploy) -> None:
    stack = deployment()
    project = open_project(account, stack.config, stack.folder)
    project.configure(stack.config)

    by_hand(project, "config", "set", "rustPercentage", "10")
    foreseen = by_hand(project, "preview", "--policy-pack", "policy", "--stack", "staging")
    by_hand(project, "config", "set", "rustPercentage", "0")

    assert "~ 6 to update" in foreseen.stdout
    assert by_hand(project, "stack", "output", "rustPercentage").stdout.strip() == "0"
