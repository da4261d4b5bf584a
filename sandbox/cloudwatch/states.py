"""In which state an alarm is, by CloudWatch's rules for missing data.

CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data". AWS does not
publish how many periods it looks at beyond the evaluation periods; its only example has two
more, and so does every alarm here. Modelled as well, because the guide does not say: `ignore`
also keeps the state where too few points all breach, and `missing` goes to OK with them until
the oldest is as old as the datapoints to alarm.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

EXTRA_PERIODS: Final = 2

COMPARISONS: Final[Mapping[str, tuple[Callable[[float, float], bool], str]]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
"""The comparison that breaches, and AWS's words for it."""

BREACHING: Final = "breaching"
NOT_BREACHING: Final = "notBreaching"
IGNORE: Final = "ignore"
MISSING: Final = "missing"


@dataclass(frozen=True)
class Criterion:
    """When an alarm is in alarm: `datapoints` of the last `periods` breach."""

    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: str = MISSING

    @property
    def range(self) -> int:
        """How many periods are looked at, in case some have no data."""
        return self.periods + EXTRA_PERIODS

    def breaches(self, value: float) -> bool:
        return COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True)
class Point:
    """A period that has a value. `age` 1 is the newest period."""

    age: int
    value: float
    breaching: bool


@dataclass(frozen=True)
class Verdict:
    """What the data says."""

    state: State | None
    """None: the alarm keeps its state."""
    points: tuple[Point, ...]
    """What was evaluated, newest first."""
    filled: int
    """Evaluation periods that had to be filled in, as missing data is treated."""


def judge(criterion: Criterion, values: Sequence[float | None]) -> Verdict:
    """Evaluate an alarm on the newest `criterion.range` periods, oldest first, None if missing."""
    points = tuple(
        Point(age, value, criterion.breaches(value))
        for age, value in enumerate(reversed(values), start=1)
        if value is not None
    )[: criterion.periods]
    filled = criterion.periods - len(points)
    return Verdict(_state(criterion, points, filled), points, filled)


def _state(criterion: Criterion, points: Sequence[Point], filled: int) -> State | None:
    breaching = sum(point.breaching for point in points)
    if criterion.missing == BREACHING:
        breaching += filled
    state: State | None = "OK"
    if breaching >= criterion.datapoints:
        state = "ALARM"
    elif filled and criterion.missing in (MISSING, IGNORE) and breaching == len(points):
        if criterion.missing == IGNORE:
            state = None
        elif not points:
            state = "INSUFFICIENT_DATA"
        elif points[-1].age >= criterion.datapoints:
            # "Avoiding premature transitions": nothing newer speaks against this point.
            state = "ALARM"
    return state
