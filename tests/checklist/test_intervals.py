"""The interval against a sum that is worked out by hand."""

from fractions import Fraction
from math import comb

import pytest

from sandbox.checklist.intervals import allowed

TAIL = Fraction(1, 20_000)  # half of what 99.99 % leaves


def exact(total: int, share: Fraction) -> tuple[int, int]:
    """The smallest counts whose cumulated probability reaches the tail, and 1 - tail."""
    cumulated = Fraction(0)
    low = None
    for count in range(total + 1):
        cumulated += comb(total, count) * share**count * (1 - share) ** (total - count)
        if low is None and cumulated >= TAIL:
            low = count
        if cumulated >= 1 - TAIL:
            return low or 0, count
    raise AssertionError


@pytest.mark.parametrize(
    ("total", "share"), [(400, Fraction(1, 2)), (600, Fraction(1, 10)), (50, Fraction(3, 4))]
)
def test_the_interval_is_exact(total: int, share: Fraction) -> None:
    assert allowed(total, float(share)) == exact(total, share)


def test_four_thousand_clients_at_half() -> None:
    assert allowed(4000, 0.5) == (1877, 2123)


@pytest.mark.parametrize("share", [0, 1])
def test_without_chance_nothing_else_is_allowed(share: int) -> None:
    assert allowed(4000, share) == (4000 * share, 4000 * share)
