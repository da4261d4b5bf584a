"""A known-good resource per type, and a small stack of them without any violation."""

import copy
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from policy import tokens
from policy.check import Registered

STACK = "production"
REGION = "us-west-2"
ACCOUNT = "000000000000"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a text that is not known yet."""

GONE = object()
"""In an edit: the property is not there at all."""

_ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
LISTENERS = {
    "public": f"{_ELB}:listener/app/public/1/1",
    "internal": f"{_ELB}:listener/app/internal/2/2",
}
BALANCERS = {"public": "app/public/1", "internal": "app/internal/2"}
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:scorer-abc"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
FOREIGN_GROUP_ARN = f"{_ELB}:targetgroup/registry/9"
SUBNETS = ["subnet-a", "subnet-b"]

RUST = "passport-v2-rust-scorer"
RUST_GROUP = f"l-{RUST}"


def urn(token: tuple[str, ...], name: str) -> str:
    return f"urn:pulumi:{STACK}::passport-scorer-routing::{token[0]}::{name}"


def resource(
    token: tuple[str, ...],
    name: str,
    props: Mapping[str, Any],
    *,
    edges: Mapping[str, Iterable[str]] | None = None,
    depends_on: Iterable[str] = (),
    **options: Any,
) -> Registered:
    sources = {key: tuple(urns) for key, urns in (edges or {}).items()}
    every = {*depends_on, *(urn for urns in sources.values() for urn in urns)}
    return Registered(
        type=token[0],
        name=name,
        urn=urn(token, name),
        props=props,
        dependencies=tuple(sorted(every)),
        property_dependencies=sources,
        **options,
    )


def tags(name: str) -> dict[str, str]:
    return {
        "Application": "scorer",
        "Environment": STACK,
        "ManagedBy": "pulumi",
        "Name": name,
        "PulumiStack": STACK,
        "Repo": "https://github.com/passportxyz/passport-scorer",
    }


def group_arn(name: str) -> str:
    return f"{_ELB}:targetgroup/{name}/1"


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def log_group(function: str) -> Registered:
    name = f"{function}-log-group"
    props = {"name": f"/aws/lambda/{function}", "retentionInDays": 365.0, "tags": tags(name)}
    return resource(tokens.LOG_GROUP, name, props)


def role(name: str = "role") -> Registered:
    trust = document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    )
    return resource(tokens.ROLE, name, {"assumeRolePolicy": trust, "tags": tags(name)})


def role_policy(name: str = "role-policy") -> Registered:
    text = document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/image:*"],
        },
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": [SECRET_ARN],
        },
    )
    return resource(
        tokens.INLINE_POLICY,
        name,
        {"role": "role-1", "policy": text},
        edges={
            "role": [urn(tokens.ROLE, "role")],
            "policy": [urn(tokens.LOG_GROUP, "image-log-group")],
        },
    )


def security_group(name: str = "zip-sg") -> Registered:
    return resource(
        tokens.SECURITY_GROUP,
        name,
        {
            "description": "Functions of the zip endpoint",
            "vpcId": "vpc-1",
            "ingress": [],
            "egress": [
                {
                    "description": "Database",
                    "protocol": "tcp",
                    "fromPort": 5432.0,
                    "toPort": 5432.0,
                    "cidrBlocks": ["10.0.0.0/16"],
                }
            ],
            "tags": tags(name),
        },
    )


def function(name: str, *, group: str | None = None, **code: Any) -> Registered:
    security = {"vpcConfig": [urn(tokens.SECURITY_GROUP, group)]} if group else {}
    return resource(
        tokens.FUNCTION,
        name,
        {
            "name": name,
            "role": f"arn:aws:iam::{ACCOUNT}:role/role",
            "memorySize": 512.0,
            "timeout": 60.0,
            "vpcConfig": {"subnetIds": SUBNETS, "securityGroupIds": ["sg-1"]},
            "environment": {"variables": {"DEBUG": "off", "SCORER_SERVER_SSM_ARN": SECRET_ARN}},
            "tracingConfig": {"mode": "Active"},
            "tags": tags(name),
            **code,
        },
        edges={"role": [urn(tokens.ROLE, "role")], **security},
        depends_on=[urn(tokens.LOG_GROUP, f"{name}-log-group")],
    )


def image_function(name: str = "image") -> Registered:
    return function(
        name, packageType="Image", imageUri="registry/scorer:1", imageConfig={"commands": ["h"]}
    )


def zip_function(name: str = "zip") -> Registered:
    layer = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:python:3"
    return function(
        name,
        group="zip-sg",
        code="python.zip",
        handler="app.handler",
        runtime="python3.12",
        layers=[layer],
    )


def rust_function(name: str = RUST) -> Registered:
    return function(
        name,
        packageType="Zip",
        code="rust.zip",
        handler="bootstrap",
        runtime="provided.al2023",
        architectures=["arm64"],
        layers=[f"arn:aws:lambda:{REGION}:901920570463:layer:aws-otel-collector-arm64:1"],
    )


def target_group(name: str) -> Registered:
    props = {"name": name, "targetType": "lambda", "tags": tags(name)}
    return resource(tokens.TARGET_GROUP, name, props)


def permission(group: str, function_name: str) -> Registered:
    return resource(
        tokens.PERMISSION,
        f"permission-{group}",
        {
            "action": "lambda:InvokeFunction",
            "function": function_name,
            "principal": "elasticloadbalancing.amazonaws.com",
            "sourceArn": group_arn(group),
        },
        edges={
            "function": [urn(tokens.FUNCTION, function_name)],
            "sourceArn": [urn(tokens.TARGET_GROUP, group)],
        },
    )


def attachment(group: str, function_name: str) -> Registered:
    return resource(
        tokens.ATTACHMENT,
        f"attachment-{group}",
        {"targetGroupArn": group_arn(group), "targetId": function_arn(function_name)},
        edges={
            "targetGroupArn": [urn(tokens.TARGET_GROUP, group)],
            "targetId": [urn(tokens.FUNCTION, function_name)],
        },
        depends_on=[urn(tokens.PERMISSION, f"permission-{group}")],
    )


def listener_rule(
    name: str,
    priority: int,
    path: str,
    action: Mapping[str, Any],
    *,
    methods: Iterable[str] = (),
    groups: Iterable[str] = (),
    listener: str = "public",
) -> Registered:
    conditions: list[dict[str, Any]] = [{"pathPattern": {"values": [path]}}]
    if methods:
        conditions.append({"httpRequestMethod": {"values": list(methods)}})
    return resource(
        tokens.LISTENER_RULE,
        name,
        {
            "listenerArn": LISTENERS[listener],
            "priority": float(priority),
            "conditions": conditions,
            "actions": [action],
            "tags": tags(name),
        },
        edges={"actions": [urn(tokens.TARGET_GROUP, group) for group in groups]},
    )


def plain(arn: str) -> dict[str, Any]:
    return {"type": "forward", "targetGroupArn": arn}


def dual_rule() -> Registered:
    action = {
        "type": "forward",
        "forward": {
            "targetGroups": [
                {"arn": group_arn("l-image"), "weight": 90.0},
                {"arn": group_arn(RUST_GROUP), "weight": 10.0},
            ],
            "stickiness": {"enabled": True, "duration": 3600.0},
        },
    }
    path = "/ceramic-cache/stamps/bulk"
    return listener_rule(
        "dual", 1002, path, action, methods=["POST"], groups=["l-image", RUST_GROUP]
    )


def fixed_rule() -> Registered:
    response = {"statusCode": "400", "contentType": "application/json", "messageBody": "{}"}
    return listener_rule(
        "fixed", 2000, "/blocked/*", {"type": "fixed-response", "fixedResponse": response}
    )


def _alarm(name: str, **props: Any) -> dict[str, Any]:
    return {
        "name": name,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 0.2,
        "datapointsToAlarm": 3.0,
        "evaluationPeriods": 5.0,
        "alarmActions": [TOPIC_ARN],
        "okActions": [TOPIC_ARN],
        "treatMissingData": "notBreaching",
        "tags": tags(name),
        **props,
    }


def ratio_alarm(group: str, *, listener: str = "public") -> Registered:
    def metric(id_: str, name: str) -> dict[str, Any]:
        dimensions = {
            "LoadBalancer": BALANCERS[listener],
            "TargetGroup": f"targetgroup/{group}/1",
        }
        return {
            "id": id_,
            "metric": {
                "metricName": name,
                "namespace": "AWS/ApplicationELB",
                "dimensions": dimensions,
                "period": 60.0,
                "stat": "Sum",
            },
        }

    name = f"5xx-{group}"
    queries = [
        metric("m1", "RequestCount"),
        metric("m2", "HTTPCode_Target_5XX_Count"),
        {"id": "e1", "expression": "m2 / m1", "label": "5xx", "returnData": True},
    ]
    return resource(
        tokens.METRIC_ALARM,
        name,
        _alarm(name, metricQueries=queries),
        edges={"metricQueries": [urn(tokens.TARGET_GROUP, group)]},
    )


def latency_alarm(group: str, *, listener: str = "public") -> Registered:
    name = f"latency-{group}"
    return resource(
        tokens.METRIC_ALARM,
        name,
        _alarm(
            name,
            namespace="AWS/ApplicationELB",
            metricName="TargetResponseTime",
            dimensions={
                "LoadBalancer": BALANCERS[listener],
                "TargetGroup": f"targetgroup/{group}/1",
            },
            period=60.0,
            statistic="Average",
        ),
        edges={"dimensions": [urn(tokens.TARGET_GROUP, group)]},
    )


def function_alarm(function_name: str) -> Registered:
    name = f"errors-{function_name}"
    return resource(
        tokens.METRIC_ALARM,
        name,
        _alarm(
            name,
            namespace="AWS/Lambda",
            metricName="Errors",
            dimensions={"FunctionName": function_name},
            period=60.0,
            statistic="Sum",
        ),
    )


def composite_alarm() -> Registered:
    props = {
        "alarmName": "health",
        "alarmRule": f'ALARM("5xx-{RUST_GROUP}")',
        "alarmActions": [TOPIC_ARN],
        "tags": tags("health"),
    }
    return resource(tokens.COMPOSITE_ALARM, "health", props)


def good_stack() -> dict[str, Registered]:
    """Two functions and Rust, each behind its group, by logical name."""
    behind = {"l-image": "image", "zip-target-group": "zip", RUST_GROUP: RUST}
    resources = [
        role(),
        role_policy(),
        security_group(),
        image_function(),
        zip_function(),
        rust_function(),
        *(log_group(name) for name in behind.values()),
        *(target_group(group) for group in behind),
        *(permission(group, name) for group, name in behind.items()),
        *(attachment(group, name) for group, name in behind.items()),
        dual_rule(),
        listener_rule(
            "plain",
            1010,
            "/zip/*",
            plain(group_arn("zip-target-group")),
            methods=["GET", "HEAD"],
            groups=["zip-target-group"],
        ),
        fixed_rule(),
        listener_rule("passport-v2-lrule", 2060, "/v2/*", plain(FOREIGN_GROUP_ARN)),
        *(ratio_alarm(group) for group in behind),
        latency_alarm("l-image"),
        function_alarm(RUST),
        composite_alarm(),
    ]
    return {one.name: one for one in resources}


def extra(token: tuple[str, ...], **props: Any) -> Registered:
    """A resource of a type that the good stack does not have."""
    return resource(token, "extra", props)


def edited(one: Registered, edits: Mapping[str, Any]) -> Registered:
    """The same resource with properties set, or taken away, by path: `actions[0].type`."""
    props = copy.deepcopy(dict(one.props))
    for path, value in edits.items():
        *way, last = steps(path)
        holder: Any = props
        for step in way:
            holder = holder[step]
        if value is GONE:
            del holder[last]
        elif isinstance(holder, list) and last == len(holder):
            holder.append(value)
        else:
            holder[last] = value(holder[last]) if callable(value) else value
    return replace(one, props=props)


def steps(path: str) -> list[Any]:
    """`actions[0].type` -> `actions`, 0, `type`."""
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
