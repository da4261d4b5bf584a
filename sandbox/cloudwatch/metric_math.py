"""The metric math of the sandbox, which is one division.

CloudWatch user guide, "Using metric math", arithmetic: where only one of two series has a
value the other one counts as 0, and a point that would be divided by zero is dropped.
"""

import re
from collections.abc import Mapping
from typing import Final

from routing import limits

Series = Mapping[int, float]
"""Values by the position of their period, 0 for the oldest; a position may be missing."""

_DIVISION: Final = re.compile(
    rf"\s*({limits.METRIC_ID_PATTERN})\s*/\s*({limits.METRIC_ID_PATTERN})\s*"
)


class Unsupported(ValueError):
    """Something that the sandbox does not compute; the message says what."""


NOT_EVALUATED: Final = (
    "the sandbox does not evaluate it. Its alarms may divide one metric by another one of the "
    "same period, '<id> / <id>', and compare the result."
)


def operands(expression: str) -> tuple[str, str]:
    """The ids on both sides of a division. Raises Unsupported for any other expression."""
    read = _DIVISION.fullmatch(expression)
    if read is None:
        raise Unsupported(NOT_EVALUATED)
    return read[1], read[2]


def divided(dividend: Series, divisor: Series) -> Series:
    """The quotients, where there are any."""
    return {at: dividend.get(at, 0.0) / by for at, by in divisor.items() if by}
