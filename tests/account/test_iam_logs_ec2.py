import json
from typing import Any

import pytest

from tests.account.support import World, refused, trust


def without(key: str) -> str:
    document = json.loads(trust())
    del document["Statement"][key]
    return json.dumps(document)


def having(**values: Any) -> str:
    document = json.loads(trust())
    document["Statement"] |= values
    return json.dumps(document)


DOCUMENTS = pytest.mark.parametrize(
    ("document", "words"),
    [
        ("Allow lambda", "This policy contains invalid Json"),
        ("", "invalid Json"),
        ("[]", "Syntax errors in policy."),
        ('{"Version": "2012-10-17"}', "Syntax errors in policy."),
        (without("Principal"), "Missing required field Principal"),
        (having(Principal={}), "Missing required field Principal"),
        (having(Resource="*"), "Has prohibited field Resource"),
    ],
)


@DOCUMENTS
def test_create_role(world: World, document: str, words: str) -> None:
    iam = world.unchecked("iam")
    name = world.name("role")
    with refused("MalformedPolicyDocument", words):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())


@DOCUMENTS
def test_update_assume_role_policy(world: World, document: str, words: str) -> None:
    iam = world.unchecked("iam")
    name = world.role().rpartition("/")[2]
    with refused("MalformedPolicyDocument", words):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=document)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust("ec2.amazonaws.com"))


def test_role_name(world: World) -> None:
    iam = world.unchecked("iam")
    longest = world.name("role").ljust(64, "_")
    for wrong in (f"{longest}_", "a b", "rôle"):
        with refused("ValidationError", "'roleName'"):
            iam.create_role(RoleName=wrong, AssumeRolePolicyDocument=trust())
    iam.create_role(RoleName=longest, AssumeRolePolicyDocument=trust())


@pytest.mark.parametrize(("days", "nearest"), [(13, 14), (0, 1), (4000, 3653)])
def test_retention(world: World, days: int, nearest: int) -> None:
    logs = world.account.client("logs")
    name = f"/aws/lambda/{world.name('f')}"
    logs.create_log_group(logGroupName=name)
    with refused("InvalidParameterException", f"Value '{days}' at 'retentionInDays'"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    logs.put_retention_policy(logGroupName=name, retentionInDays=nearest)
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert found[0]["retentionInDays"] == nearest


@pytest.mark.parametrize("wrong", ["a b", "a:b", "g" * 513, "grüp"])
def test_log_group_name(world: World, wrong: str) -> None:
    with refused("InvalidParameterException", "'logGroupName'"):
        world.account.client("logs").create_log_group(logGroupName=wrong)


def test_the_longest_log_group_name(world: World) -> None:
    name = f"/aws_lambda.{world.name('f')}#".ljust(512, "_")
    world.account.client("logs").create_log_group(logGroupName=name)


def security_group(world: World) -> str:
    created = world.account.client("ec2").create_security_group(
        GroupName=world.name("sg"), Description="test", VpcId=world.account.foundation["vpcId"]
    )
    return created["GroupId"]


def test_a_security_group_that_a_function_uses_stays(world: World) -> None:
    ec2, functions = world.account.client("ec2"), world.account.client("lambda")
    group, other = security_group(world), security_group(world)

    def network(security_group: str) -> Any:
        return {
            "SubnetIds": world.account.foundation["privateSubnetIds"],
            "SecurityGroupIds": [security_group],
        }

    function = world.function(VpcConfig=network(group))
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        ec2.delete_security_group(GroupId=group)
    functions.update_function_configuration(FunctionName=function, VpcConfig=network(other))
    ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=other)
    functions.delete_function(FunctionName=function)
    ec2.delete_security_group(GroupId=other)
    with refused("InvalidGroup.NotFound"):
        ec2.delete_security_group(GroupId=other)


def test_a_security_group_that_a_load_balancer_uses_stays(world: World) -> None:
    ec2 = world.account.client("ec2")
    balancer = world.account.client("elbv2").describe_load_balancers()["LoadBalancers"][0]
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=balancer["SecurityGroups"][0])


def test_a_security_group_in_use_stays_also_by_its_name(world: World) -> None:
    """Only groups of the default network can be named."""
    ec2 = world.account.client("ec2")
    name = world.name("sg")
    group = ec2.create_security_group(GroupName=name, Description="test")["GroupId"]
    subnet = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    function = world.function(
        VpcConfig={
            "SubnetIds": [subnet["Subnets"][0]["SubnetId"]],
            "SecurityGroupIds": [group],
        }
    )
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        ec2.delete_security_group(GroupName=name)
    world.account.client("lambda").delete_function(FunctionName=function)
    ec2.delete_security_group(GroupName=name)
