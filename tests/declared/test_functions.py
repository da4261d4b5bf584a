"""The functions, row by row: code, size, environment, network, role; then their logs and groups."""

from typing import Any

import pytest

from tests.declared.golden import (
    FUNCTION,
    LOG_GROUP,
    PYTHON,
    ROLE,
    ROLE_POLICY,
    RUST,
    RUST_FUNCTION,
    SECURITY_GROUP,
    ZIP,
    Row,
    arn,
    endpoint,
    function_name,
    tags,
)
from tests.support.recorder import FOUNDATION, Archive, Program, invented_arn

EVERY_FUNCTION = {
    "DEBUG": "off",
    "LOGGING_STRATEGY": "structlog_json",
    "SCORER_SERVER_SSM_ARN": FOUNDATION["scorerSecretArn"],
}
PYTHON_ENVIRONMENT = EVERY_FUNCTION | {
    "FF_API_ANALYTICS": "on",
    "VERIFIER_URL": "http://core-alb.private.gitcoin.co/verifier/verify",
}
RUST_ENVIRONMENT = EVERY_FUNCTION | {
    "HUMAN_POINTS_ENABLED": "true",
    "HUMAN_POINTS_MTA_ENABLED": "true",
    "HUMAN_POINTS_START_TIMESTAMP": "0",
    "OTEL_ENABLED": "true",
    "OTEL_SERVICE_NAME": "rust-scorer",
    "OPENTELEMETRY_COLLECTOR_CONFIG_URI": "/var/task/collector.yaml",
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-instrument",
}
EXTRA = {"ALLOWED_HOSTS": '["*"]', "PASSPORT_PUBLIC_URL": ""}
ADOT = "arn:aws:lambda:us-west-2:901920570463:layer:aws-otel-collector-arm64-ver-0-117-0:1"


def of_kind(row: Row, stack: str, packages: dict[str, str]) -> dict[str, Any]:
    """What images, Python packages and Rust have of their own; nothing else is set."""
    extra = EXTRA if stack == "production" else {}
    if row["package"] == "image":
        return {
            "packageType": "Image",
            "imageUri": "000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:1",
            "imageConfig": {"commands": [row["handler"]]},
            "environment": {"variables": PYTHON_ENVIRONMENT | extra},
        }
    if row["package"] == "zip":
        return {
            "handler": row["handler"],
            "runtime": "python3.12",
            "code": Archive(packages["pythonPackage"]),
            "layers": [FOUNDATION["pythonLayerArn"]],
            "environment": {"variables": PYTHON_ENVIRONMENT | extra},
        }
    return {
        "packageType": "Zip",
        "handler": row["handler"],
        "runtime": "provided.al2023",
        "architectures": ["arm64"],
        "code": Archive(packages["rustPackage"]),
        "layers": [ADOT],
        "tracingConfig": {"mode": "Active"},
        "environment": {"variables": RUST_ENVIRONMENT | {"ENVIRONMENT": stack}},
    }


@pytest.mark.parametrize("stack", ["staging", "production"])
@pytest.mark.parametrize("row", [*PYTHON, RUST], ids=endpoint)
def test_a_function_is_what_its_row_says_and_no_more(
    request: pytest.FixtureRequest, packages: dict[str, str], row: Row, stack: str
) -> None:
    program: Program = request.getfixturevalue(stack)
    physical = RUST_FUNCTION if row is RUST else function_name(row)
    own = row["package"] == "zip"

    assert program.of_type(FUNCTION)[row["function_logical_name"]].inputs == {
        "name": physical,
        "memorySize": int(row["memory_mb"]),
        "timeout": int(row["timeout_s"]),
        "role": invented_arn(ROLE, f"{physical}-role" if own else "lambdaRole"),
        "vpcConfig": {
            "subnetIds": FOUNDATION["privateSubnetIds"],
            "securityGroupIds": [
                f"id-{physical}-sg" if own else FOUNDATION["privateSubnetSecurityGroupId"]
            ],
        },
        "tags": tags(physical if own else row["function_logical_name"], stack),
        **of_kind(row, stack, packages),
    }


def test_functions_have_no_secret_but_its_arn(with_testers: Program) -> None:
    for function in with_testers.of_type(FUNCTION).values():
        assert not function.secret_inputs
        assert function.inputs == function.open_inputs


def test_security_groups_of_the_zip_functions_let_nothing_in_and_everything_out(
    staging: Program,
) -> None:
    everything = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}

    assert {name: one.inputs for name, one in staging.of_type(SECURITY_GROUP).items()} == {
        f"{function_name(row)}-sg": {
            "description": "Managed by Pulumi",
            "vpcId": FOUNDATION["vpcId"],
            "ingress": [],
            "egress": [everything],
            "tags": tags(f"{function_name(row)}-sg"),
        }
        for row in ZIP
    }


@pytest.mark.parametrize(("stack", "days"), [("staging", 14), ("production", 365)])
def test_logs_are_called_after_their_function_and_kept_for_a_while_and_not_for_ever(
    request: pytest.FixtureRequest, stack: str, days: int
) -> None:
    program: Program = request.getfixturevalue(stack)
    functions = [one.inputs["name"] for one in program.of_type(FUNCTION).values()]

    assert len(functions) == 17
    assert {name: one.inputs for name, one in program.of_type(LOG_GROUP).items()} == {
        f"{name}-log-group": {
            "name": f"/aws/lambda/{name}",
            "retentionInDays": days,
            "tags": tags(f"{name}-log-group", stack),
        }
        for name in functions
    }


def test_functions_wait_for_their_log_group_and_the_right_to_use_it(staging: Program) -> None:
    policies = staging.of_type(ROLE_POLICY)
    for function in staging.of_type(FUNCTION).values():
        (role,) = [
            one for one in staging.of_type(ROLE).values() if arn(one) == function.inputs["role"]
        ]
        of_role = {name for name, one in policies.items() if one.inputs["role"] == role.name}

        assert f"{function.inputs['name']}-log-group" in function.depends_on
        assert of_role
        assert of_role <= function.depends_on
