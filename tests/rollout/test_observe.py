"""What there is to see of a stack, from CloudWatch's and the load balancers' answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rollout.live import Place, find_place
from rollout.observe import live_shares, quota_problems, read_all_rules, read_minutes
from routing import Listener
from tests.account.support import forward, header, host, path, weighted
from tests.rollout.stack import DUAL, RUST, SCORE, SECRET, Stack

BEGIN = 1_800_000_000 // 60 * 60


class CloudWatch:
    """Answers with the values that a test says, by metric and target group."""

    def __init__(self, values: dict[tuple[str, str], dict[int, float]]) -> None:
        self.values = values
        self.status = "Complete"
        self.asked: list[Any] = []
        self.silent = False

    def get_paginator(self, _name: str) -> "CloudWatch":
        return self

    def paginate(self, MetricDataQueries: Any, **_: Any) -> Any:  # noqa: N803
        self.asked += MetricDataQueries
        for query in MetricDataQueries[1:] if self.silent else MetricDataQueries:
            stat = query["MetricStat"]
            of = {one["Name"]: one["Value"] for one in stat["Metric"]["Dimensions"]}
            group = of["TargetGroup"].split("/")[1]
            name = stat["Metric"]["MetricName"]
            found = self.values.get((f"{name} {stat['Stat']}", group), {})
            times = [datetime.fromtimestamp(BEGIN + 60 * minute, UTC) for minute in found]
            result = {"Id": query["Id"], "Timestamps": times, "Values": list(found.values())}
            yield {"MetricDataResults": [{**result, "StatusCode": self.status}]}


def read(cloudwatch: Any, stack: Stack, minutes: int = 5) -> Any:
    return read_minutes(cloudwatch, find_place(stack.elb), BEGIN, BEGIN + 60 * minutes)


def test_a_side_is_the_sum_of_its_groups_and_as_slow_as_the_slowest(stack: Stack) -> None:
    first, second, rust = "l-cc-v1-score-GET-0", "l-passport-v2-stamp-score", RUST["public"]
    cloudwatch = CloudWatch(
        {
            ("RequestCount Sum", first): {0: 10, 1: 5},
            ("RequestCount Sum", second): {0: 20},
            ("RequestCount Sum", rust): {0: 3},
            ("HTTPCode_Target_5XX_Count Sum", first): {0: 1},
            ("LambdaUserError Sum", second): {0: 2},
            ("LambdaInternalError Sum", rust): {0: 1},
            ("TargetResponseTime p95", first): {0: 0.1},
            ("TargetResponseTime p95", second): {0: 0.4},
            ("TargetResponseTime p99", first): {0: 0.9},
        }
    )

    minutes, partial = read(cloudwatch, stack)

    assert partial == []
    assert [one.start for one in minutes] == [BEGIN, BEGIN + 60]
    (python, of_rust), internal = minutes[0].sides
    assert (python.requests, python.errors, python.p95, python.p99) == (30, 3, 0.4, 0.9)
    assert (of_rust.requests, of_rust.errors) == (3, 1)
    assert [side.requests for side in internal] == [0, 0]
    assert minutes[1].sides[0][0].requests == 5


def test_errors_of_functions_are_asked_for_by_their_group_alone(stack: Stack) -> None:
    cloudwatch = CloudWatch({})

    read(cloudwatch, stack)

    for query in cloudwatch.asked:
        metric = query["MetricStat"]["Metric"]
        names = {one["Name"] for one in metric["Dimensions"]}
        alone = metric["MetricName"].startswith("Lambda")
        assert names == ({"TargetGroup"} if alone else {"LoadBalancer", "TargetGroup"})
    assert len(cloudwatch.asked) == 8 * 7


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_what_is_not_complete_is_said(stack: Stack, status: str) -> None:
    cloudwatch = CloudWatch({})
    cloudwatch.status = status

    _, partial = read(cloudwatch, stack)

    assert f"RequestCount is {status}" in partial


def test_a_metric_without_an_answer_is_said(stack: Stack) -> None:
    cloudwatch = CloudWatch({})
    cloudwatch.silent = True

    assert read(cloudwatch, stack)[1] == ["1 metrics got no answer"]


def test_no_minute_is_read_before_one_is_closed(stack: Stack) -> None:
    cloudwatch = CloudWatch({})

    assert read(cloudwatch, stack, 0) == ([], [])
    assert cloudwatch.asked == []


def seen(stack: Stack, stickiness: int | None = 3600) -> dict[str, int | str]:
    place = find_place(stack.elb)
    return live_shares(read_all_rules(stack.elb, place), place, stickiness)


def test_every_dual_rule_has_its_share(stack: Stack) -> None:
    stack.share(25, SCORE)
    stack.add_testers()

    assert seen(stack) == dict.fromkeys(DUAL, 0) | {SCORE: 25}


def differs(stack: Stack) -> Any:
    python, rust = stack.python(SCORE), stack.rust(SCORE)
    elb, arn = stack.elb, stack.rules[SCORE]
    return {
        "sticky for 60 s": lambda: stack.change(
            SCORE, weighted((python, 90), (rust, 10), Enabled=True, DurationSeconds=60)
        ),
        "is l-passport-v2-rust-scorer": lambda: stack.change(SCORE, forward(rust)),
        "is at priority 1500, not 1001": lambda: elb.set_rule_priorities(
            RulePriorities=[{"RuleArn": arn, "Priority": 1500}]
        ),
        "is missing": lambda: elb.delete_rule(RuleArn=arn),
        "is missing ": lambda: elb.modify_rule(
            RuleArn=arn, Conditions=[host("x.passport.xyz"), path("/ceramic-cache/score/*")]
        ),
        "is there twice": lambda: stack.add(
            "public", 1502, stack.conditions(stack.row(SCORE)), forward(python)
        ),
    }


@pytest.mark.parametrize(
    "told",
    [
        "sticky for 60 s",
        "is l-passport-v2-rust-scorer",
        "is at priority 1500, not 1001",
        "is missing",
        "is missing ",
        "is there twice",
    ],
)
def test_a_rule_that_is_not_as_declared_is_none_of_ours(stack: Stack, told: str) -> None:
    differs(stack)[told]()

    found = seen(stack)

    assert told.strip() in str(found.pop(SCORE))
    assert found == dict.fromkeys(DUAL - {SCORE}, 0)


def test_a_weighted_rule_of_weight_0_is_not_python_alone(stack: Stack) -> None:
    """It would keep clients with a cookie on Rust."""
    python, rust = stack.python(SCORE), stack.rust(SCORE)
    action = weighted((python, 100), (rust, 0), Enabled=True, DurationSeconds=3600)
    stack.change(SCORE, action)

    assert seen(stack)[SCORE] != 0


def test_a_load_balancer_without_room_for_rust_is_named(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = find_place(stack.elb)
    assert quota_problems(stack.elb, place) == []
    monkeypatch.setattr("routing.limits.TARGET_GROUPS_PER_LOAD_BALANCER", 3)

    problems = quota_problems(stack.elb, place)

    assert len(problems) == 2
    assert "of 3 target groups" in problems[0]


def test_a_tester_rule_is_no_dual_rule(stack: Stack) -> None:
    place: Place = find_place(stack.elb)
    stack.add(
        "public",
        700,
        [path("/ceramic-cache/score/*"), header("X-Use-Rust-Scorer", SECRET)],
        forward(stack.rust(SCORE)),
    )

    assert live_shares(read_all_rules(stack.elb, place), place, 3600) == dict.fromkeys(DUAL, 0)
    assert set(place.listeners.values()) == set(Listener)
