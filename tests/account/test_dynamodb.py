"""Items: what a journal and a lock need of DynamoDB, and what it refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.account.support import World, refused

FAILED = "ConditionalCheckFailedException"
VALUES: dict[str, Any] = {
    "text": {"S": "kept"},
    "number": {"N": "12.5"},
    "bytes": {"B": b"kept"},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "blobs": {"BS": [b"1", b"2"]},
    "list": {"L": [{"M": {"deep": {"L": [{"N": "7"}, {"L": []}]}}}, {"S": ""}]},
    "map": {"M": {"deep": {"M": {"deeper": {"S": "kept"}, "empty": {"M": {}}}}}},
}


class Journal:
    """A table with the keys of the rollout's, and the calls on it."""

    def __init__(self, world: World) -> None:
        self.client: Any = world.account.client("dynamodb")
        self.name = world.name("table")
        keys: dict[str, Any] = {"stack": "HASH", "item": "RANGE"}
        self.client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        )

    def put(self, item: str, *, stack: str = "staging", **options: Any) -> None:
        values = options.pop("values", {})
        self.client.put_item(TableName=self.name, Item={**key(item, stack), **values}, **options)

    def update(self, item: str, expression: str, **options: Any) -> None:
        self.client.update_item(
            TableName=self.name, Key=key(item), UpdateExpression=expression, **options
        )

    def get(self, item: str) -> Any:
        answer = self.client.get_item(TableName=self.name, Key=key(item), ConsistentRead=True)
        return answer.get("Item")

    def query(self, **options: Any) -> Any:
        asked: dict[str, Any] = {
            "KeyConditionExpression": "stack = :stack",
            "ExpressionAttributeValues": {":stack": {"S": "staging"}},
        }
        return self.client.query(TableName=self.name, **(asked | options))

    def write(self, *items: Any, **options: Any) -> None:
        self.client.transact_write_items(
            TransactItems=[{kind: {"TableName": self.name, **request}} for kind, request in items],
            **options,
        )


@pytest.fixture
def journal(world: World) -> Journal:
    return Journal(world)


def key(item: str, stack: str = "staging") -> dict[str, Any]:
    return {"stack": {"S": stack}, "item": {"S": item}}


def names(answer: Any) -> list[str]:
    return [item["item"]["S"] for item in answer["Items"]]


def number(value: int) -> dict[str, Any]:
    return {":n": {"N": str(value)}}


def test_an_item_is_read_back_as_it_was_put(journal: Journal) -> None:
    journal.put("i", values=VALUES)
    assert journal.get("i") == {**key("i"), **VALUES}
    assert journal.get("j") is None


NEW: dict[str, Any] = {
    "ConditionExpression": "attribute_not_exists(#item)",
    "ExpressionAttributeNames": {"#item": "item"},
}
OLD: dict[str, Any] = {"ConditionExpression": "epoch = :n", "ExpressionAttributeValues": number(1)}


def test_only_one_takes_the_lock(journal: Journal) -> None:
    journal.put("lock", values={"owner": {"S": "first"}}, **NEW)
    with refused(FAILED):
        journal.put("lock", values={"owner": {"S": "second"}}, **NEW)
    assert journal.get("lock")["owner"] == {"S": "first"}


def changes(journal: Journal) -> dict[str, Callable[..., None]]:
    client, table = journal.client, journal.name
    return {
        "delete": lambda **options: client.delete_item(TableName=table, Key=key("lock"), **options),
        "put": lambda **options: journal.put("lock", **options),
        "update": lambda **options: journal.update("lock", "REMOVE epoch", **options),
    }


@pytest.mark.parametrize("change", ["delete", "put", "update"])
def test_a_condition_decides(journal: Journal, change: str) -> None:
    act = changes(journal)[change]
    journal.put("lock", values={"epoch": {"N": "2"}})
    with refused(FAILED):
        act(**OLD)
    assert journal.get("lock") == {**key("lock"), "epoch": {"N": "2"}}
    with pytest.raises(ClientError) as caught:
        act(**OLD, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    seen: Any = caught.value.response
    assert seen["Item"] == {**key("lock"), "epoch": {"N": "2"}}
    act(**{**OLD, "ExpressionAttributeValues": number(2)})
    assert "epoch" not in (journal.get("lock") or {})


def test_an_update_counts_and_names(journal: Journal) -> None:
    journal.put("lock", values={"epoch": {"N": "1"}})
    journal.update(
        "lock",
        "SET #epoch = #epoch + :n, #list = :list",
        ConditionExpression="#epoch = :n",
        ExpressionAttributeNames={"#epoch": "epoch", "#list": "list"},
        ExpressionAttributeValues={**number(1), ":list": VALUES["list"]},
    )
    assert journal.get("lock") == {**key("lock"), "epoch": {"N": "2"}, "list": VALUES["list"]}


def test_a_query_finds_in_order_and_page_by_page(journal: Journal) -> None:
    for item in ("e2", "e10", "e1", "lock"):
        journal.put(item)
    journal.put("e3", stack="production")
    assert names(journal.query(ConsistentRead=True)) == ["e1", "e10", "e2", "lock"]
    assert names(journal.query(ScanIndexForward=False)) == ["lock", "e2", "e10", "e1"]
    first = journal.query(Limit=3)
    rest = journal.query(Limit=3, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert (names(first), names(rest)) == (["e1", "e10", "e2"], ["lock"])
    assert "LastEvaluatedKey" not in rest
    found = journal.query(
        KeyConditionExpression="stack = :stack AND begins_with(#item, :e)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":stack": {"S": "staging"}, ":e": {"S": "e"}},
        Select="ALL_ATTRIBUTES",
    )
    assert names(found) == ["e1", "e10", "e2"]
    counted = journal.query(Select="COUNT")
    assert (counted["Count"], counted.get("Items")) == (4, None)


def entry(item: str, **values: Any) -> tuple[str, Any]:
    return "Put", {"Item": {**key(item), **values}, **NEW}


def held(epoch: int, kind: str = "ConditionCheck", **more: Any) -> tuple[str, Any]:
    condition = {**OLD, "ExpressionAttributeValues": number(epoch)}
    return kind, {"Key": key("lock"), **condition, **more}


def test_a_transaction_is_all_or_nothing(journal: Journal) -> None:
    journal.put("lock", values={"epoch": {"N": "1"}})
    journal.put("old", values={"epoch": {"N": "1"}})
    delete = ("Delete", {"Key": key("old"), **OLD})
    with pytest.raises(ClientError) as caught:
        journal.write(entry("e1"), held(2, ReturnValuesOnConditionCheckFailure="ALL_OLD"), delete)
    seen: Any = caught.value.response
    assert seen["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in seen["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
        "None",
    ]
    assert seen["CancellationReasons"][1]["Item"] == {**key("lock"), "epoch": {"N": "1"}}
    assert names(journal.query()) == ["lock", "old"]
    journal.write(entry("e1", **VALUES), held(1), delete)
    assert journal.get("e1") == {**key("e1"), **VALUES}
    assert names(journal.query()) == ["e1", "lock"]
    journal.write(
        held(
            1,
            "Update",
            UpdateExpression="SET #epoch = epoch + :n",
            ExpressionAttributeNames={"#epoch": "epoch"},
        )
    )
    assert journal.get("lock")["epoch"] == {"N": "2"}


def test_a_transaction_that_comes_twice_is_done_once(journal: Journal) -> None:
    journal.write(entry("e1"), ClientRequestToken=f"{journal.name}-1")
    journal.write(entry("e1"), ClientRequestToken=f"{journal.name}-1")
    with refused("IdempotentParameterMismatchException"):
        journal.write(entry("e2"), ClientRequestToken=f"{journal.name}-1")
    with refused("TransactionCanceledException"):
        journal.write(entry("e1"), ClientRequestToken=f"{journal.name}-2")
    assert names(journal.query()) == ["e1"]


NOTHING_FOR = "is not defined; attribute"


@pytest.mark.parametrize(
    ("condition", "options", "words"),
    [
        ("epoch = :n", {}, f"{NOTHING_FOR} value: :n"),
        ("#e > :n", {"ExpressionAttributeValues": number(1)}, f"{NOTHING_FOR} name: #e"),
        ("attribute_exists(epoch)", {"ExpressionAttributeValues": number(1)}, "keys: {:n}"),
        (
            "attribute_exists(epoch)",
            {"ExpressionAttributeNames": {"#e": "epoch"}},
            "keys: {#e}",
        ),
    ],
)
def test_placeholders_are_used_and_stand_for_something(
    journal: Journal, condition: str, options: dict[str, Any], words: str
) -> None:
    given = {"ConditionExpression": condition, **options}
    for act in changes(journal).values():
        with refused("ValidationException", words):
            act(**given)
    with refused("ValidationException", words):
        journal.write(("ConditionCheck", {"Key": key("lock"), **given}))
    with refused("ValidationException", words.replace("epoch", "stack")):
        journal.query(
            **{
                "KeyConditionExpression": condition.replace("epoch", "stack"),
                "ExpressionAttributeValues": {},
                **options,
            }
        )


def test_a_table_that_is_protected_stays(journal: Journal) -> None:
    journal.client.update_table(TableName=journal.name, DeletionProtectionEnabled=True)
    with refused("ValidationException", "DeletionProtectionEnabled"):
        journal.client.delete_table(TableName=journal.name)
    journal.client.update_table(TableName=journal.name, DeletionProtectionEnabled=False)
    journal.client.delete_table(TableName=journal.name)
    with refused("ResourceNotFoundException"):
        journal.client.describe_table(TableName=journal.name)


@pytest.mark.parametrize("wrong", ["ab", "a b", "t" * 256])
def test_the_name_of_a_table(world: World, wrong: str) -> None:
    with refused("ValidationException", "must be between 3 and 255 characters"):
        world.unchecked("dynamodb").create_table(
            TableName=wrong,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        )


def test_tags_page_by_page(world: World, journal: Journal) -> None:
    client = journal.client
    arn = client.describe_table(TableName=journal.name)["Table"]["TableArn"]
    tags = [{"Key": f"k{number:02}", "Value": "v"} for number in range(12)]
    client.tag_resource(ResourceArn=arn, Tags=tags)
    client.tag_resource(ResourceArn=arn, Tags=tags[-1:])
    client.untag_resource(ResourceArn=arn, TagKeys=["k00"])
    first = client.list_tags_of_resource(ResourceArn=arn)
    rest = client.list_tags_of_resource(ResourceArn=arn, NextToken=first["NextToken"])
    assert first["Tags"] + rest["Tags"] == tags[1:]


def test_tables_page_by_page(journal: Journal) -> None:
    tables = journal.client.list_tables()["TableNames"]
    first = journal.client.list_tables(Limit=1)
    assert first["TableNames"] == tables[:1]
    rest = journal.client.list_tables(ExclusiveStartTableName=tables[0])["TableNames"]
    assert rest == tables[1:]
    assert journal.name in tables
