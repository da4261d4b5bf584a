from typing import Any

import pytest

from sandbox.provider import HANDLERS
from tests.provider.support import ACCOUNT_ID, REGION, TAGS, Account, Life

GROUP = "aws:ec2/securityGroup:SecurityGroup"
OPEN = {"protocol": "-1", "fromPort": 0.0, "toPort": 0.0, "cidrBlocks": ["0.0.0.0/0"]}
HTTPS = {"protocol": "tcp", "fromPort": 443.0, "toPort": 443.0, "cidrBlocks": ["10.0.0.0/8"]}


@pytest.fixture
def vpc(account: Account) -> str:
    id_: str = account.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    return id_


def test_a_security_group_without_ingress_and_with_open_egress_lives(
    account: Account, vpc: str
) -> None:
    inputs = {"vpcId": vpc, "ingress": [], "egress": [OPEN], "tags": TAGS}
    life = Life.begin(account, GROUP, inputs, name="cc-auth-lambda-sg")
    outputs = life.created.outputs
    assert outputs["name"].startswith("cc-auth-lambda-sg-")
    assert outputs["ownerId"] == ACCOUNT_ID
    assert outputs["arn"] == f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:security-group/{life.created.id}"
    assert life.read(inputs=inputs).inputs == inputs
    assert life.import_(life.created.id).inputs == {**inputs, "name": outputs["name"]}
    life.update(["DescribeSecurityGroups", "AuthorizeSecurityGroupIngress"], ingress=[HTTPS])
    both = {**HTTPS, "cidrBlocks": ["10.0.0.0/8", "192.168.0.0/16"]}
    life.update(["DescribeSecurityGroups", "AuthorizeSecurityGroupIngress"], ingress=[both])
    assert account.sent("AuthorizeSecurityGroupIngress")["IpPermissions"] == [
        {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "IpRanges": [{"CidrIp": "192.168.0.0/16"}],
        }
    ]
    life.update(["DescribeSecurityGroups", "RevokeSecurityGroupIngress"], ingress=[HTTPS])
    web = {"protocol": "TCP", "fromPort": 80, "toPort": 81, "description": "web"}
    life.update(
        [
            "DescribeSecurityGroups",
            "RevokeSecurityGroupIngress",
            "AuthorizeSecurityGroupIngress",
        ],
        ingress=[{**web, "cidrBlocks": ["10.0.0.0/8"]}],
    )
    life.update(["DescribeSecurityGroups", "RevokeSecurityGroupIngress"], ingress=[])
    life.update(["DescribeSecurityGroups", "RevokeSecurityGroupEgress"], egress=[])
    life.update(["DeleteTags", "CreateTags"], tags={"Application": "x"})
    life.end()


def test_the_open_egress_of_a_new_group_is_closed(account: Account, vpc: str) -> None:
    life = Life.begin(account, GROUP, {"vpcId": vpc})
    assert life.read().inputs["egress"] == []


def test_rules_left_out_are_left_alone(account: Account, vpc: str) -> None:
    old = {"vpcId": vpc, "ingress": [HTTPS], "egress": [OPEN]}
    life = Life.begin(account, GROUP, old)
    assert not account.provider.diff(GROUP, old, {"vpcId": vpc}).changed
    assert set(life.read(inputs={"vpcId": vpc}).inputs) == {"vpcId"}
    assert account.provider.diff(GROUP, old, {**old, "ingress": []}).changed == {"ingress"}


@pytest.mark.parametrize(
    "rules",
    [
        [
            {**HTTPS, "cidrBlocks": ["10.0.0.0/8"]},
            {**HTTPS, "cidrBlocks": ["172.16.0.0/12"]},
        ],
        [{**HTTPS, "protocol": "6", "cidrBlocks": ["172.16.0.0/12", "10.0.0.0/8"]}],
    ],
)
def test_spellings_of_the_same_rules_are_no_change(account: Account, rules: Any) -> None:
    one = [{**HTTPS, "cidrBlocks": ["10.0.0.0/8", "172.16.0.0/12"]}]
    assert not account.provider.diff(GROUP, {"ingress": one}, {"ingress": rules}).changed


def test_replacements(account: Account, vpc: str) -> None:
    assert HANDLERS[GROUP].replaces == {"name", "description", "vpcId"}
    old = {"vpcId": vpc}
    assert not account.provider.diff(
        GROUP, old, {**old, "description": "Managed by Pulumi"}
    ).changed
    diff = account.provider.diff(GROUP, old, {**old, "description": "mine"})
    assert diff.replaces == {"description"}
    assert not diff.delete_before_replace


def test_refused_at_plan_time(account: Account) -> None:
    rule = {**HTTPS, "cidrBlocks": ["10.0.0.1/8", "::/0"], "self": True}
    inputs = {"name": "sg-mine", "description": "x" * 256, "ingress": [rule]}
    assert account.provider.check(GROUP, inputs) == [
        "name cannot begin with sg-",
        "expected length of description to be in the range (0 - 255)",
        '"ingress[0].cidrBlocks[0]" is not a valid IPv4 CIDR block',
        '"ingress[0].cidrBlocks[1]" is not a valid IPv4 CIDR block',
        '"ingress[0].self" is not supported by this provider',
    ]
