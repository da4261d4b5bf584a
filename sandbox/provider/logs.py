"""Log groups."""

from typing import Any, Final

from routing import limits
from sandbox.provider.base import (
    Created,
    Handler,
    Inputs,
    Listing,
    Read,
    finishing,
    found,
    retag,
)
from sandbox.provider.schema import TAGS, block, text, whole
from sandbox.provider.validators import length, matches

_MISSING: Final = "ResourceNotFoundException"
_FOR_EVER: Final = 0


class LogGroup(Handler):
    """A log group. Lambda makes one by itself when a function logs first."""

    type_name = "aws:cloudwatch/logGroup:LogGroup"
    service = "logs"
    schema = block(
        name=text(
            length(1, 512),
            matches(
                r"[0-9A-Za-z_./#-]*",
                "invalid value for {path} (must contain alphanumeric characters, underscores, "
                "hyphens, slashes, hash signs and dots only)",
            ),
        ),
        retentionInDays=whole(
            (
                lambda value: value in limits.LOG_RETENTION_DAYS | {_FOR_EVER},
                "expected {path} to be one of "
                f"{sorted(limits.LOG_RETENTION_DAYS | {_FOR_EVER})}, got {{value}}",
            ),
            default=_FOR_EVER,
        ),
        tags=TAGS,
    )
    replaces = frozenset({"name"})
    computed = frozenset({"name"})
    listing = Listing("describe_log_groups", "logGroups", "logGroupName")

    def create(self, inputs: Inputs) -> Created:
        physical = inputs["name"]
        self.api.create_log_group(
            logGroupName=physical, **({"tags": inputs["tags"]} if inputs.get("tags") else {})
        )
        created = Created(physical, {})
        with finishing(created):
            created.outputs.update(_outputs(self._describe(physical)))
            if inputs.get("retentionInDays"):
                self._set_retention(physical, inputs)
        return created

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        group = self._describe(id_)
        if group is None:
            return None
        outputs = _outputs(group)
        inputs_found = {
            "name": id_,
            "retentionInDays": group.get("retentionInDays"),
            "tags": self.api.list_tags_for_resource(resourceArn=outputs["arn"])["tags"],
        }
        return Read(id_, self.as_written(inputs_found, inputs), outputs)

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        if "retentionInDays" in changed:
            self._set_retention(id_, new)
        if "tags" in changed:
            arn = _outputs(self._describe(id_))["arn"]
            retag(
                old,
                new,
                lambda keys: self.api.untag_resource(resourceArn=arn, tagKeys=keys),
                lambda tags: self.api.tag_resource(resourceArn=arn, tags=tags),
            )
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_log_group(logGroupName=id_), _MISSING)

    def _set_retention(self, name: str, inputs: Inputs) -> None:
        if days := inputs.get("retentionInDays"):
            self.api.put_retention_policy(logGroupName=name, retentionInDays=days)
        else:
            self.api.delete_retention_policy(logGroupName=name)

    def _describe(self, name: str) -> Any:
        pages = self.api.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        groups = (group for page in pages for group in page["logGroups"])
        return next((group for group in groups if group["logGroupName"] == name), None)


def _outputs(group: Any) -> dict[str, Any]:
    return {"arn": group["arn"].removesuffix(":*"), "name": group["logGroupName"]}
