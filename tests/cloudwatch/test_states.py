"""The states of alarms, with the tables of the user guide's page on missing data."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloudwatch.states import Criterion, State, judge

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
VALUES = {"0": 0.0, "X": 2.0, "-": None}
KEEP = None


def criterion(periods: int, datapoints: int, missing: str = "missing") -> Criterion:
    return Criterion("GreaterThanThreshold", 1.0, periods, datapoints, missing)


def state(data: str, datapoints: int, missing: str, periods: int = 3) -> State | None:
    return judge(criterion(periods, datapoints, missing), [VALUES[one] for one in data]).state


@pytest.mark.parametrize(
    ("datapoints", "data", "filled", "expected"),
    [
        (3, "0-X-X", 0, ("OK", "OK", "OK", "OK")),
        (3, "0----", 2, ("OK", "OK", "OK", "OK")),
        (3, "-----", 3, ("INSUFFICIENT_DATA", KEEP, "ALARM", "OK")),
        (3, "0XX-X", 0, ("ALARM", "ALARM", "ALARM", "ALARM")),
        (3, "--X--", 2, ("ALARM", KEEP, "ALARM", "OK")),
        (2, "0-X-X", 0, ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "00X0X", 0, ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0-X--", 1, ("OK", "OK", "ALARM", "OK")),
        (2, "----0", 2, ("OK", "OK", "ALARM", "OK")),
        (2, "---X-", 2, ("ALARM", KEEP, "ALARM", "OK")),
    ],
)
def test_the_tables_of_the_guide(
    datapoints: int, data: str, filled: int, expected: Sequence[State | None]
) -> None:
    assert tuple(state(data, datapoints, treatment) for treatment in TREATMENTS) == expected
    assert judge(criterion(3, datapoints), [VALUES[one] for one in data]).filled == filled


@pytest.mark.parametrize(
    ("data", "expected"),
    [("----X", "OK"), ("---X-", "OK"), ("--X--", "ALARM"), ("-X---", "ALARM"), ("---X0", "OK")],
)
def test_no_alarm_before_its_time(data: str, expected: State) -> None:
    """A single breaching point waits for newer data, until it is as old as M."""
    assert state(data, 3, "missing") == expected


@pytest.mark.parametrize(
    ("data", "datapoints", "treatment", "expected"),
    [
        ("-----", 1, "notBreaching", "OK"),
        ("----X", 1, "notBreaching", "ALARM"),
        ("X---X", 2, "ignore", "ALARM"),
        ("----X", 3, "ignore", KEEP),
        ("----0", 3, "ignore", "OK"),
        ("X0000", 3, "breaching", "OK"),
        ("XX0XX", 3, "missing", "OK"),
    ],
)
def test_states(data: str, datapoints: int, treatment: str, expected: State | None) -> None:
    assert state(data, datapoints, treatment) == expected


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("GreaterThanThreshold", ("OK", "OK", "ALARM")),
        ("GreaterThanOrEqualToThreshold", ("OK", "ALARM", "ALARM")),
        ("LessThanThreshold", ("ALARM", "OK", "OK")),
        ("LessThanOrEqualToThreshold", ("ALARM", "ALARM", "OK")),
    ],
)
def test_comparisons(comparison: str, expected: Sequence[State]) -> None:
    alarm = Criterion(comparison, 1.0, 1, 1)
    assert tuple(judge(alarm, [value]).state for value in (0.0, 1.0, 2.0)) == expected


PERIODS = st.integers(1, 6).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(1, n), st.text("0X", min_size=n, max_size=n + 2))
)


@given(PERIODS, st.sampled_from(TREATMENTS))
def test_without_gaps_the_newest_periods_are_counted(
    alarm: tuple[int, int, str], treatment: str
) -> None:
    periods, datapoints, data = alarm
    expected = "ALARM" if data[-periods:].count("X") >= datapoints else "OK"
    assert state(data, datapoints, treatment, periods) == expected


GAPS = st.integers(1, 6).flatmap(
    lambda n: st.tuples(
        st.just(n), st.integers(1, n), st.text("0X-", min_size=n + 2, max_size=n + 2)
    )
)


@given(GAPS)
def test_missing_data_is_worst_if_breaching_and_best_if_not(alarm: tuple[int, int, str]) -> None:
    periods, datapoints, data = alarm
    found = {treatment: state(data, datapoints, treatment, periods) for treatment in TREATMENTS}

    if found["notBreaching"] == "ALARM":
        assert set(found.values()) == {"ALARM"}
    if found["breaching"] == "OK":
        assert set(found.values()) == {"OK"}
    if data.replace("-", "") == "":
        assert found["missing"] == "INSUFFICIENT_DATA"
    else:
        assert found["missing"] in ("OK", "ALARM")
    assert found["ignore"] in (KEEP, found["missing"])
