"""What the functions run with: environment, network, roles, layers, logs."""

import pytest

from tests.declared.golden import (
    FUNCTION,
    IMAGE,
    LOG_GROUP,
    PYTHON,
    ROLE,
    ROLE_POLICY,
    RUST_FUNCTION,
    SECURITY_GROUP,
    ZIP,
    Row,
    arn,
    endpoint,
    function_name,
)
from tests.support.recorder import FOUNDATION, Program

EVERY_FUNCTION = {
    "DEBUG": "off",
    "LOGGING_STRATEGY": "structlog_json",
    "SCORER_SERVER_SSM_ARN": FOUNDATION["scorerSecretArn"],
}
PYTHON_FUNCTION = EVERY_FUNCTION | {
    "FF_API_ANALYTICS": "on",
    "VERIFIER_URL": "http://core-alb.private.gitcoin.co/verifier/verify",
}
RUST = EVERY_FUNCTION | {
    "HUMAN_POINTS_ENABLED": "true",
    "HUMAN_POINTS_MTA_ENABLED": "true",
    "HUMAN_POINTS_START_TIMESTAMP": "0",
    "OTEL_ENABLED": "true",
    "OTEL_SERVICE_NAME": "rust-scorer",
    "OPENTELEMETRY_COLLECTOR_CONFIG_URI": "/var/task/collector.yaml",
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-instrument",
}
SHARED = [*(row["function_logical_name"] for row in IMAGE), RUST_FUNCTION]
EXTRA = {"ALLOWED_HOSTS": '["*"]', "PASSPORT_PUBLIC_URL": ""}


@pytest.mark.parametrize("row", PYTHON, ids=endpoint)
def test_python_functions_have_the_fixed_variables_and_no_others(
    staging: Program, row: Row
) -> None:
    function = staging.of_type(FUNCTION)[row["function_logical_name"]]

    assert function.inputs["environment"] == {"variables": PYTHON_FUNCTION}


@pytest.mark.parametrize("row", PYTHON, ids=endpoint)
def test_python_functions_get_the_stacks_extra_variables_too(production: Program, row: Row) -> None:
    function = production.of_type(FUNCTION)[row["function_logical_name"]]

    assert function.inputs["environment"] == {"variables": PYTHON_FUNCTION | EXTRA}


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_the_rust_function_has_its_own_variables_and_none_of_the_extra_ones(
    request: pytest.FixtureRequest, stack: str
) -> None:
    program: Program = request.getfixturevalue(stack)
    function = program.of_type(FUNCTION)[RUST_FUNCTION]

    assert function.inputs["environment"] == {"variables": RUST | {"ENVIRONMENT": stack}}


def test_every_function_is_in_the_private_subnets(staging: Program) -> None:
    for function in staging.of_type(FUNCTION).values():
        assert function.inputs["vpcConfig"]["subnetIds"] == FOUNDATION["privateSubnetIds"]


@pytest.mark.parametrize("name", SHARED)
def test_image_functions_and_rust_share_one_role_and_the_private_security_group(
    staging: Program, name: str
) -> None:
    function = staging.of_type(FUNCTION)[name].inputs

    assert function["role"] == arn(staging.of_type(ROLE)["lambdaRole"])
    assert function["vpcConfig"]["securityGroupIds"] == [FOUNDATION["privateSubnetSecurityGroupId"]]


@pytest.mark.parametrize("row", ZIP, ids=endpoint)
def test_zip_functions_have_a_role_and_a_security_group_of_their_own(
    staging: Program, row: Row
) -> None:
    function = staging.of_type(FUNCTION)[row["function_logical_name"]].inputs
    name = f"{row['endpoint']}-lambda"

    assert function["role"] == arn(staging.of_type(ROLE)[f"{name}-role"])
    assert function["vpcConfig"]["securityGroupIds"] == [f"id-{name}-sg"]


def test_zip_functions_load_the_foundations_layer_and_are_not_traced(staging: Program) -> None:
    for row in ZIP:
        function = staging.of_type(FUNCTION)[row["function_logical_name"]].inputs

        assert function["layers"] == [FOUNDATION["pythonLayerArn"]]
        assert not {"tracingConfig", "architectures"} & set(function)


def test_image_functions_are_not_traced_and_keep_their_architecture(staging: Program) -> None:
    for row in IMAGE:
        function = staging.of_type(FUNCTION)[row["function_logical_name"]].inputs

        assert not {"tracingConfig", "architectures"} & set(function)


def test_the_rust_function_is_traced_through_the_adot_layer(staging: Program) -> None:
    function = staging.of_type(FUNCTION)[RUST_FUNCTION].inputs

    assert function["tracingConfig"] == {"mode": "Active"}
    assert function["layers"] == [
        "arn:aws:lambda:us-west-2:901920570463:layer:aws-otel-collector-arm64-ver-0-117-0:1"
    ]


def test_functions_have_no_secret_but_its_arn(with_testers: Program) -> None:
    for function in with_testers.of_type(FUNCTION).values():
        assert not function.secret_inputs
        assert function.inputs == function.open_inputs


@pytest.mark.parametrize("row", ZIP, ids=endpoint)
def test_security_groups_let_nothing_in_and_everything_out(staging: Program, row: Row) -> None:
    group = staging.of_type(SECURITY_GROUP)[f"{row['endpoint']}-lambda-sg"].inputs

    assert group["ingress"] == []
    assert group["egress"] == [
        {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}
    ]


def test_only_the_zip_functions_have_security_groups(staging: Program) -> None:
    assert set(staging.of_type(SECURITY_GROUP)) == {f"{function_name(row)}-sg" for row in ZIP}


@pytest.mark.parametrize(("stack", "days"), [("staging", 14), ("production", 365)])
def test_every_functions_logs_are_kept_for_a_while_and_not_for_ever(
    request: pytest.FixtureRequest, stack: str, days: int
) -> None:
    program: Program = request.getfixturevalue(stack)
    log_groups = program.of_type(LOG_GROUP)

    assert len(log_groups) == len(program.of_type(FUNCTION)) == 17
    assert {one.inputs["retentionInDays"] for one in log_groups.values()} == {days}


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
