"""Where things stand in a chart: round ticks, fewer points, marks that do not overlap."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

Point = tuple[float, float]

_ROUND: Final = (1, 2, 5, 10)
_ROUND_TOPS: Final = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_SLACK: Final = 1e-9
_PX_OF_A_BIN: Final = 2


@dataclass(frozen=True)
class Scale:
    """Maps `low` to `begin` and `high` to `end`, the latter two in units of the drawing."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)

    def ticks(self, about: int, unit: float = 1) -> list[float]:
        """Multiples of 1, 2 or 5 times a power of ten of `unit`, at most `about` + 1 of them."""
        step = unit * round_step((self.high - self.low) / unit / max(about, 1))
        first = math.ceil(self.low / step - _SLACK)
        last = math.floor(self.high / step + _SLACK)
        return [index * step for index in range(first, last + 1)]


def round_step(smallest: float) -> float:
    """The next of 1, 2 or 5 times a power of ten."""
    return _round_up(smallest, _ROUND)


def round_top(highest: float) -> float:
    """The end of an axis from 0 that shows `highest`; 1 if that is as good as 0."""
    return _round_up(highest, _ROUND_TOPS) if highest > _SLACK else 1


def _round_up(value: float, steps: Sequence[float]) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return power * next(step for step in steps if value <= power * step * (1 + _SLACK))


def finite(points: Iterable[Point]) -> list[Point]:
    """The points that can be drawn, in the order of x."""
    return sorted(point for point in points if all(map(math.isfinite, point)))


def thinned(points: Sequence[Point], x: Scale) -> list[Point]:
    """The first, last, lowest and highest point of each two units: what an eye can see."""
    bins: dict[int, list[Point]] = {}
    for point in points:
        bins.setdefault(int(x(point[0]) // _PX_OF_A_BIN), []).append(point)
    kept: list[Point] = []
    for some in bins.values():
        by_y = sorted(some, key=lambda point: point[1])
        kept += sorted({some[0], by_y[0], by_y[-1], some[-1]})
    return kept


@dataclass(frozen=True)
class Place:
    """A text beside a vertical line at `x`; row 0 is the one next to the plot."""

    x: float
    width: float
    leftward: bool
    row: int

    @property
    def span(self) -> tuple[float, float]:
        return _span(self.x, self.width, leftward=self.leftward)


def placed(wanted: Sequence[Point], end: float) -> list[Place]:
    """Places between 0 and `end` for texts of (x, width), in the same order, none on another.

    A line goes from its text's row down through all rows below. Texts stand right of their
    lines, and left of them where the drawing ends or another's line would cross them; none may
    be wider than half of `end`.
    """
    by_x = sorted(range(len(wanted)), key=lambda index: wanted[index])
    leftward: list[int] = []
    limit = end
    for index in reversed(by_x):
        x, width = wanted[index]
        if x + width > limit and x >= width:
            leftward.insert(0, index)
            limit = x
    rightward = [index for index in by_x if index not in leftward]
    places: dict[int, Place] = {}
    # Each goes above all that it covers: to the left of those, its line meets none of them.
    for index in (*reversed(rightward), *leftward):
        x, width = wanted[index]
        low, high = _span(x, width, leftward=index in leftward)
        below = (
            place.row for place in places.values() if place.span[0] <= high and low <= place.span[1]
        )
        places[index] = Place(x, width, index in leftward, max(below, default=-1) + 1)
    return [places[index] for index in range(len(wanted))]


def _span(x: float, width: float, *, leftward: bool) -> tuple[float, float]:
    return (x - width, x) if leftward else (x, x + width)
