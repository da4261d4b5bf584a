"""What runs today, as the TypeScript program declares it, under today's logical names.

Deployed first, it is the state that `pulumi state move` brings into this project. Written
with literals of its own and from the inventory, so that it does not follow the program.
"""

import csv
import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, ec2, iam, lambda_, lb

GOLDEN = Path(__file__).parents[2] / "golden"
TESTER_PATHS = {
    "lrule-rust-ceramic-cache-stamps-bulk": "/ceramic-cache/stamps/bulk",
    "lrule-rust-ceramic-cache-score": "/ceramic-cache/score/*",
    "lrule-rust-v2-stamps-score": "/v2/stamps/*/score/*",
    "lrule-rust-embed-stamps": "/internal/embed/stamps/*",
    "lrule-rust-embed-validate-api-key": "/internal/embed/validate-api-key",
    "lrule-rust-embed-score": "/internal/embed/score/*",
}
PATHS_TODAY = {
    "cc-v1-score-GET-0": "/ceramic-cache/score/0x*",
    "embed-gs": "/internal/embed/score/*",
}

config = pulumi.Config("passport-scorer-routing")
foundation = pulumi.StackReference(config.require("foundationStack")).get_output
stack = pulumi.get_stack()


def rows(name: str) -> list[dict[str, str]]:
    """A golden file."""
    with (GOLDEN / name).open() as file:
        return list(csv.DictReader(file))


EXISTING = rows("existing_resources.csv")
ENDPOINTS = rows("endpoints.csv")
priorities = {row["logical_name"]: int(row["priority"]) for row in EXISTING if row["priority"]}


def tags(name: str) -> dict[str, str]:
    """Today's tags."""
    return {
        "Application": "scorer",
        "Repo": "https://github.com/passportxyz/passport-scorer",
        "PulumiStack": stack,
        "Environment": stack,
        "ManagedBy": "pulumi",
        "Name": name,
    }


def role(name: str) -> tuple[iam.Role, pulumi.ResourceOptions]:
    """A role that Lambda may assume, and what its functions wait for: a way into the network.

    Its policies are not taken over. This one stands for them under the name that the new one
    has, so that AWS lets the functions in, and that nothing but what goes is deleted.
    """
    statement = {
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Effect": "Allow",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    made = iam.Role(name, assume_role_policy=json.dumps(document), tags=tags(name))
    interfaces = {"Effect": "Allow", "Action": "ec2:*NetworkInterface*", "Resource": "*"}
    policy = iam.RolePolicy(
        f"{name}-policy",
        role=made.name,
        policy=json.dumps({"Version": "2012-10-17", "Statement": [interfaces]}),
    )
    return made, pulumi.ResourceOptions(depends_on=[policy])


def listener(which: str) -> pulumi.Output[Any]:
    """ARN of a listener."""
    public = which == "public"
    return foundation("publicAlbHttpsListenerArn" if public else "privateAlbHttpListenerArn")


def attach(function: lambda_.Function, group: str, physical: str, names: tuple[str, str]) -> Any:
    """A target group with its permission and attachment."""
    target = lb.TargetGroup(group, name=physical, target_type="lambda", tags=tags(group))
    permission = lambda_.Permission(
        names[0],
        action="lambda:InvokeFunction",
        function=function.name,
        principal="elasticloadbalancing.amazonaws.com",
        source_arn=target.arn,
    )
    lb.TargetGroupAttachment(
        names[1],
        target_group_arn=target.arn,
        target_id=function.arn,
        opts=pulumi.ResourceOptions(depends_on=[permission]),
    )
    return target


shared, after_shared = role("lambdaRole")
groups: dict[str, Any] = {}
vpc: Any = {
    "subnet_ids": foundation("privateSubnetIds"),
    "security_group_ids": [foundation("privateSubnetSecurityGroupId")],
}
environment: Any = {
    "variables": {"DEBUG": "off", "SCORER_SERVER_SSM_ARN": foundation("scorerSecretArn")}
}

for row in ENDPOINTS:
    name, logical = row["endpoint"], row["function_logical_name"]
    if row["package"] == "image":
        function = lambda_.Function(
            logical,
            name=logical,
            package_type="Image",
            image_uri="000000000000.dkr.ecr.us-west-2.amazonaws.com/old:1",
            image_config=lambda_.FunctionImageConfigArgs(commands=[row["handler"]]),
            role=shared.arn,
            memory_size=int(row["memory_mb"]),
            timeout=int(row["timeout_s"]),
            vpc_config=vpc,
            environment=environment,
            tags=tags(logical),
            opts=after_shared,
        )
        names = (f"withLb-{name}", f"lambdaTargetGroupAttachment-{name}")
    elif row["package"] == "zip":
        own = f"{name}-lambda"
        own_role, after_own = role(f"{own}-role")
        open_to_all: Any = {
            "protocol": "-1",
            "from_port": 0,
            "to_port": 0,
            "cidr_blocks": ["0.0.0.0/0"],
        }
        security_group = ec2.SecurityGroup(
            f"{own}-sg",
            vpc_id=foundation("vpcId"),
            ingress=[open_to_all],
            egress=[open_to_all],
            tags=tags(f"{own}-sg"),
        )
        cloudwatch.LogGroup(
            f"{own}-log-group",
            name=f"/aws/lambda/{own}",
            retention_in_days=14,
            tags=tags(f"{own}-log-group"),
        )
        own_vpc: Any = {**vpc, "security_group_ids": [security_group.id]}
        function = lambda_.Function(
            logical,
            name=own,
            code=pulumi.FileArchive(config.require("pythonPackage")),
            handler=row["handler"],
            runtime="python3.12",
            layers=[foundation("pythonLayerArn")],
            role=own_role.arn,
            memory_size=512,
            timeout=60,
            vpc_config=own_vpc,
            environment=environment,
            tags=tags(own),
            opts=after_own,
        )
        cloudwatch.MetricAlarm(
            f"{own}-errors",
            name=f"{own}-errors",
            comparison_operator="GreaterThanOrEqualToThreshold",
            dimensions={"FunctionName": own},
            datapoints_to_alarm=3,
            evaluation_periods=5,
            metric_name="Errors",
            namespace="AWS/Lambda",
            period=60,
            unit="Seconds",
            statistic="SampleCount",
            treat_missing_data="notBreaching",
            threshold=1,
            tags=tags(f"{own}-errors"),
        )
        names = (f"{own}-permission", f"{own}-tg-attachment")
    else:
        continue
    group = row["target_group_logical_name"]
    groups[name] = attach(function, group, row["target_group_name"], names)

RUST = "passport-v2-rust-scorer"
rust = lambda_.Function(
    RUST,
    name=RUST,
    package_type="Zip",
    code=pulumi.FileArchive(config.require("rustPackage")),
    handler="bootstrap",
    runtime="provided.al2023",
    architectures=["arm64"],
    role=shared.arn,
    memory_size=256,
    timeout=30,
    vpc_config=vpc,
    environment=environment,
    tags=tags(RUST),
    opts=after_shared,
)
rust_groups = {
    side: attach(
        rust,
        f"l-{RUST}{logical}",
        f"l-{RUST}{physical}",
        (f"withLb-{RUST}{logical}", f"lambdaTargetGroupAttachment-{RUST}{logical}"),
    )
    for side, logical, physical in (("public", "", ""), ("internal", "-internal", "-int"))
}

for row in ENDPOINTS:
    rule = row["rule_logical_name"]
    if not rule:
        continue
    conditions: Any = [
        {"path_pattern": {"values": [PATHS_TODAY.get(row["endpoint"], row["path"])]}}
    ]
    if row["host"]:
        conditions.append({"host_header": {"values": [row["host"]]}})
    if row["methods"]:
        conditions.append({"http_request_method": {"values": row["methods"].split("+")}})
    if row["served_by"].startswith("fixed"):
        action: Any = {
            "type": "fixed-response",
            "fixed_response": {
                "content_type": "application/json",
                "message_body": "{}",
                "status_code": "400",
            },
        }
    else:
        group_arn = (
            groups[row["endpoint"]].arn
            if row["endpoint"] in groups
            else foundation("registryTargetGroupArn")
        )
        action = {"type": "forward", "target_group_arn": group_arn}
    lb.ListenerRule(
        rule,
        listener_arn=listener(row["listener"]),
        priority=priorities[rule],
        conditions=conditions,
        actions=[action],
        tags=tags(rule),
    )

for rule, path in TESTER_PATHS.items():
    side = "internal" if "embed" in rule else "public"
    lb.ListenerRule(
        rule,
        listener_arn=listener(side),
        priority=priorities[rule],
        conditions=[
            lb.ListenerRuleConditionArgs(
                path_pattern=lb.ListenerRuleConditionPathPatternArgs(values=[path])
            ),
            lb.ListenerRuleConditionArgs(
                http_header=lb.ListenerRuleConditionHttpHeaderArgs(
                    http_header_name="X-Use-Rust-Scorer", values=["true"]
                )
            ),
        ],
        actions=[lb.ListenerRuleActionArgs(type="forward", target_group_arn=rust_groups[side].arn)],
        tags=tags(rule),
    )

for row in EXISTING:
    alarm = row["logical_name"]
    if row["type"].endswith("MetricAlarm") and not alarm.endswith("-errors"):
        cloudwatch.MetricAlarm(
            alarm,
            name=alarm,
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=5,
            metric_name="RequestCount",
            namespace="AWS/ApplicationELB",
            period=60,
            statistic="Sum",
            threshold=1,
            tags=tags(alarm),
        )
