"""Permissions to invoke a function."""

import json
import secrets
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from routing import limits
from sandbox.provider.awslambda import FUNCTION_NAME
from sandbox.provider.base import Created, Handler, Inputs, Read, found, pascal
from sandbox.provider.schema import block, text
from sandbox.provider.validators import ARN, matches

_MISSING: Final = "ResourceNotFoundException"


class Permission(Handler):
    """The right of a service to invoke a function."""

    type_name = "aws:lambda/permission:Permission"
    service = "lambda"
    schema = block(
        action=text(
            matches(
                r"lambda:[*]|lambda:[A-Za-z]+|[*]",
                "invalid value for {path} (must be a valid action (usually starts with lambda:))",
            )
        ),
        function=text(*FUNCTION_NAME),
        principal=text(),
        sourceArn=text(ARN),
        sourceAccount=text(
            matches(r"\d{12}", '"{path}" doesn\'t look like AWS Account ID (exactly 12 digits)')
        ),
        statementId=text(
            matches(
                limits.STATEMENT_ID_PATTERN,
                "invalid value for {path} "
                "(must contain alphanumeric, underscores or dashes only, at most 100)",
            )
        ),
    )
    name_input = "statementId"
    replaces = frozenset(schema.fields)
    computed = frozenset({"statementId"})

    def __init__(self, client: Callable[[str], Any]) -> None:
        super().__init__(client)
        self._lock = Lock()  # Lambda loses permissions that are added at the same time

    def made_up(self, _name: str) -> str:
        return f"terraform-{secrets.token_hex(13)}"

    def create(self, inputs: Inputs) -> Created:
        statement = inputs["statementId"]
        with self._lock:
            self.api.add_permission(**pascal(inputs, function="FunctionName"))
        return Created(statement, {"statementId": statement})

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        function, _, statement_id = id_.rpartition("/")
        function = function or (inputs or {}).get("function", "")
        if not function:
            raise ValueError(
                f"Unexpected format of ID ({id_}), expected FUNCTION_NAME/STATEMENT_ID"
            )
        answer = found(lambda: self.api.get_policy(FunctionName=function), _MISSING)
        statements = json.loads(answer["Policy"])["Statement"] if answer else []
        statement = next((one for one in statements if one["Sid"] == statement_id), None)
        if statement is None:
            return None
        principal = statement["Principal"]
        conditions = statement.get("Condition", {})
        inputs_found = {
            "action": statement["Action"],
            "function": function,
            "principal": principal
            if isinstance(principal, str)
            else principal.get("Service", principal.get("AWS")),
            "sourceArn": conditions.get("ArnLike", {}).get("AWS:SourceArn"),
            "sourceAccount": conditions.get("StringEquals", {}).get("AWS:SourceAccount"),
            "statementId": statement_id,
        }
        outputs = {"statementId": statement_id}
        return Read(statement_id, self.as_written(inputs_found, inputs), outputs)

    def delete(self, id_: str, inputs: Inputs) -> None:
        with self._lock:
            found(
                lambda: self.api.remove_permission(
                    FunctionName=inputs["function"], StatementId=id_
                ),
                _MISSING,
            )
