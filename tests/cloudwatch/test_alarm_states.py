"""Alarms of the account, set by what the data plane counted."""

import json
from typing import Any

import pytest

from sandbox.dataplane.failures import Reason
from sandbox.dataplane.metrics import Outcome
from tests.cloudwatch.world import ELB, World


def test_a_ratio_alarm_and_the_composite_above_it(world: World) -> None:
    alarm = world.ratio_alarm()
    composite = world.composite(alarm)
    assert (world.state(alarm), world.state(composite)) == ("INSUFFICIENT_DATA", "OK")

    world.answer(200, 200, 200)
    world.minute()
    assert world.state(alarm) == "OK"
    for minute in range(3):
        assert world.state(composite) == "OK", minute
        world.answer(200, 200, 500)
        world.minute()
    assert (world.state(alarm), world.state(composite)) == ("ALARM", "ALARM")
    share = repr(1 / 3)
    assert world.described(alarm)["StateReason"] == (
        f"Threshold Crossed: 3 out of the last 5 datapoints [{share} (14/11/23 22:17:00), "
        f"{share} (14/11/23 22:16:00), {share} (14/11/23 22:15:00)] were greater than the "
        "threshold (0.2) (minimum 3 datapoints for OK -> ALARM transition)."
    )
    data = json.loads(world.described(alarm)["StateReasonData"])
    assert data["recentDatapoints"] == [0.0, *[1 / 3] * 3]

    for _ in range(3):
        world.answer(200, 200, 200)
        world.minute()
    assert (world.state(alarm), world.state(composite)) == ("OK", "OK")


def test_a_ratio_alarm_without_traffic_has_no_data(world: World) -> None:
    alarm = world.ratio_alarm()
    world.answer(200)
    world.minute()
    assert world.state(alarm) == "OK"
    for minute in range(7):  # its range of evaluation
        assert world.state(alarm) == "OK", minute
        world.minute()
    assert world.state(alarm) == "INSUFFICIENT_DATA"
    assert world.described(alarm)["StateReason"] == "Insufficient Data: 5 datapoints were unknown."


@pytest.mark.parametrize(
    ("name", "dimension", "namespace"),
    [("LambdaUserError", "TargetGroup", ELB), ("Errors", "FunctionName", "AWS/Lambda")],
)
def test_failing_functions(world: World, name: str, dimension: str, namespace: str) -> None:
    alarm = world.count_alarm(name, dimension, namespace=namespace)
    world.minute()
    assert world.state(alarm) == "OK"
    for minute in range(3):
        assert world.state(alarm) == "OK", minute
        world.record(Outcome(502, world.group, reason=Reason.UNHANDLED, ran_s=0.1))
        world.minute()
    for minute in range(5):  # CloudWatch looks back for real data before it fills in
        assert world.state(alarm) == "ALARM", minute
        world.minute()
    assert world.state(alarm) == "OK"


def test_slow_answers(world: World) -> None:
    slow: dict[str, Any] = {"Statistic": "Average", "Threshold": 2.0, "EvaluationPeriods": 1}
    alarm, wrong_unit = (
        world.count_alarm(
            "TargetResponseTime", "LoadBalancer", "TargetGroup", DatapointsToAlarm=1, Unit=unit,
            **slow,
        )
        for unit in ("Seconds", "Milliseconds")
    )  # fmt: skip
    world.answer(200, 200, seconds=1.0)
    world.minute()
    assert (world.state(alarm), world.state(wrong_unit)) == ("OK", "OK")
    world.answer(200, 200, seconds=3.0)
    world.minute()
    assert (world.state(alarm), world.state(wrong_unit)) == ("ALARM", "OK")


def test_only_what_changes_is_set(world: World) -> None:
    first = world.count_alarm("LambdaUserError", "TargetGroup")
    world.answer(200)
    published = world.minute()
    assert (published.alarms, published.changed) == (1, 1)
    updated = world.described(first)["StateUpdatedTimestamp"]

    second = world.count_alarm("LambdaUserError", "TargetGroup")
    published = world.monitor.publish()
    assert (published.data, published.alarms, published.changed) == (0, 2, 1)
    assert world.state(second) == "OK"
    assert world.described(first)["StateUpdatedTimestamp"] == updated

    world.cloudwatch.set_alarm_state(AlarmName=first, StateValue="ALARM", StateReason="a test")
    assert world.monitor.publish().changed == 1  # as CloudWatch does, soon after
    assert world.state(first) == "OK"


def test_an_alarm_that_cannot_be_evaluated_is_told_and_left_alone(world: World) -> None:
    alarm = world.count_alarm("Duration", "FunctionName", Statistic="Sum", Period=30)
    good = world.count_alarm("LambdaUserError", "TargetGroup")
    for _ in range(2):
        world.minute()
    assert (world.state(alarm), world.state(good)) == ("INSUFFICIENT_DATA", "OK")
    assert world.monitor.notes == [
        f"The alarm {alarm} is not evaluated: a period of 30 s is no whole minute"
    ]
