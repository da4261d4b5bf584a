"""Something over time: a strip for each line, all of the same scales.

What happens at the same time stands one below the other, and no line hides another.
"""

from itertools import pairwise
from typing import Final
from xml.etree.ElementTree import Element

from sandbox.checklist.results import Line, Timeline
from sandbox.checklist.scales import Place, Point, Scale, finite, placed, round_top, thinned
from sandbox.checklist.svg import FONT_PX, add, add_text, drawing, fitted, width_of
from sandbox.checklist.wording import moments, number, time_unit

SHARE_OF_RUST: Final = "% Rust"
"""The unit of lines that divide Rust, below, from Python, above."""

_GAP: Final = 6
_ROW: Final = 16
"""Height of a line of text."""
_LABEL: Final = _ROW + 10
"""Height between two strips."""
_RIGHT: Final = 24
_FOOT: Final = 22
_PLOTS: Final = 200
_LOWEST_PLOT, _HIGHEST_PLOT = 32, 130
_DOTS: Final = 12
"""With more points than this, the line alone shows them."""
_TICK_ROOM: Final = 60
_MOMENT_S: Final = 0.001
"""What is no further apart happened at once."""
_NARROWEST_COLUMN, _WIDEST_COLUMN = 2, 20


class _Strips:
    """Where everything of a chart stands."""

    def __init__(self, chart: Timeline, width: float) -> None:
        self.chart = chart
        self.width = width
        self.points = [finite(line.points) for line in chart.lines]
        flat = [point for points in self.points for point in points]
        highest = max((y for _, y in flat), default=0)
        top = chart.top or 0
        self.top = top if 0 < top >= highest else round_top(highest)
        self.left = width_of(number(self.top)) + 2 * _GAP
        xs = [x for x, _ in flat] + [mark.x for mark in chart.marks]
        low, high = (min(xs), max(xs)) if xs else (0.0, 1.0)
        if high - low < _MOMENT_S:
            low, high = low - 0.5, high + 0.5
        self.x = Scale(low, high, self.left, width - _RIGHT)
        self.marks = self._placed_marks()
        self.head = _ROW * (max((place.row for place in self.marks), default=-1) + 1)
        count = max(len(chart.lines), 1)
        self.plot = min(max(_PLOTS / count, _LOWEST_PLOT), _HIGHEST_PLOT)
        self.bottom = self.head + count * (_LABEL + self.plot)

    def _placed_marks(self) -> list[Place]:
        texts = [fitted(mark.text, self.width / 2 - _GAP) for mark in self.chart.marks]
        wanted = [
            (self.x(mark.x), width_of(text) + _GAP)
            for mark, text in zip(self.chart.marks, texts, strict=True)
        ]
        return placed(wanted, self.width)

    def y(self, index: int) -> Scale:
        """From 0 to the top in the strip with this number."""
        end = self.head + (index + 1) * (_LABEL + self.plot)
        return Scale(0, self.top, end, end - self.plot)


def draw_timeline(chart: Timeline, name: str, width: float) -> Element:
    """The chart as an image; points that are no numbers are left out."""
    strips = _Strips(chart, width)
    svg = drawing(
        name=name,
        title=chart.title,
        description=_told(strips),
        width=width,
        height=strips.bottom + _FOOT,
    )
    for index, line in enumerate(chart.lines):
        _line(svg, strips, index, line)
    _time_axis(svg, strips)
    for place in strips.marks:
        top = strips.head - (place.row + 1) * _ROW
        add(svg, "line", x1=place.x, x2=place.x, y1=top, y2=strips.bottom, class_="event")
    _labels(svg, strips)
    for mark, place in zip(chart.marks, strips.marks, strict=True):
        add_text(
            svg,
            place.x - _GAP if place.leftward else place.x + _GAP,
            strips.head - place.row * _ROW - _GAP,
            mark.text,
            class_="event-text",
            anchor="end" if place.leftward else "start",
            room=strips.width / 2 - _GAP,
        )
    return svg


def splits(chart: Timeline) -> bool:
    """Whether what is not below a line is Python's: the lines are shares of Rust."""
    return chart.unit == SHARE_OF_RUST


def _told(strips: _Strips) -> str:
    """The chart for whoever cannot see it."""
    lines = [
        f"{line.label}: {number(min(ys))} to {number(max(ys))}, {number(ys[-1])} at the end"
        if (ys := [y for _, y in points])
        else f"{line.label}: nothing measured"
        for line, points in zip(strips.chart.lines, strips.points, strict=True)
    ]
    said = "; ".join(lines + moments(strips.chart)) or "Nothing measured"
    return f"{strips.chart.unit} over time. {said}."


def _grid(svg: Element, strips: _Strips, y: Scale) -> None:
    values = (0, y.high / 2, y.high) if strips.plot > 2 * _LOWEST_PLOT else (0, y.high)
    for value in values:
        at = y(value)
        add(svg, "line", x1=strips.left, x2=strips.x.end, y1=at, y2=at, class_="grid")
        below = at + FONT_PX / 3
        add_text(svg, strips.left - _GAP, below, number(value), class_="tick", anchor="end")


def _time_axis(svg: Element, strips: _Strips) -> None:
    baseline = strips.bottom + _ROW
    if not any(strips.points):
        middle = (strips.left + strips.x.end) / 2
        add_text(svg, middle, baseline, "nothing measured", class_="tick", anchor="middle")
        return
    seconds, unit = time_unit(strips.chart)
    ticks = strips.x.ticks(int((strips.x.end - strips.left) / _TICK_ROOM), seconds)
    for tick in ticks:
        x = strips.x(tick)
        add(svg, "line", x1=x, x2=x, y1=strips.bottom, y2=strips.bottom + 4, class_="axis")
        text = number(tick / seconds) + (f" {unit}" if tick == ticks[-1] else "")
        add_text(svg, x, baseline, text, class_="tick", anchor="middle")


def _line(svg: Element, strips: _Strips, index: int, line: Line) -> None:
    y = strips.y(index)
    points = [(strips.x(at), y(value)) for at, value in thinned(strips.points[index], strips.x)]
    group = add(svg, "g", class_=f"line {_side(line, strips.chart)}")
    if not points:
        _grid(group, strips, y)
        return
    if strips.chart.sums:
        _grid(group, strips, y)
        columns = "".join(f"M{x:.1f} {top:.1f}V{y(0):.1f}" for x, top in points)
        add(group, "path", d=columns, class_="columns", stroke_width=_column_width(strips))
        return
    trace = "L".join(f"{x:.1f} {at:.1f}" for x, at in points)
    (first, _), (last, _) = points[0], points[-1]
    if splits(strips.chart):
        width, height = last - first, strips.plot
        rest = add(group, "rect", x=first, y=y(y.high), width=width, height=height)
        rest.set("class", "area python")
    area = f"M{first:.1f} {y(0):.1f}L{trace}L{last:.1f} {y(0):.1f}Z"
    add(group, "path", d=area, class_="area")
    _grid(group, strips, y)
    add(group, "path", d=f"M{trace}", class_="trace")
    if len(points) <= _DOTS:
        for x, at in points:
            add(group, "circle", cx=x, cy=at, r=2)


def _column_width(strips: _Strips) -> float:
    xs = sorted({x for points in strips.points for x, _ in points})
    gap = min((after - before for before, after in pairwise(xs)), default=1)
    width = strips.x(xs[0] + gap) - strips.x(xs[0]) - 1
    return min(max(width, _NARROWEST_COLUMN), _WIDEST_COLUMN)


def _labels(svg: Element, strips: _Strips) -> None:
    """Each line's name above its strip, and its last value or its sum if there is room."""
    room = strips.x.end - strips.left
    for index, (line, value) in enumerate(zip(strips.chart.lines, _values(strips), strict=True)):
        baseline = strips.y(index).end - _GAP
        add_text(svg, strips.left, baseline, line.label, class_="label", room=room)
        if value:
            add_text(svg, strips.x.end, baseline, value, class_="value", anchor="end")


def _values(strips: _Strips) -> list[str]:
    """What stands at the right of the lines' names: the same for all, or nothing."""
    room = strips.x.end - strips.left - _GAP
    for unit in (f" {strips.chart.unit}", ""):
        values = [_value(points, unit, strips.chart) for points in strips.points]
        if all(
            width_of(line.label) + width_of(value) <= room
            for line, value in zip(strips.chart.lines, values, strict=True)
        ):
            return values
    return [""] * len(strips.points)


def _value(points: list[Point], unit: str, chart: Timeline) -> str:
    if not points:
        return ""
    total = f"{number(sum(y for _, y in points))} in all"
    return total if chart.sums else f"last {number(points[-1][1], 1)}{unit}"


def _side(line: Line, chart: Timeline) -> str:
    """Whose colour a line has; an implementation in its name comes before one in the unit."""
    for text in (line.label, chart.unit):
        for side in ("python", "rust"):
            if side in text.lower().split():
                return side
    return "neither"
