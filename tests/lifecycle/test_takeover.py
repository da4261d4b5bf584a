"""The update from what runs today."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import catalog
import rust_scorer.names
from sandbox.account.client import Account
from sandbox.engine.result import DeploymentError, EngineName, Operation
from sandbox.routes import read_routes
from tests.engine.support import BOTH_ENGINES, Deploy, embedded_deployments
from tests.support.engines import First, Shared
from tests.support.snapshot import Snapshot

TESTS = Path(__file__).parents[1]
IMAGE_FUNCTIONS = [
    *(backend.function_name for backend in catalog.IMAGE_BACKENDS),
    rust_scorer.names.FUNCTION,
]
ADOPT_LOG_GROUPS = json.dumps(
    {f"{name}-log-group": f"/aws/lambda/{name}" for name in IMAGE_FUNCTIONS}
)


def inventory(mark: str) -> set[str]:
    with (TESTS / "golden" / "existing_resources.csv").open() as file:
        return {
            row["logical_name"]
            for row in csv.DictReader(file)
            if row["in_the_port"].startswith(mark)
        }


def deploy_today(account: Account, deploy: Deploy) -> Any:
    """What runs today, in AWS and in the state."""
    result = deploy(program=TESTS / "support" / "today").up()
    for function in IMAGE_FUNCTIONS:
        account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{function}")
    return result


@pytest.fixture(scope="module")
def todays(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> First:
    """The same by the embedded engine, once for all tests."""
    shared.empty.restore()
    folder = tmp_path_factory.mktemp("today")
    account = Account.connect(shared.server.url, "staging")
    result = deploy_today(account, embedded_deployments(account, folder))
    return First(result, Snapshot(shared.server), folder)


@pytest.fixture
def today(
    engine: EngineName,
    request: pytest.FixtureRequest,
    fresh_account: Account,
    fresh_deployment: Deploy,
    tmp_path: Path,
) -> None:
    if engine is EngineName.EMBEDDED:
        todays: First = request.getfixturevalue("todays")
        todays.restore(tmp_path)
    else:
        deploy_today(fresh_account, fresh_deployment)


@BOTH_ENGINES
@pytest.mark.usefixtures("today")
def test_todays_resources_are_taken_over_in_one_update_also_after_a_failed_one(
    fresh_account: Account, fresh_deployment: Deploy
) -> None:
    priorities = {route.path: route.priority for route in read_routes(fresh_account)}
    assert priorities["/registry/submit-passport"] == 1001
    assert priorities["/ceramic-cache/score/0x*"] == 1007
    with pytest.raises(DeploymentError, match="log-group: ResourceAlreadyExistsException"):
        fresh_deployment().up()

    done = {
        step.name: step.operation for step in fresh_deployment(adopt=ADOPT_LOG_GROUPS).up().steps
    }

    assert {name for name in done if done[name] is Operation.DELETE} == inventory("goes")
    assert inventory("keep") <= {
        name for name in done if done[name] in (Operation.SAME, Operation.UPDATE)
    }
    by_route = {(r.path, r.methods): r.priority for r in read_routes(fresh_account)}
    assert by_route["/registry/submit-passport", ("POST",)] == 1000
    assert by_route["/ceramic-cache/score/*", ("GET",)] == 1001
    retention = fresh_account.client("logs").describe_log_groups()["logGroups"]
    assert {group["logGroupName"]: group.get("retentionInDays") for group in retention} == {
        f"/aws/lambda/{name}": 14
        for name in [*IMAGE_FUNCTIONS, *(b.function_name for b in catalog.ZIP_BACKENDS)]
    }
    assert fresh_deployment().up().changes == []


@pytest.mark.usefixtures("today")
def test_todays_tester_rules_keep_their_names_when_the_header_is_set(
    fresh_deployment: Deploy,
) -> None:
    result = fresh_deployment(
        adopt=ADOPT_LOG_GROUPS, secret={"testerHeaderValue": "canary-4711"}
    ).up()

    assert result.of(Operation.DELETE) == []
    assert inventory("goes") <= {step.name for step in result.of(Operation.UPDATE)}
    assert {step.name for step in result.of(Operation.IMPORT)} == set(json.loads(ADOPT_LOG_GROUPS))
    assert "lrule-tester-v2-history" in {step.name for step in result.of(Operation.CREATE)}
