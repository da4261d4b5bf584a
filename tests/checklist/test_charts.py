"""The drawings, read back as XML."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.charts import draw
from pages.model import Chart, Line, Mark, Share, Shares, Timeline

from .samples import CHARTS, cloudwatch, hostile, rollback, shares

TELEPHONE_PX = 390


def read(chart: Chart) -> Element:
    return fromstring(draw(chart))  # noqa: S314 # our own drawing


def texts(svg: Element) -> list[str]:
    return [one.text or "" for one in svg.iter() if one.tag in ("text", "tspan") and one.text]


def coloured(svg: Element, name: str) -> list[Element]:
    return [one for one in svg.iter() if f"var(--{name})" in (one.get("fill"), one.get("stroke"))]


def one_share(share: Share) -> Element:
    return read(Shares("Shares", ("50 %",), (("embed-st", (share,)),)))


@pytest.mark.parametrize(
    "make",
    [
        *CHARTS,
        lambda: hostile().items[0].charts[0],
        lambda: hostile().items[0].charts[1],
    ],
)
def test_every_chart_is_an_image_with_a_name_for_a_telephone_and_needs_nothing(
    make: Callable[[], Chart],
) -> None:
    chart = make()
    text = draw(chart)
    svg = fromstring(text)  # noqa: S314 # our own drawing

    assert svg.get("role") == "img"
    assert (svg.get("aria-label") or "").startswith(chart.title[:20])
    assert float(svg.get("viewBox", "").split()[2]) <= TELEPHONE_PX
    assert not re.search(r"https?:|href|url\(|<(script|style|image)\b|\b(id|on\w+)=", text)
    assert draw(chart) == text


def test_each_line_has_its_name_its_last_value_and_the_units() -> None:
    svg = read(rollback())

    assert {
        "A: change is live at 0 s",
        "A",
        "plain rule (ours): 0 % Rust at the end",
        "weight 0 (the trap): 100 % Rust at the end",
        "time in s",
        "50 %",
    } <= set(texts(svg))
    assert "plain rule (ours): 0 % Rust at the end, 0 to 100" in svg.get("aria-label", "")


def test_a_long_time_is_told_in_minutes_or_hours() -> None:
    line = Line("all", ((0, 1), (7200, 2)))

    found = texts(read(Timeline("Load", "requests", (line,), (Mark(3600, "half"),))))

    assert {"time in min", "A: half at 60 min", "100"} <= set(found)


def test_a_mark_and_a_point_of_the_same_time_stand_on_one_another() -> None:
    line = Line("all", ((0, 0), (10, 50), (20, 100)))
    svg = read(Timeline("Load", "requests", (line,), (Mark(10, "update"),), top=100))

    (dash,) = [one for one in svg.iter("line") if one.get("stroke-dasharray")]
    (trace,) = [one for one in coloured(svg, "neither") if one.get("fill") != "var(--neither)"]
    xs, ys = zip(*(map(float, point.split(",")) for point in _points(trace)), strict=True)
    assert f"translate({xs[1]:g}," in dash.get("transform", "")
    assert (xs[1] - xs[0], ys[0] - ys[1]) == pytest.approx((xs[2] - xs[1], ys[1] - ys[2]))


def _points(trace: Element) -> list[str]:
    return re.split("[ML]", trace.get("d", ""))[1:]


def test_lines_have_the_colour_of_the_implementation_that_they_show() -> None:
    def colours(unit: str, label: str) -> list[str]:
        svg = read(Timeline("", unit, (Line(label, ((0, 1), (1, 1))),)))
        return [side for side in ("python", "rust", "neither") if coloured(svg, side)]

    assert colours("requests", "Python") == ["python"]
    assert colours("% Rust", "embed-st") == ["rust"]
    assert colours("% of clients", "a trusted client") == ["neither"]


def test_sums_are_a_column_for_each_period_that_has_any_of_them() -> None:
    svg = read(cloudwatch())

    assert [len(coloured(svg, side)) for side in ("python", "rust")] == [6, 6]
    assert {"0", "1", "61", "183", "10k", "Rust: 9,300 in all, requests a minute"} <= {*texts(svg)}


@pytest.mark.parametrize("points", [(), ((math.nan, 1), (1, math.inf))])
def test_without_points_the_chart_says_so(points: tuple[tuple[float, float], ...]) -> None:
    chart = Timeline("Load", "requests", (Line("all", points),))

    assert "all: nothing measured" in texts(read(chart))
    assert "Load: nothing measured" in texts(read(replace(chart, lines=())))
    assert "Nothing measured" in read(Shares("Shares", (), ())).get("aria-label", "")


def test_every_share_is_written_and_told() -> None:
    svg, chart = read(shares()), shares()

    found = texts(svg)
    for label, row in chart.rows:
        assert label in found
        for column, share in zip(chart.columns, row, strict=True):
            told = f"{label} at {column}: {share.rust} of {share.total} on Rust"
            assert told in svg.get("aria-label", "")
    assert found.count("100 %") >= 2 * len(chart.rows)
    assert found.count("0 % again") == len(chart.rows)


@pytest.mark.parametrize(
    ("rust", "text"),
    [(0, "0 %"), (1, "<0.1 %"), (4000, "100 %"), (3999, ">99.9 %"), (3000, "75.0 %")],
)
def test_a_share_is_never_rounded_to_none_or_all(rust: int, text: str) -> None:
    assert text in texts(one_share(Share(rust, 4000, 0, 4000)))


def test_a_share_that_is_not_allowed_has_another_shape_and_one_of_nobody_has_none() -> None:
    def shapes(share: Share) -> list[int]:
        svg = one_share(share)
        return [
            len([one for one in coloured(svg, name) if one.tag == "path"])
            for name in ("allowed", "rust", "failed")
        ]

    assert shapes(Share(2027, 4000, 1877, 2123)) == [1, 1, 0]
    assert shapes(Share(2600, 4000, 1877, 2123)) == [1, 0, 1]
    assert shapes(Share(0, 0, 0, 0)) == [0, 0, 0]
    assert "none asked" in texts(one_share(Share(0, 0, 0, 0)))
    (cross,) = [
        one
        for one in coloured(one_share(Share(2600, 4000, 1877, 2123)), "failed")
        if one.tag == "path"
    ]
    assert "A" not in cross.get("d", "")  # no arc


def test_a_long_name_is_wrapped_and_not_cut() -> None:
    label = "an endpoint with a name " * 6

    svg = read(Timeline("Load", "requests", (Line(label, ((0, 1), (1, 1))),)))

    assert label.strip() in " ".join(texts(svg))


times = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
values = st.floats(0, 1e9) | st.sampled_from([math.nan, math.inf])
lines = st.lists(
    st.builds(Line, st.text(max_size=40), st.lists(st.tuples(times, values)).map(tuple)),
    max_size=3,
)
moments = st.lists(st.builds(Mark, st.floats(-1e6, 1e6), st.text(max_size=40)), max_size=4)


@settings(max_examples=30, deadline=None)
@given(
    st.builds(
        Timeline,
        st.text(),
        st.text(max_size=20),
        lines.map(tuple),
        moments.map(tuple),
        sums=st.booleans(),
    )
)
def test_whatever_was_measured_can_be_drawn(chart: Timeline) -> None:
    for element in read(chart).iter():
        for name in ("d", "transform", "viewBox"):
            assert not re.search("nan|inf", element.get(name, ""), re.IGNORECASE)
