"""Type tokens of the resources that policies look at, the names they also go by included."""

from typing import Final

LISTENER_RULE: Final = ("aws:lb/listenerRule:ListenerRule", "aws:alb/listenerRule:ListenerRule")
TARGET_GROUP: Final = ("aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup")
ATTACHMENT: Final = (
    "aws:lb/targetGroupAttachment:TargetGroupAttachment",
    "aws:alb/targetGroupAttachment:TargetGroupAttachment",
)
LOAD_BALANCER: Final = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
LISTENER: Final = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")

FUNCTION: Final = ("aws:lambda/function:Function",)
FUNCTION_URL: Final = ("aws:lambda/functionUrl:FunctionUrl",)
PERMISSION: Final = ("aws:lambda/permission:Permission",)
EVENT_SOURCE: Final = ("aws:lambda/eventSourceMapping:EventSourceMapping",)
ASYNC_CONFIG: Final = ("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",)

ROLE: Final = ("aws:iam/role:Role",)
INLINE_POLICY: Final = ("aws:iam/rolePolicy:RolePolicy",)
MANAGED_POLICY: Final = ("aws:iam/policy:Policy",)
POLICY_ATTACHMENT: Final = ("aws:iam/rolePolicyAttachment:RolePolicyAttachment",)

LOG_GROUP: Final = ("aws:cloudwatch/logGroup:LogGroup",)
METRIC_ALARM: Final = ("aws:cloudwatch/metricAlarm:MetricAlarm",)
COMPOSITE_ALARM: Final = ("aws:cloudwatch/compositeAlarm:CompositeAlarm",)

TABLE: Final = ("aws:dynamodb/table:Table",)

SECURITY_GROUP: Final = ("aws:ec2/securityGroup:SecurityGroup",)
SECURITY_GROUP_RULE: Final = ("aws:ec2/securityGroupRule:SecurityGroupRule",)
INGRESS_RULE: Final = ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",)
EGRESS_RULE: Final = ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",)

TOPIC: Final = ("aws:sns/topic:Topic",)
SECRET: Final = ("aws:secretsmanager/secret:Secret",)
WEB_ACL: Final = ("aws:wafv2/webAcl:WebAcl",)
