"""What somebody deleted by hand is there again after the next update, on both engines."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.account.client import Account
from sandbox.engine.result import EngineName, Operation
from tests.engine.support import BOTH_ENGINES, Deploy, changes
from tests.support.engines import First

pytestmark = BOTH_ENGINES

FUNCTION = "embed-rl-lambda"


@pytest.fixture(scope="module")
def watched() -> bool:
    return True


@pytest.fixture(scope="module", autouse=True)
def at_10(
    engine: EngineName, deployment: Deploy, state: Path, request: pytest.FixtureRequest
) -> None:
    """Staging at 10 %; every test leaves it there."""
    if engine is EngineName.EMBEDDED:
        first: First = request.getfixturevalue("first")
        first.restore(state)
    deployment(rustPercentage="10").up()


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


def test_whatever_was_deleted_is_made_again(account: Account, deployment: Deploy) -> None:
    stack = deployment(rustPercentage="10", foreseen=True)
    elb, before = account.client("elbv2"), there(account)
    group = group_arn(account, "embed-st-lambda-target-group")
    (target,) = before["targets"]["embed-st-lambda-target-group"]
    functions = account.client("lambda")
    policy = functions.get_policy(FunctionName="embed-gs-lambda")["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    alarm = min(before["alarms"])
    deletions: Mapping[str, Callable[[], object]] = {
        "function": lambda: functions.delete_function(FunctionName=FUNCTION),
        "permission": lambda: functions.remove_permission(
            FunctionName="embed-gs-lambda", StatementId=statement["Sid"]
        ),
        "attachment": lambda: elb.deregister_targets(
            TargetGroupArn=group, Targets=[{"Id": target}]
        ),
        "rule": lambda: elb.delete_rule(RuleArn=rules(account)["2023"]["RuleArn"]),
        "alarm": lambda: account.client("cloudwatch").delete_alarms(AlarmNames=[alarm]),
        "log group": lambda: account.client("logs").delete_log_group(
            logGroupName=f"/aws/lambda/{FUNCTION}"
        ),
        "table": lambda: account.client("dynamodb").delete_table(TableName="scorer-rollout"),
    }
    for delete in deletions.values():
        delete()

    foreseen = stack.preview()
    assert there(account) != before
    result = stack.up()

    assert there(account) == before
    assert len(result.lost) == len(deletions) + 1  # the function took its permission along
    assert result.lost == foreseen.lost == sorted(s.name for s in result.of(Operation.CREATE))
    assert {step.operation for step in result.changes} == {Operation.CREATE}
    again = stack.up()
    assert (changes(again), again.lost) == ([], [])


def test_what_was_made_for_a_lost_group_is_replaced(account: Account, deployment: Deploy) -> None:
    stack, before = deployment(rustPercentage="10", foreseen=True), there(account)
    elb = account.client("elbv2")
    arn = group_arn(account, "cc-nonce-lambda-target-group")
    (rule,) = [rule for rule in rules(account).values() if arn in json.dumps(rule["Actions"])]
    elb.delete_rule(RuleArn=rule["RuleArn"])
    elb.delete_target_group(TargetGroupArn=arn)

    result = stack.up()

    assert there(account) == before
    assert group_arn(account, "cc-nonce-lambda-target-group") != arn
    assert [step.name for step in result.of(Operation.REPLACE)] == ["cc-nonce-lambda-permission"]
    again = stack.up()
    assert (changes(again), again.lost) == ([], [])
