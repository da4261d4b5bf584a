"""Tables."""

from collections.abc import Mapping
from typing import Any, Final

from routing import limits
from sandbox.provider.base import (
    Created,
    Handler,
    Inputs,
    Read,
    finishing,
    found,
    retag,
    tag_list,
    tag_table,
    tagged,
)
from sandbox.provider.schema import TAGS, block, flag, has_unknown, set_of, text
from sandbox.provider.validators import matches, one_of

_MISSING: Final = "ResourceNotFoundException"
_KEYS: Final[Mapping[str, str]] = {"hashKey": "HASH", "rangeKey": "RANGE"}
_ENABLED: Final = "ENABLED"


class Table(Handler):
    """A table without indexes, paid by request."""

    type_name = "aws:dynamodb/table:Table"
    service = "dynamodb"
    schema = block(
        name=text(
            matches(
                limits.TABLE_NAME_PATTERN,
                "invalid value for {path} (3-255 letters, digits, underscores, hyphens, dots)",
            )
        ),
        billingMode=text(one_of("PAY_PER_REQUEST")),
        hashKey=text(),
        rangeKey=text(),
        attributes=set_of(
            block(name=text(required=True), type=text(one_of("B", "N", "S"), required=True))
        ),
        pointInTimeRecovery=block(enabled=flag(required=True)),
        serverSideEncryption=block(enabled=flag(required=True)),
        deletionProtectionEnabled=flag(),
        tags=TAGS,
    )
    replaces = frozenset({"name", *_KEYS})
    computed = frozenset({"name", "pointInTimeRecovery", "serverSideEncryption"})

    def check(self, inputs: Inputs) -> list[str]:
        keys = {inputs[name] for name in _KEYS if inputs.get(name) is not None}
        attributes = inputs.get("attributes") or []
        if has_unknown([*keys]) or has_unknown(attributes):
            return []
        defined = {one["name"] for one in attributes if "name" in one}
        problems = []
        if lacking := sorted(keys - defined):
            problems.append(
                f"all indexes must match a defined attribute. Unmatched indexes: {lacking}"
            )
        if unused := sorted(defined - keys):
            problems.append(f"all attributes must be indexed. Unused attributes: {unused}")
        return problems

    def create(self, inputs: Inputs) -> Created:
        table = self.api.create_table(
            TableName=inputs["name"],
            BillingMode=inputs.get("billingMode", "PROVISIONED"),
            AttributeDefinitions=[
                {"AttributeName": one["name"], "AttributeType": one["type"]}
                for one in inputs.get("attributes", [])
            ],
            KeySchema=[
                {"AttributeName": inputs[name], "KeyType": kind}
                for name, kind in _KEYS.items()
                if name in inputs
            ],
            **_mode(inputs, inputs.keys()),
            **tagged(inputs),
        )["TableDescription"]
        created = Created(table["TableName"], _outputs(table))
        with finishing(created):
            if _is_enabled(inputs, "pointInTimeRecovery"):
                self._set_recovery(created.id, inputs)
        return created

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        answer = found(lambda: self.api.describe_table(TableName=id_), _MISSING)
        if answer is None:
            return None
        table = answer["Table"]
        backups = self.api.describe_continuous_backups(TableName=id_)[
            "ContinuousBackupsDescription"
        ]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        encryption = table.get("SSEDescription", {}).get("Status")
        pages = self.api.get_paginator("list_tags_of_resource").paginate(
            ResourceArn=table["TableArn"]
        )
        kinds = {one["KeyType"]: one["AttributeName"] for one in table["KeySchema"]}
        inputs_found = {
            "name": id_,
            "billingMode": table["BillingModeSummary"]["BillingMode"],
            **{name: kinds.get(kind) for name, kind in _KEYS.items()},
            "attributes": [
                {"name": one["AttributeName"], "type": one["AttributeType"]}
                for one in table["AttributeDefinitions"]
            ],
            "pointInTimeRecovery": {"enabled": recovery == _ENABLED},
            "serverSideEncryption": {"enabled": encryption == _ENABLED},
            "deletionProtectionEnabled": table["DeletionProtectionEnabled"],
            "tags": tag_table([tag for page in pages for tag in page["Tags"]]),
        }
        return Read(id_, self.as_written(inputs_found, inputs), _outputs(table))

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        if mode := _mode(new, changed):
            self.api.update_table(TableName=id_, **mode)
        if "pointInTimeRecovery" in changed:
            self._set_recovery(id_, new)
        if "tags" in changed:
            arn = self.api.describe_table(TableName=id_)["Table"]["TableArn"]
            retag(
                old,
                new,
                lambda keys: self.api.untag_resource(ResourceArn=arn, TagKeys=keys),
                lambda tags: self.api.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
            )
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_table(TableName=id_), _MISSING)

    def _set_recovery(self, name: str, inputs: Inputs) -> None:
        self.api.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": _is_enabled(inputs, "pointInTimeRecovery")
            },
        )


def _mode(inputs: Inputs, names: Any) -> dict[str, Any]:
    """Those of the inputs that CreateTable and UpdateTable take alike."""
    sent: dict[str, Any] = {}
    if "serverSideEncryption" in names:
        sent["SSESpecification"] = {"Enabled": _is_enabled(inputs, "serverSideEncryption")}
    if "deletionProtectionEnabled" in names:
        sent["DeletionProtectionEnabled"] = inputs.get("deletionProtectionEnabled", False)
    return sent


def _is_enabled(inputs: Inputs, name: str) -> bool:
    return bool(inputs.get(name, {}).get("enabled"))


def _outputs(table: Any) -> dict[str, Any]:
    return {"arn": table["TableArn"], "name": table["TableName"]}
