"""Every claim fails on what it is there to find.

That they pass on the real program is what tests/lifecycle/test_check_command.py says.
"""

import functools
from collections.abc import Callable

import pytest

from .breaks import BREAKS, Break, all_on_rust, failed, python_only, rust_only, split, wrong
from .by_hand import ByHand

pytestmark = pytest.mark.timeout(900)

DEAR = {
    "rules that are obeyed too late",
    "Rust that crashes",
    "alarms that cannot fire",
    "alarms that tell nobody",
    "cookies that 50 % forgets",
    "one share at 25 instead of 50",
    "stickiness of 7200 s",
}
"""Seconds each, and alike to others here: `python -m tests.checklist.breaks` tries them all."""


@pytest.fixture(scope="module")
def found(stack: ByHand) -> Callable[[Break], list[str]]:
    """The claims that fail under a break, and those beside it."""

    @functools.cache
    def at_once(number: int) -> list[str]:
        return failed(stack, *(one for one in BREAKS if one.beside == number))

    return lambda one: failed(stack, one) if one.beside is None else at_once(one.beside)


@pytest.mark.parametrize(
    "one", [one for one in BREAKS if one.what not in DEAR], ids=lambda one: one.what
)
def test_a_break_fails_the_claim_that_names_it(
    found: Callable[[Break], list[str]], one: Break
) -> None:
    texts = found(one)

    assert [text for text in texts if one.claim in text], texts


def test_what_is_not_broken_passes(stack: ByHand) -> None:
    run = stack.run()

    assert wrong([*python_only(run), *rust_only(run), *all_on_rust(run), *split(run)]) == []
