import pytest
from botocore.exceptions import ClientError

from sandbox.provider import HANDLERS
from tests.provider.support import ACCOUNT_ID, REGION, TAGS, Account, Life

GROUP = "aws:cloudwatch/logGroup:LogGroup"


def test_a_log_group_lives_and_changes_in_place(account: Account) -> None:
    account.client("logs").create_log_group(logGroupName="/aws/lambda/fn-other")
    inputs = {"name": "/aws/lambda/fn", "retentionInDays": 14.0, "tags": TAGS}
    life = Life.begin(account, GROUP, inputs)
    assert life.created.id == "/aws/lambda/fn"
    assert life.created.outputs == {
        "arn": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/lambda/fn",
        "name": "/aws/lambda/fn",
    }
    assert life.import_("/aws/lambda/fn").inputs == inputs
    life.update(["PutRetentionPolicy"], retentionInDays=30)
    life.update(["DeleteRetentionPolicy"], retentionInDays=None)
    life.update(["DescribeLogGroups", "TagResource"], tags={**TAGS, "Name": "x"})
    life.update(["DescribeLogGroups", "UntagResource"], tags=TAGS)
    life.end()


def test_a_log_group_without_a_name_gets_one(account: Account) -> None:
    life = Life.begin(account, GROUP, {}, name="queue-log-group")
    assert life.created.id.startswith("queue-log-group-")


def test_for_ever_is_the_default(account: Account) -> None:
    assert not account.provider.diff(GROUP, {"retentionInDays": 0}, {}).changed


def test_a_log_group_that_lambda_made_is_in_the_way(account: Account) -> None:
    account.client("logs").create_log_group(logGroupName="/aws/lambda/fn")
    with pytest.raises(ClientError, match="ResourceAlreadyExists"):
        account.provider.create(GROUP, "g", {"name": "/aws/lambda/fn"})


def test_replacements_and_refusals(account: Account) -> None:
    assert HANDLERS[GROUP].replaces == {"name"}
    assert len(account.provider.check(GROUP, {"name": "a b", "retentionInDays": 13})) == 2
