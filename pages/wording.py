"""How the reports put numbers and outcomes into words."""

import math
from typing import Final

from pages.model import Share, Timeline

OUTCOME: Final = {True: "ok", False: "FAILED"}
"""What stands before a claim or an item that passed or did not."""

_MINUTE_S, _HOUR_S = 60, 3600


def number(value: float, decimals: int = 2) -> str:
    """At most so many decimals, thousands in groups: 12,345 or -0.5."""
    text = f"{value:,.{decimals}f}".rstrip("0").removesuffix(".")
    return "0" if text == "-0" else text


def time_unit(chart: Timeline) -> tuple[float, str]:
    """Seconds of the unit that suits the chart's times, and its name."""
    xs = [x for line in chart.lines for x, _ in line.points] + [mark.x for mark in chart.marks]
    xs = list(filter(math.isfinite, xs))
    span = max(xs) - min(xs) if xs else 0
    if span < 5 * _MINUTE_S:
        return 1, "s"
    return (_MINUTE_S, "min") if span < 5 * _HOUR_S else (_HOUR_S, "h")


def moments(chart: Timeline) -> list[str]:
    """The chart's marks with their times."""
    seconds, unit = time_unit(chart)
    return [f"{mark.text} at {number(mark.x / seconds)} {unit}" for mark in chart.marks]


def percent(share: Share) -> str:
    """One decimal; 0 and 100 % only when not a single client says otherwise."""
    if not share.total:
        return "none asked"
    if share.rust in (0, share.total):
        return f"{share.percent:.0f} %"
    if share.percent < 0.1:
        return "<0.1 %"
    return ">99.9 %" if share.percent > 99.9 else f"{share.percent:.1f} %"


def counted(share: Share) -> str:
    """A share in full."""
    outcome = "" if share.passed else ", FAILED"
    return (
        f"{share.rust} of {share.total} on Rust ({percent(share)}), "
        f"{share.low} to {share.high} allowed{outcome}"
    )


def printable(text: str) -> str:
    """The text without what would steer a terminal or break a document; lines are kept."""
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"
