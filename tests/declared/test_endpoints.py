"""endpoints.csv, row by row, against the rules and target groups that are registered."""

import json
from typing import Any

import pytest

from tests.declared.golden import (
    ATTACHMENT,
    FUNCTION,
    GROUP,
    LISTENER_ARNS,
    PERMISSION,
    PYTHON,
    ROUTES,
    RULE,
    RUST,
    RUST_GROUPS,
    Row,
    conditions,
    endpoint,
    function_name,
    group_arn,
    plain,
    tags,
)
from tests.support.recorder import FOUNDATION, Program, invented_arn


def test_nothing_is_served_that_the_table_does_not_list(staging: Program) -> None:
    assert set(staging.of_type(RULE)) == {row["rule_logical_name"] for row in ROUTES}
    assert set(staging.of_type(FUNCTION)) == {
        row["function_logical_name"] for row in (*PYTHON, RUST)
    }
    assert len(ROUTES) == 19
    assert len(PYTHON) == 16


def actions(row: Row, told: Any) -> list[dict[str, Any]]:
    """At 0 %; the body of the fixed response is free."""
    if row["served_by"].startswith("fixed"):
        response = told[0]["fixedResponse"] | {
            "statusCode": "400",
            "contentType": "application/json",
        }
        return [{"type": "fixed-response", "fixedResponse": response}]
    if row in PYTHON:
        return plain(group_arn(row["target_group_logical_name"]))
    assert row["served_by"].startswith("registry")
    return plain(str(FOUNDATION["registryTargetGroupArn"]))


@pytest.mark.parametrize("row", ROUTES, ids=endpoint)
def test_a_rule_is_what_its_row_says_and_no_more(staging: Program, row: Row) -> None:
    rule = staging.of_type(RULE)[row["rule_logical_name"]].inputs

    assert rule == {
        "listenerArn": LISTENER_ARNS[row["listener"]],
        "priority": int(row["priority"]),
        "conditions": conditions(row),
        "actions": actions(row, rule["actions"]),
        "tags": tags(row["rule_logical_name"]),
    }


def test_priorities_are_unique_per_listener(with_testers: Program) -> None:
    taken = [
        (rule.inputs["listenerArn"], rule.inputs["priority"])
        for rule in with_testers.of_type(RULE).values()
    ]

    assert len(set(taken)) == len(taken) == 26


def test_the_blocked_domain_is_told_so(staging: Program) -> None:
    (action,) = staging.of_type(RULE)["lrule-no-gitcoin-v2"].inputs["actions"]

    assert set(action["fixedResponse"]) == {"statusCode", "contentType", "messageBody"}
    body = json.loads(action["fixedResponse"]["messageBody"])
    assert set(body) == {"msg"}
    assert "not available" in body["msg"]
    assert "*.gitcoin.co" in body["msg"]


def after(group: str) -> tuple[str, str]:
    """Logical names of the permission and the attachment that belong to a group."""
    if group.endswith("-lambda-tg"):
        return f"{group.removesuffix('-tg')}-permission", f"{group}-attachment"
    name = group.removeprefix("l-")
    return f"withLb-{name}", f"lambdaTargetGroupAttachment-{name}"


GROUPS = {
    row["target_group_logical_name"]: (
        row["target_group_name"],
        row["function_logical_name"],
        function_name(row),
        function_name(row) if row["package"] == "zip" else row["target_group_logical_name"],
    )
    for row in PYTHON
} | {
    logical: (physical, RUST["function_logical_name"], RUST["function_logical_name"], logical)
    for logical, physical in zip(
        RUST["target_group_logical_name"].split(" | "),
        RUST["target_group_name"].split(" | "),
        strict=True,
    )
}
"""Logical name -> physical name, function's logical and physical name, name in the tags."""


def test_there_are_eighteen_target_groups(staging: Program) -> None:
    assert len(GROUPS) == 18
    assert set(staging.of_type(GROUP)) == set(GROUPS)
    assert set(GROUPS) >= set(RUST_GROUPS.values())


@pytest.mark.parametrize("group", GROUPS)
def test_a_target_group_its_permission_and_its_attachment_have_nothing_that_forces_a_replacement(
    staging: Program, group: str
) -> None:
    physical, function, function_physical, tag = GROUPS[group]
    permission, attachment = after(group)

    assert staging.of_type(GROUP)[group].inputs == {
        "name": physical,
        "targetType": "lambda",
        "tags": tags(tag),
    }
    assert staging.of_type(PERMISSION)[permission].inputs == {
        "action": "lambda:InvokeFunction",
        "function": function_physical,
        "principal": "elasticloadbalancing.amazonaws.com",
        "sourceArn": group_arn(group),
    }
    assert staging.of_type(ATTACHMENT)[attachment].inputs == {
        "targetGroupArn": group_arn(group),
        "targetId": invented_arn(FUNCTION, function),
    }
    assert permission in staging.of_type(ATTACHMENT)[attachment].depends_on
