"""Target groups that hold a Lambda function, and their attachment."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sandbox.provider.base import (
    UNIQUE_LENGTH,
    Created,
    Handler,
    Inputs,
    Read,
    TagChange,
    found,
    physical_name,
    tag_table,
    tagged,
)
from sandbox.provider.schema import TAGS, block, flag, text, whole
from sandbox.provider.validators import Test, between, matches, one_of

_MULTI_VALUE = "lambda.multi_value_headers.enabled"
_HEALTH = "TargetHealthDescriptions"
_NOT_FOR_LAMBDA = ("port", "protocol", "protocolVersion", "vpcId")
_NAME_CHARACTERS = matches(
    r"[0-9A-Za-z-]*", 'only alphanumeric characters and hyphens allowed in "{path}"'
)
_NO_HYPHEN_FIRST = matches(r"(?!-).*", '"{path}" cannot begin with a hyphen')


def _no_longer_than(length: int) -> Test:
    return (
        lambda value: len(value) <= length,
        f'"{{path}}" cannot be longer than {length} characters',
    )


class TargetGroup(Handler):
    """A group for one function; the other target types are not supported."""

    type_name = "aws:lb/targetGroup:TargetGroup"
    service = "elbv2"
    schema = block(
        name=text(
            _no_longer_than(32),
            _NAME_CHARACTERS,
            _NO_HYPHEN_FIRST,
            matches(r".*(?<!-)", '"{path}" cannot end with a hyphen'),
        ),
        namePrefix=text(_no_longer_than(32 - UNIQUE_LENGTH), _NAME_CHARACTERS, _NO_HYPHEN_FIRST),
        targetType=text(one_of("lambda")),
        lambdaMultiValueHeadersEnabled=flag(),
        port=whole(between(1, 65_535)),
        protocol=text(),
        protocolVersion=text(),
        vpcId=text(),
        ipAddressType=text(one_of("ipv4", "ipv6")),
        tags=TAGS,
    )
    replaces = frozenset({"name", "namePrefix", "targetType", "ipAddressType", *_NOT_FOR_LAMBDA})
    computed = frozenset({"name", "namePrefix", "ipAddressType"})
    unreadable = frozenset({"namePrefix", "ipAddressType", *_NOT_FOR_LAMBDA})

    def normal(self, inputs: Inputs) -> dict[str, Any]:
        # The real provider only warns about these and sees no change in them.
        lambda_only = inputs.get("targetType") == "lambda"
        return {
            name: value
            for name, value in super().normal(inputs).items()
            if not (lambda_only and name in _NOT_FOR_LAMBDA)
        }

    def create(self, name: str, inputs: Inputs) -> Created:
        group = self.api.create_target_group(
            Name=physical_name(name, inputs), TargetType="lambda", **tagged(inputs)
        )["TargetGroups"][0]
        arn = group["TargetGroupArn"]
        if inputs.get("lambdaMultiValueHeadersEnabled"):
            self._set_multi_value(arn, inputs)
        return Created(arn, self._outputs(group))

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

    def create(self, _name: str, inputs: Inputs) -> Created:
        arn, target = inputs["targetGroupArn"], inputs["targetId"]
        self.api.register_targets(TargetGroupArn=arn, Targets=[{"Id": target}])
        return Created(_attachment_id(arn, target), {})

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
    tags = TagChange.between(old, new)
    if tags.remove:
        api.remove_tags(ResourceArns=[arn], TagKeys=tags.remove)
    if tags.put:
        api.add_tags(ResourceArns=[arn], Tags=tags.put_list)
