"""Rules and endpoints as plain data."""

from dataclasses import FrozenInstanceError

import pytest

from endpoints.environment import PYTHON_VARIABLES, python_environment, rust_environment
from endpoints.model import (
    REGISTRY_GROUP,
    Endpoint,
    LambdaBackend,
    RegistryService,
    Traffic,
    image_lambda,
    plan_rules,
    zip_lambda,
)
from endpoints.model import TesterRule as InFront  # a Test* would be collected
from routing import (
    FixedResponse,
    Forward,
    Header,
    Host,
    Listener,
    Methods,
    Path,
    Rule,
    TargetGroupNames,
    WeightedForward,
    WeightedGroup,
    conditions,
)

SECRET = "canary"


def traffic(share: int = 0, *, secret: str | None = None, **overrides: int) -> Traffic:
    return Traffic(
        rust_percentage=share, overrides=overrides, stickiness_seconds=60, tester_secret=secret
    )


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
    rule = Rule(
        name="r",
        listener=Listener.PUBLIC,
        priority=1,
        conditions=(header,),
        action=Forward("group"),
    )

    assert "X-Tester" in repr(header)
    assert SECRET not in repr(header)
    assert SECRET not in repr(rule)
    assert SECRET not in repr(traffic(secret=SECRET))


def test_data_is_frozen() -> None:
    for value, field in ((DUAL, "priority"), (PYTHON, "memory_mb"), (Header("X", ()), "values")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field, None)


def test_groups_are_converted_without_touching_the_rest() -> None:
    weighted = WeightedForward((WeightedGroup("a", 0), WeightedGroup("b", 100)), 9)

    assert weighted.groups == ("a", "b")
    assert weighted.map(str.upper) == WeightedForward(
        (WeightedGroup("A", 0), WeightedGroup("B", 100)), 9
    )
    assert Forward("a").map(str.upper) == Forward("A")
    assert Forward("a").groups == ("a",)


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
def test_only_a_dual_endpoint_has_a_share(
    endpoint: Endpoint, action: Forward[str] | WeightedForward[str] | FixedResponse
) -> None:
    assert endpoint.plan(traffic(10), "l-rust") == Rule(
        name="rule",
        listener=Listener.INTERNAL,
        priority=7,
        conditions=(Host(("*.b",)), Path(("/a/*",)), Methods(("GET",))),
        action=action,
    )


@pytest.mark.parametrize(("share", "own", "expected"), [(0, 25, 25), (100, 0, 0), (10, 10, 10)])
def test_an_endpoints_own_share_outranks_the_global_one(
    share: int, own: int, expected: int
) -> None:
    assert traffic(share, one=own).percentages_of("one").rust == expected
    assert traffic(share, one=own).percentages_of("two").rust == share


def test_tester_rules_are_planned_only_with_a_secret() -> None:
    assert [rule.name for rule in plan_rules([DUAL], traffic(), "l-rust")] == ["rule"]

    rules = plan_rules([DUAL], traffic(secret=SECRET), "l-rust")

    assert [rule.name for rule in rules] == ["rule", "tester"]
    assert rules[1].priority == 3
    assert rules[1].action == Forward("l-rust")
    assert rules[1].conditions == (
        *rules[0].conditions,
        Header("X-Use-Rust-Scorer", (SECRET,)),
    )


def test_testers_of_a_registry_route_stay_at_the_registry() -> None:
    endpoint = an_endpoint(RegistryService(), tester=InFront("tester", 3))
    rules = plan_rules([endpoint], traffic(100, secret=SECRET), "l-rust")

    assert [rule.action for rule in rules] == [Forward(REGISTRY_GROUP)] * 2


def test_names_of_an_image_endpoint_follow_todays_convention() -> None:
    assert PYTHON.function == PYTHON.function_name == "one"
    assert PYTHON.log_group == "one-log-group"
    assert PYTHON.group == TargetGroupNames(
        group="l-one",
        physical="l-one",
        permission="withLb-one",
        attachment="lambdaTargetGroupAttachment-one",
    )
    assert PYTHON.group_tag == "l-one"


def test_names_of_a_zip_endpoint_follow_todays_convention() -> None:
    backend = zip_lambda("one", handler="h")

    assert backend.function == "one-lambda-function"
    assert backend.function_name == backend.group_tag == "one-lambda"
    assert backend.log_group == "one-lambda-log-group"
    assert backend.role == "one-lambda-role"
    assert backend.security_group == "one-lambda-sg"
    assert backend.group == TargetGroupNames(
        group="one-lambda-tg",
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
