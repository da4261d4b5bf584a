"""The four functions by themselves: each creates its one thing, and refuses what AWS refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pulumi_aws import cloudwatch, lambda_

from routing import (
    Condition,
    FixedResponse,
    Forward,
    Header,
    Host,
    ImageCode,
    Methods,
    Path,
    TargetGroupNames,
    WeightedForward,
    WeightedGroup,
    ZipCode,
    build_lambda_function,
    create_lambda_target_group,
    create_listener_rule,
    create_weighted_listener_rule,
)
from tests.declared.golden import ATTACHMENT, FUNCTION, GROUP, PERMISSION, RULE, group_arn
from tests.support.recorder import SECRET, Archive, Program, invented_arn, record

TAGS = {"Name": "it"}
NAMES = TargetGroupNames(group="group", physical="physical", permission="may", attachment="target")
CONDITIONS = (Host(("*.example.org",)), Path(("/a/*",)), Methods(("GET", "POST")))
RESPONSE = FixedResponse(404, "text/plain", "no")
WEIGHTED = WeightedForward((WeightedGroup("arn:python", 90), WeightedGroup("arn:rust", 10)), 60)


def a_function(**changes: Any) -> lambda_.Function:
    shape: dict[str, Any] = {
        "name": "physical",
        "code": ImageCode("image:1", "handler"),
        "role_arn": "arn:role",
        "memory_mb": 128,
        "timeout_s": 900,
        "subnet_ids": ["subnet"],
        "security_group_ids": ["sg"],
        "environment": {"KEY": "value"},
        "tags": TAGS,
        **changes,
    }
    return build_lambda_function("logical", **shape)


def a_group(**changes: Any) -> None:
    create_lambda_target_group(a_function(), replace(NAMES, **changes), tags=TAGS)


def a_rule(**changes: Any) -> None:
    shape: dict[str, Any] = {
        "listener_arn": "arn:listener",
        "priority": 1,
        "conditions": CONDITIONS,
        "action": Forward("arn:group"),
        "tags": TAGS,
        **changes,
    }
    create_listener_rule("rule", **shape)


def a_weighted_rule(**changes: Any) -> None:
    shape: dict[str, Any] = {
        "listener_arn": "arn:listener",
        "priority": 50_000,
        "conditions": CONDITIONS,
        "action": WEIGHTED,
        "tags": TAGS,
        **changes,
    }
    create_weighted_listener_rule("rule", **shape)


def only(program: Program) -> Any:
    (one,) = program.registrations
    return one


def test_an_image_function_is_created_and_nothing_else() -> None:
    function = only(record(a_function))

    assert (function.type, function.name) == (FUNCTION, "logical")
    assert function.inputs == {
        "name": "physical",
        "packageType": "Image",
        "imageUri": "image:1",
        "imageConfig": {"commands": ["handler"]},
        "role": "arn:role",
        "memorySize": 128,
        "timeout": 900,
        "vpcConfig": {"subnetIds": ["subnet"], "securityGroupIds": ["sg"]},
        "environment": {"variables": {"KEY": "value"}},
        "tags": TAGS,
    }


def test_a_zip_function_is_created_and_nothing_else() -> None:
    code = ZipCode(path="code.zip", handler="h", runtime="python3.12", layers=["arn:layer"])
    function = only(record(lambda: a_function(code=code)))

    assert function.inputs["code"] == Archive("code.zip")
    assert function.inputs["handler"] == "h"
    assert function.inputs["runtime"] == "python3.12"
    assert function.inputs["layers"] == ["arn:layer"]
    left_unset = {"packageType", "architectures", "imageUri", "imageConfig", "tracingConfig"}
    assert not left_unset & set(function.inputs)


def test_a_zip_function_says_its_package_type_architecture_and_tracing_where_asked() -> None:
    code = ZipCode(
        path="code.zip",
        handler="bootstrap",
        runtime="provided.al2023",
        layers=[],
        architecture="arm64",
        package_type="Zip",
    )
    function = only(record(lambda: a_function(code=code, traced=True)))

    assert function.inputs["packageType"] == "Zip"
    assert function.inputs["architectures"] == ["arm64"]
    assert function.inputs["tracingConfig"] == {"mode": "Active"}


def test_a_function_waits_for_what_it_is_told() -> None:
    def body() -> None:
        a_function(depends_on=[cloudwatch.LogGroup("first")])

    assert record(body).named("logical").depends_on == {"first"}


def test_a_target_group_comes_with_its_permission_and_its_attachment() -> None:
    program = record(a_group)

    assert {(one.type, one.name) for one in program.registrations} == {
        (FUNCTION, "logical"),
        (GROUP, "group"),
        (PERMISSION, "may"),
        (ATTACHMENT, "target"),
    }
    assert program.named("group").inputs == {
        "name": "physical",
        "targetType": "lambda",
        "tags": TAGS,
    }
    assert program.named("may").inputs == {
        "action": "lambda:InvokeFunction",
        "function": "physical",
        "principal": "elasticloadbalancing.amazonaws.com",
        "sourceArn": group_arn("group"),
    }
    assert program.named("target").inputs == {
        "targetGroupArn": group_arn("group"),
        "targetId": invented_arn(FUNCTION, "logical"),
    }
    assert "may" in program.named("target").depends_on


def test_a_plain_rule_forwards_without_a_forward_block() -> None:
    rule = only(record(a_rule))

    assert (rule.type, rule.name) == (RULE, "rule")
    assert rule.inputs == {
        "listenerArn": "arn:listener",
        "priority": 1,
        "conditions": [
            {"hostHeader": {"values": ["*.example.org"]}},
            {"pathPattern": {"values": ["/a/*"]}},
            {"httpRequestMethod": {"values": ["GET", "POST"]}},
        ],
        "actions": [{"type": "forward", "targetGroupArn": "arn:group"}],
        "tags": TAGS,
    }


def test_a_plain_rule_can_answer_by_itself() -> None:
    rule = only(record(lambda: a_rule(action=RESPONSE)))

    assert rule.inputs["actions"] == [
        {
            "type": "fixed-response",
            "fixedResponse": {
                "statusCode": "404",
                "contentType": "text/plain",
                "messageBody": "no",
            },
        }
    ]


def test_a_weighted_rule_writes_groups_weights_and_stickiness() -> None:
    rule = only(record(a_weighted_rule))

    assert rule.inputs["priority"] == 50_000
    assert rule.inputs["actions"] == [
        {
            "type": "forward",
            "forward": {
                "targetGroups": [
                    {"arn": "arn:python", "weight": 90},
                    {"arn": "arn:rust", "weight": 10},
                ],
                "stickiness": {"enabled": True, "duration": 60},
            },
        }
    ]


def test_a_weight_of_zero_is_written() -> None:
    action = WeightedForward((WeightedGroup("arn:python", 0), WeightedGroup("arn:rust", 100)), 60)
    rule = only(record(lambda: a_weighted_rule(action=action)))

    groups = rule.inputs["actions"][0]["forward"]["targetGroups"]
    assert [group["weight"] for group in groups] == [0, 100]


@pytest.mark.parametrize("create", [a_rule, a_weighted_rule])
def test_a_header_is_matched_on_a_secret(create: Callable[..., None]) -> None:
    header = Header("X-Tester", ("canary",))
    rule = only(record(lambda: create(conditions=(header,))))

    assert rule.secret_inputs == {"canary"}
    assert rule.open_inputs["conditions"] == [
        {"httpHeader": {"httpHeaderName": "X-Tester", "values": [SECRET]}}
    ]


@pytest.mark.parametrize("create", [a_rule, a_weighted_rule])
def test_a_rule_waits_for_what_it_is_told(create: Callable[..., None]) -> None:
    def body() -> None:
        create(depends_on=[cloudwatch.LogGroup("first")])

    assert record(body).named("rule").depends_on == {"first"}


def refusal(body: Callable[[], object]) -> str:
    """The message; nothing may have been registered."""
    seen = Program()
    with pytest.raises(ValueError, match=r"^(logical|rule|group): ") as caught:
        record(body, into=seen)
    assert seen.registrations == []
    return str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a" * 65},
        {"name": "a.b"},
        {"memory_mb": 127},
        {"memory_mb": 10_241},
        {"timeout_s": 0},
        {"timeout_s": 901},
        {"environment": {"AWS_REGION": "x"}},
        {"environment": {"1A": "x"}},
        {"environment": {"BIG": "x" * 4096}},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_a_function_that_aws_refuses_is_refused_first(changes: dict[str, Any]) -> None:
    assert refusal(lambda: a_function(**changes)).startswith("logical: ")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a" * 64},
        {"memory_mb": 10_240},
        {"timeout_s": 1},
        {"environment": {"BIG": "x" * 4093}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_function_at_the_limit_is_created(changes: dict[str, Any]) -> None:
    assert record(lambda: a_function(**changes)).registrations


@pytest.mark.parametrize("physical", ["", "a" * 33, "a_b", "-a", "a-", "a.b"])
def test_a_target_group_name_that_aws_refuses_is_refused_first(physical: str) -> None:
    seen = Program()
    with pytest.raises(ValueError, match=r"^group: "):
        record(lambda: a_group(physical=physical), into=seen)
    assert {one.type for one in seen.registrations} <= {FUNCTION}


BAD_RULES: list[dict[str, Any]] = [
    {"priority": 0},
    {"priority": 50_001},
    {"conditions": ()},
    {"conditions": (Path(("/a",)), Path(("/b",)))},
    {"conditions": (Path(tuple("abcdef")),)},
    {"conditions": (Path(("/******",)),)},
    {"conditions": (Path(("/" + "a" * 128,)),)},
    {"conditions": (Host(("localhost",)), Path(("/",)))},
    {"conditions": (Methods(("get",)), Path(("/",)))},
    {"conditions": (Header("X" * 41, ("v",)),)},
    {"conditions": (Path(()),)},
]


@pytest.mark.parametrize("changes", BAD_RULES, ids=str)
@pytest.mark.parametrize("create", [a_rule, a_weighted_rule])
def test_a_rule_that_aws_refuses_is_refused_first(
    create: Callable[..., None], changes: dict[str, Any]
) -> None:
    assert refusal(lambda: create(**changes)).startswith("rule: ")


@pytest.mark.parametrize(
    "action",
    [
        replace(RESPONSE, status=302),
        replace(RESPONSE, content_type="text/markdown"),
        replace(RESPONSE, body="x" * 1025),
    ],
    ids=["status", "content type", "length"],
)
def test_an_answer_that_aws_refuses_is_refused_first(action: FixedResponse) -> None:
    assert refusal(lambda: a_rule(action=action)).startswith("rule: ")


def spread(*weights: int, seconds: int = 60) -> WeightedForward[str]:
    groups = (WeightedGroup(f"arn:{n}", weight) for n, weight in enumerate(weights))
    return WeightedForward(tuple(groups), seconds)


@pytest.mark.parametrize(
    "action",
    [
        spread(),
        spread(100),
        spread(20, 20, 20, 20, 10, 10),
        spread(50, 49),
        spread(101, -1),
        spread(0, 0),
        spread(50, 50, seconds=0),
        spread(50, 50, seconds=604_801),
        WeightedForward((WeightedGroup("arn:same", 50), WeightedGroup("arn:same", 50)), 60),
    ],
    ids=str,
)
def test_a_spread_that_aws_or_the_contract_refuses_is_refused_first(
    action: WeightedForward[str],
) -> None:
    assert refusal(lambda: a_weighted_rule(action=action)).startswith("rule: ")


@pytest.mark.parametrize(
    "action",
    [spread(20, 20, 20, 20, 20), spread(0, 100, seconds=1), spread(50, 50, seconds=604_800)],
    ids=str,
)
def test_a_spread_at_the_limit_is_created(action: WeightedForward[str]) -> None:
    assert record(lambda: a_weighted_rule(action=action)).registrations


def test_one_group_twice_is_refused_although_its_arn_is_not_known_yet() -> None:
    def body() -> None:
        arn = create_lambda_target_group(a_function(), NAMES, tags=TAGS).group.arn
        same = (WeightedGroup(arn, 50), WeightedGroup(arn, 50))
        a_weighted_rule(action=WeightedForward(same, 60))

    seen = Program()
    with pytest.raises(ValueError, match=r"^rule: "):
        record(body, into=seen)
    assert RULE not in {one.type for one in seen.registrations}


def test_a_refusal_never_shows_a_headers_value() -> None:
    conditions: tuple[Condition, ...] = (Header("X-Tester", ("canary" * 30,)),)

    assert "canary" not in refusal(lambda: a_rule(conditions=conditions))
