"""Every listed member of an operation that reads or removes chooses what it says."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session

from sandbox.account.client import Account
from sandbox.account.kept import KEPT
from tests.account.support import World, fixed_response, package, path
from tests.account.test_round_trips import SETTING, leaves

One = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """A reading operation, and how its members choose one of several things."""

    service: str
    operation: str
    found: str
    """The list of things in the answer."""
    by: Mapping[str, Callable[[One], Any]]
    """Member -> the value that chooses this thing."""
    base: Callable[[World], Mapping[str, Any]] = lambda _: {}
    """What must be said to read anything at all."""
    replaces_base: bool = True
    one: Callable[[World], One] | None = None
    pages: tuple[str, str, str] | None = None
    """The members that say how many and from where, and the one that answers from where."""


def rules(world: World) -> Mapping[str, Any]:
    listener = world.listener()
    for priority in (1, 2):
        world.account.client("elbv2").create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[path("/")],
            Actions=[fixed_response()],
        )
    return {"ListenerArn": listener}


def functions(world: World) -> Mapping[str, Any]:
    for _ in range(2):
        world.function()
    return {}


def alarms(world: World) -> Mapping[str, Any]:
    cloudwatch = world.account.client("cloudwatch")
    name = world.alarm()
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    world.alarm()
    cloudwatch.put_composite_alarm(AlarmName=world.name("c"), AlarmRule=f'ALARM("{name}")')
    return {}


def dashboards(world: World) -> Mapping[str, Any]:
    for _ in range(2):
        world.account.client("cloudwatch").put_dashboard(
            DashboardName=world.name("d"), DashboardBody='{"widgets": []}'
        )
    return {}


def log_groups(world: World) -> Mapping[str, Any]:
    for _ in range(2):
        world.account.client("logs").create_log_group(logGroupName=f"/{world.name('log')}")
    return {}


def groups(world: World) -> Mapping[str, Any]:
    for _ in range(2):
        world.group()
    return {}


def served_group(world: World) -> One:
    elbv2 = world.account.client("elbv2")
    group = world.group()
    world.listener(DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
    return elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]


def targets(world: World) -> Mapping[str, Any]:
    group = world.group()
    world.account.client("elbv2").register_targets(
        TargetGroupArn=group, Targets=[{"Id": "10.0.10.1"}, {"Id": "10.0.10.2"}]
    )
    return {"TargetGroupArn": group}


def metrics(world: World) -> Mapping[str, Any]:
    for dimension in ("a", "b"):
        world.account.client("cloudwatch").put_metric_data(
            Namespace=world.name("N"),
            MetricData=[
                {
                    "MetricName": world.name("M"),
                    "Value": 1,
                    "Dimensions": [{"Name": world.name("D"), "Value": dimension}],
                }
            ],
        )
    return {}


def roles(world: World) -> Mapping[str, Any]:
    iam = world.account.client("iam")
    for prefix in ("one", "two"):
        iam.create_role(
            RoleName=world.name("r"),
            Path=f"/{prefix}/",
            AssumeRolePolicyDocument='{"Statement": [{"Effect": "Allow", "Principal": "*"}]}',
        )
    return {}


def filters(**members: Callable[[One], Any]) -> Callable[[One], Any]:
    return lambda one: [
        {"Name": name.replace("_", "-"), "Values": [value(one)]} for name, value in members.items()
    ]


CHOICES = [
    Choice(
        "cloudwatch",
        "DescribeAlarms",
        "MetricAlarms",
        {
            "AlarmNames": lambda one: [one["AlarmName"]],
            "AlarmNamePrefix": lambda one: one["AlarmName"],
            "StateValue": lambda one: "ALARM",
        },
        base=alarms,
    ),
    Choice(
        "cloudwatch",
        "ListDashboards",
        "DashboardEntries",
        {"DashboardNamePrefix": lambda one: one["DashboardName"]},
        base=dashboards,
    ),
    Choice(
        "cloudwatch",
        "ListMetrics",
        "Metrics",
        {
            "Namespace": lambda one: one["Namespace"],
            "MetricName": lambda one: one["MetricName"],
            "Dimensions": lambda one: one["Dimensions"],
        },
        base=metrics,
    ),
    Choice(
        "ec2",
        "DescribeSecurityGroups",
        "SecurityGroups",
        {
            "GroupIds": lambda one: [one["GroupId"]],
            "GroupNames": lambda one: [one["GroupName"]],
            "Filters": filters(group_id=lambda one: one["GroupId"]),
        },
    ),
    Choice(
        "ec2",
        "DescribeSubnets",
        "Subnets",
        {
            "SubnetIds": lambda one: [one["SubnetId"]],
            "Filters": filters(vpc_id=lambda one: one["VpcId"]),
        },
    ),
    Choice(
        "ec2",
        "DescribeVpcs",
        "Vpcs",
        {
            "VpcIds": lambda one: [one["VpcId"]],
            "Filters": filters(vpc_id=lambda one: one["VpcId"]),
        },
    ),
    Choice(
        "elbv2",
        "DescribeListeners",
        "Listeners",
        {
            "ListenerArns": lambda one: [one["ListenerArn"]],
            "LoadBalancerArn": lambda one: one["LoadBalancerArn"],
        },
        base=lambda w: {
            "ListenerArns": [
                w.account.foundation["publicAlbHttpsListenerArn"],
                w.account.foundation["privateAlbHttpListenerArn"],
            ]
        },
    ),
    Choice(
        "elbv2",
        "DescribeLoadBalancers",
        "LoadBalancers",
        {
            "LoadBalancerArns": lambda one: [one["LoadBalancerArn"]],
            "Names": lambda one: [one["LoadBalancerName"]],
        },
        pages=("PageSize", "Marker", "NextMarker"),
    ),
    Choice(
        "elbv2",
        "DescribeRules",
        "Rules",
        {"RuleArns": lambda one: [one["RuleArn"]]},
        base=rules,
        pages=("PageSize", "Marker", "NextMarker"),
    ),
    Choice(
        "elbv2",
        "DescribeTargetGroups",
        "TargetGroups",
        {
            "LoadBalancerArn": lambda one: one["LoadBalancerArns"][0],
            "TargetGroupArns": lambda one: [one["TargetGroupArn"]],
            "Names": lambda one: [one["TargetGroupName"]],
        },
        base=groups,
        one=served_group,
    ),
    Choice(
        "elbv2",
        "DescribeTargetHealth",
        "TargetHealthDescriptions",
        {"Targets": lambda one: [{"Id": one["Target"]["Id"], "Port": one["Target"]["Port"]}]},
        base=targets,
        replaces_base=False,
    ),
    Choice(
        "iam",
        "ListRoles",
        "Roles",
        {"PathPrefix": lambda one: one["Path"]},
        base=roles,
        one=lambda w: {"Path": "/one/"},
        pages=("MaxItems", "Marker", "Marker"),
    ),
    Choice(
        "lambda",
        "ListFunctions",
        "Functions",
        {},
        base=functions,
        pages=("MaxItems", "Marker", "NextMarker"),
    ),
    Choice(
        "logs",
        "DescribeLogGroups",
        "logGroups",
        {"logGroupNamePrefix": lambda one: one["logGroupName"]},
        base=log_groups,
        pages=("limit", "nextToken", "nextToken"),
    ),
]


def call(world: World, choice: Choice, params: Mapping[str, Any]) -> Any:
    client = world.account.client(choice.service)
    names = {api: name for name, api in client.meta.method_to_api_mapping.items()}
    return getattr(client, names[choice.operation])(**params)


@pytest.mark.parametrize(
    ("choice", "member"),
    [
        pytest.param(choice, member, id=f"{choice.operation}-{member}")
        for choice in CHOICES
        for member in choice.by
    ],
)
def test_a_member_chooses(world: World, choice: Choice, member: str) -> None:
    base = choice.base(world)
    everything = call(world, choice, base)[choice.found]
    one = choice.one(world) if choice.one else everything[-1]
    params = {} if choice.replaces_base else base
    chosen = call(world, choice, {**params, member: choice.by[member](one)})[choice.found]
    assert 0 < len(chosen) < len(everything)


@pytest.mark.parametrize(
    "choice",
    [pytest.param(choice, id=choice.operation) for choice in CHOICES if choice.pages],
)
def test_a_page(world: World, choice: Choice) -> None:
    assert choice.pages
    size, start, next_ = choice.pages
    base = choice.base(world)
    first = call(world, choice, {**base, size: 1})
    second = call(world, choice, {**base, size: 1, start: first[next_]})
    assert len(first[choice.found]) == len(second[choice.found]) == 1
    assert first[choice.found] != second[choice.found]


def test_the_rest_of_many_metrics(world: World, production: Account) -> None:
    """In the account where no other test counts metrics."""
    cloudwatch = production.client("cloudwatch")
    namespace = world.name("N")
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[{"MetricName": f"m{number}", "Value": 1} for number in range(501)],
    )
    first = cloudwatch.list_metrics(Namespace=namespace)
    rest = cloudwatch.list_metrics(Namespace=namespace, NextToken=first["NextToken"])
    assert len(first["Metrics"]) + len(rest["Metrics"]) == 501


def test_kinds_of_alarms(world: World) -> None:
    alarms(world)
    found = world.account.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])
    assert (found["MetricAlarms"], bool(found["CompositeAlarms"])) == ([], True)


def test_a_version_of_a_function(world: World) -> None:
    client = world.account.client("lambda")
    name = world.function().rpartition(":")[2]
    client.publish_version(FunctionName=name, Description="first")
    client.update_function_code(FunctionName=name, ZipFile=package("other.py"))
    client.add_permission(
        FunctionName=name, Qualifier="1", StatementId="s", Action="lambda:*", Principal="*"
    )
    assert client.get_function_configuration(FunctionName=name, Qualifier="1")["Version"] == "1"
    answer = client.get_function(FunctionName=name, Qualifier="1")
    assert answer["Configuration"]["Version"] == "1"
    assert ":1" in client.get_policy(FunctionName=name, Qualifier="1")["Policy"]
    client.remove_permission(FunctionName=name, Qualifier="1", StatementId="s")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.get_policy(FunctionName=name, Qualifier="1")
    client.delete_function(FunctionName=name, Qualifier="1")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.get_function(FunctionName=name, Qualifier="1")
    client.get_function(FunctionName=name)


def test_permissions_of_a_security_group(world: World) -> None:
    ec2: Any = world.account.client("ec2")
    name = world.name("sg")
    group = ec2.create_security_group(GroupName=name, Description="d")["GroupId"]
    ranges: Any = {
        "IpRanges": [{"CidrIp": "10.7.0.0/16", "Description": "four"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32", "Description": "six"}],
        "PrefixListIds": [{"PrefixListId": "pl-0123456789abcdef0"}],
        "UserIdGroupPairs": [{"GroupId": group, "Description": "pair"}],
    }
    for direction, shown in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        if direction == "egress":
            del ranges["Ipv6Ranges"]  # moto does not take them away
        before = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0][shown]
        for port in (7, 8):
            getattr(ec2, f"authorize_security_group_{direction}")(
                GroupId=group,
                IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ranges}],
            )
        for kind, listed in ranges.items():
            getattr(ec2, f"revoke_security_group_{direction}")(
                GroupId=group,
                IpPermissions=[{"IpProtocol": "tcp", "FromPort": 7, "ToPort": 7, kind: listed}],
            )
        after = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0][shown]
        (left,) = [one for one in after if one not in before]
        assert left["FromPort"] == 8
        assert all(len(left[kind]) == 1 for kind in ranges)
    ec2.create_tags(
        Resources=[group], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    ec2.delete_tags(
        Resources=[group], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "3"}]
    )
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert found["Tags"] == [{"Key": "b", "Value": "2"}]
    ec2.delete_security_group(GroupName=name)
    with pytest.raises(ClientError, match="NotFound"):
        ec2.describe_security_groups(GroupIds=[group])


def test_only_as_much_as_asked_for_is_measured(world: World) -> None:
    cloudwatch = world.account.client("cloudwatch")
    now = datetime.datetime.now(datetime.UTC).replace(second=0, microsecond=0)
    query: Any = {
        "Id": "m",
        "MetricStat": {
            "Metric": {"Namespace": world.name("N"), "MetricName": "m"},
            "Period": 60,
            "Stat": "Sum",
        },
    }
    for minutes in (1, 2, 3):
        cloudwatch.put_metric_data(
            Namespace=query["MetricStat"]["Metric"]["Namespace"],
            MetricData=[
                {
                    "MetricName": "m",
                    "Timestamp": now - datetime.timedelta(minutes=minutes),
                    "Value": minutes,
                }
            ],
        )

    def values(**given: Any) -> Any:
        span = {"StartTime": now - datetime.timedelta(minutes=9), "EndTime": now}
        answer = cloudwatch.get_metric_data(MetricDataQueries=[query], **(span | given))
        return answer["MetricDataResults"][0]["Values"]

    assert values(ScanBy="TimestampAscending") == [3, 2, 1]
    assert values(ScanBy="TimestampDescending") == [1, 2, 3]


ELSEWHERE = {
    "cloudwatch": {
        "DescribeAlarms": {"AlarmTypes"},
        "GetMetricData": {"ScanBy", "MaxDatapoints", "NextToken"},
        "ListMetrics": {"NextToken"},
        "GetMetricStatistics": set(leaves(KEPT["cloudwatch"]["GetMetricStatistics"])),
        "PutMetricData": set(leaves(KEPT["cloudwatch"]["PutMetricData"])),
    },
    "dynamodb": {
        **{
            name: set(leaves(KEPT["dynamodb"][name]))
            for name in (
                "DeleteItem",
                "GetItem",
                "PutItem",
                "Query",
                "TransactWriteItems",
                "UpdateItem",
            )
        },
        "ListTables": {"Limit", "ExclusiveStartTableName"},
        "ListTagsOfResource": {"NextToken"},
    },
    "ec2": {
        "DeleteSecurityGroup": {"GroupId", "GroupName"},
        "DeleteTags": {"Tags.Key", "Tags.Value"},
        "RevokeSecurityGroupEgress": set(leaves(KEPT["ec2"]["RevokeSecurityGroupEgress"])),
        "RevokeSecurityGroupIngress": set(leaves(KEPT["ec2"]["RevokeSecurityGroupIngress"])),
    },
    "lambda": {
        name: {"Qualifier"}
        for name in (
            "DeleteFunction",
            "GetFunction",
            "GetFunctionConfiguration",
            "GetPolicy",
            "RemovePermission",
        )
    },
}
"""Members that a test of their own looks at, here, in test_metric_data or in test_dynamodb."""


@pytest.mark.parametrize(
    ("service", "name"),
    [
        (service, name)
        for service, listed in KEPT.items()
        for name in listed
        if (service, name) not in SETTING
    ],
)
def test_every_listed_member_chooses(service: str, name: str) -> None:
    shape = Session().get_service_model(service).operation_model(name).input_shape
    chosen = set(ELSEWHERE.get(service, {}).get(name, ())) | set(
        shape.required_members if shape else ()
    )
    for choice in CHOICES:
        if (choice.service, choice.operation) == (service, name):
            chosen |= {*choice.by, *(choice.pages or ())[:2]}
            chosen |= {"ListenerArn"} if name == "DescribeRules" else set()
    tops = set(leaves(KEPT[service][name]))
    assert {place for place in tops if not {place, place.split(".")[0]} & chosen} == set()
