from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import (
    Forward,
    RoutingPercentages,
    WeightedForward,
    WeightedGroup,
    choose_forward,
    get_routing_percentages,
    is_rust_enabled,
)


@given(st.integers(0, 100))
def test_shares_are_always_a_hundred_together(rust: int) -> None:
    shares = get_routing_percentages(rust)

    assert shares == RoutingPercentages(python=100 - rust, rust=rust)


@pytest.mark.parametrize("rust", [-1, 101, 50.5, 50.0, "50", True, False, None])
def test_a_share_that_is_no_whole_number_from_0_to_100_is_refused(rust: Any) -> None:
    with pytest.raises(ValueError, match="whole number from 0 to 100"):
        get_routing_percentages(rust)


@pytest.mark.parametrize(("rust", "enabled"), [(0, False), (1, True), (99, True), (100, True)])
def test_rust_is_enabled_from_one_percent_on(rust: int, enabled: bool) -> None:
    assert is_rust_enabled(get_routing_percentages(rust)) is enabled


def chosen(rust: int, seconds: int = 3600) -> Forward[str] | WeightedForward[str]:
    return choose_forward(
        get_routing_percentages(rust), python="python", rust="rust", stickiness_seconds=seconds
    )


def test_at_zero_everything_goes_plainly_to_python() -> None:
    assert chosen(0) == Forward("python")


@given(st.integers(1, 100), st.integers(1, 604_800))
def test_above_zero_both_groups_are_written_python_first_and_clients_stay(
    rust: int, seconds: int
) -> None:
    assert chosen(rust, seconds) == WeightedForward(
        (WeightedGroup("python", 100 - rust), WeightedGroup("rust", rust)), seconds
    )


def test_groups_are_passed_on_whatever_they_are() -> None:
    python, rust = object(), object()
    shares = get_routing_percentages(100)
    action = choose_forward(shares, python=python, rust=rust, stickiness_seconds=1)

    assert action.groups[0] is python
    assert action.groups[1] is rust
