"""What was measured, claimed and drawn: plain data, for every form of report."""

import math
from dataclasses import dataclass
from typing import Literal

Side = Literal["python", "rust"]


@dataclass(frozen=True)
class Claim:
    """One sentence with what was measured in it, and whether it is as it should be."""

    text: str
    passed: bool


@dataclass(frozen=True)
class Line:
    """A line of a chart: x in seconds since the chart's zero, y in the chart's unit."""

    label: str
    points: tuple[tuple[float, float], ...]

    @property
    def measured(self) -> list[tuple[float, float]]:
        """The points that are numbers, in the order of x."""
        return sorted(point for point in self.points if all(map(math.isfinite, point)))


@dataclass(frozen=True)
class Mark:
    """Something that happened, x in seconds since the chart's zero."""

    x: float
    text: str


@dataclass(frozen=True)
class Timeline:
    """Something over time. `top` is the end of the y axis; None for the highest value."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    top: float | None = None
    note: str = ""
    sums: bool = False
    """Whether y counts what happened in a period that begins at x: columns, no line."""


@dataclass(frozen=True)
class Share:
    """How many of `total` clients or requests Rust served, and how many it may have served."""

    rust: int
    total: int
    low: int
    high: int

    @property
    def percent(self) -> float:
        return 100 * self.rust / self.total if self.total else 0.0

    @property
    def passed(self) -> bool:
        return self.total > 0 and self.low <= self.rust <= self.high


@dataclass(frozen=True)
class Shares:
    """Rust's share per row (an endpoint) and column (a percentage, in the order of time)."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Share, ...]], ...]
    note: str = ""


Chart = Timeline | Shares


@dataclass(frozen=True)
class Item:
    """A part of a report: claims of one thing, and the charts that show it."""

    title: str
    claims: tuple[Claim, ...]
    charts: tuple[Chart, ...] = ()
    seconds: float = 0.0
    modelled: tuple[str, ...] = ()
    """What AWS does not document, so that it shows our model and not AWS."""

    @property
    def passed(self) -> bool:
        return bool(self.claims) and all(claim.passed for claim in self.claims)


@dataclass(frozen=True)
class Page:
    """A report as one page; `started` is a date and time in UTC, ISO 8601."""

    subject: str
    verdict: str
    passed: bool
    started: str
    facts: tuple[tuple[str, str], ...]
    """Name and value of what a reader wants to know of the run."""
    items: tuple[Item, ...]
    aside: str = ""
    """What all that was measured has in common and must be known to judge it."""
