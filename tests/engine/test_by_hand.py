"""What only the Pulumi CLI can do: a refresh, and work by hand."""

import json
import re
from typing import Any

import pytest

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.engine.choice import open_project
from tests.engine.support import CLI, Deploy, by_hand, calls, changes, files_of, weights

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


def test_no_secret_is_in_what_the_cli_says_writes_and_passes_on(
    account: Account, deployment: Deploy
) -> None:
    stack = deployment(HEADER)
    project, root = stack.project, stack.project.root
    arn = account.foundation["scorerSecretArn"]
    secret = account.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    (plugin,) = root.glob("home/plugins/resource-aws-*/pulumi-resource-aws")
    started, rest = plugin.read_text().split("\n", 1)
    plugin.write_text(f"{started}\nenv >{root}/environment\n{rest}")
    # At 9 the CLI writes what it sends over the wire, in clear.
    everything = ("--diff", "--show-sames", "--verbose=8", "--logtostderr")

    refreshed = by_hand(project, "refresh", "--yes", "--skip-preview", "--json")
    by_hand(project, "config", "set", "rustPercentage", "10")
    foreseen = by_hand(project, "preview", *everything)
    by_hand(project, "config", "set", "rustPercentage", "0")
    exported = by_hand(project, "stack", "export")
    functions = account.client("lambda").list_functions(MaxItems=50)["Functions"]

    (summary,) = [
        event["summaryEvent"]["resourceChanges"]
        for event in map(json.loads, refreshed.stdout.splitlines())
        if "summaryEvent" in event
    ]
    assert summary.keys() == {"same"}
    assert re.search(r"^ +~ 6 to update\n", foreseen.stdout, re.MULTILINE)
    assert foreseen.stderr
    written = files_of(stack)
    parts = {path.relative_to(root).parts[0] for path in written}
    assert {"state", "home", "project", "environment"} <= parts
    texts = {
        **{str(path): path.read_text("latin-1") for path in written},
        **{" ".join(one.args): one.stdout + one.stderr for one in (refreshed, foreseen, exported)},
        "functions": json.dumps(functions),
    }
    assert [where for where, text in texts.items() if CANARY in text or secret in text] == []


def test_the_cli_works_by_hand(account: Account, deployment: Deploy) -> None:
    stack = deployment()
    project = open_project(account, stack.config, stack.folder)

    by_hand(project, "config", "set", "rustPercentage", "10")
    foreseen = by_hand(project, "preview", "--policy-pack", "policy", "--stack", "staging")
    by_hand(project, "config", "set", "rustPercentage", "0")

    assert re.search(r"^ +~ 6 to update\n +\d+ unchanged\n", foreseen.stdout, re.MULTILINE)
    assert by_hand(project, "stack", "output", "rustPercentage").stdout.strip() == "0"


def test_the_cli_knows_the_defaults_and_leaves_every_mistake_to_the_program(
    account: Account, deployment: Deploy
) -> None:
    stack = deployment()
    project = open_project(account, stack.config, stack.folder)

    known = json.loads(by_hand(project, "config", "--json").stdout)
    by_hand(project, "config", "set", "rustPercentage", "half")
    by_hand(project, "config", "rm", "foundationStack")
    refused = by_hand(project, "preview")
    for key in ("rustPercentage", "foundationStack"):
        by_hand(project, "config", "set", key, stack.config.get(key) or "")

    assert known["passport-scorer-routing:stickinessSeconds"]["value"] == "3600"
    assert refused.returncode != 0
    assert "has 2 problems; nothing was registered or changed" in refused.stdout


def test_a_refreshing_update_takes_a_rule_back_and_leaves_the_rest_and_the_mark(
    account: Account, deployment: Deploy, server: AccountServer
) -> None:
    """As the runbook rolls back; a release in the working copy waits."""
    stack = deployment(HEADER)
    elb = account.client("elbv2")
    rules = elb.describe_rules(ListenerArn=account.foundation["privateAlbHttpListenerArn"])["Rules"]
    (rule,) = [one for one in rules if one["Priority"] == "2100"]
    groups = elb.describe_target_groups(Names=["l-passport-v2-rust-scorer-int"])["TargetGroups"]
    everything_to_rust: Any = {"Type": "forward", "TargetGroupArn": groups[0]["TargetGroupArn"]}
    elb.modify_rule(RuleArn=rule["RuleArn"], Actions=[everything_to_rust])
    elb.add_tags(
        ResourceArns=[rule["RuleArn"]], Tags=[{"Key": "RolledBackAt", "Value": "2026-11-01"}]
    )
    image = "000000000000.dkr.ecr.us-west-2.amazonaws.com/submit-passport-lambdas:next"
    by_hand(stack.project, "config", "set", "scorerImage", image)
    calls(server)

    updated = by_hand(stack.project, "up", "--refresh", "--yes", "--skip-preview")

    assert updated.returncode == 0, updated.stdout
    assert "embed-st 0 % (live 100 %) -> 0 %" in updated.stdout
    assert calls(server) == {"ModifyRule": 1}
    assert weights(account) == {(None,)}
    tags = elb.describe_tags(ResourceArns=[rule["RuleArn"]])["TagDescriptions"][0]["Tags"]
    assert {"Key": "RolledBackAt", "Value": "2026-11-01"} in tags
    elb.remove_tags(ResourceArns=[rule["RuleArn"]], TagKeys=["RolledBackAt"])
    by_hand(stack.project, "refresh", "--yes", "--skip-preview")
