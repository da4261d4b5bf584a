"""The update from what runs today, by the real engine."""

from pathlib import Path

import pytest

import catalog
from sandbox.account.client import Account
from sandbox.engine.result import Operation
from sandbox.routes import read_routes
from tests.engine.support import NEEDS_CLI, Deploy
from tests.lifecycle.test_takeover import ADOPT_LOG_GROUPS, IMAGE_FUNCTIONS, inventory

pytestmark = NEEDS_CLI

TODAY = Path(__file__).parents[1] / "support" / "today"


@pytest.fixture
def today(account: Account, deployment: Deploy) -> None:
    """What runs today, in AWS and in the state."""
    deployment(program=TODAY).up()
    for function in IMAGE_FUNCTIONS:
        account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{function}")


@pytest.mark.usefixtures("today")
def test_todays_resources_are_taken_over_in_one_update(
    account: Account, deployment: Deploy
) -> None:
    done = {step.name: step.operation for step in deployment(adopt=ADOPT_LOG_GROUPS).up().steps}

    assert {name for name in done if done[name] is Operation.DELETE} == inventory("goes")
    assert inventory("keep") <= {
        name for name in done if done[name] in (Operation.SAME, Operation.UPDATE)
    }
    assert {name for name in done if done[name] is Operation.IMPORT} == {
        f"{name}-log-group" for name in IMAGE_FUNCTIONS
    }
    by_route = {(r.path, r.methods): r.priority for r in read_routes(account)}
    assert by_route["/registry/submit-passport", ("POST",)] == 1000
    assert by_route["/ceramic-cache/score/*", ("GET",)] == 1001
    groups = account.client("logs").describe_log_groups()["logGroups"]
    assert {group["logGroupName"]: group.get("retentionInDays") for group in groups} == {
        f"/aws/lambda/{name}": 14
        for name in [*IMAGE_FUNCTIONS, *(b.function_name for b in catalog.ZIP_BACKENDS)]
    }
    assert {step.operation for step in deployment().up().steps} == {Operation.SAME}
