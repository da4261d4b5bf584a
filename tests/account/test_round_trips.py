"""Every listed member that an operation sets is read back as it was sent, or is obeyed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.account.kept import KEPT
from tests.account.support import (
    NETWORK,
    World,
    fixed_response,
    metric_alarm,
    package,
    path,
    trust,
)

Answer = Any


@dataclass(frozen=True)
class Trip:
    """A request with members set, and where they are read back."""

    sent: Callable[[World], Mapping[str, Any]]
    read: Callable[[World, Mapping[str, Any], Answer], Any]
    """From what was sent and answered."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Member -> its name in the answer."""
    unread: tuple[str, ...] = ()
    """Members that are obeyed and not shown; a test named in OBEYED looks."""


def pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of an answer with their names."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from pairs(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from pairs(item, name)
    elif isinstance(value, float) and value.is_integer():
        yield name, str(int(value))
    else:
        yield name, str(value)


def members(value: Any, place: str = "") -> Iterator[tuple[str, str, str]]:
    """Of all leaves of a request the path of their member, their name and their text."""
    if isinstance(value, Mapping) and place.rpartition(".")[2] not in MAPS:
        for key, item in value.items():
            yield from members(item, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list) and isinstance(value[0], Mapping):
        for item in value:
            for path_, name, text in members(item):
                yield f"{place}.{path_}", name, text
    else:
        for name, text in pairs(value, place.rpartition(".")[2]):
            yield place, name, text


MAPS = ("Variables", "Tags", "tags")
"""Members with free keys; lists of tags are none."""

TAGS = [{"Key": "owner", "Value": "somebody"}]


def actions(world: World) -> list[Any]:
    return [
        {
            "Type": "forward",
            "Order": 3,
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": world.lambda_group(), "Weight": 11},
                    {"TargetGroupArn": world.lambda_group(), "Weight": 89},
                ],
                "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 123},
            },
        }
    ]


def other_actions(world: World) -> list[list[Any]]:
    return [
        [{"Type": "forward", "TargetGroupArn": world.lambda_group()}],
        [
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {
                    "StatusCode": "418",
                    "MessageBody": "tea",
                    "ContentType": "text/css",
                },
            }
        ],
        [
            {
                "Type": "redirect",
                "RedirectConfig": {
                    "Protocol": "HTTPS",
                    "Port": "444",
                    "Host": "h.example",
                    "Path": "/p",
                    "Query": "q=1",
                    "StatusCode": "HTTP_302",
                },
            }
        ],
    ]


EACH_ACTIONS: tuple[Callable[[World], list[Any]], ...] = (
    actions,
    lambda w: other_actions(w)[0],
    lambda w: other_actions(w)[1],
    lambda w: other_actions(w)[2],
)

CONDITIONS: list[list[Any]] = [
    [
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example"]}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/kept"]}},
        {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "X-Kept", "Values": ["header"]},
        },
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PATCH"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "k", "Value": "v"}]}},
    ],
    [
        {"Field": "path-pattern", "Values": ["/values"]},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.1.0.0/16"]}},
    ],
]


def rule(world: World, priority: int = 41, **given: Any) -> dict[str, Any]:
    settings = {
        "ListenerArn": world.listener(),
        "Priority": priority,
        "Conditions": [path("/")],
        "Actions": [fixed_response()],
    }
    return settings | given


def created_rule(world: World) -> str:
    made = world.account.client("elbv2").create_rule(**rule(world))
    return made["Rules"][0]["RuleArn"]


def rules_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    elbv2 = world.account.client("elbv2")
    arn = sent.get("RuleArn") or answer["Rules"][0]["RuleArn"]
    found = elbv2.describe_rules(RuleArns=[arn])["Rules"]
    tags = elbv2.describe_tags(ResourceArns=[arn])
    listener = arn.rpartition("/")[0].replace(":listener-rule/", ":listener/")
    return [found, tags, {"ListenerArn": listener}]


def listeners_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    elbv2 = world.account.client("elbv2")
    arn = answer["Listeners"][0]["ListenerArn"]
    return [
        elbv2.describe_listeners(ListenerArns=[arn])["Listeners"],
        elbv2.describe_tags(ResourceArns=[arn]),
    ]


def balancer_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    elbv2 = world.account.client("elbv2")
    arn = answer["LoadBalancers"][0]["LoadBalancerArn"]
    found = elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    subnets = [zone["SubnetId"] for zone in found["AvailabilityZones"]]
    tags = elbv2.describe_tags(ResourceArns=[arn])
    return [found, {"Subnets": subnets, "Name": found["LoadBalancerName"]}, tags]


def group_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    elbv2 = world.account.client("elbv2")
    arn = sent.get("TargetGroupArn") or answer["TargetGroups"][0]["TargetGroupArn"]
    return [
        elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"],
        elbv2.describe_target_group_attributes(TargetGroupArn=arn),
        elbv2.describe_tags(ResourceArns=[arn]),
    ]


def targets_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    arn = sent["TargetGroupArn"]
    health = world.account.client("elbv2").describe_target_health(TargetGroupArn=arn)
    return [{"TargetGroupArn": arn}, health]


def balancer(world: World) -> str:
    elbv2 = world.account.client("elbv2")
    listener = elbv2.describe_listeners(ListenerArns=[world.listener()])["Listeners"][0]
    return listener["LoadBalancerArn"]


ELBV2: Mapping[str, list[Trip]] = {
    "AddTags": [
        Trip(
            lambda w: {"ResourceArns": [w.group()], "Tags": TAGS},
            lambda w, sent, _: w.account.client("elbv2").describe_tags(
                ResourceArns=sent["ResourceArns"]
            ),
            {"ResourceArns": "ResourceArn"},
        )
    ],
    "CreateListener": [
        Trip(
            lambda w, listed=listed: {  # type: ignore[misc]
                "LoadBalancerArn": balancer(w),
                "Protocol": "HTTP",
                "Port": 8081,
                "DefaultActions": listed(w),
                "Tags": TAGS,
            },
            listeners_of,
        )
        for listed in EACH_ACTIONS
    ],
    "CreateLoadBalancer": [
        Trip(
            lambda w: {
                "Name": w.name("b"),
                "Subnets": w.account.foundation["privateSubnetIds"],
                "SecurityGroups": [w.account.foundation["privateSubnetSecurityGroupId"]],
                "Scheme": "internal",
                "Tags": TAGS,
            },
            balancer_of,
        )
    ],
    "CreateRule": [
        Trip(lambda w: rule(w, Actions=actions(w), Tags=TAGS), rules_of),
        *(Trip(lambda w, n=n: rule(w, Actions=other_actions(w)[n]), rules_of) for n in range(3)),  # type: ignore[misc]
        *(Trip(lambda w, c=c: rule(w, Conditions=c), rules_of) for c in CONDITIONS),  # type: ignore[misc]
    ],
    "CreateTargetGroup": [
        Trip(
            lambda w: {
                "Name": w.name("g"),
                "Protocol": "HTTP",
                "Port": 8082,
                "VpcId": w.account.foundation["vpcId"],
                "TargetType": "ip",
                "Tags": TAGS,
            },
            group_of,
            {"Name": "TargetGroupName"},
        )
    ],
    "ModifyListener": [
        Trip(
            lambda w, listed=listed: {"ListenerArn": w.listener(), "DefaultActions": listed(w)},  # type: ignore[misc]
            listeners_of,
        )
        for listed in EACH_ACTIONS
    ],
    "ModifyRule": [
        Trip(lambda w: {"RuleArn": created_rule(w), "Actions": actions(w)}, rules_of),
        *(
            Trip(
                lambda w, n=n: {"RuleArn": created_rule(w), "Actions": other_actions(w)[n]},  # type: ignore[misc]
                rules_of,
            )
            for n in range(3)
        ),
        *(
            Trip(lambda w, c=c: {"RuleArn": created_rule(w), "Conditions": c}, rules_of)  # type: ignore[misc]
            for c in CONDITIONS
        ),
    ],
    "ModifyTargetGroup": [
        Trip(lambda w: {"TargetGroupArn": w.lambda_group(), "HealthCheckEnabled": True}, group_of)
    ],
    "ModifyTargetGroupAttributes": [
        Trip(
            lambda w: {
                "TargetGroupArn": w.lambda_group(),
                "Attributes": [{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
            },
            group_of,
        )
    ],
    "RegisterTargets": [
        Trip(
            lambda w: {"TargetGroupArn": w.group(), "Targets": [{"Id": "10.0.10.9", "Port": 99}]},
            targets_of,
        )
    ],
    "SetRulePriorities": [
        Trip(
            lambda w: {"RulePriorities": [{"RuleArn": created_rule(w), "Priority": 77}]},
            lambda w, sent, answer: rules_of(w, sent["RulePriorities"][0], answer),
        )
    ],
}


def configuration(world: World) -> dict[str, Any]:
    group = world.account.client("ec2").create_security_group(
        GroupName=world.name("sg"), Description="d", VpcId=world.account.foundation["vpcId"]
    )["GroupId"]
    return {
        "Role": world.role(network=True),
        "Handler": "kept.handler",
        "Description": "kept description",
        "Timeout": 17,
        "MemorySize": 333,
        "Runtime": "python3.12",
        "Layers": [world.account.foundation["pythonLayerArn"]],
        "VpcConfig": {
            "SubnetIds": world.account.foundation["privateSubnetIds"],
            "SecurityGroupIds": [group],
        },
        "Environment": {"Variables": {"KEPT": "value"}},
        "TracingConfig": {"Mode": "Active"},
    }


IMAGE = "000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:kept"
IMAGE_CONFIG = {"EntryPoint": ["/kept"], "Command": ["kept.command"], "WorkingDirectory": "/there"}


def image(world: World) -> dict[str, Any]:
    return {
        "FunctionName": world.name("f"),
        "Role": world.role(),
        "PackageType": "Image",
        "Code": {"ImageUri": IMAGE},
        "ImageConfig": IMAGE_CONFIG,
    }


def made_image(world: World) -> str:
    return world.account.client("lambda").create_function(**image(world))["FunctionName"]


def function_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    client = world.account.client("lambda")
    found = client.get_function(FunctionName=sent["FunctionName"])
    layers = [layer["Arn"] for layer in found["Configuration"].get("Layers", [])]
    policy = {}
    if "StatementId" in sent:
        text = client.get_policy(FunctionName=sent["FunctionName"])["Policy"]
        (statement,) = json.loads(text)["Statement"]
        policy = statement | {
            "Principal": statement["Principal"]["Service"],
            "FunctionName": sent["FunctionName"],
        }
    return [found, policy, {"Layers": layers, "FunctionName": sent["FunctionName"]}]


LAMBDA: Mapping[str, list[Trip]] = {
    "AddPermission": [
        Trip(
            lambda w: {
                "FunctionName": w.function(),
                "StatementId": "kept",
                "Action": "lambda:InvokeFunction",
                "Principal": "elasticloadbalancing.amazonaws.com",
                "SourceArn": w.lambda_group(),
                "SourceAccount": w.account.account_id,
            },
            function_of,
            {
                "StatementId": "Sid",
                "SourceArn": "AWS:SourceArn",
                "SourceAccount": "AWS:SourceAccount",
            },
        )
    ],
    "CreateFunction": [
        Trip(
            lambda w: (
                configuration(w)
                | {
                    "FunctionName": w.name("f"),
                    "PackageType": "Zip",
                    "Architectures": ["arm64"],
                    "Tags": {"owner": "somebody"},
                    "Code": {"ZipFile": package()},
                }
            ),
            function_of,
            unread=("Code.ZipFile",),
        ),
        Trip(image, function_of),
    ],
    "PublishLayerVersion": [
        Trip(
            lambda w: {
                "LayerName": w.name("layer"),
                "Description": "kept layer",
                "Content": {"ZipFile": package()},
            },
            lambda w, sent, answer: [
                w.account.client("lambda").get_layer_version(
                    LayerName=sent["LayerName"], VersionNumber=1
                ),
                {"LayerName": answer["LayerArn"].rpartition(":")[2]},
            ],
            unread=("Content.ZipFile",),
        )
    ],
    "PublishVersion": [
        Trip(
            lambda w: {"FunctionName": w.function(), "Description": "kept version"},
            lambda w, sent, answer: [
                w.account.client("lambda").get_function(
                    FunctionName=sent["FunctionName"], Qualifier=answer["Version"]
                ),
                {"FunctionName": sent["FunctionName"]},
            ],
        )
    ],
    "TagResource": [
        Trip(
            lambda w: {"Resource": w.function(), "Tags": {"owner": "somebody"}},
            lambda w, sent, _: [
                w.account.client("lambda").list_tags(Resource=sent["Resource"]),
                {"Resource": sent["Resource"]},
            ],
        )
    ],
    "UpdateFunctionCode": [
        Trip(
            lambda w: {
                "FunctionName": w.function(),
                "ZipFile": package("other.py"),
                "Architectures": ["arm64"],
            },
            function_of,
            unread=("ZipFile",),
        ),
        Trip(
            lambda w: {"FunctionName": made_image(w), "ImageUri": f"{IMAGE}-anew"},
            function_of,
        ),
    ],
    "UpdateFunctionConfiguration": [
        Trip(lambda w: configuration(w) | {"FunctionName": w.function()}, function_of),
        Trip(
            lambda w: {
                "FunctionName": made_image(w),
                "ImageConfig": IMAGE_CONFIG | {"Command": ["kept.other"]},
            },
            function_of,
        ),
    ],
}


def policy(world: World) -> str:
    created = world.account.client("iam").create_policy(
        PolicyName=world.name("p"), PolicyDocument=NETWORK
    )
    return created["Policy"]["Arn"]


def role_name(world: World) -> str:
    return world.role().rpartition("/")[2]


def role_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    iam = world.account.client("iam")
    name = sent["RoleName"]
    role = iam.get_role(RoleName=name)["Role"]
    inline = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    documents = [role["AssumeRolePolicyDocument"], *(one["PolicyDocument"] for one in inline)]
    return [
        role,
        inline,
        iam.list_attached_role_policies(RoleName=name),
        [{"PolicyDocument": json.dumps(document)} for document in documents],
    ]


IAM: Mapping[str, list[Trip]] = {
    "AttachRolePolicy": [
        Trip(lambda w: {"RoleName": role_name(w), "PolicyArn": policy(w)}, role_of)
    ],
    "CreatePolicy": [
        Trip(
            lambda w: {"PolicyName": w.name("p"), "PolicyDocument": NETWORK},
            lambda w, sent, answer: [answer, {"PolicyDocument": NETWORK}],
        )
    ],
    "CreateRole": [
        Trip(
            lambda w: {
                "RoleName": w.name("r"),
                "AssumeRolePolicyDocument": json.dumps(json.loads(trust())),
                "Path": "/kept/",
                "Description": "kept role",
                "MaxSessionDuration": 7211,
                "PermissionsBoundary": policy(w),
                "Tags": TAGS,
            },
            role_of,
            {
                "AssumeRolePolicyDocument": "PolicyDocument",
                "PermissionsBoundary": "PermissionsBoundaryArn",
            },
        )
    ],
    "PutRolePermissionsBoundary": [
        Trip(
            lambda w: {"RoleName": role_name(w), "PermissionsBoundary": policy(w)},
            role_of,
            {"PermissionsBoundary": "PermissionsBoundaryArn"},
        )
    ],
    "PutRolePolicy": [
        Trip(
            lambda w: {
                "RoleName": role_name(w),
                "PolicyName": "kept",
                "PolicyDocument": NETWORK,
            },
            role_of,
        )
    ],
    "TagRole": [Trip(lambda w: {"RoleName": role_name(w), "Tags": TAGS}, role_of)],
    "UpdateAssumeRolePolicy": [
        Trip(
            lambda w: {
                "RoleName": role_name(w),
                "PolicyDocument": json.dumps(json.loads(trust("ec2.amazonaws.com"))),
            },
            role_of,
        )
    ],
    "UpdateRole": [
        Trip(
            lambda w: {
                "RoleName": role_name(w),
                "Description": "kept anew",
                "MaxSessionDuration": 7212,
            },
            role_of,
        )
    ],
}


def security_group(world: World) -> str:
    return world.account.client("ec2").create_security_group(
        GroupName=world.name("sg"), Description="d", VpcId=world.account.foundation["vpcId"]
    )["GroupId"]


def permissions(world: World) -> dict[str, Any]:
    ranges: dict[str, list[Any]] = {
        "IpRanges": [{"CidrIp": "10.7.0.0/16", "Description": "kept four"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32", "Description": "kept six"}],
        "PrefixListIds": [{"PrefixListId": "pl-0123456789abcdef0"}],
        "UserIdGroupPairs": [{"GroupId": security_group(world), "Description": "kept pair"}],
    }
    return {
        "GroupId": security_group(world),
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 7001, "ToPort": 7002, **ranges}],
    }


def security_group_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    ec2 = world.account.client("ec2")
    id_ = sent.get("GroupId") or answer.get("GroupId") or sent["Resources"][0]
    found = ec2.describe_security_groups(GroupIds=[id_])["SecurityGroups"]
    return [found, {"ResourceType": "security-group", "Resources": id_}]


EC2: Mapping[str, list[Trip]] = {
    "AuthorizeSecurityGroupEgress": [Trip(permissions, security_group_of)],
    "AuthorizeSecurityGroupIngress": [Trip(permissions, security_group_of)],
    "CreateSecurityGroup": [
        Trip(
            lambda w: {
                "GroupName": w.name("sg"),
                "Description": "kept group",
                "VpcId": w.account.foundation["vpcId"],
                "TagSpecifications": [{"ResourceType": "security-group", "Tags": TAGS}],
            },
            security_group_of,
        )
    ],
    "CreateTags": [
        Trip(lambda w: {"Resources": [security_group(w)], "Tags": TAGS}, security_group_of)
    ],
}


def log_group(world: World) -> str:
    name = f"/{world.name('log')}"
    world.account.client("logs").create_log_group(logGroupName=name)
    return name


def log_group_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    logs = world.account.client("logs")
    arn = sent.get("resourceArn")
    found = logs.describe_log_groups(logGroupNamePrefix=sent.get("logGroupName", "/log"))
    (group,) = [
        one
        for one in found["logGroups"]
        if one["logGroupName"] == sent.get("logGroupName") or one["logGroupArn"] == arn
    ]
    tags = logs.list_tags_for_resource(resourceArn=group["logGroupArn"])
    return [group, tags]


def log_group_arn(world: World) -> str:
    name = log_group(world)
    (group,) = world.account.client("logs").describe_log_groups(logGroupNamePrefix=name)[
        "logGroups"
    ]
    return group["logGroupArn"]


LOGS: Mapping[str, list[Trip]] = {
    "CreateLogGroup": [
        Trip(
            lambda w: {"logGroupName": f"/{w.name('log')}", "tags": {"owner": "somebody"}},
            log_group_of,
        )
    ],
    "PutRetentionPolicy": [
        Trip(lambda w: {"logGroupName": log_group(w), "retentionInDays": 731}, log_group_of)
    ],
    "TagResource": [
        Trip(
            lambda w: {"resourceArn": log_group_arn(w), "tags": {"owner": "somebody"}},
            log_group_of,
            {"resourceArn": "logGroupArn"},
        )
    ],
}


def table(world: World) -> str:
    name = world.name("table")
    world.account.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "stack", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "stack", "AttributeType": "S"}],
    )
    return name


def table_arn(world: World) -> str:
    found = world.account.client("dynamodb").describe_table(TableName=table(world))
    return found["Table"]["TableArn"]


def table_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    dynamodb = world.account.client("dynamodb")
    name = sent.get("TableName") or sent["ResourceArn"].rpartition("/")[2]
    found = dynamodb.describe_table(TableName=name)["Table"]
    status = found.get("SSEDescription", {}).get("Status")
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    return [
        found,
        {"Enabled": status == "ENABLED"},
        {"PointInTimeRecoveryEnabled": recovery["PointInTimeRecoveryStatus"] == "ENABLED"},
        recovery,
        dynamodb.list_tags_of_resource(ResourceArn=found["TableArn"]),
    ]


def table_mode(*, on: bool) -> dict[str, Any]:
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": on,
        "SSESpecification": {"Enabled": on},
    }


DYNAMODB: Mapping[str, list[Trip]] = {
    "CreateTable": [
        Trip(
            lambda w: {
                "TableName": w.name("table"),
                "KeySchema": [
                    {"AttributeName": "stack", "KeyType": "HASH"},
                    {"AttributeName": "item", "KeyType": "RANGE"},
                ],
                "AttributeDefinitions": [
                    {"AttributeName": "stack", "AttributeType": "S"},
                    {"AttributeName": "item", "AttributeType": "N"},
                ],
                "Tags": TAGS,
                **table_mode(on=True),
            },
            table_of,
        )
    ],
    "TagResource": [
        Trip(
            lambda w: {"ResourceArn": table_arn(w), "Tags": TAGS},
            table_of,
            {"ResourceArn": "TableArn"},
        )
    ],
    "UpdateContinuousBackups": [
        Trip(
            lambda w: {
                "TableName": table(w),
                "PointInTimeRecoverySpecification": {
                    "PointInTimeRecoveryEnabled": True,
                    "RecoveryPeriodInDays": 7,
                },
            },
            table_of,
        )
    ],
    "UpdateTable": [
        Trip(lambda w: {"TableName": table(w), **table_mode(on=True)}, table_of),
        Trip(
            lambda w: {
                "TableName": table_of_mode(w, on=True),
                **table_mode(on=False),
            },
            table_of,
        ),
    ],
}


def table_of_mode(world: World, *, on: bool) -> str:
    name = table(world)
    world.account.client("dynamodb").update_table(TableName=name, **table_mode(on=on))
    return name


def notified(world: World) -> dict[str, Any]:
    sns = world.account.client("sns")
    topics = [sns.create_topic(Name=world.name("t"))["TopicArn"] for _ in range(3)]
    return {
        "AlarmName": world.name("alarm"),
        "AlarmDescription": "kept alarm",
        "ActionsEnabled": False,
        "AlarmActions": topics[:1],
        "OKActions": topics[1:2],
        "InsufficientDataActions": topics[2:],
        "Tags": TAGS,
    }


DIMENSIONS = [{"Name": "kept", "Value": "dimension"}]


def metric(world: World, **given: Any) -> dict[str, Any]:
    settings = metric_alarm("x") | notified(world)
    return settings | given


def without(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in names}


def alarm_of(world: World, sent: Mapping[str, Any], answer: Answer) -> Any:
    cloudwatch = world.account.client("cloudwatch")
    name = sent.get("AlarmName") or sent["ResourceARN"].rpartition(":")[2]
    found = cloudwatch.describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    alarms: list[Any] = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    (alarm,) = alarms
    tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])
    return [alarm, tags]


SCALARS = ("MetricName", "Namespace", "Statistic", "Period")

CLOUDWATCH: Mapping[str, list[Trip]] = {
    "PutCompositeAlarm": [
        Trip(lambda w: notified(w) | {"AlarmRule": f'ALARM("{w.alarm()}")'}, alarm_of)
    ],
    "PutDashboard": [
        Trip(
            lambda w: {"DashboardName": w.name("d"), "DashboardBody": '{"widgets": []}'},
            lambda w, sent, _: w.account.client("cloudwatch").get_dashboard(
                DashboardName=sent["DashboardName"]
            ),
        )
    ],
    "PutMetricAlarm": [
        Trip(
            lambda w: metric(
                w,
                Unit="Count",
                Dimensions=DIMENSIONS,
                TreatMissingData="breaching",
                Threshold=4.5,
            ),
            alarm_of,
        ),
        Trip(
            lambda w: (
                without(metric(w), "Statistic")
                | {"ExtendedStatistic": "p97", "EvaluateLowSampleCountPercentile": "ignore"}
            ),
            alarm_of,
        ),
        Trip(
            lambda w: (
                without(metric(w), *SCALARS)
                | {
                    "Metrics": [
                        {
                            "Id": name,
                            "Label": f"kept label {name}",
                            "ReturnData": False,
                            "MetricStat": {
                                "Metric": {
                                    "Namespace": "Kept",
                                    "MetricName": f"Kept-{name}",
                                    "Dimensions": DIMENSIONS,
                                },
                                "Period": 120,
                                "Stat": "Maximum",
                                "Unit": "Bytes",
                            },
                        }
                        for name in ("m1", "m2")
                    ]
                    + [{"Id": "e1", "Expression": "m1 / m2", "ReturnData": True}],
                }
            ),
            alarm_of,
        ),
    ],
    "SetAlarmState": [
        Trip(
            lambda w: {
                "AlarmName": w.alarm(),
                "StateValue": "ALARM",
                "StateReason": "kept reason",
                "StateReasonData": '{"kept": 1}',
            },
            alarm_of,
        )
    ],
    "TagResource": [
        Trip(
            lambda w: {
                "ResourceARN": w.account.client("cloudwatch").describe_alarms(
                    AlarmNames=[w.alarm()]
                )["MetricAlarms"][0]["AlarmArn"],
                "Tags": TAGS,
            },
            alarm_of,
            {"ResourceARN": "AlarmArn"},
        )
    ],
}

SNS: Mapping[str, list[Trip]] = {
    "CreateTopic": [
        Trip(
            lambda w: {"Name": w.name("t")},
            lambda w, sent, answer: {"Name": answer["TopicArn"].rpartition(":")[2]},
        )
    ]
}

TRIPS: Mapping[str, Mapping[str, list[Trip]]] = {
    "cloudwatch": CLOUDWATCH,
    "dynamodb": DYNAMODB,
    "ec2": EC2,
    "elbv2": ELBV2,
    "iam": IAM,
    "lambda": LAMBDA,
    "logs": LOGS,
    "sns": SNS,
}
CASES = [
    pytest.param(service, name, trip, id=f"{service}-{name}-{number}")
    for service, listed in TRIPS.items()
    for name, trips in listed.items()
    for number, trip in enumerate(trips)
]


@pytest.mark.parametrize(("service", "name", "trip"), CASES)
def test_what_is_sent_is_read_back(world: World, service: str, name: str, trip: Trip) -> None:
    sent = trip.sent(world)
    method = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    answer = getattr(world.account.client(service), method)(**sent)
    back = set(pairs(trip.read(world, sent, answer)))
    lost = {
        (place, text)
        for place, member, text in members(sent)
        if place not in trip.unread and (trip.renamed.get(member, member), text) not in back
    }
    assert lost == set()


SETTING = {(service, name) for service, listed in TRIPS.items() for name in listed}
OBEYED = {
    ("lambda", "AddPermission", "Qualifier"): "test_lambda.test_add_permission",
    ("cloudwatch", "PutMetricData", ""): "test_metric_data",
}
"""What is not read back in the same words, and the test that looks."""


def leaves(kept: Mapping[str, Any], place: str = "") -> Iterator[str]:
    for name, inner in kept.items():
        path_ = f"{place}.{name}".lstrip(".")
        if inner is kept:
            continue  # values within a value
        if isinstance(inner, Mapping):
            yield from leaves(inner, path_)
        else:
            yield path_


@pytest.mark.parametrize(("service", "name"), sorted(SETTING))
def test_every_listed_member_makes_the_trip(world: World, service: str, name: str) -> None:
    made = {place for trip in TRIPS[service][name] for place, _, _ in members(trip.sent(world))}
    listed = set(leaves(KEPT[service][name]))
    exempt = {member for one, two, member in OBEYED if (one, two) == (service, name)}
    assert listed - made == exempt
