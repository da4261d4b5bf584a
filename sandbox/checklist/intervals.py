"""How far chance may carry a count, exactly."""

from typing import Final

CONFIDENCE: Final = 0.9999


def allowed(total: int, share: float, *, together: int = 1) -> tuple[int, int]:
    """The lowest and the highest count that `total` fair draws give with 99.99 % probability.

    Exact quantiles of the binomial distribution, equal tails. `together`: how many such counts
    one claim judges, so that all of them keep within theirs with that probability. At a share
    of 0 or 1 there is no chance, and one stray is too many.
    """
    from scipy.stats import binom  # noqa: PLC0415 # a second that only a checklist should cost

    low, high = binom.interval(1 - (1 - CONFIDENCE) / together, total, share)
    return int(low), int(high)
