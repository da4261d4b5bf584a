"""The monitor's thread, and what it does in trouble."""

import re
import threading
import time
from collections.abc import Callable

import pytest
from botocore.exceptions import EndpointConnectionError

from sandbox.cloudwatch.monitor import Monitor, PublishFailed
from tests.cloudwatch.world import ELB, World
from tests.dataplane.support import client_error


def test_what_could_not_be_sent_is_sent_next_time(world: World) -> None:
    alarm = world.count_alarm("Errors", "FunctionName", namespace="AWS/Lambda")
    world.answer(200, 200)
    world.api.broken["AWS/Lambda"] = EndpointConnectionError(endpoint_url="http://gone")
    for _ in range(2):
        with pytest.raises(PublishFailed, match=r"CloudWatch is not up to date: .*http://gone"):
            world.minute()
        world.answer(200)
    assert world.sums("RequestCount") == [2, 1]
    assert world.sums("Invocations", "FunctionName", namespace="AWS/Lambda") == []
    assert world.state(alarm) == "INSUFFICIENT_DATA"

    world.api.broken.clear()
    world.minute()
    assert world.sums("RequestCount") == [2, 1, 1]
    assert world.sums("Invocations", "FunctionName", namespace="AWS/Lambda") == [2, 1, 1]
    assert world.state(alarm) == "OK"


def test_an_alarm_may_vanish_meanwhile(world: World) -> None:
    alarm = world.count_alarm("LambdaUserError", "TargetGroup")
    gone = {**world.described(alarm), "AlarmName": "gone"}
    world.api.listed = [gone, world.described(alarm)]
    published = world.minute()
    assert (published.alarms, published.changed) == (2, 1)
    assert world.state(alarm) == "OK"


@pytest.mark.parametrize("operation", ["get_paginator", "set_alarm_state"])
def test_alarms_that_cannot_be_read_or_set(world: World, operation: str) -> None:
    alarm = world.count_alarm("LambdaUserError", "TargetGroup")
    world.answer(200)
    world.api.broken[operation] = client_error("InternalFailure")
    with pytest.raises(PublishFailed, match="InternalFailure"):
        world.minute()
    assert world.sums("RequestCount") == [1]

    world.api.broken.clear()
    world.monitor.publish()
    assert world.sums("RequestCount") == [1]
    assert world.state(alarm) == "OK"


def eventually(holds: Callable[[], bool]) -> None:
    """The bound is for a thread that is stuck, not for a slow machine."""
    deadline = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.005)


def test_every_minute_is_published_by_itself(world: World) -> None:
    alarm = world.count_alarm("LambdaUserError", "TargetGroup")
    world.monitor.start()
    for expected in ([1], [1, 2]):
        world.answer(*[200] * expected[-1])
        world.time.now += 60
        eventually(lambda: world.sums("RequestCount") == expected)  # noqa: B023 # used at once
    eventually(lambda: world.state(alarm) == "OK")
    world.answer(200)
    world.time.now += 5 * 3600  # the clock jumps ahead
    eventually(lambda: world.sums("RequestCount") == [1, 2, 1])


def test_nothing_is_asked_or_set_between_minutes(world: World) -> None:
    alarm = world.count_alarm("LambdaUserError", "TargetGroup")
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return world.time()

    world.monitor = Monitor(world.api, world.metrics, clock, interval_s=0.001)
    world.monitor.start()
    world.time.now += 60
    eventually(lambda: world.state(alarm) == "OK")
    world.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    looked = looks
    eventually(lambda: looks > looked + 20)
    assert world.state(alarm) == "ALARM"
    world.time.now += 60
    eventually(lambda: world.state(alarm) == "OK")


def monitors() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name == "monitor"}


def test_a_closed_monitor_publishes_nothing(world: World) -> None:
    others = monitors()
    world.monitor.close()  # never started
    world.monitor.start()
    assert len(monitors() - others) == 1
    world.monitor.close()
    world.monitor.close()
    world.answer(200)
    world.time.now += 60
    assert monitors() == others
    assert world.sums("RequestCount") == []

    world.monitor.start()
    world.time.now += 60
    eventually(lambda: world.sums("RequestCount") == [1])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (client_error("InternalFailure"), "CloudWatch is not up to date: .*InternalFailure"),
        (RuntimeError("unforeseen"), "A minute could not be published: .*unforeseen"),
    ],
)
def test_the_thread_survives_trouble_and_tells_it(
    world: World, error: Exception, words: str
) -> None:
    world.api.broken[ELB] = error
    world.monitor.start()
    world.answer(200)
    world.time.now += 60
    eventually(lambda: bool(world.monitor.notes))
    world.time.now += 60
    world.api.broken.clear()
    world.time.now += 60
    eventually(lambda: world.sums("RequestCount") == [1])
    assert re.search(words, world.monitor.notes[0])


def test_data_that_cannot_be_sent_do_not_pile_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.cloudwatch.monitor._UNSENT_MAX", 12)
    world.monitor = Monitor(world.api, world.metrics, world.time)
    world.api.broken |= dict.fromkeys((ELB, "AWS/Lambda"), client_error("InternalFailure"))
    for _ in range(5):
        world.answer(200)
        with pytest.raises(PublishFailed):
            world.minute()
    assert any(f"The oldest data of {ELB} were dropped" in note for note in world.monitor.notes)

    world.api.broken.clear()
    world.minute()
    assert world.sums("RequestCount") == [1, 1]  # six data a minute
