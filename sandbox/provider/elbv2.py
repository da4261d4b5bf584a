"""Target groups that hold a Lambda function, and their attachment."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sandbox.provider.base import (
    UNIQUE_LENGTH,
    Created,
    Handler,
    Inputs,
    Listing,
    Read,
    finishing,
    found,
    retag,
    tag_list,
    tag_table,
    tagged,
)
from sandbox.provider.schema import TAGS, block, flag, text
from sandbox.provider.validators import matches, one_of

_MULTI_VALUE = "lambda.multi_value_headers.enabled"
_HEALTH = "TargetHealthDescriptions"


class TargetGroup(Handler):
    """A group for one function; the other target types are not supported."""

    type_name = "aws:lb/targetGroup:TargetGroup"
    service = "elbv2"
    schema = block(
        name=text(
            (lambda value: len(value) <= 32, '"{path}" cannot be longer than 32 characters'),
            matches(
                r"[0-9A-Za-z-]*", 'only alphanumeric characters and hyphens allowed in "{path}"'
            ),
            matches(r"(?!-).*", '"{path}" cannot begin with a hyphen'),
            matches(r".*(?<!-)", '"{path}" cannot end with a hyphen'),
        ),
        targetType=text(one_of("lambda")),
        lambdaMultiValueHeadersEnabled=flag(),
        tags=TAGS,
    )
    replaces = frozenset({"name", "targetType"})
    computed = frozenset({"name"})
    listing = Listing("describe_target_groups", "TargetGroups", "TargetGroupArn")

    def id_of(self, inputs: Inputs) -> str | None:
        answer = found(
            lambda: self.api.describe_target_groups(Names=[inputs["name"]]), "TargetGroupNotFound"
        )
        return answer["TargetGroups"][0]["TargetGroupArn"] if answer else None

    def create(self, inputs: Inputs) -> Created:
        group = self.api.create_target_group(
            Name=inputs["name"], TargetType="lambda", **tagged(inputs)
        )["TargetGroups"][0]
        created = Created(group["TargetGroupArn"], self._outputs(group))
        if inputs.get("lambdaMultiValueHeadersEnabled"):
            with finishing(created):
                self._set_multi_value(created.id, inputs)
        return created

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        answer = found(
            lambda: self.api.describe_target_groups(TargetGroupArns=[id_]), "TargetGroupNotFound"
        )
        if answer is None:
            return None
        group = answer["TargetGroups"][0]
        attributes = tag_table(
            self.api.describe_target_group_attributes(TargetGroupArn=id_)["Attributes"]
        )
        inputs_found = {
            "name": group["TargetGroupName"],
            "targetType": group["TargetType"],
            "lambdaMultiValueHeadersEnabled": attributes.get(_MULTI_VALUE) == "true",
            "tags": tags_of(self.api, id_),
        }
        return Read(id_, self.as_written(inputs_found, inputs), self._outputs(group))

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        if "lambdaMultiValueHeadersEnabled" in changed:
            self._set_multi_value(id_, new)
        if "tags" in changed:
            change_tags(self.api, id_, old, new)
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_target_group(TargetGroupArn=id_), "TargetGroupNotFound")

    def _set_multi_value(self, arn: str, inputs: Inputs) -> None:
        value = str(bool(inputs.get("lambdaMultiValueHeadersEnabled"))).lower()
        self.api.modify_target_group_attributes(
            TargetGroupArn=arn, Attributes=[{"Key": _MULTI_VALUE, "Value": value}]
        )

    def _outputs(self, group: Mapping[str, Any]) -> dict[str, Any]:
        arn = group["TargetGroupArn"]
        return {
            "arn": arn,
            "arnSuffix": arn.rpartition(":")[2],
            "name": group["TargetGroupName"],
        }


class TargetGroupAttachment(Handler):
    """The one function of a target group."""

    type_name = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
    service = "elbv2"
    schema = block(targetGroupArn=text(), targetId=text())
    replaces = frozenset(schema.fields)

    def id_of(self, inputs: Inputs) -> str:
        return _attachment_id(inputs["targetGroupArn"], inputs["targetId"])

    def create(self, inputs: Inputs) -> Created:
        arn, target = inputs["targetGroupArn"], inputs["targetId"]
        self.api.register_targets(TargetGroupArn=arn, Targets=[{"Id": target}])
        return Created(self.id_of(inputs), {})

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        arn, _, target = id_.partition(",")
        if not target:
            arn, target = id_.rpartition("-")[0], (inputs or {}).get("targetId", "")
        health = found(
            lambda: self.api.describe_target_health(TargetGroupArn=arn), "TargetGroupNotFound"
        )
        targets = [entry["Target"]["Id"] for entry in (health or {}).get(_HEALTH, [])]
        target = target or next(iter(targets), "")  # a lambda target group holds one
        if target not in targets:
            return None
        inputs_found = {"targetGroupArn": arn, "targetId": target}
        return Read(
            _attachment_id(arn, target) if "," in id_ else id_,
            self.as_written(inputs_found, inputs),
            {},
        )

    def delete(self, _id: str, inputs: Inputs) -> None:
        found(
            lambda: self.api.deregister_targets(
                TargetGroupArn=inputs["targetGroupArn"], Targets=[{"Id": inputs["targetId"]}]
            ),
            "TargetGroupNotFound",
            "InvalidTarget",
        )


def _attachment_id(arn: str, target: str) -> str:
    return f"{arn}-{hashlib.sha256(target.encode()).hexdigest()[:UNIQUE_LENGTH]}"


def tags_of(api: Any, arn: str) -> dict[str, str]:
    """The tags of anything that belongs to a load balancer."""
    return tag_table(api.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])


def change_tags(api: Any, arn: str, old: Inputs, new: Inputs) -> None:
    """Bring the tags of anything that belongs to a load balancer up to date."""
    retag(
        old,
        new,
        lambda keys: api.remove_tags(ResourceArns=[arn], TagKeys=keys),
        lambda tags: api.add_tags(ResourceArns=[arn], Tags=tag_list(tags)),
    )
