"""Orders that AWS enforces and the program promises: each is broken here, and refused.

The program keeps them by what its resources depend on. Losing a dependency shows in the
sandbox because the account refuses what then comes too early or goes too soon.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.account.support import (
    NETWORK,
    World,
    forward,
    metric_alarm,
    package,
    path,
    refused,
    trust,
    weighted,
)

INVALID = "InvalidParameterValueException"

Act = Callable[[], Any]
Order = tuple[str, str, Act, Act, Act]
"""The code and words of the refusal, what comes too early, what must come first, what follows."""


def network(world: World, group: str | None = None) -> Any:
    return {
        "SubnetIds": world.account.foundation["privateSubnetIds"],
        "SecurityGroupIds": [group or world.account.foundation["privateSubnetSecurityGroupId"]],
    }


def security_group(world: World) -> str:
    return world.account.client("ec2").create_security_group(
        GroupName=world.name("sg"), Description="d", VpcId=world.account.foundation["vpcId"]
    )["GroupId"]


def permit(world: World, function: str, group: str, sid: str = "s") -> None:
    world.account.client("lambda").add_permission(
        FunctionName=function,
        StatementId=sid,
        Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com",
        SourceArn=group,
    )


def register(world: World, group: str, function: str) -> None:
    world.account.client("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": function}])


def create_rule(world: World, listener: str, action: Any, priority: int = 7) -> str:
    return world.account.client("elbv2").create_rule(
        ListenerArn=listener, Priority=priority, Conditions=[path("/a")], Actions=[action]
    )["Rules"][0]["RuleArn"]


def put_network_policy(world: World, role: str) -> None:
    world.account.client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2], PolicyName="network", PolicyDocument=NETWORK
    )


# What must be there first.


def role_before_function(w: World) -> Order:
    name = w.name("role")
    arn = f"arn:aws:iam::{w.account.account_id}:role/{name}"
    return (
        INVALID,
        "The role defined for the function cannot be assumed by Lambda.",
        lambda: w.function(Role=arn),
        lambda: w.account.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=trust()
        ),
        lambda: w.function(Role=arn),
    )


def role_policy_before_function_in_a_network(w: World) -> Order:
    role = w.role()
    return (
        INVALID,
        "The provided execution role does not have permissions to call CreateNetworkInterface "
        "on EC2",
        lambda: w.function(Role=role, VpcConfig=network(w)),
        lambda: put_network_policy(w, role),
        lambda: w.function(Role=role, VpcConfig=network(w)),
    )


def role_policy_before_a_function_moves_into_a_network(w: World) -> Order:
    role = w.role()
    function = w.function(Role=role)

    def move() -> None:
        w.account.client("lambda").update_function_configuration(
            FunctionName=function, VpcConfig=network(w)
        )

    return INVALID, "CreateNetworkInterface", move, lambda: put_network_policy(w, role), move


def role_policy_before_a_function_in_a_network_changes_its_role(w: World) -> Order:
    role = w.role()
    function = w.function(VpcConfig=network(w))

    def change() -> None:
        w.account.client("lambda").update_function_configuration(FunctionName=function, Role=role)

    return INVALID, "CreateNetworkInterface", change, lambda: put_network_policy(w, role), change


def managed_policy_attached_before_function_in_a_network(w: World) -> Order:
    iam = w.account.client("iam")
    policy = iam.create_policy(PolicyName=w.name("p"), PolicyDocument=NETWORK)["Policy"]["Arn"]
    role = w.role()
    return (
        INVALID,
        "CreateNetworkInterface",
        lambda: w.function(Role=role, VpcConfig=network(w)),
        lambda: iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=policy),
        lambda: w.function(Role=role, VpcConfig=network(w)),
    )


def layer_before_function(w: World) -> Order:
    name = w.name("layer")
    arn = f"arn:aws:lambda:us-west-2:{w.account.account_id}:layer:{name}:1"
    return (
        "ResourceNotFoundException",
        "",
        lambda: w.function(Layers=[arn]),
        lambda: w.account.client("lambda").publish_layer_version(
            LayerName=name, Content={"ZipFile": package()}
        ),
        lambda: w.function(Layers=[arn]),
    )


def role_before_its_policy(w: World) -> Order:
    name = w.name("role")
    return (
        "NoSuchEntity",
        "",
        lambda: put_network_policy(w, name),
        lambda: w.account.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=trust()
        ),
        lambda: put_network_policy(w, name),
    )


def function_before_permission(w: World) -> Order:
    name, group = w.name("f"), w.lambda_group()
    return (
        "ResourceNotFoundException",
        "",
        lambda: permit(w, name, group),
        lambda: w.function(FunctionName=name),
        lambda: permit(w, name, group),
    )


def function_before_attachment(w: World) -> Order:
    name, group = w.name("f"), w.lambda_group()
    arn = f"arn:aws:lambda:us-west-2:{w.account.account_id}:function:{name}"

    def create() -> None:
        permit(w, w.function(FunctionName=name), group)

    return (
        "InvalidTarget",
        "",
        lambda: register(w, group, arn),
        create,
        lambda: register(w, group, arn),
    )


def permission_before_attachment(w: World) -> Order:
    function, group = w.function(), w.lambda_group()
    return (
        "AccessDenied",
        "elasticloadbalancing principal does not have permission to invoke",
        lambda: register(w, group, function),
        lambda: permit(w, function, group),
        lambda: register(w, group, function),
    )


def target_group_before_rule(w: World) -> Order:
    listener, group = w.listener(), w.lambda_group()
    w.account.client("elbv2").delete_target_group(TargetGroupArn=group)
    return (
        "TargetGroupNotFound",
        "",
        lambda: create_rule(w, listener, forward(group)),
        lambda: None,
        lambda: create_rule(w, listener, forward(w.lambda_group())),
    )


def group_stickiness_before_target_stickiness(w: World) -> Order:
    elbv2 = w.account.client("elbv2")
    groups = [(w.group(), 1), (w.group(), 1)]
    rule = create_rule(w, w.listener(), weighted(*groups))

    def stick() -> None:
        elbv2.modify_target_group_attributes(
            TargetGroupArn=groups[0][0], Attributes=[{"Key": "stickiness.enabled", "Value": "true"}]
        )

    sticky = weighted(*groups, Enabled=True, DurationSeconds=60)
    return (
        "InvalidConfigurationRequest",
        "You must enable group stickiness before enabling target stickiness",
        stick,
        lambda: elbv2.modify_rule(RuleArn=rule, Actions=[sticky]),
        stick,
    )


def alarms_before_composite_alarm(w: World) -> Order:
    cloudwatch = w.account.client("cloudwatch")
    child = w.name("alarm")

    def compose() -> None:
        cloudwatch.put_composite_alarm(AlarmName=w.name("c"), AlarmRule=f'ALARM("{child}")')

    return (
        "ValidationError",
        "in the alarm rule do not exist",
        compose,
        lambda: cloudwatch.put_metric_alarm(**metric_alarm(child)),
        compose,
    )


def topic_before_alarm(w: World) -> Order:
    name = w.name("topic")
    arn = f"arn:aws:sns:us-west-2:{w.account.account_id}:{name}"
    return (
        "ValidationError",
        "The SNS topic of the alarm action does not exist",
        lambda: w.alarm(AlarmActions=[arn]),
        lambda: w.account.client("sns").create_topic(Name=name),
        lambda: w.alarm(AlarmActions=[arn]),
    )


def log_group_before_its_retention(w: World) -> Order:
    logs = w.account.client("logs")
    name = f"/{w.name('log')}"

    def keep() -> None:
        logs.put_retention_policy(logGroupName=name, retentionInDays=30)

    return (
        "ResourceNotFoundException",
        "",
        keep,
        lambda: logs.create_log_group(logGroupName=name),
        keep,
    )


def security_group_before_function(w: World) -> Order:
    made: list[str] = []
    return (
        INVALID,
        "The security group 'sg-0' does not exist",
        lambda: w.function(VpcConfig=network(w, "sg-0")),
        lambda: made.append(security_group(w)),
        lambda: w.function(VpcConfig=network(w, made[0])),
    )


# What must go first.


def rule_gone_before_target_group(w: World) -> Order:
    elbv2 = w.account.client("elbv2")
    one, two = w.lambda_group(), w.lambda_group()
    rule = create_rule(w, w.listener(), weighted((one, 0), (two, 100)))

    def delete() -> None:
        elbv2.delete_target_group(TargetGroupArn=one)

    return "ResourceInUse", "", delete, lambda: elbv2.delete_rule(RuleArn=rule), delete


def rule_gone_before_another_balancer_takes_the_group(w: World) -> Order:
    elbv2 = w.account.client("elbv2")
    group, other = w.lambda_group(), w.listener()
    rule = create_rule(w, w.listener(), forward(group))
    return (
        "TargetGroupAssociationLimit",
        "",
        lambda: create_rule(w, other, forward(group)),
        lambda: elbv2.delete_rule(RuleArn=rule),
        lambda: create_rule(w, other, forward(group)),
    )


def priority_free_before_another_rule(w: World) -> Order:
    elbv2 = w.account.client("elbv2")
    listener = w.listener()
    rule = create_rule(w, listener, forward(w.lambda_group()))

    def another() -> None:
        create_rule(w, listener, forward(w.lambda_group()))

    return "PriorityInUse", "", another, lambda: elbv2.delete_rule(RuleArn=rule), another


def attachment_gone_before_another(w: World) -> Order:
    group, old, new = w.lambda_group(), w.function(), w.function()
    permit(w, old, group)
    permit(w, new, group)
    register(w, group, old)
    return (
        "TooManyTargets",
        "",
        lambda: register(w, group, new),
        lambda: w.account.client("elbv2").deregister_targets(
            TargetGroupArn=group, Targets=[{"Id": old}]
        ),
        lambda: register(w, group, new),
    )


def permission_gone_before_one_of_its_name(w: World) -> Order:
    function, group = w.function(), w.lambda_group()
    permit(w, function, group)
    return (
        "ResourceConflictException",
        "The statement id (s) provided already exists",
        lambda: permit(w, function, group),
        lambda: w.account.client("lambda").remove_permission(
            FunctionName=function, StatementId="s"
        ),
        lambda: permit(w, function, group),
    )


def function_gone_before_security_group(w: World) -> Order:
    ec2 = w.account.client("ec2")
    group = security_group(w)
    function = w.function(VpcConfig=network(w, group))

    def delete() -> None:
        ec2.delete_security_group(GroupId=group)

    return (
        "DependencyViolation",
        "has a dependent object",
        delete,
        lambda: w.account.client("lambda").delete_function(FunctionName=function),
        delete,
    )


def reference_gone_before_security_group(w: World) -> Order:
    ec2 = w.account.client("ec2")
    group, other = security_group(w), security_group(w)
    ec2.authorize_security_group_ingress(
        GroupId=other,
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}],
    )

    def delete() -> None:
        ec2.delete_security_group(GroupId=group)

    return (
        "DependencyViolation",
        "has a dependent object",
        delete,
        lambda: ec2.delete_security_group(GroupId=other),
        delete,
    )


def inline_policy_gone_before_role(w: World) -> Order:
    iam = w.account.client("iam")
    name = w.role(network=True).rpartition("/")[2]

    def delete() -> None:
        iam.delete_role(RoleName=name)

    return (
        "DeleteConflict",
        "",
        delete,
        lambda: iam.delete_role_policy(RoleName=name, PolicyName="network"),
        delete,
    )


def attached_policy_gone_before_role(w: World) -> Order:
    iam = w.account.client("iam")
    name = w.role().rpartition("/")[2]
    policy = iam.create_policy(PolicyName=w.name("p"), PolicyDocument=NETWORK)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)

    def delete() -> None:
        iam.delete_role(RoleName=name)

    return (
        "DeleteConflict",
        "",
        delete,
        lambda: iam.detach_role_policy(RoleName=name, PolicyArn=policy),
        delete,
    )


def composite_alarm_gone_before_its_alarms(w: World) -> Order:
    cloudwatch = w.account.client("cloudwatch")
    child, parent = w.alarm(), w.name("c")
    cloudwatch.put_composite_alarm(AlarmName=parent, AlarmRule=f'ALARM("{child}")')

    def delete() -> None:
        cloudwatch.delete_alarms(AlarmNames=[child])

    return (
        "ValidationError",
        "as there are composite alarm(s) depending on it",
        delete,
        lambda: cloudwatch.delete_alarms(AlarmNames=[parent]),
        delete,
    )


def log_group_gone_before_one_of_its_name(w: World) -> Order:
    logs = w.account.client("logs")
    name = f"/{w.name('log')}"
    logs.create_log_group(logGroupName=name)

    def create() -> None:
        logs.create_log_group(logGroupName=name)

    return (
        "ResourceAlreadyExistsException",
        "",
        create,
        lambda: logs.delete_log_group(logGroupName=name),
        create,
    )


def function_gone_before_one_of_its_name(w: World) -> Order:
    name = w.name("f")
    w.function(FunctionName=name)
    return (
        "ResourceConflictException",
        "",
        lambda: w.function(FunctionName=name),
        lambda: w.account.client("lambda").delete_function(FunctionName=name),
        lambda: w.function(FunctionName=name),
    )


def role_gone_before_one_of_its_name(w: World) -> Order:
    iam = w.account.client("iam")
    name = w.role().rpartition("/")[2]

    def create() -> None:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())

    return "EntityAlreadyExists", "", create, lambda: iam.delete_role(RoleName=name), create


def target_group_gone_before_one_of_its_name(w: World) -> Order:
    elbv2 = w.account.client("elbv2")
    name = w.name("g")
    arn = elbv2.create_target_group(Name=name, TargetType="lambda")["TargetGroups"][0][
        "TargetGroupArn"
    ]

    def create() -> None:
        elbv2.create_target_group(
            Name=name,
            TargetType="ip",
            Protocol="HTTP",
            Port=80,
            VpcId=w.account.foundation["vpcId"],
        )

    return (
        "DuplicateTargetGroupName",
        "",
        create,
        lambda: elbv2.delete_target_group(TargetGroupArn=arn),
        create,
    )


def security_group_gone_before_one_of_its_name(w: World) -> Order:
    ec2 = w.account.client("ec2")
    group, name = security_group(w), w.name("sg")
    settings = {"Description": "d", "VpcId": w.account.foundation["vpcId"], "GroupName": name}
    group = ec2.create_security_group(**settings)["GroupId"]
    return (
        "InvalidGroup.Duplicate",
        "",
        lambda: ec2.create_security_group(**settings),
        lambda: ec2.delete_security_group(GroupId=group),
        lambda: ec2.create_security_group(**settings),
    )


ORDERS: list[Callable[[World], Order]] = [
    role_before_function,
    role_policy_before_function_in_a_network,
    role_policy_before_a_function_moves_into_a_network,
    role_policy_before_a_function_in_a_network_changes_its_role,
    managed_policy_attached_before_function_in_a_network,
    layer_before_function,
    role_before_its_policy,
    security_group_before_function,
    function_before_permission,
    function_before_attachment,
    permission_before_attachment,
    target_group_before_rule,
    group_stickiness_before_target_stickiness,
    alarms_before_composite_alarm,
    topic_before_alarm,
    log_group_before_its_retention,
    rule_gone_before_target_group,
    rule_gone_before_another_balancer_takes_the_group,
    priority_free_before_another_rule,
    attachment_gone_before_another,
    permission_gone_before_one_of_its_name,
    function_gone_before_security_group,
    reference_gone_before_security_group,
    inline_policy_gone_before_role,
    attached_policy_gone_before_role,
    composite_alarm_gone_before_its_alarms,
    log_group_gone_before_one_of_its_name,
    function_gone_before_one_of_its_name,
    role_gone_before_one_of_its_name,
    target_group_gone_before_one_of_its_name,
    security_group_gone_before_one_of_its_name,
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.__name__)
def test_an_order_is_kept(world: World, order: Callable[[World], Order]) -> None:
    code, words, too_early, first, then = order(world)
    with refused(code, words):
        too_early()
    first()
    then()
