"""Every item fails on what it is there to find; on the real program they all pass."""

import pytest

from sandbox.checklist.items.rollback import rollback
from sandbox.checklist.items.shares import all_rust, all_six, half
from sandbox.checklist.items.stickiness import stickiness
from sandbox.checklist.results import Item
from sandbox.checklist.run import Run
from sandbox.engine.result import Operation, Step

from .conftest import RULE, ByHand


@pytest.fixture(autouse=True)
def no_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes of the clock that only the alarms need."""
    monkeypatch.setattr("sandbox.checklist.items.rollback.let_rust_fail", lambda _run: [])


def wrong(item: Item) -> list[str]:
    return [claim.text for claim in item.claims if not claim.passed]


def test_a_share_that_is_not_the_one_asked_for_is_found(run: Run, by_hand: ByHand) -> None:
    by_hand.weights = {50: 65}

    (text, *_) = wrong(half(run))

    assert text.startswith("Of 400 new clients each, Rust got: ")


def test_one_stray_at_100_percent_is_found(run: Run, by_hand: ByHand) -> None:
    by_hand.weights = {100: 95}

    assert any("exactly 100 asked for" in text for text in wrong(all_rust(run)))


def test_a_rollback_that_keeps_cookie_clients_on_rust_is_found(run: Run, by_hand: ByHand) -> None:
    by_hand.plain_at_zero = False

    (text,) = wrong(rollback(run))

    assert "requests after the change was live went to Rust" in text


def test_an_update_that_touches_something_else_is_found(run: Run, by_hand: ByHand) -> None:
    by_hand.more_steps = (Step(Operation.UPDATE, RULE, "lrule-no-gitcoin-v2", ("actions",)),)

    (text,) = wrong(all_rust(run))

    assert "also: update lrule-no-gitcoin-v2" in text


def test_failed_requests_are_found(run: Run) -> None:
    run.control.set_fault("rust", {"crashes": 0.5})
    try:
        texts = wrong(half(run))
    finally:
        run.control.clear_fault("rust")

    assert any("requests failed while it went from 100 to 50 %" in text for text in texts)


def test_a_route_that_is_answered_by_another_function_is_found(run: Run, by_hand: ByHand) -> None:
    run.to(0)
    (first, (python, _)), (second, (other, _)), *_ = by_hand.rules.items()
    by_hand.rules[first] = (other, python)
    by_hand(0)
    run.control.refresh()

    texts = wrong(all_six(run))
    by_hand.rules[first] = (python, other)

    assert any("wrong:" in text for text in texts)
    assert second in by_hand.rules


def test_stickiness_that_is_off_is_a_failure_and_no_crash(run: Run) -> None:
    run.to(0)

    (text,) = wrong(stickiness(run))

    assert text.startswith("The live rules keep clients for 0 s")
