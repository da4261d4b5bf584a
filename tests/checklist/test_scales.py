"""Where things stand in a chart, without a chart."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.checklist.scales import Scale, placed, round_top, thinned


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-10, 10)), min_size=1))
def test_thinned_points_are_some_of_the_points_and_have_the_same_range(
    points: list[tuple[float, float]],
) -> None:
    points.sort()
    kept = thinned(points, Scale(0, 100, 0, 30))

    assert set(kept) <= set(points)
    assert (kept[0], kept[-1][0]) == (points[0], points[-1][0])
    ys = [y for _, y in points]
    assert {min(ys), max(ys)} <= {y for _, y in kept}
    assert kept == sorted(kept)


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(1, 150))))
def test_no_two_texts_of_marks_overlap_and_none_leaves_the_drawing(
    wanted: list[tuple[float, float]],
) -> None:
    places = placed(wanted, 300)

    assert [(place.x, place.width) for place in places] == wanted
    for place in places:
        assert 0 <= place.span[0] <= place.span[1] <= 300
    for one, other in combinations(places, 2):
        apart = one.span[1] < other.span[0] or other.span[1] < one.span[0]
        assert apart or one.row != other.row


@pytest.mark.parametrize(
    "xs",
    [
        (10, 20, 30),
        (10, 12, 200, 210),
        (250, 280, 299),
        (0, 0, 300, 300),
        (140, 150, 160),
        (215, 290),
    ],
)
def test_no_line_of_a_mark_crosses_the_text_of_another(xs: tuple[float, ...]) -> None:
    places = placed([(x, 80) for x in xs], 300)

    for place in places:
        for other in places:
            covers = place.span[0] < other.x < place.span[1]
            assert not (covers and other.row > place.row)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 12))
def test_ticks_are_round_few_and_inside(low: float, span: float, about: int) -> None:
    ticks = Scale(low, low + span, 0, 100).ticks(about)

    assert len(ticks) <= about + 1
    for tick in ticks:
        assert low - 1e-6 * span <= tick <= low + span * (1 + 1e-6)
    for step in {after - before for before, after in pairwise(ticks)}:
        assert f"{step:.0e}"[0] in "125"


@given(st.floats(1e-6, 1e12))
def test_the_axis_ends_at_a_round_number_not_far_above_the_highest_value(highest: float) -> None:
    assert highest <= round_top(highest) * (1 + 1e-6) <= highest * 1.5001
