"""The long run on a short one, and every claim of its verdict where it fails."""

import os
import re
from contextlib import nullcontext
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from sandbox import cli
from sandbox.checklist.client import Sample
from sandbox.checklist.targets import ALL, DUAL, Target
from sandbox.commands import checking, common
from sandbox.dataplane.groups import PYTHON, RUST
from sandbox.own_process import resident_mib
from sandbox.soak import GROWTH, WALK, Minute, count_wrong, soaked, verdict

from .breaks import wrong
from .by_hand import ByHand

FINE = Minute(50, moved=True, requests=100, failed=0, wrong=0, memory={"sandbox": 100.0})
PYTHON_ONLY = next(target for target in ALL if not target.route.dual and target.route.priority)
LIVE = 10.0


def test_two_minutes_of_the_clock_pass(stack: ByHand) -> None:
    ahead = stack.control.status()["clock"]["ahead"]

    minutes = list(soaked(stack.run(), 2, {"all of it": os.getpid()}))

    assert [one.percentage for one in minutes] == list(WALK[:2]) == [100, 0]
    assert wrong(verdict(minutes)[:3]) == []  # two minutes say nothing of memory
    assert [list(one.memory) for one in minutes] == [["all of it"]] * 2
    assert min(one.requests for one in minutes) > 4 * len(ALL)
    assert stack.control.status()["clock"]["ahead"] == ahead + 120


def test_what_still_goes_to_rust_at_zero_is_found(stack: ByHand) -> None:
    broken = replace(stack, share=lambda _endpoint, asked: asked or 25)

    minutes = list(soaked(broken.run(), 2, {}))

    assert [one.wrong > 0 for one in minutes] == [False, True]
    assert [one.failed for one in minutes] == [0, 0]


def answered(by: str, target: Target = DUAL[0], **other: Any) -> Sample:
    name, (function, group, priority) = target.route.answer(by)
    sample = Sample(
        target, LIVE + 1, LIVE + 2, target.status, name, function, group, priority, returning=False
    )
    return sample._replace(**other)


@pytest.mark.parametrize(
    ("sample", "percentage", "found"),
    [
        (answered(PYTHON), 0, 0),
        (answered(RUST), 0, 1),
        (answered(RUST, returning=True), 0, 1),
        (answered(RUST, begun=LIVE - 1), 0, 0),
        (answered(RUST), 50, 0),
        (answered(PYTHON), 50, 0),
        (answered(PYTHON, priority="1"), 50, 1),
        (answered(PYTHON, function="another"), 50, 1),
        (answered(PYTHON, group="another", begun=LIVE - 1), 50, 1),
        (answered(RUST), 100, 0),
        (answered(PYTHON), 100, 1),
        (answered(PYTHON, returning=True), 100, 0),
        (answered(PYTHON, begun=LIVE - 1), 100, 0),
        (answered(PYTHON, target=PYTHON_ONLY), 100, 0),
        (answered(PYTHON, target=PYTHON_ONLY, side=RUST), 50, 1),
        (answered(RUST, status=502), 0, 0),  # it failed, which is another claim's
    ],
)
def test_who_may_answer(sample: Sample, percentage: int, found: int) -> None:
    assert count_wrong([sample], percentage, LIVE) == found


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"moved": False}, "7 of 8 changes updated 6 rules"),
        ({"failed": 1}, "1 of 800 requests failed"),
        ({"wrong": 1}, "1 were answered by whom"),
    ],
)
def test_once_in_the_run_is_enough_to_fail(change: dict[str, Any], claim: str) -> None:
    (failed,) = wrong(verdict([*[FINE] * 7, replace(FINE, **change)]))

    assert failed.startswith(claim)


def test_a_run_that_asked_nothing_shows_nothing() -> None:
    assert wrong(verdict([replace(FINE, requests=0)] * 8)) == [
        "0 of 0 requests failed (0 allowed)."
    ]


@pytest.mark.parametrize(
    ("sizes", "passed"),
    [
        ([50, 90, 100, 100, 100, 100, 100, 100], True),
        ([100, 100, 100, 100, 180, 180, 105, 105], True),
        ([100, 100, 100, 100, 100, 100, 106, 106], False),
        ([100, 101, 102, 103, 105, 107, 108, 109], False),
    ],
)
def test_memory_may_rise_at_first_and_no_more(sizes: list[float], passed: bool) -> None:
    minutes = [replace(FINE, memory={"sandbox": size, "engine": 7.0}) for size in sizes]

    assert GROWTH == 0.05
    assert [claim.passed for claim in verdict(minutes)] == [True, True, True, passed, True]


def test_the_memory_of_this_process_is_what_it_is_and_grows_with_it() -> None:
    before = resident_mib(os.getpid())
    held = b"1" * 2**26

    assert 30 < before < 4000
    assert resident_mib(os.getpid()) - before == pytest.approx(64, abs=16), len(held)


@pytest.mark.parametrize(("failed", "code"), [(0, 0), (3, common.FAILED)])
def test_the_command_tells_every_fifth_minute_and_the_verdict(
    monkeypatch: pytest.MonkeyPatch, failed: int, code: int
) -> None:
    minutes = [FINE, FINE, FINE, FINE, replace(FINE, failed=failed), FINE, FINE]
    monkeypatch.setattr(checking, "sandbox_process", lambda: nullcontext(("http://nowhere", 1)))
    monkeypatch.setattr(checking, "_run", Mock())
    monkeypatch.setattr(checking, "soaked", lambda *_: iter(minutes))

    done = CliRunner().invoke(cli.app, ["soak", "--minutes", "7"])

    assert done.exit_code == code
    assert re.findall(r"^ *(\d+) min at 50 %", done.output, re.MULTILINE) == ["5", "7"]
    assert f"{failed} of 700 requests failed (0 allowed)." in done.output
    assert "at most 105.0 MiB allowed" in done.output


def test_a_minute_has_nothing_to_compare_its_memory_with() -> None:
    assert CliRunner().invoke(cli.app, ["soak", "--minutes", "1"]).exit_code == common.BAD_INPUT
