"""Who may invoke a function: IAM's rules over a function's own policy."""

from typing import Any

import pytest

from sandbox.permission import UnknownPolicy, may_invoke
from tests.dataplane.support import ACCOUNT, function_arn, group_arn

FUNCTION = function_arn("f")
GROUP = group_arn("python")
OTHER = group_arn("other")
BALANCER = "elasticloadbalancing.amazonaws.com"


def statement(**changes: Any) -> dict[str, Any]:
    """The one that a load balancer needs, for any of its target groups."""
    return {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": BALANCER},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
    } | changes


def when(operator: str, value: Any, key: str = "AWS:SourceArn") -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"Principal": {"Service": "lambda.amazonaws.com"}}, False),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "111111111111"}}, False),
        ({"Principal": {"AWS": "111111111111", "Service": BALANCER}}, True),
        ({"Principal": {"Service": ["a.com", BALANCER]}}, True),
        ({"Principal": BALANCER}, False),
        ({"Action": "lambda:InvokeFunctionUrl"}, False),
        ({"Action": ["lambda:GetFunction", "lambda:InvokeFunction"]}, True),
        ({"Action": "lambda:invokefunction"}, True),
        ({"Action": "lambda:Invoke*"}, True),
        ({"Action": "*"}, True),
        ({"Resource": function_arn("g")}, False),
        ({"Resource": [function_arn("g"), FUNCTION]}, True),
        ({"Resource": function_arn("*")}, True),
        ({"Resource": f"{FUNCTION}:1"}, False),
        ({"Effect": "Deny"}, False),
    ],
    ids=str,
)
def test_what_a_statement_is_about(changes: dict[str, Any], allowed: bool) -> None:
    assert may_invoke([statement(**changes)], FUNCTION, GROUP) is allowed


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (when("ArnLike", GROUP), True),
        (when("ArnLike", OTHER), False),
        (when("ArnLike", f"{ACCOUNT}:targetgroup/*"), True),
        (when("ArnLike", "*"), True),
        (when("ArnLike", "arn:aws:*:targetgroup/python/*"), False),
        (when("ArnLike", GROUP.replace("us-west-2", "us-west-?")), True),
        (when("ArnLike", [OTHER, GROUP]), True),
        (when("ArnEquals", GROUP), True),
        (when("ArnEquals", OTHER), False),
        (when("ArnEquals", f"{ACCOUNT}:targetgroup/*"), True),
        (when("ArnLikeIfExists", OTHER), False),
        (when("ArnNotLike", f"{ACCOUNT}:targetgroup/py*"), False),
        (when("ArnNotEquals", OTHER), True),
        (when("StringEquals", GROUP, "aws:sourcearn"), True),
        (when("StringEquals", f"{ACCOUNT}:targetgroup/*"), False),
        (when("StringLike", "arn:*/python/*"), True),
        (when("StringLike", "arn:*/other/*"), False),
        (when("StringNotLike", "arn:*/other/*"), True),
        (when("StringEquals", "111111111111", "AWS:SourceAccount"), True),
        (when("StringEquals", "222222222222", "AWS:SourceAccount"), False),
        (when("StringEquals", ["222222222222", "111111111111"], "aws:SourceAccount"), True),
        (when("StringNotEquals", "222222222222", "aws:SourceAccount"), True),
        (when("StringNotEquals", ["222222222222", "111111111111"], "aws:SourceAccount"), False),
        (when("StringEquals", GROUP.upper()), False),
        (when("StringEqualsIgnoreCase", GROUP.upper()), True),
        (when("StringNotEqualsIgnoreCase", GROUP.upper()), False),
    ],
    ids=str,
)
def test_conditions_of_an_allow_and_of_a_deny(condition: dict[str, Any], holds: bool) -> None:
    assert may_invoke([statement(**condition)], FUNCTION, GROUP) is holds
    denied = [statement(), statement(Effect="Deny", **condition)]
    assert may_invoke(denied, FUNCTION, GROUP) is not holds


def test_all_conditions_must_hold() -> None:
    both = {
        "ArnLike": {"aws:SourceArn": GROUP},
        "StringEquals": {"aws:SourceAccount": "222222222222"},
    }

    assert not may_invoke([statement(Condition=both)], FUNCTION, GROUP)


def test_one_allow_of_several_is_enough_and_a_deny_outweighs_it_wherever_it_stands() -> None:
    other, right = statement(**when("ArnLike", OTHER)), statement(**when("ArnLike", GROUP))
    deny = statement(Effect="Deny")

    assert not may_invoke([], FUNCTION, GROUP)
    assert may_invoke([other, right], FUNCTION, GROUP)
    assert not may_invoke([right, deny], FUNCTION, GROUP)
    assert not may_invoke([deny, right], FUNCTION, GROUP)


UNKNOWN = [
    (when("Bool", "true", "aws:SecureTransport"), "the condition operator Bool"),
    (when("ForAnyValue:ArnLike", GROUP), "the condition operator ForAnyValue:ArnLike"),
    (when("StringEquals", "o-1", "aws:PrincipalOrgID"), "a condition on aws:PrincipalOrgID"),
    ({"NotResource": FUNCTION}, "the element NotResource"),
]


@pytest.mark.parametrize(("unknown", "words"), UNKNOWN, ids=[words for _, words in UNKNOWN])
def test_what_is_not_known_is_said_when_the_answer_depends_on_it(
    unknown: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnknownPolicy, match=rf"statement 's' .* has {words}, which"):
        may_invoke([statement(**unknown)], FUNCTION, GROUP)
    with pytest.raises(UnknownPolicy, match=words):
        may_invoke([statement(), statement(Effect="Deny", **unknown)], FUNCTION, GROUP)
    assert may_invoke([statement(**unknown), statement()], FUNCTION, GROUP)


def test_an_unknown_condition_does_not_matter_beside_one_that_does_not_hold() -> None:
    conditions = {"Bool": {"aws:SecureTransport": "true"}, "ArnLike": {"aws:SourceArn": OTHER}}

    assert not may_invoke([statement(Condition=conditions)], FUNCTION, GROUP)
