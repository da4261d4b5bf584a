"""The measurements as SVG, drawn by Vega-Lite without a network.

A drawing is part of an HTML page and as wide as the page makes it. Its colours are the page's
CSS variables (`--ink`, `--quiet`, `--hair`, `--grid`, `--python`, `--rust`, `--neither`, the
`-area` of the first two, `--allowed`, `--failed`), so it is light or dark with the page. `python`
and `rust` are the same two colours everywhere; what colour says is said by text or shape too.
"""

import html
import math
from collections.abc import Sequence
from string import ascii_uppercase
from textwrap import wrap
from typing import Any, Final

from pages.model import Chart, Line, Share, Shares, Timeline
from pages.wording import counted, moments, number, percent, printable, time_unit

SHARE_OF_RUST: Final = "% Rust"
"""The unit of lines that divide Rust, below, from Python, above."""

_WIDTH: Final = 300
"""Of a plot: with the labels beside it, it fills a telephone at a pixel a unit."""
_VALUE_LABELS, _COLUMN_LABELS, _SHARE_LABELS = 36, 66, 60
_PLOTS: Final = 200
"""Height of all strips together, if that is neither too low nor too high for each of them."""
_LOWEST_PLOT, _HIGHEST_PLOT = 36, 110
_ROW: Final = 16
_FONT: Final = 11
_CHARACTERS: Final = 46
"""In a line of text; a longer one is wrapped, never cut."""
_DOTS: Final = 12
"""With more points than this, the line alone shows them."""

_CONFIG: Final = {
    "aria": False,
    "background": None,
    "view": {"stroke": None},
    "text": {"color": "var(--ink)", "fontSize": _FONT},
    "axis": {
        "labelColor": "var(--quiet)",
        "labelFontSize": _FONT,
        "titleColor": "var(--quiet)",
        "titleFontSize": _FONT,
        "titleFontWeight": "normal",
        "gridColor": "var(--grid)",
        "domainColor": "var(--hair)",
        "tickColor": "var(--hair)",
        "labelSeparation": 8,
    },
    "title": {"color": "var(--ink)", "fontSize": _FONT, "anchor": "start"},
}

_Spec = dict[str, Any]


def draw(chart: Chart) -> str:
    """The chart as an SVG element: the same each time, with nothing in it from elsewhere."""
    return draw_timeline(chart) if isinstance(chart, Timeline) else draw_shares(chart)


def draw_timeline(chart: Timeline) -> str:
    """A strip for each line, all of the same scales; points that are no numbers are left out.

    Sums are columns on a logarithmic scale, and periods without any take no room. Marks are
    dashed; the text above the strips says what happened there.
    """
    lines = chart.lines or (Line(chart.title, ()),)
    seconds, _ = time_unit(chart)
    marks = [
        {"x": mark.x / seconds, "letter": letter, "high": index % 2}
        for index, (mark, letter) in enumerate(zip(chart.marks, ascii_uppercase, strict=False))
    ]
    dashes = {"type": "rule", "color": "var(--quiet)", "strokeDash": [3, 2]}
    # Two heights, so that marks of about the same time do not hide one another.
    above = {"type": "text", "baseline": "bottom", "y": {"expr": "-3 - 14 * datum.high"}}
    letters = {"mark": above, "encoding": {"text": {"field": "letter"}}}
    x, y = _time(chart, seconds), _values(chart)
    strips = [
        {
            "title": _wrapped(_headline(line, chart)),
            "width": _WIDTH,
            "height": min(max(_PLOTS / len(lines), _LOWEST_PLOT), _HIGHEST_PLOT),
            "encoding": {"x": x if line is lines[-1] else _bare(x)},
            "layer": [
                {
                    "data": {"values": [{"x": at / seconds, "y": y} for at, y in line.measured]},
                    "encoding": {"y": y},
                    "layer": _trace(line, chart),
                },
                {
                    "data": {"values": marks},
                    "layer": [{"mark": dashes}, *([letters] if line is lines[0] else [])],
                },
            ],
        }
        for line in lines
    ]
    told = [f"{_headline(line, chart)}{_range(line)}" for line in lines] + moments(chart)
    legend = [
        f"{letter}: {text}" for letter, text in zip(ascii_uppercase, moments(chart), strict=False)
    ]
    return _svg(strips, f"{chart.title}, over time. {'; '.join(told)}.", legend)


def draw_shares(chart: Shares) -> str:
    """A strip for each row: what chance allows as a bar, what was measured as a dot on it.

    What was measured and is not allowed is a cross.
    """
    width = _WIDTH - _COLUMN_LABELS - _SHARE_LABELS
    x = {
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "axis": {"title": "share of Rust in %", "values": [0, 25, 50, 75, 100]},
    }
    labels = {"title": None, "minExtent": _COLUMN_LABELS, "labelLimit": _COLUMN_LABELS}
    columns = {"domain": list(map(printable, chart.columns))}
    y = {"field": "column", "type": "ordinal", "scale": columns, "axis": labels}

    def either(failed: str | int, passed: str | int) -> _Spec:
        return {"condition": {"test": "datum.failed", "value": failed}, "value": passed}

    strips = []
    for index, (label, shares) in enumerate(chart.rows, 1):
        here = x if index == len(chart.rows) else _bare(x)
        rows = [_share(*one) for one in zip(chart.columns, shares, strict=False)]
        bar = {"x": {**here, "field": "low"}, "x2": {"field": "high"}}
        point = {
            "x": {**here, "field": "percent"},
            "color": either("var(--failed)", "var(--rust)"),
            "shape": either("cross", "circle"),
            "angle": either(45, 0),
            "size": either(90, 35),
        }
        text = {"text": {"field": "text"}, "color": either("var(--failed)", "var(--ink)")}
        strips.append(
            {
                "title": _wrapped(label),
                "width": width,
                "height": _ROW * max(len(rows), 1),
                "data": {"values": rows},
                "encoding": {"y": y},
                "layer": [
                    {
                        "mark": {"type": "bar", "height": 10, "color": "var(--allowed)"},
                        "encoding": bar,
                    },
                    {"mark": {"type": "point", "filled": True, "opacity": 1}, "encoding": point},
                    {"mark": {"type": "text", "align": "left", "x": width + 8}, "encoding": text},
                ],
            }
        )
    told = [
        f"{label} at {column}: {counted(share)}"
        for label, shares in chart.rows
        for column, share in zip(chart.columns, shares, strict=False)
    ]
    return _svg(strips, f"{chart.title}. {'; '.join(told) or 'Nothing measured'}.")


def _svg(strips: Sequence[_Spec], description: str, legend: Sequence[str] = ()) -> str:
    # Half a second that only a checklist should cost.
    import vl_convert  # noqa: PLC0415

    spec = {
        "config": _CONFIG,
        "padding": {"left": 2, "top": 2, "right": 14, "bottom": 2},
        "spacing": 12,
        "vconcat": strips,
    }
    if legend:
        lines = [line for text in legend for line in _wrapped(text)]
        title = {"text": lines, "fontWeight": "normal", "offset": 10}
        spec["title"] = {**title, "color": "var(--quiet)"}
    drawn = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    root, content = drawn.split(">", 1)
    box = root.partition('viewBox="')[2].partition('"')[0]
    label = html.escape(printable(description))
    return f'<svg role="img" aria-label="{label}" viewBox="{box}">{content}'


def _trace(line: Line, chart: Timeline) -> list[_Spec]:
    """The marks of a line, the last of which is the line itself."""
    side = _side(line, chart)
    colour = f"var(--{side})"
    if chart.sums:
        return [{"mark": {"type": "bar", "color": colour}}]
    areas: list[_Spec] = []
    if chart.unit == SHARE_OF_RUST:
        area = {"type": "area", "opacity": 1}
        rest = {"y2": {"datum": _top(chart)}}
        areas = [
            {"mark": {**area, "color": "var(--rust-area)"}},
            {"mark": {**area, "color": "var(--python-area)"}, "encoding": rest},
        ]
    dots = len(line.measured) <= _DOTS and {"color": colour, "size": 20}
    return [*areas, {"mark": {"type": "line", "color": colour, "strokeWidth": 1.75, "point": dots}}]


def _time(chart: Timeline, seconds: float) -> _Spec:
    """The axis that all strips share."""
    xs = {x for line in chart.lines for x, _ in line.measured} | {mark.x for mark in chart.marks}
    title = f"time in {time_unit(chart)[1]}"
    if chart.sums:
        return {
            "field": "x",
            "type": "ordinal",
            "scale": {"domain": [x / seconds for x in sorted(xs)]},
            "axis": {
                "title": title,
                "labelAngle": 0,
                "labelOverlap": True,
                "labelExpr": "format(datum.value, ',.3~f')",
            },
        }
    low, high = (min(xs) / seconds, max(xs) / seconds) if xs else (0.0, 0.0)
    return {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False},
        "axis": {"title": title, "grid": False, "tickCount": 6},
    }


def _values(chart: Timeline) -> _Spec:
    top = _top(chart)
    scale: _Spec = {"domain": [0, top], "nice": True}
    axis: _Spec = {"tickCount": 2}
    if chart.sums:
        powers = range(1, max(1, math.ceil(math.log10(top))) + 1)
        scale = {"domain": [0, 10 ** powers[-1]], "type": "symlog"}
        axis = {"values": [0, *(10**power for power in powers)], "labelOverlap": True}
    unit = " %" if chart.unit == SHARE_OF_RUST else ""
    axis |= {
        "title": None,
        "labelExpr": f"(datum.value < 1e4 ? datum.label : format(datum.value, '~s')) + '{unit}'",
        "minExtent": _VALUE_LABELS,
        "maxExtent": _VALUE_LABELS,
    }
    return {"field": "y", "type": "quantitative", "scale": scale, "axis": axis}


def _bare(axis: _Spec) -> _Spec:
    """The axis of all strips but the last, which has the numbers for all."""
    return {**axis, "axis": {**axis["axis"], "title": None, "labels": False, "ticks": False}}


def _top(chart: Timeline) -> float:
    """The end of the y axis."""
    return max([chart.top or 0, *(y for line in chart.lines for _, y in line.measured)]) or 1


def _share(column: str, share: Share) -> _Spec:
    low, high, rust = (
        100 * count / share.total if share.total else None
        for count in (share.low, share.high, share.rust)
    )
    return {
        "column": printable(column),
        "low": low,
        "high": high,
        "percent": rust,
        "text": percent(share),
        "failed": not share.passed,
    }


def _headline(line: Line, chart: Timeline) -> str:
    """A line's name, its unit, and its sum or last value."""
    if not line.measured:
        return f"{line.label}: nothing measured"
    values = [y for _, y in line.measured]
    if chart.sums:
        return f"{line.label}: {number(sum(values))} in all, {chart.unit}"
    return f"{line.label}: {number(values[-1], 1)} {chart.unit} at the end"


def _range(line: Line) -> str:
    values = [y for _, y in line.measured]
    return f", {number(min(values))} to {number(max(values))}" if values else ""


def _wrapped(text: str) -> list[str]:
    return wrap(printable(text), _CHARACTERS, break_on_hyphens=False)


def _side(line: Line, chart: Timeline) -> str:
    """The colour of a line; an implementation in its name comes before one in the unit."""
    for text in (line.label, chart.unit):
        for side in ("python", "rust"):
            if side in text.lower().split():
                return side
    return "neither"
