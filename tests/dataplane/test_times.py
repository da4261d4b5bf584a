"""The distribution of response times that is published."""

import math
import random
from collections.abc import Iterable
from itertools import pairwise

import pytest

from routing import limits
from sandbox.cloudwatch.statistics import Distribution
from sandbox.dataplane.counts import Counts
from sandbox.dataplane.times import SHORTEST_S, WIDTH, Times


def counted(seconds: Iterable[float]) -> Times:
    counts = Counts("AWS/ApplicationELB", ())
    for one in seconds:
        counts.time("TargetResponseTime", one)
    return counts.times["TargetResponseTime"]


def published(*seconds: float, scale: float = 1) -> Distribution:
    return Distribution.of_datum(counted(seconds).as_values(scale))


def lognormal(count: int = 10_000) -> list[float]:
    numbers = random.Random(1)  # noqa: S311 no secret
    return [numbers.lognormvariate(math.log(0.08), 0.7) for _ in range(count)]


@pytest.mark.parametrize("percent", [1, 50, 90, 95, 99, 99.9, 100])
def test_a_percentile_is_within_a_bucket_of_the_true_one(percent: float) -> None:
    seconds = lognormal()
    true = sorted(seconds)[math.ceil(percent / 100 * len(seconds)) - 1]

    found = published(*seconds).value(f"p{percent:g}")

    assert found is not None
    assert 1 / WIDTH < found / true < WIDTH


@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize(
    "seconds",
    [
        [0.1],
        [0.1, 0.102],
        [0.1, 0.102, 0.104, 0.105],  # a single bucket
        [0.1, 0.102, 0.104, 0.3, 0.301, 0.5, 0.503, 0.506],
        lognormal(),
    ],
    ids=len,
)
def test_the_other_statistics_are_those_of_the_single_times(
    seconds: list[float], scale: int
) -> None:
    found = published(*seconds, scale=scale)

    assert found.count == len(seconds)
    assert (found.minimum, found.maximum) == (min(seconds) * scale, max(seconds) * scale)
    assert found.total == pytest.approx(math.fsum(seconds) * scale, rel=1e-12)


def test_equal_times_are_one_value() -> None:
    assert published(*[0.1] * 8).values == {0.1: 8}


def test_merged_times_are_those_of_both() -> None:
    seconds = lognormal(999)
    half = counted(seconds[::2])
    half.merge(counted(seconds[1::2]))

    found = Distribution.of_datum(half.as_values())
    whole = published(*seconds)

    assert (found.minimum, found.maximum) == (whole.minimum, whole.maximum)
    assert found.values is not None
    assert whole.values is not None
    pairs = zip(sorted(found.values.items()), sorted(whole.values.items()), strict=True)
    assert all(one == pytest.approx(other) for one, other in pairs)


def test_from_no_time_to_longer_than_any_function_may_run_a_datum_holds_them() -> None:
    steps = [1e-6 * 1.01**step for step in range(2500)]
    assert steps[-1] > limits.FUNCTION_TIMEOUT_SECONDS_MAX
    times = counted((0.0, *steps, *reversed(steps)))

    values = sorted(times.as_values()["Values"])

    assert 140 < len(values) <= limits.METRIC_VALUES_PER_DATUM
    kept = [one for one in values if SHORTEST_S * WIDTH < one < limits.FUNCTION_TIMEOUT_SECONDS_MAX]
    assert all(after / before < WIDTH**2 for before, after in pairwise(kept))
