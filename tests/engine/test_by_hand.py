"""What only the Pulumi CLI can do: a refresh, and work by hand."""

import json
import re
from typing import Any

import pytest

from sandbox.account.client import Account
from sandbox.engine.choice import open_project
from tests.engine.support import CLI, Deploy, by_hand, changes, files_of, weights

pytestmark = CLI

CANARY = "canary-4711"
HEADER = {"testerHeaderValue": CANARY}


@pytest.fixture(scope="module", autouse=True)
def deployed(deployment: Deploy) -> None:
    """Staging at 0 % with a tester header; every test leaves it there."""
    deployment(HEADER).up()


def test_a_refresh_sees_what_was_changed_by_hand_and_an_update_mends_it(
    account: Account, deployment: Deploy
) -> None:
    stack = deployment(HEADER)
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


def test_a_refresh_finds_a_secret_unchanged_and_does_not_show_it(deployment: Deploy) -> None:
    stack = deployment(HEADER)

    refreshed = by_hand(stack.project, "refresh", "--yes", "--skip-preview", "--diff")

    assert re.search(r"^Resources:\n +\d+ unchanged\n\n", refreshed.stdout, re.MULTILINE)
    assert CANARY not in refreshed.stdout
    written = files_of(stack)
    root = stack.project.root
    assert {"state", "home", "project"} <= {path.relative_to(root).parts[0] for path in written}
    assert [path for path in written if CANARY in path.read_text("latin-1")] == []


def test_the_cli_works_by_hand(account: Account, deployment: Deploy) -> None:
    stack = deployment()
    project = open_project(account, stack.config, stack.folder)

    by_hand(project, "config", "set", "rustPercentage", "10")
    foreseen = by_hand(project, "preview", "--policy-pack", "policy", "--stack", "staging")
    by_hand(project, "config", "set", "rustPercentage", "0")

    assert re.search(r"^ +~ 6 to update\n +\d+ unchanged\n", foreseen.stdout, re.MULTILINE)
    assert by_hand(project, "stack", "output", "rustPercentage").stdout.strip() == "0"
