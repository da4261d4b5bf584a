"""Least privilege: every IAM document, parsed."""

import json
from typing import Any

import pytest

from tests.declared.golden import FUNCTION, LOG_GROUP, ROLE, ROLE_POLICY, ZIP, arn
from tests.support.recorder import FOUNDATION, Program

WRITE_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_SECRET = {"secretsmanager:GetSecretValue"}
NETWORK_INTERFACES = {
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}
TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}

ROLES = ["lambdaRole", *(f"{row['endpoint']}-lambda-role" for row in ZIP)]


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def grants(program: Program, role: str) -> set[tuple[str, str]]:
    """Every action a role may take, with what it may take it on."""
    found = set()
    for policy in program.of_type(ROLE_POLICY).values():
        if policy.inputs["role"] == role:
            document = json.loads(policy.inputs["policy"])
            assert document["Version"] == "2012-10-17"
            for statement in document["Statement"]:
                assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
                assert statement["Effect"] == "Allow"
                found |= {
                    (action, resource)
                    for action in listed(statement["Action"])
                    for resource in listed(statement["Resource"])
                }
    return found


def log_streams(program: Program, role: str) -> set[str]:
    """The streams of the log groups of exactly the functions that assume the role."""
    role_arn = arn(program.of_type(ROLE)[role])
    return {
        f"{arn(program.of_type(LOG_GROUP)[function.inputs['name'] + '-log-group'])}:*"
        for function in program.of_type(FUNCTION).values()
        if function.inputs["role"] == role_arn
    }


@pytest.fixture(params=["staging", "production"])
def program(request: pytest.FixtureRequest) -> Program:
    found: Program = request.getfixturevalue(request.param)
    return found


def test_there_is_one_role_for_the_images_and_one_per_zip_function(program: Program) -> None:
    assert set(program.of_type(ROLE)) == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_log_of_its_functions_read_one_secret_and_use_its_network_and_traces(
    program: Program, role: str
) -> None:
    """No action is a wildcard; only what has no other resource is allowed on all of them."""
    streams = log_streams(program, role)
    expected = {(action, stream) for action in WRITE_LOGS for stream in streams}
    expected |= {(action, str(FOUNDATION["scorerSecretArn"])) for action in READ_SECRET}
    expected |= {(action, "*") for action in NETWORK_INTERFACES}
    if role == "lambdaRole":
        expected |= {(action, "*") for action in TRACES}

    assert len(streams) == (12 if role == "lambdaRole" else 1)
    assert grants(program, role) == expected


def test_only_the_lambda_service_may_assume_a_role(program: Program) -> None:
    for role in program.of_type(ROLE).values():
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]

        assert statement == {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }


def test_nothing_but_the_roles_own_policies_grants_anything(program: Program) -> None:
    iam = {one.type for one in program.registrations if one.type.startswith("aws:iam/")}

    assert iam == {ROLE, ROLE_POLICY}
    for role in program.of_type(ROLE).values():
        assert set(role.inputs) == {"assumeRolePolicy", "tags"}
    for policy in program.of_type(ROLE_POLICY).values():
        assert policy.inputs["role"] in ROLES
