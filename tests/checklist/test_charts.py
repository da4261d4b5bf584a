"""The drawings, read back as XML."""

import math
import re
from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.checklist.charts import NARROW, WIDE, draw
from sandbox.checklist.results import Chart, Line, Mark, Share, Shares, Timeline

from .samples import CHARTS, HOSTILE, hostile, rollback

WIDTHS = (WIDE, NARROW)
COORDINATES = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "d", "viewBox")


def read(chart: Chart, width: float = WIDE) -> Element:
    return fromstring(draw(chart, name="c", width=width))  # noqa: S314 # our own drawing


def of_class(svg: Element, name: str) -> list[Element]:
    return [one for one in svg.iter() if name in one.get("class", "").split()]


def numbers(text: str) -> list[float]:
    """Of an attribute; NaN and infinity are numbers too."""
    return [float(found) for found in re.findall(r"-?(?:[\d.]+|nan|inf)", text)]


def trace(svg: Element, index: int = 0) -> list[tuple[float, float]]:
    """The points of a line as drawn."""
    values = numbers(of_class(svg, "trace")[index].get("d", ""))
    return list(zip(values[::2], values[1::2], strict=True))


def texts(svg: Element, name: str) -> list[str]:
    return [one.text or "" for one in of_class(svg, name)]


def line_of(*points: tuple[float, float]) -> Timeline:
    return Timeline("Load", "requests", (Line("all", points),), top=100)


def one_share(share: Share) -> Element:
    return read(Shares("Shares", ("50 %",), (("embed-st", (share,)),)))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("chart", [*CHARTS, *hostile().items[0].charts])
def test_every_chart_is_an_image_with_a_name_and_has_room_for_all_of_it(
    chart: Chart, width: float
) -> None:
    svg = read(chart, width)

    assert svg.get("role") == "img"
    named = [svg.find(f"*[@id='{name}']") for name in svg.get("aria-labelledby", "").split()]
    assert [one.tag for one in named if one is not None and one.text] == ["title", "desc"]
    _, _, right, bottom = numbers(svg.get("viewBox", ""))
    for element in svg.iter():
        assert 0 <= float(element.get("x", 0)) <= right
        assert 0 <= float(element.get("y", 0)) <= bottom
        for name in COORDINATES:
            assert not re.search("nan|inf", element.get(name, ""))


def test_points_stand_where_the_axes_say() -> None:
    svg = read(line_of((0, 0), (10, 50), (20, 100)))

    low, middle, high = (float(one.get("y1", "")) for one in of_class(svg, "grid"))
    assert texts(svg, "tick")[:3] == ["0", "50", "100"]
    (x0, y0), (x1, y1), (x2, y2) = trace(svg)
    assert [y0, y1, y2] == pytest.approx([low, middle, high], abs=0.1)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    ticks = {one.text: float(one.get("x", "")) for one in of_class(svg, "tick")[3:]}
    assert (ticks["0"], ticks["20 s"]) == pytest.approx((x0, x2), abs=0.1)


def test_a_mark_stands_at_its_time() -> None:
    svg = read(replace(line_of((0, 0), (10, 50), (20, 100)), marks=(Mark(10, "update to 50 %"),)))

    (event,) = of_class(svg, "event")
    assert float(event.get("x1", "")) == pytest.approx(trace(svg)[1][0], abs=0.1)
    (text,) = of_class(svg, "event-text")
    assert text.text == "update to 50 %"
    assert float(text.get("x", "")) > float(event.get("x1", ""))


def test_each_line_has_its_name_and_its_last_value() -> None:
    svg = read(rollback())

    assert texts(svg, "label") == ["plain rule (ours)", "weight 0 (the trap)"]
    assert texts(svg, "value") == ["last 0 % Rust", "last 100 % Rust"]
    assert "plain rule (ours): 0 to 100, 0 at the end" in (svg.findtext("desc") or "")


def test_lines_have_the_colour_of_the_implementation_that_they_show() -> None:
    def classes(unit: str, *labels: str) -> list[str]:
        lines = tuple(Line(label, ((0, 1),)) for label in labels)
        return [one.get("class", "") for one in of_class(read(Timeline("", unit, lines)), "line")]

    assert classes("requests", "Python", "Rust", "all") == [
        "line python",
        "line rust",
        "line neither",
    ]
    assert classes("% Rust", "embed-st") == ["line rust"]
    assert classes("% of clients", "a trusted client") == ["line neither"]


def test_sums_are_columns_of_their_own_and_not_a_line() -> None:
    svg = read(replace(line_of((0, 40), (60, 100)), sums=True))

    (columns,) = of_class(svg, "columns")
    assert columns.get("d", "").count("M") == 2
    assert texts(svg, "value") == ["140 in all"]
    assert not of_class(svg, "trace")


@pytest.mark.parametrize("points", [(), ((math.nan, 1), (1, math.inf))])
def test_without_points_the_chart_says_so(points: tuple[tuple[float, float], ...]) -> None:
    svg = read(line_of(*points))

    assert "nothing measured" in texts(svg, "tick")
    assert not list(svg.iter("path"))
    assert texts(read(Timeline("", "", ())), "tick") == ["nothing measured"]


def test_one_point_is_a_dot() -> None:
    svg = read(line_of((5, 50)))

    (dot,) = svg.iter("circle")
    assert (float(dot.get("cx", "")), float(dot.get("cy", ""))) == trace(svg)[0]


def test_of_many_points_the_extremes_are_kept() -> None:
    points = [(float(x), 50 + x % 7) for x in range(20_000)]
    points[12_345] = (12_345, 100)
    points[12_346] = (12_346, 0)

    svg = read(line_of(*points))

    drawn = trace(svg)
    assert len(drawn) < 4 * WIDE / 2
    low, _, high = (float(one.get("y1", "")) for one in of_class(svg, "grid"))
    assert (max(y for _, y in drawn), min(y for _, y in drawn)) == (low, high)


def test_a_share_is_a_dot_on_the_bar_of_what_is_allowed() -> None:
    svg = one_share(Share(2027, 4000, 1877, 2123))

    zero, _, hundred = (float(one.get("x1", "")) for one in of_class(svg, "grid"))
    (dot,) = svg.iter("circle")
    (bar,) = of_class(svg, "allowed")

    def percent(x: float) -> float:
        return 100 * (x - zero) / (hundred - zero)

    assert percent(float(dot.get("cx", ""))) == pytest.approx(100 * 2027 / 4000, abs=0.1)
    begin, width = float(bar.get("x", "")), float(bar.get("width", ""))
    assert percent(begin + 1) == pytest.approx(100 * 1877 / 4000, abs=0.1)
    assert percent(begin + width - 1) == pytest.approx(100 * 2123 / 4000, abs=0.1)
    assert texts(svg, "value") == ["50.7 %"]
    assert svg.findtext("g/title") == (
        "embed-st at 50 %: 2027 of 4000 on Rust (50.7 %), 1877 to 2123 allowed"
    )


def test_a_share_that_is_not_allowed_has_another_shape() -> None:
    svg = one_share(Share(2600, 4000, 1877, 2123))

    assert len(of_class(svg, "cross")) == 1
    assert not list(svg.iter("circle"))
    assert (svg.findtext("g/title") or "").endswith(", FAILED")


@pytest.mark.parametrize(
    ("rust", "text"),
    [(0, "0 %"), (1, "<0.1 %"), (4000, "100 %"), (3999, ">99.9 %"), (3000, "75.0 %")],
)
def test_a_share_is_never_rounded_to_none_or_all(rust: int, text: str) -> None:
    assert texts(one_share(Share(rust, 4000, 0, 4000)), "value") == [text]


def test_a_share_of_nobody_has_no_place_on_the_scale() -> None:
    svg = one_share(Share(0, 0, 0, 0))

    assert texts(svg, "value") == ["none asked"]
    assert not list(svg.iter("circle"))
    assert not of_class(svg, "cross")


def test_more_columns_than_fit_make_the_drawing_wider() -> None:
    columns = tuple(f"{value} %" for value in range(0, 100, 5))
    row = ("embed-st", (Share(1, 2, 0, 2),) * len(columns))

    svg = read(Shares("Shares", columns, (row,)), NARROW)

    assert len(list(svg.iter("circle"))) == len(columns)
    assert numbers(svg.get("viewBox", ""))[2] > NARROW


def test_a_long_name_is_cut_and_whole_in_its_tooltip() -> None:
    label = "an endpoint with a name " * 20

    svg = read(Timeline("Load", "requests", (Line(label, ((0, 1), (1, 1))),)))

    (name,) = of_class(svg, "label")
    assert (name.text or "").endswith("\N{HORIZONTAL ELLIPSIS}")
    assert label.startswith((name.text or "")[:-1])
    assert name.findtext("title") == label


def test_hostile_text_stays_text() -> None:
    for chart in hostile().items[0].charts:
        svg = read(chart)
        assert not list(svg.iter("script"))
        assert "<script>" in (svg.findtext("title") or "")
        assert not {"\x00", "\x1b"} & set("".join(svg.itertext()))
    assert HOSTILE.startswith("</title>")


times = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
values = st.floats(0, 1e9) | st.sampled_from([math.nan, math.inf])
lines = st.lists(
    st.builds(Line, st.text(max_size=40), st.lists(st.tuples(times, values)).map(tuple)),
    max_size=3,
)
moments = st.lists(st.builds(Mark, st.floats(-1e6, 1e6), st.text(max_size=40)), max_size=4)


@given(st.builds(Timeline, st.text(), st.text(max_size=20), lines.map(tuple), moments.map(tuple)))
def test_whatever_was_measured_can_be_drawn(chart: Timeline) -> None:
    for element in read(chart, NARROW).iter():
        for name in COORDINATES:
            assert all(math.isfinite(value) for value in numbers(element.get(name, "")))
