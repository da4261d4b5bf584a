"""Refusals of DynamoDB, and what moto leaves out of a request that this account keeps."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.responses import EmptyResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler

from routing import limits
from sandbox.account.refusals.guard import Arguments, guard, invalid, refused, supply

_CODE = "ValidationException"
_PLACEHOLDER = re.compile(r"[#:]\w+")


@guard(DynamoDBBackend, "create_table")
def _create_table(_backend: Any, call: Arguments) -> None:
    if not re.fullmatch(limits.TABLE_NAME_PATTERN, call["name"], re.ASCII):
        raise invalid(
            "Invalid table/index name. Table/index names must be between 3 and 255 characters "
            "long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'",
            code=_CODE,
        )


@guard(DynamoHandler, "update_table")
def _update_table(handler: Any, _call: Arguments) -> None:
    """Obey a change of encryption, which moto drops."""
    if encryption := handler.body.get("SSESpecification"):
        table = handler.dynamodb_backend.get_table(handler.body["TableName"])
        key = table._get_default_encryption_key(table.account_id, table.region_name)
        table.sse_specification = {"KMSMasterKeyId": key, **encryption}


@guard(DynamoDBBackend, "tag_resource")
def _tag_resource(backend: Any, call: Arguments) -> None:
    """Replace a tag of the same key, which moto keeps beside the new one."""
    backend.untag_resource(call["arn"], list(call["tags"]))


_write = DynamoHandler.transact_write_items


@supply(DynamoHandler, "transact_write_items")
def _transact_write_items(handler: Any) -> Any:
    """Do a transaction once, however often it comes with its token; moto ignores the token."""
    token = handler.body.get("ClientRequestToken")
    asked = copy.deepcopy(handler.body)
    done = vars(handler.dynamodb_backend).setdefault("transactions_by_token", {})
    if token in done:
        if done[token] != asked:
            raise refused(
                "IdempotentParameterMismatchException",
                "The request has the same client token as one with other parameters.",
            )
        return EmptyResult()
    answer = _write(handler)
    if token:
        done[token] = asked
    return answer


def _expressions(handler: Any, _call: Arguments) -> None:
    """Refuse placeholders that no expression uses, and those that stand for nothing."""
    for request in _requests(handler.body):
        used = {
            placeholder
            for member, text in request.items()
            if member.endswith("Expression")
            for placeholder in _PLACEHOLDER.findall(text)
        }
        for member, mark, kind in (
            ("ExpressionAttributeNames", "#", "name"),
            ("ExpressionAttributeValues", ":", "value"),
        ):
            given = set(request.get(member, ()))
            wanted = {placeholder for placeholder in used if placeholder[0] == mark}
            if unused := given - wanted:
                raise invalid(
                    f"Value provided in {member} unused in expressions: "
                    f"keys: {{{', '.join(sorted(unused))}}}",
                    code=_CODE,
                )
            if lacking := wanted - given:
                raise invalid(
                    f"An expression attribute {kind} used in expression is not defined; "
                    f"attribute {kind}: {min(lacking)}",
                    code=_CODE,
                )


for _operation in ("delete_item", "put_item", "query", "transact_write_items", "update_item"):
    guard(DynamoHandler, _operation)(_expressions)


def _requests(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "TransactItems" not in body:
        yield body
    for item in body.get("TransactItems", ()):
        yield from item.values()
