"""What the account keeps of each request: what is not listed here is refused in words.

moto answers requests with parts that are newer than it, and drops those parts. So every
operation lists the members that are read back as they were sent, or obeyed; the tests send
all of them and look. A request with any other member, or to any other operation, fails.
"""

from collections.abc import Mapping
from typing import Any, Final

Kept = Mapping[str, "Kept | frozenset[str] | None"]
"""Member -> its own members, the values it may have, or None for any value."""


def _of(*plain: str, **inner: "Kept | frozenset[str]") -> Kept:
    return {**dict.fromkeys(plain), **inner}


_TAG: Final = _of("Key", "Value")
_VALUES: Final = _of("Values")
_NAMED: Final = _of("Name", "Value")
_FILTER: Final = _of("Name", "Values")
_ACTION: Final = _of(
    "Order",
    "TargetGroupArn",
    Type=frozenset({"forward", "fixed-response", "redirect"}),
    ForwardConfig=_of(
        TargetGroups=_of("TargetGroupArn", "Weight"),
        TargetGroupStickinessConfig=_of("Enabled", "DurationSeconds"),
    ),
    FixedResponseConfig=_of("MessageBody", "StatusCode", "ContentType"),
    RedirectConfig=_of("Protocol", "Port", "Host", "Path", "Query", "StatusCode"),
)
_CONDITION: Final = _of(
    "Field",
    "Values",
    HostHeaderConfig=_VALUES,
    PathPatternConfig=_VALUES,
    HttpHeaderConfig=_of("HttpHeaderName", "Values"),
    HttpRequestMethodConfig=_VALUES,
    QueryStringConfig=_of(Values=_of("Key", "Value")),
    SourceIpConfig=_VALUES,
)
_ELBV2: Final = {
    "AddTags": _of("ResourceArns", Tags=_TAG),
    "CreateListener": _of("LoadBalancerArn", "Protocol", "Port", DefaultActions=_ACTION, Tags=_TAG),
    "CreateLoadBalancer": _of("Name", "Subnets", "SecurityGroups", "Scheme", Tags=_TAG),
    "CreateRule": _of("ListenerArn", "Priority", Conditions=_CONDITION, Actions=_ACTION, Tags=_TAG),
    "CreateTargetGroup": _of("Name", "Protocol", "Port", "VpcId", "TargetType", Tags=_TAG),
    "DeleteListener": _of("ListenerArn"),
    "DeleteLoadBalancer": _of("LoadBalancerArn"),
    "DeleteRule": _of("RuleArn"),
    "DeleteTargetGroup": _of("TargetGroupArn"),
    "DeregisterTargets": _of("TargetGroupArn", Targets=_of("Id", "Port")),
    "DescribeListeners": _of("LoadBalancerArn", "ListenerArns"),
    "DescribeLoadBalancers": _of("LoadBalancerArns", "Names", "Marker", "PageSize"),
    "DescribeRules": _of("ListenerArn", "RuleArns", "Marker", "PageSize"),
    "DescribeTags": _of("ResourceArns"),
    "DescribeTargetGroupAttributes": _of("TargetGroupArn"),
    "DescribeTargetGroups": _of("LoadBalancerArn", "TargetGroupArns", "Names"),
    "DescribeTargetHealth": _of("TargetGroupArn", Targets=_of("Id", "Port")),
    "ModifyListener": _of("ListenerArn", DefaultActions=_ACTION),
    "ModifyRule": _of("RuleArn", Conditions=_CONDITION, Actions=_ACTION),
    "ModifyTargetGroup": _of("TargetGroupArn", "HealthCheckEnabled"),
    "ModifyTargetGroupAttributes": _of("TargetGroupArn", Attributes=_TAG),
    "RegisterTargets": _of("TargetGroupArn", Targets=_of("Id", "Port")),
    "RemoveTags": _of("ResourceArns", "TagKeys"),
    "SetRulePriorities": _of(RulePriorities=_of("RuleArn", "Priority")),
}

_CONFIGURATION: Final = _of(
    "FunctionName",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "Runtime",
    "Layers",
    VpcConfig=_of("SubnetIds", "SecurityGroupIds"),
    Environment=_of("Variables"),
    TracingConfig=_of("Mode"),
    ImageConfig=_of("EntryPoint", "Command", "WorkingDirectory"),
)
_LAMBDA: Final = {
    "AddPermission": _of(
        "FunctionName",
        "StatementId",
        "Action",
        "Principal",
        "SourceArn",
        "SourceAccount",
        "Qualifier",
    ),
    "CreateFunction": {
        **_CONFIGURATION,
        **_of("PackageType", "Architectures", "Tags", Code=_of("ZipFile", "ImageUri")),
    },
    "DeleteFunction": _of("FunctionName", "Qualifier"),
    "GetFunction": _of("FunctionName", "Qualifier"),
    "GetFunctionConfiguration": _of("FunctionName", "Qualifier"),
    "GetFunctionConcurrency": _of("FunctionName"),
    "GetLayerVersion": _of("LayerName", "VersionNumber"),
    "GetPolicy": _of("FunctionName", "Qualifier"),
    "ListFunctions": _of("Marker", "MaxItems"),
    "ListTags": _of("Resource"),
    "PublishLayerVersion": _of("LayerName", "Description", Content=_of("ZipFile")),
    "PublishVersion": _of("FunctionName", "Description"),
    "RemovePermission": _of("FunctionName", "StatementId", "Qualifier"),
    "TagResource": _of("Resource", "Tags"),
    "UntagResource": _of("Resource", "TagKeys"),
    "UpdateFunctionCode": _of("FunctionName", "ZipFile", "ImageUri", "Architectures"),
    "UpdateFunctionConfiguration": _CONFIGURATION,
}

_IAM: Final = {
    "AttachRolePolicy": _of("RoleName", "PolicyArn"),
    "CreatePolicy": _of("PolicyName", "PolicyDocument"),
    "CreateRole": _of(
        "RoleName",
        "AssumeRolePolicyDocument",
        "Path",
        "Description",
        "MaxSessionDuration",
        "PermissionsBoundary",
        Tags=_TAG,
    ),
    "DeletePolicy": _of("PolicyArn"),
    "DeleteRole": _of("RoleName"),
    "DeleteRolePermissionsBoundary": _of("RoleName"),
    "DeleteRolePolicy": _of("RoleName", "PolicyName"),
    "DetachRolePolicy": _of("RoleName", "PolicyArn"),
    "GetRole": _of("RoleName"),
    "GetRolePolicy": _of("RoleName", "PolicyName"),
    "ListAttachedRolePolicies": _of("RoleName"),
    "ListRolePolicies": _of("RoleName"),
    "ListRoles": _of("PathPrefix", "Marker", "MaxItems"),
    "PutRolePermissionsBoundary": _of("RoleName", "PermissionsBoundary"),
    "PutRolePolicy": _of("RoleName", "PolicyName", "PolicyDocument"),
    "TagRole": _of("RoleName", Tags=_TAG),
    "UntagRole": _of("RoleName", "TagKeys"),
    "UpdateAssumeRolePolicy": _of("RoleName", "PolicyDocument"),
    "UpdateRole": _of("RoleName", "Description", "MaxSessionDuration"),
}

_RANGE: Final = _of("CidrIp", "Description")
_PERMISSIONS: Final = _of(
    "IpProtocol",
    "FromPort",
    "ToPort",
    IpRanges=_RANGE,
    Ipv6Ranges=_of("CidrIpv6", "Description"),
    PrefixListIds=_of("PrefixListId"),
    UserIdGroupPairs=_of("GroupId", "Description"),
)
_SECURITY_GROUP_RULES: Final = _of("GroupId", IpPermissions=_PERMISSIONS)
_EC2: Final = {
    "AuthorizeSecurityGroupEgress": _SECURITY_GROUP_RULES,
    "AuthorizeSecurityGroupIngress": _SECURITY_GROUP_RULES,
    "CreateSecurityGroup": _of(
        "GroupName", "Description", "VpcId", TagSpecifications=_of("ResourceType", Tags=_TAG)
    ),
    "CreateTags": _of("Resources", Tags=_TAG),
    "DeleteSecurityGroup": _of("GroupId", "GroupName"),
    "DeleteTags": _of("Resources", Tags=_TAG),
    "DescribeSecurityGroups": _of("GroupIds", "GroupNames", Filters=_FILTER),
    "DescribeSubnets": _of("SubnetIds", Filters=_FILTER),
    "DescribeVpcs": _of("VpcIds", Filters=_FILTER),
    "RevokeSecurityGroupEgress": _of(
        "GroupId",
        IpPermissions={name: of for name, of in _PERMISSIONS.items() if name != "Ipv6Ranges"},
    ),
    "RevokeSecurityGroupIngress": _SECURITY_GROUP_RULES,
}

_LOGS: Final = {
    "CreateLogGroup": _of("logGroupName", "tags"),
    "DeleteLogGroup": _of("logGroupName"),
    "DeleteRetentionPolicy": _of("logGroupName"),
    "DescribeLogGroups": _of("logGroupNamePrefix", "nextToken", "limit"),
    "ListTagsForResource": _of("resourceArn"),
    "PutRetentionPolicy": _of("logGroupName", "retentionInDays"),
    "TagResource": _of("resourceArn", "tags"),
    "UntagResource": _of("resourceArn", "tagKeys"),
}

_METRIC_STAT: Final = _of(
    "Period",
    "Stat",
    "Unit",
    Metric=_of("Namespace", "MetricName", Dimensions=_NAMED),
)
_QUERY: Final = _of("Id", "Expression", "Label", "ReturnData", MetricStat=_METRIC_STAT)
_NOTIFIED: Final = _of(
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "AlarmActions",
    "OKActions",
    "InsufficientDataActions",
    Tags=_TAG,
)
_CLOUDWATCH: Final = {
    "DeleteAlarms": _of("AlarmNames"),
    "DeleteDashboards": _of("DashboardNames"),
    "DescribeAlarms": _of(
        "AlarmNames",
        "AlarmNamePrefix",
        "AlarmTypes",
        "StateValue",
    ),
    "GetDashboard": _of("DashboardName"),
    "GetMetricData": _of(
        "StartTime", "EndTime", "ScanBy", "MaxDatapoints", "NextToken", MetricDataQueries=_QUERY
    ),
    "GetMetricStatistics": _of(
        "Namespace",
        "MetricName",
        "StartTime",
        "EndTime",
        "Period",
        "Statistics",
        "ExtendedStatistics",
        "Unit",
        Dimensions=_NAMED,
    ),
    "ListDashboards": _of("DashboardNamePrefix"),
    "ListMetrics": _of("Namespace", "MetricName", "NextToken", Dimensions=_NAMED),
    "ListTagsForResource": _of("ResourceARN"),
    "PutCompositeAlarm": {**_NOTIFIED, **_of("AlarmRule")},
    "PutDashboard": _of("DashboardName", "DashboardBody"),
    "PutMetricAlarm": {
        **_NOTIFIED,
        **_of(
            "MetricName",
            "Namespace",
            "Statistic",
            "ExtendedStatistic",
            "Period",
            "Unit",
            "EvaluationPeriods",
            "DatapointsToAlarm",
            "Threshold",
            "ComparisonOperator",
            "TreatMissingData",
            "EvaluateLowSampleCountPercentile",
            Dimensions=_NAMED,
            Metrics=_QUERY,
        ),
    },
    "PutMetricData": _of(
        "Namespace",
        MetricData=_of(
            "MetricName",
            "Timestamp",
            "Value",
            "Values",
            "Counts",
            "Unit",
            "StorageResolution",
            Dimensions=_NAMED,
            StatisticValues=_of("SampleCount", "Sum", "Minimum", "Maximum"),
        ),
    ),
    "SetAlarmState": _of("AlarmName", "StateValue", "StateReason", "StateReasonData"),
    "TagResource": _of("ResourceARN", Tags=_TAG),
    "UntagResource": _of("ResourceARN", "TagKeys"),
}

_VALUE: Final[dict[str, Any]] = dict.fromkeys(("B", "BOOL", "BS", "N", "NS", "NULL", "S", "SS"))
_VALUE.update(L=_VALUE, M=_VALUE)
"""A value of an item: lists and maps hold values again."""
_CONDITIONAL: Final = _of(
    "TableName",
    "ConditionExpression",
    "ExpressionAttributeNames",
    ExpressionAttributeValues=_VALUE,
)
_PUT: Final = {**_CONDITIONAL, "Item": _VALUE}
_DELETE: Final = {**_CONDITIONAL, "Key": _VALUE}
_UPDATE: Final = {**_DELETE, "UpdateExpression": None}
_LOSER: Final = {"ReturnValuesOnConditionCheckFailure": frozenset({"ALL_OLD", "NONE"})}
_TABLE_MODE: Final = _of(
    "TableName",
    "DeletionProtectionEnabled",
    BillingMode=frozenset({"PAY_PER_REQUEST"}),
    SSESpecification=_of("Enabled"),
)
_DYNAMODB: Final = {
    "CreateTable": {
        **_TABLE_MODE,
        **_of(
            AttributeDefinitions=_of("AttributeName", "AttributeType"),
            KeySchema=_of("AttributeName", "KeyType"),
            Tags=_TAG,
        ),
    },
    "DeleteItem": {**_DELETE, **_LOSER},
    "DeleteTable": _of("TableName"),
    "DescribeContinuousBackups": _of("TableName"),
    "DescribeTable": _of("TableName"),
    "GetItem": _of("TableName", "ConsistentRead", Key=_VALUE),
    "ListTables": _of("Limit", "ExclusiveStartTableName"),
    "ListTagsOfResource": _of("ResourceArn", "NextToken"),
    "PutItem": {**_PUT, **_LOSER},
    "Query": _of(
        "TableName",
        "ConsistentRead",
        "ExpressionAttributeNames",
        "KeyConditionExpression",
        "Limit",
        "ScanIndexForward",
        ExclusiveStartKey=_VALUE,
        ExpressionAttributeValues=_VALUE,
        Select=frozenset({"ALL_ATTRIBUTES", "COUNT"}),
    ),
    "TagResource": _of("ResourceArn", Tags=_TAG),
    "TransactWriteItems": _of(
        "ClientRequestToken",
        TransactItems=_of(
            ConditionCheck={**_DELETE, **_LOSER},
            Delete={**_DELETE, **_LOSER},
            Put={**_PUT, **_LOSER},
            Update={**_UPDATE, **_LOSER},
        ),
    ),
    "UntagResource": _of("ResourceArn", "TagKeys"),
    "UpdateContinuousBackups": _of(
        "TableName",
        PointInTimeRecoverySpecification=_of("PointInTimeRecoveryEnabled", "RecoveryPeriodInDays"),
    ),
    "UpdateItem": {**_UPDATE, **_LOSER},
    "UpdateTable": _TABLE_MODE,
}

KEPT: Final[Mapping[str, Mapping[str, Kept]]] = {
    "acm": {"DescribeCertificate": _of("CertificateArn")},
    "cloudwatch": _CLOUDWATCH,
    "dynamodb": _DYNAMODB,
    "ec2": _EC2,
    "elbv2": _ELBV2,
    "iam": _IAM,
    "lambda": _LAMBDA,
    "logs": _LOGS,
    "secretsmanager": {"GetSecretValue": _of("SecretId")},
    "sns": {
        "CreateTopic": _of("Name"),
        "DeleteTopic": _of("TopicArn"),
        "GetTopicAttributes": _of("TopicArn"),
        "ListTopics": _of(),
    },
    "sts": {"GetCallerIdentity": _of()},
}
"""Service, by the name of its boto3 client -> operation -> members."""
