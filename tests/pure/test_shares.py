from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import Forward, WeightedForward, WeightedGroup, choose_forward, is_rust_enabled


def chosen(rust: Any, seconds: int = 3600) -> Forward | WeightedForward:
    return choose_forward(rust, python="python", rust="rust", stickiness_seconds=seconds)


@pytest.mark.parametrize("rust", [-1, 101, 50.5, 50.0, "50", True, False, None])
def test_a_share_that_is_no_whole_number_from_0_to_100_is_refused(rust: Any) -> None:
    with pytest.raises(ValueError, match="whole number from 0 to 100"):
        chosen(rust)


@pytest.mark.parametrize(("rust", "enabled"), [(0, False), (1, True), (99, True), (100, True)])
def test_rust_is_enabled_from_one_percent_on(rust: int, enabled: bool) -> None:
    assert is_rust_enabled(rust) is enabled


def test_at_zero_everything_goes_plainly_to_python() -> None:
    assert chosen(0) == Forward("python")


@given(st.integers(1, 100), st.integers(1, 604_800))
def test_above_zero_both_groups_are_written_python_first_and_clients_stay(
    rust: int, seconds: int
) -> None:
    assert chosen(rust, seconds) == WeightedForward(
        (WeightedGroup("python", 100 - rust), WeightedGroup("rust", rust)), seconds
    )
