from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.provider import HANDLERS
from tests.provider.support import TAGS, Account, Life

RULE = "aws:lb/listenerRule:ListenerRule"
ARN = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup"


def plain(arn: str) -> list[dict[str, Any]]:
    return [{"type": "forward", "targetGroupArn": arn}]


def weighted(python: str, rust: str, share: float) -> list[dict[str, Any]]:
    groups = [{"arn": python, "weight": 100.0 - share}, {"arn": rust, "weight": share}]
    sticky = {"enabled": True, "duration": 3600.0}
    return [{"type": "forward", "forward": {"targetGroups": groups, "stickiness": sticky}}]


def fixed() -> list[dict[str, Any]]:
    body = {"contentType": "application/json", "messageBody": "{}", "statusCode": "400"}
    return [{"type": "fixed-response", "fixedResponse": body}]


CONDITIONS: list[dict[str, Any]] = [
    {"pathPattern": {"values": ["/ceramic-cache/stamps/bulk"]}},
    {"hostHeader": {"values": ["api.scorer.gitcoin.co", "*.passport.xyz"]}},
    {"httpRequestMethod": {"values": ["POST", "GET"]}},
    {"httpHeader": {"httpHeaderName": "X-Use-Rust-Scorer", "values": ["secret"]}},
    {"queryStrings": [{"key": "a", "value": "1"}, {"value": "2"}]},
    {"sourceIp": {"values": ["10.0.0.0/8"]}},
]


@pytest.fixture
def inputs(account: Account) -> dict[str, Any]:
    return {
        "listenerArn": account.listener(),
        "priority": 1001.0,
        "conditions": CONDITIONS,
        "actions": plain(account.group("python")),
        "tags": TAGS,
    }


def test_a_rule_lives_and_each_input_changes_alone(
    account: Account, inputs: dict[str, Any]
) -> None:
    life = Life.begin(account, RULE, inputs)
    assert life.created.outputs == {"arn": life.created.id, "priority": 1001}
    life.import_(life.created.id)
    life.update(["SetRulePriorities"], priority=1000.0)
    life.update(["ModifyRule"], conditions=[{"pathPattern": {"values": ["/a", "/b"]}}])
    assert set(account.sent("ModifyRule")) == {"RuleArn", "Conditions"}
    life.update(["ModifyRule"], actions=fixed())
    assert set(account.sent("ModifyRule")) == {"RuleArn", "Actions"}
    life.update(["RemoveTags", "AddTags"], tags={"Application": "scorer", "Name": "x"})
    life.update(
        ["SetRulePriorities", "ModifyRule", "AddTags"],
        priority=7,
        actions=plain(account.group("other")),
        conditions=CONDITIONS[:2],
        tags={**TAGS, "Name": "x"},
    )
    life.end()


def test_a_change_of_the_share_is_one_modify_rule_and_nothing_else(
    account: Account, inputs: dict[str, Any]
) -> None:
    python, rust = inputs["actions"][0]["targetGroupArn"], account.group("rust")
    life = Life.begin(account, RULE, inputs)
    for share in (50, 100, 1, 80):
        life.update(["ModifyRule"], actions=weighted(python, rust, share))
        [action] = account.sent("ModifyRule")["Actions"]
        assert action == {
            "Type": "forward",
            "Order": 1,
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": python, "Weight": 100 - share},
                    {"TargetGroupArn": rust, "Weight": share},
                ],
                "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 3600},
            },
        }
    life.update(["ModifyRule"], actions=plain(python))
    [action] = account.sent("ModifyRule")["Actions"]
    assert action == {"Type": "forward", "Order": 1, "TargetGroupArn": python}


def test_reading_gives_the_form_a_program_writes(account: Account, inputs: dict[str, Any]) -> None:
    python, rust = inputs["actions"][0]["targetGroupArn"], account.group("rust")
    life = Life.begin(account, RULE, {**inputs, "actions": weighted(python, rust, 0)})
    read = life.read().inputs
    assert read["priority"] == 1001
    assert isinstance(read["priority"], int)
    assert [next(iter(condition)) for condition in read["conditions"]] == sorted(
        next(iter(condition)) for condition in CONDITIONS
    )
    [action] = read["actions"]
    assert action["type"] == "forward"
    assert action["forward"]["stickiness"] == {"enabled": True, "duration": 3600}
    assert sorted(action["forward"]["targetGroups"], key=lambda group: -group["weight"]) == [
        {"arn": python, "weight": 100},
        {"arn": rust, "weight": 0},
    ]


def test_the_long_echo_of_aws_is_a_plain_forward(account: Account, inputs: dict[str, Any]) -> None:
    life = Life.begin(account, RULE, inputs)
    arn = inputs["actions"][0]["targetGroupArn"]
    account.client("elbv2").modify_rule(
        RuleArn=life.created.id,
        Actions=[
            {
                "Type": "forward",
                "TargetGroupArn": arn,
                "Order": 1,
                "ForwardConfig": {
                    "TargetGroups": [{"TargetGroupArn": arn, "Weight": 1}],
                    "TargetGroupStickinessConfig": {"Enabled": False},
                },
            }
        ],
    )
    assert life.read().inputs["actions"] == plain(arn)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (plain("a"), [{"type": "forward", "forward": {"targetGroups": [{"arn": "a"}]}}]),
        (plain("a"), [{**plain("a")[0], "order": 1.0}]),
        (
            [{"type": "forward", "forward": {"targetGroups": [{"arn": "a"}, {"arn": "b"}]}}],
            [
                {
                    "type": "forward",
                    "forward": {
                        "targetGroups": [{"arn": "b", "weight": 1}, {"arn": "a", "weight": 1.0}],
                        "stickiness": {"enabled": False, "duration": 60},
                    },
                }
            ],
        ),
    ],
)
def test_spellings_of_one_action_are_no_change(account: Account, one: Any, other: Any) -> None:
    assert not account.provider.diff(RULE, {"actions": one}, {"actions": other}).changed


def test_a_weight_of_zero_is_not_a_weight_left_out(account: Account) -> None:
    def actions(weight: dict[str, int]) -> dict[str, Any]:
        groups = [{"arn": "a", "weight": 1}, {"arn": "b", **weight}]
        return {"actions": [{"type": "forward", "forward": {"targetGroups": groups}}]}

    assert account.provider.diff(RULE, actions({"weight": 0}), actions({})).changed == {"actions"}


def test_the_order_of_conditions_and_values_means_nothing(account: Account) -> None:
    old = {"conditions": CONDITIONS}
    new = {
        "conditions": [
            *reversed(CONDITIONS[3:]),
            CONDITIONS[0],
            {"httpRequestMethod": {"values": ["GET", "POST"]}},
            CONDITIONS[1],
        ]
    }
    assert not account.provider.diff(RULE, old, new).changed


def test_a_digest_in_place_of_a_secret_is_compared_as_it_is(account: Account) -> None:
    def conditions(digest: str) -> dict[str, Any]:
        header = {"httpHeaderName": "X", "values": [{"secret": digest}]}
        return {"conditions": [{"httpHeader": header}, {"pathPattern": {"values": ["/"]}}]}

    assert not account.provider.diff(RULE, conditions("a"), conditions("a")).changed
    assert account.provider.diff(RULE, conditions("a"), conditions("b")).changed == {"conditions"}


def test_only_the_listener_replaces_a_rule(account: Account, inputs: dict[str, Any]) -> None:
    assert HANDLERS[RULE].replaces == {"listenerArn"}
    diff = account.provider.diff(RULE, inputs, {**inputs, "listenerArn": "other"})
    assert diff.replaces == {"listenerArn"}
    assert not diff.delete_before_replace


def test_a_rule_without_a_priority_goes_last_and_keeps_its_place(
    account: Account, inputs: dict[str, Any]
) -> None:
    Life.begin(account, RULE, inputs)
    floating = {name: value for name, value in inputs.items() if name != "priority"}
    life = Life.begin(account, RULE, floating)
    assert life.created.outputs["priority"] == 1002
    assert not account.provider.diff(RULE, inputs, floating).changed


def test_a_taken_priority_is_refused_before_anything_changes(
    account: Account, inputs: dict[str, Any]
) -> None:
    Life.begin(account, RULE, {**inputs, "priority": 1000})
    life = Life.begin(account, RULE, inputs)
    new = {**inputs, "priority": 1000, "actions": fixed()}
    with pytest.raises(ClientError, match="PriorityInUse"):
        account.provider.update(
            RULE, life.created.id, inputs, new, frozenset({"priority", "actions"})
        )
    life.expect_settled()


@pytest.mark.parametrize("fields", [{}, {"pathPattern": {"values": ["/"]}, **CONDITIONS[1]}])
def test_a_condition_says_exactly_one_thing(
    account: Account, inputs: dict[str, Any], fields: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="Exactly one of"):
        account.provider.create(RULE, "r", {**inputs, "conditions": [fields]})


def groups(*weights: Any) -> list[dict[str, Any]]:
    return [{"arn": f"{ARN}/g{index}/1", "weight": w} for index, w in enumerate(weights)]


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        (
            {"priority": 50_001},
            '"priority" must be in the range 1-50000 for normal rule or 99999 for the default rule',
        ),
        (
            {"actions": [{"type": "forward", "forward": {"targetGroups": groups(1000.0)}}]},
            "expected actions[0].forward.targetGroups[0].weight to be in the range (0 - 999), "
            "got 1000",
        ),
        (
            {"actions": [{"type": "forward", "forward": {"targetGroups": groups(*range(6))}}]},
            '"actions[0].forward.targetGroups": attribute supports 5 item maximum, '
            "but config has 6 declared",
        ),
        (
            {
                "actions": [
                    {
                        "type": "forward",
                        "forward": {"targetGroups": groups(1), "stickiness": {"enabled": True}},
                    }
                ]
            },
            "Missing required argument. The argument "
            '"actions[0].forward.stickiness.duration" is required, but no definition was found.',
        ),
        (
            {
                "actions": [
                    {
                        "type": "forward",
                        "forward": {
                            "targetGroups": groups(1),
                            "stickiness": {"enabled": True, "duration": 604_801},
                        },
                    }
                ]
            },
            "expected actions[0].forward.stickiness.duration to be in the range (1 - 604800), "
            "got 604801",
        ),
        (
            {"actions": [{"type": "forward"}]},
            'Either "actions[0].targetGroupArn" or "actions[0].forward" must be specified '
            'when "actions[0].type" is "forward".',
        ),
        (
            {
                "actions": [
                    {
                        "type": "forward",
                        "targetGroupArn": f"{ARN}/other/1",
                        "forward": {"targetGroups": groups(1)},
                    }
                ]
            },
            'You can specify both a top-level target group ARN ("actions[0].targetGroupArn") and, '
            'with "actions[0].forward", a target group list with ARNs, only if the ARNs match.',
        ),
        (
            {"actions": [{"type": "fixed-response"}]},
            'Attribute "actions[0].fixedResponse" must be specified '
            'when "actions[0].type" is "fixed-response".',
        ),
        (
            {"conditions": [{"hostHeader": {"values": ["x" * 129]}}]},
            "expected length of conditions[0].hostHeader.values[0] to be in the range (1 - 128)",
        ),
        ({"transforms": []}, '"transforms" is not supported by this provider'),
    ],
)
def test_refused_at_plan_time(account: Account, inputs: dict[str, Any], problem: str) -> None:
    assert account.provider.check(RULE, inputs) == [problem]


def test_a_fixed_response_is_checked_without_quoting_it(account: Account) -> None:
    body = {"contentType": "text/secret", "messageBody": "secret" * 200, "statusCode": "302"}
    action = {"type": "fixed-response", "fixedResponse": body}
    problems = account.provider.check(RULE, {"actions": [action]})
    assert len(problems) == 3
    assert "secret" not in " ".join(problems)
