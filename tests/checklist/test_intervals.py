"""The interval against a sum that is worked out by hand."""

from fractions import Fraction
from math import comb

import pytest

from sandbox.checklist.checklist import DEFAULT_CLIENTS
from sandbox.checklist.intervals import allowed
from sandbox.checklist.targets import DUAL

TAIL = Fraction(1, 20_000)  # half of what 99.99 % leaves


def exact(total: int, share: Fraction, tail: Fraction = TAIL) -> tuple[int, int]:
    """The smallest counts whose cumulated probability reaches the tail, and 1 - tail."""
    cumulated = Fraction(0)
    low = None
    for count in range(total + 1):
        cumulated += comb(total, count) * share**count * (1 - share) ** (total - count)
        if low is None and cumulated >= tail:
            low = count
        if cumulated >= 1 - tail:
            return low or 0, count
    raise AssertionError


@pytest.mark.parametrize(
    ("total", "share"), [(400, Fraction(1, 2)), (600, Fraction(1, 10)), (50, Fraction(3, 4))]
)
def test_the_interval_is_exact(total: int, share: Fraction) -> None:
    assert allowed(total, float(share)) == exact(total, share)


def test_counts_that_one_claim_judges_together_share_its_chance() -> None:
    assert allowed(400, 0.5, together=6) == exact(400, Fraction(1, 2), TAIL / 6)


@pytest.mark.parametrize("share", [0.48, 0.52])
def test_two_points_off_are_seen_by_the_clients_of_all_endpoints_together(share: float) -> None:
    from scipy.stats import binom  # noqa: PLC0415 # a second of every process that collects

    clients = DEFAULT_CLIENTS * len(DUAL)
    low, high = allowed(clients, 0.5)

    assert binom.cdf(high, clients, share) - binom.cdf(low - 1, clients, share) < 1e-4


def test_four_thousand_clients_at_half() -> None:
    assert allowed(4000, 0.5) == (1877, 2123)


@pytest.mark.parametrize("share", [0, 1])
def test_without_chance_nothing_else_is_allowed(share: int) -> None:
    assert allowed(4000, share) == (4000 * share, 4000 * share)
