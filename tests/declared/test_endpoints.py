"""endpoints.csv, row by row, against what is registered."""

import json

import pytest

from tests.declared.golden import (
    FUNCTION,
    GROUP,
    PYTHON,
    ROUTES,
    RULE,
    RUST,
    RUST_GROUPS,
    Row,
    conditions,
    endpoint,
    function_name,
)
from tests.support.recorder import Archive, Program


def test_nothing_is_served_that_the_table_does_not_list(staging: Program) -> None:
    assert set(staging.of_type(RULE)) == {row["rule_logical_name"] for row in ROUTES}
    assert set(staging.of_type(FUNCTION)) == {row["function_logical_name"] for row in PYTHON} | {
        RUST["function_logical_name"]
    }
    assert len(ROUTES) == 19
    assert len(PYTHON) == 16


@pytest.mark.parametrize("row", PYTHON, ids=endpoint)
def test_functions_have_the_size_of_their_row(staging: Program, row: Row) -> None:
    function = staging.of_type(FUNCTION)[row["function_logical_name"]].inputs

    assert function["name"] == function_name(row)
    assert function["memorySize"] == int(row["memory_mb"])
    assert function["timeout"] == int(row["timeout_s"])


@pytest.mark.parametrize("row", PYTHON, ids=endpoint)
def test_functions_run_the_handler_of_their_row_and_only_that(
    staging: Program, packages: dict[str, str], row: Row
) -> None:
    function = staging.of_type(FUNCTION)[row["function_logical_name"]].inputs

    if row["package"] == "image":
        assert function["imageConfig"] == {"commands": [row["handler"]]}
        assert function["imageUri"] == "000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:1"
        assert not {"code", "handler", "runtime", "layers"} & set(function)
    else:
        assert function["handler"] == row["handler"]
        assert function["runtime"] == "python3.12"
        assert function["code"] == Archive(packages["pythonPackage"])
        assert not {"imageConfig", "imageUri"} & set(function)


def test_the_rust_function_is_the_bootstrap_for_arm64(
    staging: Program, packages: dict[str, str]
) -> None:
    function = staging.of_type(FUNCTION)[RUST["function_logical_name"]].inputs

    assert function["handler"] == RUST["handler"]
    assert function["runtime"] == "provided.al2023"
    assert function["architectures"] == ["arm64"]
    assert function["memorySize"] == int(RUST["memory_mb"])
    assert function["timeout"] == int(RUST["timeout_s"])
    assert function["code"] == Archive(packages["rustPackage"])


@pytest.mark.parametrize("row", PYTHON, ids=endpoint)
def test_target_groups_have_the_names_of_their_row(staging: Program, row: Row) -> None:
    group = staging.of_type(GROUP)[row["target_group_logical_name"]]

    assert group.inputs["name"] == row["target_group_name"]


def test_the_rust_groups_have_the_names_of_their_row(staging: Program) -> None:
    logical = RUST["target_group_logical_name"].split(" | ")
    physical = RUST["target_group_name"].split(" | ")

    assert logical == list(RUST_GROUPS.values())
    assert [staging.of_type(GROUP)[name].inputs["name"] for name in logical] == physical


@pytest.mark.parametrize("row", ROUTES, ids=endpoint)
def test_rules_have_the_priority_and_the_conditions_of_their_row(
    staging: Program, row: Row
) -> None:
    rule = staging.of_type(RULE)[row["rule_logical_name"]].inputs

    assert rule["priority"] == int(row["priority"])
    assert rule["conditions"] == conditions(row)


def test_priorities_are_unique_per_listener(with_testers: Program) -> None:
    taken = [
        (rule.inputs["listenerArn"], rule.inputs["priority"])
        for rule in with_testers.of_type(RULE).values()
    ]

    assert len(set(taken)) == len(taken) == 26


def test_the_blocked_domain_gets_a_400_that_says_so(staging: Program) -> None:
    ((action),) = staging.of_type(RULE)["lrule-no-gitcoin-v2"].inputs["actions"]

    assert action["type"] == "fixed-response"
    assert set(action) == {"type", "fixedResponse"}
    response = action["fixedResponse"]
    assert response["statusCode"] == "400"
    assert response["contentType"] == "application/json"
    body = json.loads(response["messageBody"])
    assert set(body) == {"msg"}
    assert "not available" in body["msg"]
    assert "*.gitcoin.co" in body["msg"]
