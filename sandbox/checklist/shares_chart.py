"""Shares by endpoint and percentage: what was measured, and what chance allows."""

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from sandbox.checklist.results import Share, Shares
from sandbox.checklist.scales import Scale
from sandbox.checklist.svg import add, add_text, add_tooltip, drawing, width_of
from sandbox.checklist.wording import counted, percent

_GAP: Final = 6
_ROW: Final = 16
_HEAD: Final = 24
_FOOT: Final = 20
_CELL: Final = 40
_EDGE: Final = 14
"""Room beside a scale, so that its ticks do not touch the next one's."""
_BROAD_COLUMN, _NARROWEST_COLUMN = 100, 76
_DOT: Final = 3.5
_CROSS: Final = 5
_BAR: Final = 16


@dataclass(frozen=True)
class _Layout:
    width: float
    beside: bool
    """Whether labels stand left of their rows, not above them."""
    scales: tuple[Scale, ...]
    row: float
    bottom: float


def draw_shares(chart: Shares, name: str, width: float) -> Element:
    """The chart as an image, wider than asked for if there are many columns."""
    layout = _layout(chart, width)
    told = "; ".join(
        f"{label} at {column}: {counted(share)}"
        for label, shares in chart.rows
        for column, share in zip(chart.columns, shares, strict=False)
    )
    svg = drawing(
        name=name,
        title=chart.title,
        description=f"Rust's share in the order of time. {told or 'Nothing measured'}.",
        width=layout.width,
        height=layout.bottom + _FOOT,
    )
    _columns(svg, chart, layout)
    for index, (label, shares) in enumerate(chart.rows):
        end = _HEAD + (index + 1) * layout.row
        above = end - _CELL + (_ROW if layout.beside else 0)
        baseline = end - _EDGE + _GAP / 2 if layout.beside else above
        add_text(svg, 0, baseline, label, class_="label", room=layout.width)
        for column, share, scale in zip(chart.columns, shares, layout.scales, strict=False):
            cell = add(svg, "g", class_="share")
            add_tooltip(cell, f"{label} at {column}: {counted(share)}")
            _cell(cell, share, scale, end - _EDGE)
    return svg


def _layout(chart: Shares, width: float) -> _Layout:
    count = max(len(chart.columns), 1)
    longest = max((width_of(label) for label, _ in chart.rows), default=0)
    beside = width - longest >= count * _BROAD_COLUMN
    left = longest if beside else 0
    column = max((width - left) / count, _NARROWEST_COLUMN)
    begins = [left + index * column for index in range(len(chart.columns))]
    row = _CELL if beside else _CELL + _ROW
    return _Layout(
        width=max(width, left + count * column),
        beside=beside,
        scales=tuple(Scale(0, 100, at + _EDGE, at + column - _EDGE) for at in begins),
        row=row,
        bottom=_HEAD + len(chart.rows) * row,
    )


def _columns(svg: Element, chart: Shares, layout: _Layout) -> None:
    for column, scale in zip(chart.columns, layout.scales, strict=True):
        room = scale.end - scale.begin + 2 * _EDGE - 2
        add_text(svg, scale(50), _ROW - 2, column, class_="label", anchor="middle", room=room)
        for value in (0, 50, 100):
            x = scale(value)
            add(svg, "line", x1=x, x2=x, y1=_HEAD, y2=layout.bottom, class_="grid")
            baseline = layout.bottom + _ROW - 2
            add_text(svg, x, baseline, str(value), class_="tick", anchor="middle")


def _cell(cell: Element, share: Share, scale: Scale, y: float) -> None:
    """What chance allows as a bar, what was measured as a dot, or as a cross outside the bar."""
    add(cell, "line", x1=scale.begin, x2=scale.end, y1=y, y2=y, class_="axis")
    text = percent(share)
    x = scale(share.percent if share.total else 50)
    half = width_of(text) / 2
    middle = min(max(x, scale.begin - _EDGE + half), scale.end + _EDGE - half)
    class_ = "value" if share.passed else "value failed"
    add_text(cell, middle, y - _BAR / 2 - 4, text, class_=class_, anchor="middle")
    if not share.total:
        return
    low, high = (scale(100 * count / share.total) for count in (share.low, share.high))
    top = y - _BAR / 2
    add(cell, "rect", x=low - 1, y=top, width=high - low + 2, height=_BAR, class_="allowed")
    if share.passed:
        add(cell, "circle", cx=x, cy=y, r=_DOT, class_="rust")
    else:
        left, right, up, down = x - _CROSS, x + _CROSS, y - _CROSS, y + _CROSS
        cross = f"M{left:.1f} {up:.1f}L{right:.1f} {down:.1f}M{left:.1f} {down:.1f}"
        add(cell, "path", d=f"{cross}L{right:.1f} {up:.1f}", class_="cross")
