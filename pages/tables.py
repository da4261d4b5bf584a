"""The numbers behind the charts, for whoever wants to read or copy them."""

import math
from dataclasses import dataclass
from typing import Final

from pages.model import Chart, Shares, Timeline
from pages.wording import OUTCOME, moments, number, percent, time_unit

_MOST_TIMES: Final = 60


@dataclass(frozen=True)
class Table:
    """Text in rows of the same length as the head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def table(chart: Chart) -> Table:
    """Every number of the chart; over many times, the lowest and highest of each period."""
    return _timeline(chart) if isinstance(chart, Timeline) else _shares(chart)


def _shares(chart: Shares) -> Table:
    return Table(
        ("", "percentage", "clients", "on Rust", "share", "allowed", ""),
        tuple(
            (
                label,
                column,
                str(share.total),
                str(share.rust),
                percent(share),
                f"{share.low} to {share.high}",
                OUTCOME[share.passed],
            )
            for label, shares in chart.rows
            for column, share in zip(chart.columns, shares, strict=False)
        ),
    )


def _timeline(chart: Timeline) -> Table:
    seconds, unit = time_unit(chart)
    lines = [line.measured for line in chart.lines]
    xs = sorted({x for points in lines for x, _ in points})
    many = len(xs) > _MOST_TIMES
    every = seconds * _round_step((xs[-1] - xs[0]) / seconds / _MOST_TIMES) if many else 0
    periods: dict[float, list[list[float]]] = {}
    for index, points in enumerate(lines):
        for x, y in points:
            begin = x // every * every if every else x
            periods.setdefault(begin, [[] for _ in lines])[index].append(y)
    thinned = [f"each row is {number(every / seconds)} {unit}, lowest to highest"] if many else []
    return Table(
        (f"time in {unit}", *(line.label for line in chart.lines)),
        tuple(
            (number(begin / seconds, 3), *map(_range, row))
            for begin, row in sorted(periods.items())
        ),
        "; ".join(thinned + moments(chart)),
    )


def _range(values: list[float]) -> str:
    if not values:
        return ""
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"


def _round_step(smallest: float) -> float:
    """The next of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(smallest))
    return next(power * step for step in (1, 2, 5, 10) if smallest <= power * step)
