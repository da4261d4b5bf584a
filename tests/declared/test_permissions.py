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
def test_a_role_writes_the_logs_of_its_own_functions_and_of_no_others(
    program: Program, role: str
) -> None:
    streams = log_streams(program, role)

    assert len(streams) == (12 if role == "lambdaRole" else 1)
    assert {one for one in grants(program, role) if one[0].startswith("logs:")} == {
        (action, stream) for action in WRITE_LOGS for stream in streams
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_nothing_else_than_read_one_secret_and_use_its_network_and_traces(
    program: Program, role: str
) -> None:
    others = {one for one in grants(program, role) if not one[0].startswith("logs:")}
    expected = {(action, FOUNDATION["scorerSecretArn"]) for action in READ_SECRET}
    expected |= {(action, "*") for action in NETWORK_INTERFACES}
    if role == "lambdaRole":
        expected |= {(action, "*") for action in TRACES}

    assert others == expected


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_a_wildcard_and_only_the_named_exceptions_have_all_resources(
    program: Program, role: str
) -> None:
    found = grants(program, role)

    assert not [action for action, _ in found if "*" in action or "?" in action]
    assert {action for action, resource in found if resource == "*"} <= NETWORK_INTERFACES | TRACES
    assert "logs:CreateLogGroup" not in {action for action, _ in found}


@pytest.mark.parametrize("role", ROLES)
def test_only_the_lambda_service_may_assume_a_role(program: Program, role: str) -> None:
    document = json.loads(program.of_type(ROLE)[role].inputs["assumeRolePolicy"])
    (statement,) = document["Statement"]

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
