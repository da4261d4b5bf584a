"""Rules that somebody deleted or created by hand, and the CLI by hand."""

import json
import re
from typing import Any

import pytest

from sandbox.account.client import Account
from tests.engine.support import CLI, Deploy, by_hand, changes, state_of

pytestmark = CLI

RULE = "lrule-lambda-passport-v2-stamp-score"


@pytest.fixture(scope="module", autouse=True)
def deployed(deployment: Deploy) -> None:
    """Staging at 0 %; every test leaves it there."""
    deployment().up()


def test_a_deleted_rule_is_named_with_its_priority_and_the_runbooks_commands_mend_it(
    account: Account, deployment: Deploy
) -> None:
    stack, elb = deployment(), account.client("elbv2")
    rules = elb.describe_rules(ListenerArn=account.foundation["publicAlbHttpsListenerArn"])["Rules"]
    (arn,) = [rule["RuleArn"] for rule in rules if rule["Priority"] == "2023"]
    deployment(rustPercentage="10").up()
    elb.delete_rule(RuleArn=arn)
    by_hand(stack.project, "config", "set", "rustPercentage", "0")

    refused = by_hand(stack.project, "up", "--yes", "--skip-preview")
    refreshed = by_hand(stack.project, "refresh", "--yes", "--skip-preview")
    mended = by_hand(stack.project, "up", "--yes", "--skip-preview")

    assert refused.returncode != 0
    assert (
        f"{RULE}: priority 2023: RuleNotFound: One or more rules not found "
        "(docs/runbook.md, row RuleNotFound)"
    ) in refused.stdout + refused.stderr
    assert (refreshed.returncode, mended.returncode) == (0, 0)
    assert re.search(r"^ +\+ 1 created$", mended.stdout, re.MULTILINE)
    assert changes(stack.preview()) == []


def test_a_rule_is_imported_and_its_code_written(account: Account, deployment: Deploy) -> None:
    stack, elb = deployment(), account.client("elbv2")
    answer: Any = {"StatusCode": "404", "ContentType": "text/plain"}
    (rule,) = elb.create_rule(
        ListenerArn=account.foundation["publicAlbHttpsListenerArn"],
        Priority=77,
        Conditions=[{"Field": "path-pattern", "Values": ["/by-hand"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": answer}],
    )["Rules"]
    kind = "aws:lb/listenerRule:ListenerRule"

    imported = by_hand(
        stack.project, "import", kind, "by-hand", rule["RuleArn"], "--yes", "--protect=false"
    )

    assert imported.returncode == 0, imported.stderr
    assert 'aws.lb.ListenerRule("by-hand"' in imported.stdout
    resources = json.loads(state_of(stack))["checkpoint"]["latest"]["resources"]
    assert rule["RuleArn"] in [resource.get("id") for resource in resources]
    assert changes(stack.up()) == [("delete", "by-hand", ())]
