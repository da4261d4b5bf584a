"""What a stack registers, as the Terraform plan that scanners read.

pulumi-aws is the Terraform provider under other names: arguments are camelCase, a block
that may come once is an object, one that may come often is a list with a plural name.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pulumi

from policy.check import Registered

_TYPES: Final = {
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "aws_cloudwatch_composite_alarm",
    "aws:cloudwatch/dashboard:Dashboard": "aws_cloudwatch_dashboard",
    "aws:cloudwatch/logGroup:LogGroup": "aws_cloudwatch_log_group",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "aws_cloudwatch_metric_alarm",
    "aws:dynamodb/table:Table": "aws_dynamodb_table",
    "aws:ec2/securityGroup:SecurityGroup": "aws_security_group",
    "aws:iam/role:Role": "aws_iam_role",
    "aws:iam/rolePolicy:RolePolicy": "aws_iam_role_policy",
    "aws:lambda/function:Function": "aws_lambda_function",
    "aws:lambda/permission:Permission": "aws_lambda_permission",
    "aws:lb/listenerRule:ListenerRule": "aws_lb_listener_rule",
    "aws:lb/targetGroup:TargetGroup": "aws_lb_target_group",
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": "aws_lb_target_group_attachment",
}
_MAPS: Final = frozenset({"tags", "variables", "dimensions"})
_BLOCK_NAMES: Final = {
    "actions": "action",
    "attributes": "attribute",
    "conditions": "condition",
    "metricQueries": "metric_query",
    "queryStrings": "query_string",
    "targetGroups": "target_group",
}
_ARGUMENT_NAMES: Final = {
    ("aws_lambda_function", "name"): "function_name",
    ("aws_lambda_function", "code"): "filename",
    ("aws_lambda_permission", "function"): "function_name",
    ("aws_cloudwatch_metric_alarm", "name"): "alarm_name",
}


def plan(registered: Iterable[Registered]) -> dict[str, Any]:
    """The plan that would create everything."""
    resources = {address(one): one for one in registered if one.type in _TYPES}
    addresses = {one.urn: name for name, one in resources.items()}
    named = {
        name: {"address": name, "mode": "managed", "type": _TYPES[one.type], "name": one.name}
        for name, one in resources.items()
    }
    provider = {"provider_name": "registry.terraform.io/hashicorp/aws"}
    values = {name: _arguments(one) for name, one in resources.items()}
    planned = [
        {**named[name], **provider, "schema_version": 0, "values": values[name]} for name in named
    ]
    changes = [
        {
            **named[name],
            **provider,
            "change": {"actions": ["create"], "before": None, "after": values[name]},
        }
        for name in named
    ]
    configured = [
        {
            **named[name],
            "provider_config_key": "aws",
            "expressions": _references(one, addresses),
            "schema_version": 0,
        }
        for name, one in resources.items()
    ]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws"}},
            "root_module": {"resources": configured},
        },
    }


def address(one: Registered) -> str:
    """What the plan calls a resource."""
    return f"{_TYPES[one.type]}.{one.name}"


def _arguments(one: Registered) -> dict[str, Any]:
    return {_argument(one.type, key): _value(key, value) for key, value in one.props.items()}


def _argument(type_: str, key: str) -> str:
    return _ARGUMENT_NAMES.get((_TYPES[type_], key)) or _BLOCK_NAMES.get(key) or _snake(key)


def _value(key: str, value: Any) -> Any:
    if isinstance(value, pulumi.FileArchive):
        return value.path
    if isinstance(value, Mapping):
        return dict(value) if key in _MAPS else [_block(value)]
    if isinstance(value, list):
        return [_block(item) if isinstance(item, Mapping) else item for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _block(value: Mapping[str, Any]) -> dict[str, Any]:
    return {_BLOCK_NAMES.get(key) or _snake(key): _value(key, item) for key, item in value.items()}


def _references(one: Registered, addresses: Mapping[str, str]) -> dict[str, Any]:
    return {
        _argument(one.type, key): {
            "references": [addresses[urn] for urn in urns if urn in addresses]
        }
        for key, urns in one.property_dependencies.items()
        if any(urn in addresses for urn in urns)
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)
