import json
from typing import Any

import pytest

from sandbox.dataplane.groups import Function, Group, allows_group, read_group
from tests.dataplane.support import (
    ACCOUNT,
    PYTHON,
    RUST_FUNCTION,
    StubApi,
    client_error,
    function_arn,
    group_arn,
    policy,
)

FUNCTION = function_arn("f")
GROUP = group_arn("python")
SOURCE = {"Condition": {"ArnLike": {"AWS:SourceArn": GROUP}}}


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        (SOURCE, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": group_arn("other")}}}, False),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": f"{ACCOUNT}:targetgroup/*"}}}, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": [group_arn("other"), GROUP]}}}, True),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "111111111111"}}}, True),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "222222222222"}}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"Bool": {"AWS:SourceArn": GROUP}}}, False),
        ({"Principal": {"Service": "lambda.amazonaws.com"}}, False),
        ({"Principal": "*"}, True),
        ({"Principal": {"Service": ["a.com", "elasticloadbalancing.amazonaws.com"]}}, True),
        ({"Principal": {"AWS": "111111111111"}}, False),
        ({"Action": "lambda:InvokeFunctionUrl"}, False),
        ({"Action": ["lambda:GetFunction", "lambda:InvokeFunction"]}, True),
        ({"Action": "lambda:*"}, True),
        ({"Effect": "Deny"}, False),
        ({"Resource": function_arn("g")}, False),
    ],
)
def test_permission_for_exactly_this_group(changes: dict[str, Any], allowed: bool) -> None:
    assert allows_group(policy(FUNCTION, **changes), FUNCTION, GROUP) is allowed


def test_one_statement_of_several_is_enough() -> None:
    statements = [
        *json.loads(policy(FUNCTION, Effect="Deny"))["Statement"],
        *json.loads(policy(FUNCTION, **SOURCE))["Statement"],
    ]

    assert allows_group(json.dumps({"Statement": statements}), FUNCTION, GROUP)


def read(api: StubApi, name: str = "python") -> Group:
    client: Any = api
    return read_group(client, client, group_arn(name))


def test_a_group_that_can_serve() -> None:
    group = read(StubApi([], attached={"python": "f"}, permitted={"f"}))

    assert group.is_complete
    assert group.function == Function("f", 3)
    assert group.permitted
    assert not group.multi_value_headers


def test_a_group_without_a_target_or_a_permission_cannot_serve() -> None:
    assert not read(StubApi([])).is_complete
    unpermitted = read(StubApi([], attached={"python": "f"}))
    assert unpermitted.function is not None
    assert not unpermitted.permitted
    assert not unpermitted.is_complete


def test_a_function_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> Any:
        raise client_error("ResourceNotFoundException")

    monkeypatch.setattr(StubApi, "get_function_configuration", missing)
    group = read(StubApi([], attached={"python": "f"}, permitted={"f"}))

    assert group.targets == (FUNCTION,)
    assert (group.function, group.permitted) == (None, False)


@pytest.mark.parametrize("method", ["get_function_configuration", "get_policy"])
def test_other_errors_are_not_taken_for_an_answer(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise client_error("ThrottlingException")

    monkeypatch.setattr(StubApi, method, broken)
    with pytest.raises(Exception, match="Throttling"):
        read(StubApi([], attached={"python": "f"}, permitted={"f"}))


def test_only_one_function_is_rust() -> None:
    assert Function(RUST_FUNCTION, 30).implementation == "rust"
    assert PYTHON.function
    assert PYTHON.function.implementation == "python"
