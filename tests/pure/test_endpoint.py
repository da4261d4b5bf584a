"""Endpoints and their rules as plain data."""

from dataclasses import FrozenInstanceError, replace

import pytest

from endpoint import REGISTRY_GROUP, Endpoint, RegistryService
from endpoint import TesterRule as InFront  # a Test* would be collected
from lambdas.environment import PYTHON_VARIABLES, python_environment, rust_environment
from lambdas.model import LambdaBackend, image_lambda, zip_lambda
from routing import (
    FixedResponse,
    Forward,
    Header,
    Host,
    Listener,
    Methods,
    Path,
    Request,
    Rule,
    TargetGroupNames,
    WeightedForward,
    WeightedGroup,
    conditions,
)
from routing.model import Action
from tests.support.traffic import asked

SECRET = "canary"
WITNESS = Request("GET", "a.b", "/a/1")


def an_endpoint(
    backend: LambdaBackend | RegistryService | FixedResponse,
    *,
    dual: bool = False,
    tester: InFront | None = None,
) -> Endpoint:
    return Endpoint(
        name="one",
        listener=Listener.INTERNAL,
        rule="rule",
        priority=7,
        path="/a/*",
        host="*.b",
        methods=("GET",),
        witness=WITNESS,
        backend=backend,
        dual=dual,
        tester=tester,
    )


PYTHON = image_lambda("one", handler="h", memory_mb=256)
DUAL = an_endpoint(PYTHON, dual=True, tester=InFront("tester", 3))


def test_conditions_stand_in_a_fixed_order_and_only_where_given() -> None:
    header = Header("X", ("v",))

    assert conditions(path="/a") == (Path(("/a",)),)
    assert conditions(path="/a", host="b", methods=("GET", "POST"), header=header) == (
        Host(("b",)),
        Path(("/a",)),
        Methods(("GET", "POST")),
        header,
    )


def test_a_headers_value_is_in_no_repr() -> None:
    header = Header("X-Tester", (SECRET,))
    rule = DUAL.plan_tester(asked(secret=SECRET), "l-rust")

    assert "X-Tester" in repr(header)
    assert SECRET not in repr(header)
    assert "X-Use-Rust-Scorer" in repr(rule)
    assert SECRET not in repr(rule)


def test_data_is_frozen() -> None:
    for value, field in ((DUAL, "priority"), (PYTHON, "memory_mb"), (Header("X", ()), "values")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field, None)


@pytest.mark.parametrize(
    ("endpoint", "action"),
    [
        (an_endpoint(FixedResponse(400, "text/plain", "")), FixedResponse(400, "text/plain", "")),
        (an_endpoint(RegistryService()), Forward(REGISTRY_GROUP)),
        (an_endpoint(PYTHON), Forward("l-one")),
        (DUAL, WeightedForward((WeightedGroup("l-one", 90), WeightedGroup("l-rust", 10)), 60)),
    ],
    ids=["fixed response", "registry", "Python", "dual"],
)
def test_only_a_dual_endpoint_has_a_share(endpoint: Endpoint, action: Action) -> None:
    assert endpoint.plan(asked(10, seconds=60), "l-rust") == Rule(
        name="rule",
        listener=Listener.INTERNAL,
        priority=7,
        conditions=(Host(("*.b",)), Path(("/a/*",)), Methods(("GET",))),
        action=action,
        witness=WITNESS,
    )


@pytest.mark.parametrize(("share", "own", "rust"), [(0, 25, 25), (100, 1, 1), (10, 10, 10)])
def test_an_endpoints_own_share_outranks_the_global_one(share: int, own: int, rust: int) -> None:
    weighted = DUAL.plan(asked(share, {"one": own, "two": 77}), "l-rust").action

    assert isinstance(weighted, WeightedForward)
    assert [target.weight for target in weighted.targets] == [100 - rust, rust]


def test_an_endpoints_own_zero_is_a_plain_forward_under_any_global_share() -> None:
    assert DUAL.plan(asked(100, {"one": 0}), "l-rust").action == Forward("l-one")


def test_tester_rules_are_planned_only_with_a_secret() -> None:
    assert DUAL.plan_tester(asked(), "l-rust") is None
    assert replace(DUAL, tester=None).plan_tester(asked(secret=SECRET), "l-rust") is None

    rule = DUAL.plan_tester(asked(secret=SECRET), "l-rust")

    assert rule == Rule(
        name="tester",
        listener=Listener.INTERNAL,
        priority=3,
        conditions=(
            *DUAL.plan(asked(), "l-rust").conditions,
            Header("X-Use-Rust-Scorer", (SECRET,)),
        ),
        action=Forward("l-rust"),
        witness=replace(WITNESS, headers=(("X-Use-Rust-Scorer", SECRET),)),
    )


def test_testers_of_a_registry_route_stay_at_the_registry() -> None:
    endpoint = an_endpoint(RegistryService(), tester=InFront("tester", 3))
    rule = endpoint.plan_tester(asked(100, secret=SECRET), "l-rust")

    assert rule is not None
    assert rule.action == Forward(REGISTRY_GROUP)


def test_names_of_an_image_endpoint_follow_todays_convention() -> None:
    assert PYTHON.function == PYTHON.function_name == "one"
    assert PYTHON.log_group == "one-log-group"
    assert PYTHON.target_group == TargetGroupNames(
        logical="l-one",
        physical="l-one",
        permission="withLb-one",
        attachment="lambdaTargetGroupAttachment-one",
    )
    assert PYTHON.target_group_tag == "l-one"


def test_names_of_a_zip_endpoint_follow_todays_convention() -> None:
    backend = zip_lambda("one", handler="h")

    assert backend.function == "one-lambda-function"
    assert backend.function_name == backend.target_group_tag == "one-lambda"
    assert backend.log_group == "one-lambda-log-group"
    assert backend.role == "one-lambda-role"
    assert backend.security_group == "one-lambda-sg"
    assert backend.target_group == TargetGroupNames(
        logical="one-lambda-tg",
        physical="one-lambda-target-group",
        permission="one-lambda-permission",
        attachment="one-lambda-tg-attachment",
    )


def test_extra_variables_never_win_over_fixed_ones() -> None:
    fixed = python_environment("arn", {})
    attacked = python_environment("arn", dict.fromkeys(PYTHON_VARIABLES, "other"))

    assert attacked == fixed
    assert set(fixed) == PYTHON_VARIABLES
    assert python_environment("arn", {"MORE": "x"}) == fixed | {"MORE": "x"}


def test_rusts_variables_differ_by_stack_and_secret_alone() -> None:
    one, two = rust_environment("arn:1", stack="a"), rust_environment("arn:2", stack="b")

    assert {name for name in one if one[name] != two[name]} == {
        "ENVIRONMENT",
        "SCORER_SERVER_SSM_ARN",
    }
