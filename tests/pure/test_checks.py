"""Each problem once, beside its nearest neighbour that has none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from routing import (
    Condition,
    FixedResponse,
    Forward,
    Header,
    Listener,
    Path,
    Request,
    Rule,
    TargetGroupNames,
    WeightedForward,
    WeightedGroup,
)
from routing.checks import (
    action_problems,
    condition_problems,
    environment_problems,
    function_problems,
    layer_problems,
    priority_problems,
    rule_problems,
    table_problems,
    target_group_name_problems,
    target_group_problems,
)
from routing.model import Action
from tests.support.limits import (
    ACTIONS,
    CONDITIONS,
    ENVIRONMENTS,
    FUNCTIONS,
    PRIORITIES,
    TARGET_GROUP_NAMES,
    spread,
)


def a_rule(
    priority: int = 1,
    path: str = "/a",
    *,
    listener: Listener = Listener.PUBLIC,
    action: Action | None = None,
) -> Rule:
    return Rule(
        name=f"{listener}-{priority}-{path}",
        listener=listener,
        priority=priority,
        conditions=(Path((path,)),),
        action=action or Forward(f"group-{listener}"),
        witness=Request("GET", "a.b", path.replace("*", "")),
    )


@pytest.mark.parametrize(("bad", "good"), PRIORITIES.values(), ids=PRIORITIES)
def test_priorities_are_those_of_the_api(bad: int, good: int) -> None:
    (problem,) = priority_problems(bad)

    assert str(bad) in problem
    assert priority_problems(good) == []


@pytest.mark.parametrize(("bad", "good"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions_keep_the_limits_of_a_rule(
    bad: Sequence[Condition], good: Sequence[Condition]
) -> None:
    assert condition_problems(bad)
    assert condition_problems(good) == []


def test_two_header_conditions_are_allowed() -> None:
    assert condition_problems([Header("X", ("a",)), Header("X", ("b",))]) == []


def test_a_headers_value_is_part_of_no_problem() -> None:
    values = ("canary" * 30, "", "can?ry" * 6)
    problems = condition_problems([Header("X" * 41, values), Header("Y", values)])

    assert problems
    assert "can" not in "".join(problems)


@pytest.mark.parametrize(("bad", "good"), ACTIONS.values(), ids=ACTIONS)
def test_actions_keep_the_limits_of_a_rule(bad: Action, good: Action) -> None:
    assert action_problems(bad)
    assert action_problems(good) == []


def test_a_rules_problems_are_those_of_its_parts() -> None:
    bad = replace(a_rule(0, action=spread(100)), conditions=())

    assert rule_problems(bad) == [
        *priority_problems(0),
        *condition_problems(()),
        *action_problems(spread(100)),
    ]
    assert rule_problems(a_rule()) == []


def test_a_priority_is_taken_once_per_listener() -> None:
    one = a_rule(5, "/a")

    (problem,) = table_problems([one, a_rule(5, "/b")])
    assert one.name in problem
    assert "5" in problem
    assert table_problems([one, a_rule(6, "/b")]) == []
    assert table_problems([one, a_rule(5, "/a", listener=Listener.INTERNAL)]) == []


def test_every_rule_must_get_its_witness() -> None:
    wide, narrow = a_rule(1, "/a*"), a_rule(2, "/ab")

    assert table_problems([wide, narrow]) == [
        "public-2-/ab: GET a.b/ab does not reach it, public-1-/a* takes it"
    ]
    assert table_problems([replace(wide, priority=3), narrow]) == []
    internal = replace(narrow, listener=Listener.INTERNAL, action=Forward("group-internal"))
    assert table_problems([wide, internal]) == []


def test_a_witness_that_no_rule_takes_and_a_missing_one_are_told() -> None:
    elsewhere = replace(a_rule(), witness=Request("GET", "a.b", "/b"))
    unknown = replace(a_rule(2, "/c"), witness=None)

    assert table_problems([elsewhere, unknown]) == [
        "public-1-/a: GET a.b/b does not reach it, the default rule takes it",
        "public-2-/c: no request is known that reaches it",
    ]


def test_a_target_group_serves_one_load_balancer() -> None:
    shared = [
        a_rule(1, action=Forward("one")),
        a_rule(1, listener=Listener.INTERNAL, action=Forward("one")),
    ]
    own = [shared[0], replace(shared[1], action=Forward("two"))]

    assert [problem for problem in table_problems(shared) if "one" in problem]
    assert table_problems(own) == []


def test_a_weighted_group_counts_for_its_load_balancer_too() -> None:
    weighted = a_rule(1, action=spread(50, 50))
    other = a_rule(1, listener=Listener.INTERNAL, action=Forward("g1"))

    assert table_problems([weighted, other])
    assert table_problems([weighted, replace(other, action=Forward("g2"))]) == []


def test_a_fixed_response_belongs_to_no_group() -> None:
    response = FixedResponse(400, "text/plain", "")

    assert (
        table_problems(
            [a_rule(action=response), a_rule(listener=Listener.INTERNAL, action=response)]
        )
        == []
    )


def test_a_load_balancer_has_at_most_a_hundred_rules() -> None:
    rules = [a_rule(n, f"/{n}") for n in range(1, 102)]

    (problem,) = table_problems(rules)
    assert "101" in problem
    assert table_problems(rules[:100]) == []
    assert table_problems([*rules[:100], a_rule(1, listener=Listener.INTERNAL)]) == []


def test_a_load_balancer_has_at_most_a_hundred_target_groups() -> None:
    rules = [a_rule(n, f"/{n}", action=Forward(f"group-{n}")) for n in range(1, 101)]
    crowded = replace(
        rules[0],
        action=WeightedForward((WeightedGroup("group-1", 50), WeightedGroup("extra", 50)), 60),
    )

    assert table_problems(rules) == []
    (problem,) = table_problems([crowded, *rules[1:]])
    assert "101 target groups" in problem


def test_a_table_names_the_rule_of_every_problem() -> None:
    bad = a_rule(0, "/b", action=spread(100))
    problems = table_problems([a_rule(), bad])

    assert len(problems) == len(rule_problems(bad))
    assert all(problem.startswith(f"{bad.name}: ") for problem in problems)


@pytest.mark.parametrize(("bad", "good"), TARGET_GROUP_NAMES.values(), ids=TARGET_GROUP_NAMES)
def test_target_group_names_are_those_of_the_api(bad: str, good: str) -> None:
    assert target_group_name_problems(bad)
    assert target_group_name_problems(good) == []


def test_two_target_groups_may_not_share_a_name() -> None:
    one = TargetGroupNames("one", "same", "p1", "a1")
    two = TargetGroupNames("two", "same", "p2", "a2")

    (problem,) = target_group_problems([one, two])
    assert "same" in problem
    assert target_group_problems([one, replace(two, physical="other")]) == []
    assert len(target_group_problems([replace(one, physical="a_b")])) == 1


@pytest.mark.parametrize(("bad", "good"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_keep_the_limits_of_lambda(bad: dict[str, Any], good: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"name": "f", "memory_mb": 512, "timeout_s": 60}

    assert len(function_problems(**{**usual, **bad})) == 1
    assert function_problems(**{**usual, **good}) == []


@pytest.mark.parametrize(("bad", "good"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_environments_keep_the_limits_of_lambda_and_values_stay_unseen(
    bad: dict[str, str], good: dict[str, str]
) -> None:
    (problem,) = environment_problems(bad)

    assert "canary" not in problem
    assert environment_problems(good) == []


def test_values_that_are_not_known_yet_have_no_size() -> None:
    assert environment_problems({"ARN": object(), "BIG": "x" * 4086}) == []


def test_a_function_has_at_most_five_layers() -> None:
    assert layer_problems(5) == []
    assert layer_problems(6) == ["6 layers, AWS allows 5"]
