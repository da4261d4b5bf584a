"""What a deployment does and refuses, whichever engine it is."""

import functools
import gc
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pulumi
import pytest

import catalog
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.deploy import Deployment
from sandbox.engine.choice import EngineRefused, open_deployment, open_project
from sandbox.engine.result import DeploymentError, EngineName, Operation, Result
from sandbox.routes import read_routes
from tests.engine.support import (
    BOTH_ENGINES,
    Deploy,
    calls,
    changes,
    files_of,
    header_values,
    state_of,
    weights,
    write_program,
)

pytestmark = BOTH_ENGINES

DUAL_RULES = sorted(endpoint.rule for endpoint in catalog.ENDPOINTS if endpoint.dual)
WITHOUT_TESTERS = set(catalog.logical_names(with_tester_rules=False))
WITH_TESTERS = set(catalog.logical_names(with_tester_rules=True))
CANARY = "canary-4711"


@pytest.fixture(scope="module", autouse=True)
def created(
    engine: EngineName, deployment: Deploy, state: Path, request: pytest.FixtureRequest
) -> Result:
    """Staging at 0 %; every test leaves it there. The first update made the alarms as well."""
    result: Result
    if engine is EngineName.EMBEDDED:
        result = request.getfixturevalue("first").result
        request.getfixturevalue("first_unwatched").restore(state)
    else:
        result = deployment().up()
    return result


def test_a_first_update_creates_and_does_nothing_else(created: Result) -> None:
    assert {step.operation for step in created.steps} == {Operation.CREATE}
    assert {step.name for step in created.steps} == WITHOUT_TESTERS
    assert created.outputs["rustPercentage"] == 0


def test_every_change_of_percentage_is_six_rules_updated_in_place(
    server: AccountServer, account: Account, deployment: Deploy
) -> None:
    assert weights(account) == {(None,)}
    calls(server)
    foreseen = changes(deployment(rustPercentage="50").preview())
    assert calls(server) == {}  # a preview changes nothing

    for percentage, expected in ((50, (50, 50)), (100, (0, 100)), (0, (None,))):
        calls(server)
        result = deployment(rustPercentage=str(percentage)).up()

        assert calls(server) == {"ModifyRule": 6}
        assert changes(result) == [("update", rule, ("actions",)) for rule in DUAL_RULES]
        assert changes(result) == foreseen
        assert weights(account) == {expected}
        assert result.outputs["rustPercentage"] == percentage


def test_a_second_update_changes_nothing(server: AccountServer, deployment: Deploy) -> None:
    stack = deployment()
    calls(server)

    again = stack.up()

    assert changes(again) == []
    known = [one.name for one in stack.resources() if one.type.startswith("aws:")]
    assert sorted(step.name for step in again.steps) == sorted(known)
    assert calls(server) == {}


def test_an_override_moves_one_rule(account: Account, deployment: Deploy) -> None:
    one_rule = [("update", "embed-st-rule-lambda", ("actions",))]

    raised = deployment(rustPercentageByEndpoint='{"embed-st": 10}').up()

    assert changes(raised) == one_rule
    assert weights(account) == {(90, 10), (None,)}
    assert changes(deployment(rustPercentageByEndpoint='{"embed-st": 0}').up()) == one_rule
    assert weights(account) == {(None,)}


def test_a_change_that_would_replace_a_resource_is_refused_by_name(
    account: Account, deployment: Deploy, tmp_path: Path, server: AccountServer
) -> None:
    elsewhere = f"""
import pulumi
def moved(args):
    if args.name == "embed-st-rule-lambda":
        args.props["listener_arn"] = {account.foundation["publicAlbHttpsListenerArn"]!r}
    return pulumi.ResourceTransformationResult(args.props, args.opts)
pulumi.runtime.register_stack_transformation(moved)
"""
    before = read_routes(account)
    calls(server)

    with pytest.raises(
        DeploymentError, match="embed-st-rule-lambda: a change of listenerArn would replace"
    ):
        deployment(foreseen=True, program=write_program(tmp_path, before=elsewhere)).up()

    assert calls(server) == {}
    assert read_routes(account) == before


def test_a_forbidden_update_is_refused_with_the_names_of_the_policies(
    deployment: Deploy, tmp_path: Path, server: AccountServer
) -> None:
    orphan = (
        "import pulumi_aws as a; a.lb.TargetGroup('orphan', name='orphan', target_type='lambda')"
    )
    calls(server)

    with pytest.raises(DeploymentError, match="The policies forbid this") as refused:
        deployment(judged=True, program=write_program(tmp_path, after=orphan)).up()

    assert "orphan" in str(refused.value)
    assert calls(server) == {}


def test_a_bad_configuration_ends_in_the_same_message_and_registers_nothing(
    account: Account, deployment: Deploy, tmp_path: Path, server: AccountServer
) -> None:
    wrong = {"rustPercentage": "101", "rustPercent": "1", "rustPackage": "/nowhere/rust.zip"}
    stack = deployment(foreseen=True, **wrong)
    before = state_of(stack)
    calls(server)

    with pytest.raises(pulumi.RunError) as refused:
        stack.up()
    with pytest.raises(pulumi.RunError) as embedded:
        Deployment(account, stack.config, tmp_path).preview()

    assert str(refused.value) == str(embedded.value)
    assert "has 3 problems; nothing was registered" in str(refused.value)
    assert state_of(stack) == before
    assert calls(server) == {}


def test_a_foundation_that_is_not_there_is_a_mistake_in_the_configuration(
    deployment: Deploy,
) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(pulumi.RunError) as refused:
            deployment(foundationStack="organization/passport-scorer/production").preview()
        message = str(refused.value)
        del refused
        pulumi.runtime.settings.SETTINGS.outputs.clear()
        gc.collect()

    assert message == (
        "The account has no stack organization/passport-scorer/production; "
        "it has organization/passport-scorer/staging."
    )
    assert [str(one.message) for one in warned if "never awaited" in str(one.message)] == []


def test_the_tester_header_is_a_rule_in_front_and_nowhere_in_clear(
    account: Account, deployment: Deploy
) -> None:
    tested = deployment(secret={"testerHeaderValue": CANARY})

    added = tested.up()

    assert {step.name for step in added.of(Operation.CREATE)} == WITH_TESTERS - WITHOUT_TESTERS
    headers = [route.header for route in read_routes(account) if route.header]
    assert headers == ["X-Use-Rust-Scorer: [secret]"] * 7
    assert header_values(account) == [CANARY] * 7
    assert CANARY not in repr(added) + repr(tested.config)
    written = files_of(tested)
    assert written
    assert [path for path in written if CANARY in path.read_text("latin-1")] == []
    assert changes(tested.preview()) == []
    gone = deployment().up()
    assert {step.name for step in gone.of(Operation.DELETE)} == WITH_TESTERS - WITHOUT_TESTERS


def test_the_other_engine_leaves_the_stack_alone(
    engine: EngineName, account: Account, deployment: Deploy
) -> None:
    stack = deployment()
    others: Mapping[EngineName, Callable[..., object]] = {
        EngineName.EMBEDDED: open_project,
        EngineName.PULUMI: functools.partial(open_deployment, EngineName.EMBEDDED),
    }

    assert open_deployment(engine, account, stack.config, stack.folder).has_resources()
    with pytest.raises(EngineRefused, match=f"The engine `{engine}` deployed staging"):
        others[engine](account, stack.config, stack.folder)


def test_a_stack_from_nothing_is_created_once_and_destroyed_wholly(
    server: AccountServer, deploying: Callable[[Account, Path], Deploy], tmp_path: Path
) -> None:
    account = Account.connect(server.url, "production")
    production = deploying(account, tmp_path)
    before = read_routes(account)
    foreseen = changes(production().preview())
    assert read_routes(account) == before

    created = production().up()
    assert changes(created) == foreseen
    assert {step.operation for step in created.steps} == {Operation.CREATE}
    destroyed = production().destroy()

    assert len(destroyed.of(Operation.DELETE)) == len(created.steps)
    assert not production().has_resources()
    assert read_routes(account) == before
    assert account.client("lambda").list_functions()["Functions"] == []
    assert account.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
