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
    Host,
    Listener,
    Methods,
    Path,
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

Action = Forward[str] | WeightedForward[str] | FixedResponse


def a_rule(
    priority: int = 1,
    path: str = "/a",
    *,
    listener: Listener = Listener.PUBLIC,
    action: Action | None = None,
) -> Rule[str]:
    return Rule(
        name=f"{listener}-{priority}-{path}",
        listener=listener,
        priority=priority,
        conditions=(Path((path,)),),
        action=action or Forward(f"group-{listener}"),
    )


def spread(*weights: int, seconds: int = 60) -> WeightedForward[str]:
    return WeightedForward(
        tuple(WeightedGroup(f"g{n}", weight) for n, weight in enumerate(weights)), seconds
    )


@pytest.mark.parametrize(("bad", "good"), [(0, 1), (50_001, 50_000), (-1, 2)])
def test_priorities_are_those_of_the_api(bad: int, good: int) -> None:
    assert len(priority_problems(bad)) == 1
    assert str(bad) in priority_problems(bad)[0]
    assert priority_problems(good) == []


ROOT = Path(("/",))

CONDITIONS: dict[str, tuple[Sequence[Condition], Sequence[Condition]]] = {
    "no condition": ([], [ROOT]),
    "two hosts": ([Host(("a.b",)), Host(("c.d",))], [Host(("a.b", "c.d"))]),
    "two paths": ([ROOT, Path(("/b",))], [Path(("/", "/b"))]),
    "two methods": ([Methods(("GET",)), Methods(("POST",))], [Methods(("GET", "POST"))]),
    "six values": (
        [Path(("/a", "/b", "/c")), Methods(("GET", "POST", "PUT"))],
        [Path(("/a", "/b", "/c")), Methods(("GET", "POST"))],
    ),
    "six values with headers": (
        [ROOT, Header("X", ("a", "b")), Header("Y", ("a", "b", "c"))],
        [ROOT, Header("X", ("a", "b")), Header("Y", ("a", "b"))],
    ),
    "six wildcards": ([Path(("/*/?/*/?/*/?",))], [Path(("/*/?/*/?/*",))]),
    "six wildcards in two conditions": (
        [Host(("*.*",)), Path(("/*/*/*/*",))],
        [Host(("*.*",)), Path(("/*/*/*",))],
    ),
    "no value": ([Path(())], [ROOT]),
    "no header value": ([Header("X", ())], [Header("X", ("a",))]),
    "empty value": ([Path(("",))], [ROOT]),
    "long path": ([Path(("/" * 129,))], [Path(("/" * 128,))]),
    "long host": ([Host(("a." * 64 + "a",))], [Host(("a." * 64,))]),
    "long header value": ([Header("X", ("a" * 129,))], [Header("X", ("a" * 128,))]),
    "empty header value": ([Header("X", ("",))], [Header("X", ("a",))]),
    "host without a dot": ([Host(("localhost",))], [Host(("local.host",))]),
    "only one host with a dot": ([Host(("a.b", "ab"))], [Host(("a.b", "b.a"))]),
    "small method": ([Methods(("get",))], [Methods(("GET",))]),
    "method with a star": ([Methods(("GE*",))], [Methods(("GE_",))]),
    "long method": ([Methods(("A" * 41,))], [Methods(("A" * 40,))]),
    "header without a name": ([Header("", ("a",))], [Header("X", ("a",))]),
    "long header name": ([Header("X" * 41, ("a",))], [Header("X" * 40, ("a",))]),
}


@pytest.mark.parametrize("case", CONDITIONS)
def test_conditions_keep_the_limits_of_a_rule(case: str) -> None:
    bad, good = CONDITIONS[case]

    assert condition_problems(bad)
    assert condition_problems(good) == []


def test_two_header_conditions_are_allowed() -> None:
    assert condition_problems([Header("X", ("a",)), Header("X", ("b",))]) == []


def test_a_headers_value_is_part_of_no_problem() -> None:
    values = ("canary" * 30, "", "can?ry" * 6)
    problems = condition_problems([Header("X" * 41, values), Header("Y", values)])

    assert problems
    assert "can" not in "".join(problems)


ACTIONS: dict[str, tuple[Action, Action]] = {
    "no group": (spread(), spread(50, 50)),
    "one group": (spread(100), spread(99, 1)),
    "six groups": (spread(50, 10, 10, 10, 10, 10), spread(50, 10, 10, 10, 20)),
    "one group twice": (
        WeightedForward((WeightedGroup("a", 50), WeightedGroup("a", 50)), 60),
        WeightedForward((WeightedGroup("a", 50), WeightedGroup("b", 50)), 60),
    ),
    "less than everything": (spread(50, 49), spread(50, 50)),
    "more than everything": (spread(100, 1), spread(100, 0)),
    "nothing": (spread(0, 0), spread(0, 100)),
    "negative": (spread(101, -1), spread(99, 1)),
    "no time": (spread(50, 50, seconds=0), spread(50, 50, seconds=1)),
    "too long": (spread(50, 50, seconds=604_801), spread(50, 50, seconds=604_800)),
    "redirect": (FixedResponse(302, "text/plain", ""), FixedResponse(202, "text/plain", "")),
    "status of four digits": (
        FixedResponse(4000, "text/plain", ""),
        FixedResponse(400, "text/plain", ""),
    ),
    "content type": (FixedResponse(400, "text/xml", ""), FixedResponse(400, "text/html", "")),
    "long body": (
        FixedResponse(400, "text/plain", "x" * 1025),
        FixedResponse(400, "text/plain", "x" * 1024),
    ),
}


@pytest.mark.parametrize("case", ACTIONS)
def test_actions_keep_the_limits_of_a_rule(case: str) -> None:
    bad, good = ACTIONS[case]

    assert action_problems(bad)
    assert action_problems(good) == []


def test_equal_groups_are_found_by_identity_where_they_cannot_be_compared() -> None:
    class Unknown:
        def __eq__(self, other: object) -> bool:
            return False

        __hash__ = object.__hash__

    one, two = Unknown(), Unknown()

    def of(*groups: Unknown) -> WeightedForward[Unknown]:
        return WeightedForward(tuple(WeightedGroup(group, 50) for group in groups), 60)

    assert action_problems(of(one, one))
    assert action_problems(of(one, two)) == []


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


def test_every_rule_must_be_reachable() -> None:
    wide, narrow = a_rule(1, "/a*"), a_rule(2, "/ab")

    (problem,) = table_problems([wide, narrow])
    assert problem.startswith(narrow.name)
    assert table_problems([replace(wide, priority=3), narrow]) == []
    assert table_problems([wide, replace(narrow, listener=Listener.INTERNAL)]) == [
        *table_problems([wide]),
        "target group group-public serves 2 load balancers, AWS allows 1",
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


@pytest.mark.parametrize(
    ("bad", "good"),
    [("", "a"), ("a" * 33, "a" * 32), ("a_b", "a-b"), ("-a", "a"), ("a-", "A9"), ("a.b", "ab")],
)
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


FUNCTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no name": ({"name": ""}, {"name": "a"}),
    "long name": ({"name": "a" * 65}, {"name": "a" * 64}),
    "dotted name": ({"name": "a.b"}, {"name": "a_b-C9"}),
    "too little memory": ({"memory_mb": 127}, {"memory_mb": 128}),
    "too much memory": ({"memory_mb": 10_241}, {"memory_mb": 10_240}),
    "no time": ({"timeout_s": 0}, {"timeout_s": 1}),
    "too much time": ({"timeout_s": 901}, {"timeout_s": 900}),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_functions_keep_the_limits_of_lambda(case: str) -> None:
    usual: dict[str, Any] = {"name": "f", "memory_mb": 512, "timeout_s": 60}
    bad, good = FUNCTIONS[case]

    assert len(function_problems(**{**usual, **bad})) == 1
    assert function_problems(**{**usual, **good}) == []


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ({"1A": "canary"}, {"A1": "canary"}),
        ({"A-B": "canary"}, {"A_B": "canary"}),
        ({"_A": "canary"}, {"A_": "canary"}),
        ({"AWS_REGION": "canary"}, {"AWS_REGIONS": "canary"}),
        ({"AWS_SESSION_TOKEN": "canary"}, {"AWS_LAMBDA_EXEC_WRAPPER": "canary"}),
        ({"BIG": "canary" + "x" * 4088}, {"BIG": "canary" + "x" * 4087}),
        ({"BIG": "é" * 2047}, {"BIG": "é" * 2046}),
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_environments_keep_the_limits_of_lambda_and_values_stay_unseen(
    bad: dict[str, str], good: dict[str, str]
) -> None:
    (problem,) = environment_problems(bad)

    assert "canary" not in problem
    assert environment_problems(good) == []


def test_values_that_are_not_known_yet_have_no_size() -> None:
    assert environment_problems({"ARN": object(), "BIG": "x" * 4093}) == []


def test_a_function_has_at_most_five_layers() -> None:
    assert layer_problems(5) == []
    assert layer_problems(6) == ["6 layers, AWS allows 5"]
