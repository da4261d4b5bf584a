"""Contract, "Stack outputs"."""

from typing import Any

import pytest

from tests.declared.golden import (
    ALARM,
    DUAL,
    PYTHON,
    ROUTES,
    RULE,
    RUST_FUNCTION,
    RUST_GROUPS,
    Row,
    group_arn,
    methods,
)
from tests.support.recorder import Program, invented_arn


def expected(row: Row, share: int, seconds: int) -> dict[str, Any]:
    own, dual = row in PYTHON, row in DUAL
    return {
        "endpoint": row["endpoint"],
        "listener": row["listener"],
        "priority": int(row["priority"]),
        "host": row["host"] or None,
        "path": row["path"],
        "methods": methods(row) or None,
        "ruleArn": invented_arn(RULE, row["rule_logical_name"]),
        "pythonTargetGroupArn": group_arn(row["target_group_logical_name"]) if own else None,
        "rustTargetGroupArn": group_arn(RUST_GROUPS[row["listener"]]) if dual else None,
        "pythonWeight": (100 - share if dual else 100) if own else None,
        "rustWeight": (share if dual else 0) if own else None,
        "stickinessSeconds": seconds if dual and share else None,
    }


SHARES: dict[str, tuple[int, dict[str, int], int]] = {
    "staging": (0, {}, 3600),
    "with_testers": (0, {"embed-rl": 25}, 60),
    "production": (100, {"cc-v1-score-GET-0": 0}, 3600),
}


@pytest.fixture(params=SHARES)
def which(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def program(request: pytest.FixtureRequest, which: str) -> Program:
    found: Program = request.getfixturevalue(which)
    return found


def test_there_are_four_outputs(program: Program) -> None:
    assert set(program.exports) == {"rustPercentage", "routes", "rustScorer", "rolloutAlarms"}


def test_the_percentage_is_the_global_share(program: Program, which: str) -> None:
    assert program.exports["rustPercentage"] == SHARES[which][0]


def test_routes_are_the_nineteen_rules_of_the_table_with_nulls_written(
    program: Program, which: str
) -> None:
    share, overrides, seconds = SHARES[which]
    rows = sorted(ROUTES, key=lambda row: (row["listener"], int(row["priority"])))

    assert len(rows) == 19
    assert program.exports["routes"] == [
        expected(row, overrides.get(row["endpoint"], share), seconds) for row in rows
    ]


def test_the_rust_scorer_is_named_with_its_groups(program: Program) -> None:
    assert program.exports["rustScorer"] == {
        "functionName": RUST_FUNCTION,
        "publicTargetGroupArn": group_arn(RUST_GROUPS["public"]),
        "internalTargetGroupArn": group_arn(RUST_GROUPS["internal"]),
    }


def test_the_rollout_watches_every_alarm_on_rust_and_the_composite(program: Program) -> None:
    names = program.exports["rolloutAlarms"]
    on_rust = {
        name
        for name in program.of_type(ALARM)
        if "-passport-v2-rust-scorer-" in name or name == "passport-v2-rust-scorer-errors"
    }

    assert len(on_rust) == 15
    assert sorted(names) == sorted(on_rust | {"rust-scorer-health"})


def test_no_output_is_a_secret(program: Program) -> None:
    assert program.exports == program.open_exports
