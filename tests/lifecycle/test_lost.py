"""What somebody deleted by hand is there again after the next update, on both engines."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import catalog
from monitoring.alarms import group_alarms
from sandbox.account.client import Account
from sandbox.engine.result import Operation
from tests.engine.support import BOTH_ENGINES, Deploy, changes

pytestmark = BOTH_ENGINES

WATCHED = True
FUNCTION = "embed-rl-lambda"


def group_arn(account: Account, name: str) -> str:
    groups = account.client("elbv2").describe_target_groups(Names=[name])["TargetGroups"]
    return groups[0]["TargetGroupArn"]


def rules(account: Account) -> dict[str, Any]:
    """All rules by priority."""
    elb = account.client("elbv2")
    return {
        rule["Priority"]: rule
        for output in ("publicAlbHttpsListenerArn", "privateAlbHttpListenerArn")
        for rule in elb.describe_rules(ListenerArn=account.foundation[output])["Rules"]
    }


def permissions(account: Account) -> dict[str, list[str]]:
    """Groups that may invoke each function, and whether they are there."""
    functions, elb = account.client("lambda"), account.client("elbv2")
    there = {
        group["TargetGroupArn"]: group["TargetGroupName"]
        for group in elb.describe_target_groups()["TargetGroups"]
    }

    def groups(function: str) -> list[str]:
        try:
            policy = functions.get_policy(FunctionName=function)["Policy"]
        except functions.exceptions.ResourceNotFoundException:
            return []
        statements = json.loads(policy)["Statement"]
        sources = [one["Condition"]["ArnLike"]["AWS:SourceArn"] for one in statements]
        return sorted(there.get(source, source) for source in sources)

    return {
        one["FunctionName"]: groups(one["FunctionName"])
        for one in functions.list_functions()["Functions"]
    }


def targets(account: Account) -> dict[str, list[str]]:
    elb = account.client("elbv2")
    return {
        group["TargetGroupName"]: [
            one["Target"]["Id"]
            for one in elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
                "TargetHealthDescriptions"
            ]
        ]
        for group in elb.describe_target_groups()["TargetGroups"]
    }


def there(account: Account) -> Mapping[str, Any]:
    """What the account has, but for ids that AWS makes up."""
    logs, alarms = account.client("logs"), account.client("cloudwatch").describe_alarms()
    return {
        "rules": {
            priority: [rule["Conditions"], [action["Type"] for action in rule["Actions"]]]
            for priority, rule in rules(account).items()
        },
        "permissions": permissions(account),
        "targets": targets(account),
        "alarms": {one["AlarmName"] for one in alarms["MetricAlarms"]},
        "tables": account.client("dynamodb").list_tables()["TableNames"],
        "logs": {one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]},
        "code": {
            one["FunctionName"]: one["CodeSha256"]
            for one in account.client("lambda").list_functions()["Functions"]
        },
    }


def test_whatever_was_deleted_is_made_again_and_what_was_made_for_a_lost_group_is_replaced(
    account: Account, deployment: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The alarms of the group that will be lost are as good as all.
    few = [one for one in catalog.PYTHON_GROUPS if "cc-nonce" in one.name]
    monkeypatch.setattr(catalog, "PYTHON_GROUPS", few)
    deployment(rustPercentage="10").up()
    stack = deployment(rustPercentage="10", foreseen=True)
    elb, before = account.client("elbv2"), there(account)
    group = group_arn(account, "embed-st-lambda-target-group")
    lost_group = group_arn(account, "cc-nonce-lambda-target-group")
    (its_rule,) = [
        rule["RuleArn"]
        for rule in rules(account).values()
        if lost_group in json.dumps(rule["Actions"])
    ]
    (target,) = before["targets"]["embed-st-lambda-target-group"]
    functions = account.client("lambda")
    policy = functions.get_policy(FunctionName="embed-gs-lambda")["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    deletions: Mapping[str, Callable[[], object]] = {
        "function": lambda: functions.delete_function(FunctionName=FUNCTION),
        "permission": lambda: functions.remove_permission(
            FunctionName="embed-gs-lambda", StatementId=statement["Sid"]
        ),
        "attachment": lambda: elb.deregister_targets(
            TargetGroupArn=group, Targets=[{"Id": target}]
        ),
        "rule": lambda: elb.delete_rule(RuleArn=rules(account)["2023"]["RuleArn"]),
        "alarm": lambda: account.client("cloudwatch").delete_alarms(
            AlarmNames=["embed-gs-lambda-errors"]
        ),
        "log group": lambda: account.client("logs").delete_log_group(
            logGroupName=f"/aws/lambda/{FUNCTION}"
        ),
        "table": lambda: account.client("dynamodb").delete_table(TableName="scorer-rollout"),
        "rule of a group": lambda: elb.delete_rule(RuleArn=its_rule),
        "group": lambda: elb.delete_target_group(TargetGroupArn=lost_group),
    }
    for delete in deletions.values():
        delete()

    foreseen = stack.preview()
    assert there(account) != before
    result = stack.up()

    assert there(account) == before
    assert group_arn(account, "cc-nonce-lambda-target-group") != lost_group
    # The function took its permission along, and the group its attachment.
    assert len(result.lost) == len(deletions) + 2
    assert result.lost == foreseen.lost == sorted(s.name for s in result.of(Operation.CREATE))
    assert [step.name for step in result.of(Operation.REPLACE)] == ["cc-nonce-lambda-permission"]
    assert result.of(Operation.DELETE) == []
    watching = {alarm.name for alarm in group_alarms(few[0].name)}
    assert {step.name for step in result.of(Operation.UPDATE)} == watching
    again = stack.up()
    assert (changes(again), again.lost) == ([], [])
