"""The four functions by themselves: each creates its one thing, and refuses what AWS refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pulumi_aws import cloudwatch, lambda_

from routing import (
    FixedResponse,
    Forward,
    Header,
    Host,
    ImageCode,
    LambdaTargetGroup,
    Listener,
    Methods,
    Path,
    Rule,
    TargetGroupNames,
    WeightedForward,
    WeightedGroup,
    ZipCode,
    build_lambda_function,
    create_lambda_target_group,
    create_listener_rule,
    create_weighted_listener_rule,
)
from routing.model import Action
from tests.declared.golden import ATTACHMENT, FUNCTION, GROUP, PERMISSION, RULE, group_arn
from tests.support.limits import (
    ACTIONS,
    CONDITIONS,
    ENVIRONMENTS,
    FUNCTIONS,
    PRIORITIES,
    TARGET_GROUP_NAMES,
)
from tests.support.recorder import SECRET, Archive, Program, invented_arn, record

TAGS = {"Name": "it"}
NAMES = TargetGroupNames(
    logical="group", physical="physical", permission="may", attachment="target"
)
CONDITIONS_OF_ALL_KINDS = (Host(("*.example.org",)), Path(("/a/*",)), Methods(("GET", "POST")))
RESPONSE = FixedResponse(404, "text/plain", "no")
WEIGHTED = WeightedForward((WeightedGroup("python", 90), WeightedGroup("rust", 10)), 60)
PLANNED = Rule(
    name="rule",
    listener=Listener.PUBLIC,
    priority=1,
    conditions=CONDITIONS_OF_ALL_KINDS,
    action=Forward("group"),
)


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


def a_group(**changes: Any) -> LambdaTargetGroup:
    return create_lambda_target_group(a_function(), replace(NAMES, **changes), tags=TAGS)


def create(rule: Rule, *groups: Any, **more: Any) -> None:
    """Create it by the function that makes rules of its kind, over ARNs if nothing else."""
    how: dict[str, Any] = {"listener_arn": "arn:listener", "tags": TAGS, **more}
    match rule.action:
        case WeightedForward() as weighted:
            given = groups or [f"arn:{name}" for name in weighted.groups]
            create_weighted_listener_rule(rule, given, **how)
        case Forward(group):
            create_listener_rule(rule, *(groups or [f"arn:{group}"]), **how)
        case FixedResponse():
            create_listener_rule(rule, *groups, **how)


def with_action(action: Action) -> Rule:
    return replace(PLANNED, action=action)


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
    rule = only(record(lambda: create(PLANNED)))

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
    rule = only(record(lambda: create(with_action(RESPONSE))))

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
    rule = only(record(lambda: create(with_action(WEIGHTED))))

    assert (rule.type, rule.name, rule.inputs["priority"]) == (RULE, "rule", 1)
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
    action = WeightedForward((WeightedGroup("python", 0), WeightedGroup("rust", 100)), 60)
    rule = only(record(lambda: create(with_action(action))))

    groups = rule.inputs["actions"][0]["forward"]["targetGroups"]
    assert [group["weight"] for group in groups] == [0, 100]


@pytest.mark.parametrize("action", [PLANNED.action, WEIGHTED])
def test_a_header_is_matched_on_a_secret(action: Action) -> None:
    planned = replace(with_action(action), conditions=(Header("X-Tester", ("canary",)),))
    rule = only(record(lambda: create(planned)))

    assert rule.secret_inputs == {"canary"}
    assert rule.open_inputs["conditions"] == [
        {"httpHeader": {"httpHeaderName": "X-Tester", "values": [SECRET]}}
    ]


@pytest.mark.parametrize("action", [PLANNED.action, WEIGHTED, RESPONSE])
def test_a_rule_waits_for_what_it_is_told(action: Action) -> None:
    def body() -> None:
        create(with_action(action), depends_on=[cloudwatch.LogGroup("first")])

    assert record(body).named("rule").depends_on == {"first"}


def test_a_rule_waits_for_the_attachments_of_the_groups_it_is_given() -> None:
    plain = record(lambda: create(PLANNED, a_group()))
    action = WeightedForward((WeightedGroup("group", 90), WeightedGroup("foreign", 10)), 60)
    weighted = record(lambda: create(with_action(action), a_group(), "arn:foreign"))

    for program in (plain, weighted):
        assert "target" in program.named("rule").depends_on
    assert plain.named("rule").inputs["actions"][0]["targetGroupArn"] == group_arn("group")


def refusal(body: Callable[[], object]) -> str:
    """The message; no rule and no function may have been registered."""
    seen = Program()
    with pytest.raises(ValueError, match=r"^(logical|rule|group): ") as caught:
        record(body, into=seen)
    assert not [one for one in seen.registrations if one.name in {"rule", "logical"}]
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "groups"),
    [
        (with_action(Forward("other")), ["group"]),
        (PLANNED, []),
        (with_action(RESPONSE), ["group"]),
        (with_action(WeightedForward(WEIGHTED.targets[::-1], 60)), ["python", "rust"]),
        (with_action(WEIGHTED), ["python"]),
    ],
    ids=["another group", "none", "one too many", "the wrong order", "one too few"],
)
def test_a_rule_is_made_for_no_other_groups_than_it_was_planned_for(
    rule: Rule, groups: list[str]
) -> None:
    def body() -> None:
        made = [LambdaTargetGroup(name, *(3 * [None])) for name in groups]  # type: ignore[arg-type]
        weighted = isinstance(rule.action, WeightedForward)
        how: dict[str, Any] = {"listener_arn": "arn:listener", "tags": TAGS}
        if weighted:
            create_weighted_listener_rule(rule, made, **how)
        else:
            create_listener_rule(rule, *made, **how)

    assert "planned for the groups" in refusal(body)


def test_each_function_makes_rules_of_its_own_kind_only() -> None:
    how: dict[str, Any] = {"listener_arn": "arn:listener", "tags": TAGS}
    weighted = with_action(WeightedForward((WeightedGroup("a", 100), WeightedGroup("b", 0)), 1))

    with pytest.raises(ValueError, match="create_listener_rule makes"):
        record(lambda: create_weighted_listener_rule(PLANNED, ["arn:group"], **how))
    with pytest.raises(ValueError, match="planned for the groups"):
        record(lambda: create_listener_rule(weighted, "arn:a", **how))


BAD_FUNCTIONS = {
    **{name: bad for name, (bad, _) in FUNCTIONS.items()},
    **{name: {"environment": bad} for name, (bad, _) in ENVIRONMENTS.items()},
    "six layers": {
        "code": ZipCode(path="c.zip", handler="h", runtime="python3.12", layers=["arn"] * 6)
    },
}


@pytest.mark.parametrize("changes", BAD_FUNCTIONS.values(), ids=BAD_FUNCTIONS)
def test_a_function_that_aws_refuses_is_refused_first(changes: dict[str, Any]) -> None:
    assert refusal(lambda: a_function(**changes)).startswith("logical: ")


@pytest.mark.parametrize("bad", [bad for bad, _ in TARGET_GROUP_NAMES.values()])
def test_a_target_group_name_that_aws_refuses_is_refused_first(bad: str) -> None:
    seen = Program()
    with pytest.raises(ValueError, match=r"^group: "):
        record(lambda: a_group(physical=bad), into=seen)
    assert {one.type for one in seen.registrations} <= {FUNCTION}


BAD_RULES = {
    **{name: replace(PLANNED, priority=bad) for name, (bad, _) in PRIORITIES.items()},
    **{name: replace(PLANNED, conditions=tuple(bad)) for name, (bad, _) in CONDITIONS.items()},
    **{name: with_action(bad) for name, (bad, _) in ACTIONS.items()},
}
GOOD_RULES = {
    **{name: replace(PLANNED, priority=good) for name, (_, good) in PRIORITIES.items()},
    **{name: replace(PLANNED, conditions=tuple(good)) for name, (_, good) in CONDITIONS.items()},
    **{name: with_action(good) for name, (_, good) in ACTIONS.items()},
}


@pytest.mark.parametrize("rule", BAD_RULES.values(), ids=BAD_RULES)
def test_a_rule_that_aws_refuses_is_refused_first(rule: Rule) -> None:
    assert refusal(lambda: create(rule)).startswith("rule: ")


def test_rules_at_the_limits_are_created() -> None:
    def body() -> None:
        for name, rule in GOOD_RULES.items():
            create(replace(rule, name=name))

    assert {one.name for one in record(body).registrations} == set(GOOD_RULES)


def test_a_refusal_never_shows_a_headers_value() -> None:
    rule = replace(PLANNED, conditions=(Header("X-Tester", ("canary" * 30,)),))

    assert "canary" not in refusal(lambda: create(rule))
