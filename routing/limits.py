"""Limits of AWS, each one constant with its source.

Validation, the policy pack and the sandbox read these and nothing else, so a
limit that AWS raises is changed here alone.

Sources: [Q] the Application Load Balancer quotas page, [API] the Elastic Load
Balancing v2, Lambda, IAM and CloudWatch API models, [UG] the load balancer
user guide.
"""

from types import MappingProxyType
from typing import Final

# Listener rules.
PRIORITY_MIN: Final = 1  # [API] RulePriority
PRIORITY_MAX: Final = 50_000  # [API] RulePriority
RULES_PER_LOAD_BALANCER: Final = 100  # [Q] without default rules, adjustable
CONDITION_VALUES_PER_RULE: Final = 5  # [Q]
WILDCARDS_PER_RULE: Final = 5  # [UG]; the quota page now says 6, the lower one is safe
CONDITION_VALUE_LENGTH: Final = 128  # [UG] host, path, header and query values
HEADER_NAME_LENGTH: Final = 40  # [UG]
HEADER_NAME_PATTERN: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # [API] by RFC 7230, a token
METHOD_PATTERN: Final = r"[A-Z_-]{1,40}"  # [UG] exact and in capitals
CONDITION_PATTERNS: Final = MappingProxyType(
    {
        # [API] RuleCondition Values and HostHeaderConditionConfig: a dot, after the last one
        # letters alone; wildcards there are in use and not spoken of, so they may stand.
        "host-header": r"[A-Za-z0-9.*?-]*\.[A-Za-z*?]*",
        # [API] RuleCondition Values; the only semicolon is that of "&" written "&amp;".
        "path-pattern": r"""(?:[A-Za-z0-9_.$/~"'@:+&*?-]|&amp;)+""",
        "http-request-method": METHOD_PATTERN,
        # The API names no characters: what HTTP can carry there without encoding.
        "http-header": r"[ -~]+",  # RFC 7230 field-vchar and spaces
        "query-string": r"[!-~]+",  # RFC 3986 needs the rest percent-encoded
    }
)
"""By the API's name of the condition: what a value must match as a whole, in ASCII."""

# Actions.
TARGET_GROUPS_PER_ACTION: Final = 5  # [Q] not adjustable
WEIGHT_MIN: Final = 0  # [API] TargetGroupTuple
WEIGHT_MAX: Final = 999  # [API] TargetGroupTuple
STICKINESS_SECONDS_MIN: Final = 1  # [API] TargetGroupStickinessConfig
STICKINESS_SECONDS_MAX: Final = 604_800  # [API] TargetGroupStickinessConfig, seven days
FIXED_RESPONSE_BODY_LENGTH: Final = 1024  # [API] FixedResponseActionMessage
FIXED_RESPONSE_STATUS_PATTERN: Final = r"[245]\d\d"  # [API] FixedResponseActionStatusCode
FIXED_RESPONSE_CONTENT_TYPES: Final = frozenset(  # [API] FixedResponseActionContentType
    {"text/plain", "text/css", "text/html", "application/javascript", "application/json"}
)

# Target groups.
TARGET_GROUPS_PER_LOAD_BALANCER: Final = 100  # [Q]
LOAD_BALANCERS_PER_TARGET_GROUP: Final = 1  # [Q] else TargetGroupAssociationLimit
LAMBDAS_PER_TARGET_GROUP: Final = 1  # [Q]
DEREGISTRATION_SECONDS_MAX: Final = 3600  # [API] TargetGroupAttribute
SLOW_START_SECONDS_MIN: Final = 30  # [API] TargetGroupAttribute, or 0
SLOW_START_SECONDS_MAX: Final = 900  # [API] TargetGroupAttribute
DRAINING_SECONDS_MAX: Final = 360_000  # [API] TargetGroupAttribute
TARGETS_MAX: Final = 1000  # [Q] targets per load balancer
TARGET_GROUP_NAME_PATTERN: Final = r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)"  # [API] TargetGroupName

# Lambda.
FUNCTION_NAME_PATTERN: Final = r"[A-Za-z0-9-_]{1,64}"  # [API] FunctionName
FUNCTION_MEMORY_MB_MIN: Final = 128  # [API] MemorySize
FUNCTION_MEMORY_MB_MAX: Final = 10_240  # [API] MemorySize
FUNCTION_TIMEOUT_SECONDS_MAX: Final = 900  # [API] Timeout
ACCOUNT_CONCURRENT_EXECUTIONS: Final = 1000  # Lambda quotas page, a Region's default
FUNCTION_LAYERS_MAX: Final = 5  # Lambda quotas page
FUNCTION_ENVIRONMENT_BYTES: Final = 4096  # Lambda quotas page, all variables as JSON
FUNCTION_ENVIRONMENT_NAME_PATTERN: Final = r"[A-Za-z][A-Za-z0-9_]+"  # [API] EnvironmentVariableName
FUNCTION_ENVIRONMENT_RESERVED: Final = frozenset(  # Lambda guide, reserved variables
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
STATEMENT_ID_PATTERN: Final = r"[A-Za-z0-9-_]{1,100}"  # [API] AddPermission StatementId

FUNCTIONS_PER_PAGE: Final = 50  # [API] ListFunctions MaxItems

# Code of functions.
FUNCTION_REQUEST_BYTES: Final = 70_167_211  # Lambda's RequestEntityTooLargeException names it
FUNCTION_ZIPPED_BYTES: Final = 52_428_800  # Lambda quotas page, 50 MB zipped in one request
FUNCTION_UNZIPPED_BYTES: Final = 262_144_000  # Lambda quotas page, 250 MB with the layers
FUNCTION_IMAGE_PATTERN: Final = (  # Lambda guide, images: private ECR, a tag or a digest
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[a-z0-9]+(?:[._/-][a-z0-9]+)*)"  # ECR API, RepositoryName
    r"(?::(?P<tag>\w[\w.-]{0,127})|@(?P<digest>sha256:[0-9a-f]{64}))"  # ECR API, ImageTag
)

# IAM, CloudWatch and CloudWatch Logs.
ROLE_NAME_PATTERN: Final = r"[\w+=,.@-]{1,64}"  # [API] roleNameType
ALARM_NAME_LENGTH: Final = 255  # [API] AlarmName
ALARM_ACTIONS_MAX: Final = 5  # [API] ResourceList
ALARM_WINDOW_SECONDS_MAX: Final = 86_400  # [API] period x evaluation periods, one day
ALARM_SHORT_PERIODS: Final = frozenset({10, 20, 30})  # [API] Period, or multiples of 60 s
ALARM_LONG_PERIOD_SECONDS: Final = 3600  # [API] PutMetricAlarm Period: from here on a week
ALARM_LONG_WINDOW_SECONDS_MAX: Final = 604_800  # [API] PutMetricAlarm Period, seven days
ALARM_REASON_LENGTH: Final = 1023  # [API] SetAlarmState StateReason
ALARM_REASON_DATA_LENGTH: Final = 4000  # [API] SetAlarmState StateReasonData
METRIC_DATA_PER_CALL: Final = 1000  # [API] PutMetricData MetricData
METRIC_DATA_BYTES_PER_CALL: Final = 1_000_000  # [API] PutMetricData, 1 MB
METRIC_VALUES_PER_DATUM: Final = 150  # [API] MetricDatum Values
METRIC_QUERIES_PER_CALL: Final = 500  # [API] GetMetricData MetricDataQueries
METRIC_DATAPOINTS_PER_CALL: Final = 100_800  # [API] GetMetricData MaxDatapoints
METRIC_STATISTICS_PER_CALL: Final = 1440  # [API] GetMetricStatistics, datapoints
METRIC_ID_PATTERN: Final = r"[a-z][A-Za-z0-9_]{0,254}"  # [API] MetricDataQuery Id
ALARM_METRICS_MAX: Final = 10  # [API] MetricDataQuery, queries with MetricStat
COMPOSITE_CHILDREN_MAX: Final = 100  # [API] PutCompositeAlarm AlarmRule
COMPOSITE_ELEMENTS_MAX: Final = 500  # [API] AlarmRule: alarms, TRUE, FALSE and brackets
LOG_GROUP_NAME_PATTERN: Final = r"[\w#./-]{1,512}"  # [API] LogGroupName
LOG_RETENTION_DAYS: Final = frozenset(  # [API] PutRetentionPolicy retentionInDays
    {
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545,
        731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
    }
)  # fmt: skip

# DynamoDB.
TABLE_NAME_PATTERN: Final = r"[A-Za-z0-9_.-]{3,255}"  # DynamoDB guide, naming rules

# HTTP as the load balancer speaks it. [UG] Troubleshooting: HTTP 400, 408; request tracing;
# load balancer attributes. K is 1024.
REQUEST_LINE_BYTES: Final = 16 * 1024  # [UG] HTTP 400
REQUEST_HEADER_BYTES: Final = 16 * 1024  # [UG] HTTP 400, one header with its name
REQUEST_HEAD_BYTES: Final = 64 * 1024  # [UG] HTTP 400, the entire request header
TRACED_HEADERS_BYTES: Final = 7 * 1024  # [UG] request tracing: with more the trace begins anew
IDLE_TIMEOUT_SECONDS: Final = 60  # [UG] idle_timeout.timeout_seconds, its default
CLIENT_KEEP_ALIVE_SECONDS: Final = 3600  # [UG] client_keep_alive.seconds, its default
