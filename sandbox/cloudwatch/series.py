"""Computes metric math over time series.

CloudWatch user guide, "Using metric math": between two series a missing value counts as 0
where the other one has a value; a point that cannot be computed, as by a division by zero,
is dropped. A series and a number meet only where the series has a value. Modelled, because
the guide does not say: MIN and MAX of an array look at the values that are there; LINEAR and
REPEAT fill nothing before the first value, LINEAR nothing after the last one.
"""

import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.cloudwatch.metric_math import (
    Call,
    Chain,
    Id,
    Listing,
    Negation,
    Node,
    Number,
    Text,
    Word,
)

Series = Mapping[int, float]
"""Values by the position of their period, 0 for the oldest; a position may be missing."""

Value = float | Series | tuple[Series, ...]
"""A number (nan if it cannot be computed), a time series, or an array of time series."""

_Operator = Callable[[float, float], float]

_OPERATORS: Final[Mapping[str, _Operator]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "AND": lambda one, other: one != 0 and other != 0,
    "&&": lambda one, other: one != 0 and other != 0,
    "OR": lambda one, other: one != 0 or other != 0,
    "||": lambda one, other: one != 0 or other != 0,
}
_EACH: Final[Mapping[str, Callable[[float], float]]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
}


class Unsupported(ValueError):
    """Something that the sandbox does not compute; the message says what."""


@dataclass(frozen=True)
class Frame:
    """What an expression is computed in."""

    length: int
    """Periods of every series."""
    values: Mapping[str, Value]
    """Results of the queries that the expression uses, by id."""
    metrics: Sequence[str] = ()
    """Those of them that are metrics, which METRICS() means."""


def compute(node: Node, frame: Frame) -> Value:
    """The value of an expression. Raises Unsupported."""
    match node:
        case Number(value):
            return value
        case Id(name):
            return frame.values[name]
        case Negation(operand):
            return _each(operator.neg, compute(operand, frame))
        case Chain(first, rest):
            result = compute(first, frame)
            for sign, operand in rest:
                result = _combine(_OPERATORS[sign], result, compute(operand, frame))
            return result
        case Listing(items):
            return _array([compute(item, frame) for item in items])
        case Call(function, arguments):
            return _call(function, arguments, frame)
        case Text() | Word():
            raise Unsupported("a text or word stands where a number or a time series belongs")


def _call(function: str, arguments: Sequence[Node], frame: Frame) -> Value:
    value: Value
    match function, arguments:
        case "METRICS", []:
            value = _array([frame.values[name] for name in frame.metrics])
        case "METRICS", [Text(part)]:
            value = _array([frame.values[name] for name in frame.metrics if part in name])
        case "IF", [condition, yes, *no] if len(no) <= 1:
            otherwise = compute(no[0], frame) if no else {}
            value = _choose(compute(condition, frame), compute(yes, frame), otherwise)
        case "FILL", [filled, Word("REPEAT")]:
            value = _per_series(lambda one: _repeat(one, frame.length), compute(filled, frame))
        case "FILL", [filled, Word("LINEAR")]:
            value = _per_series(_linear, compute(filled, frame))
        case "FILL", [filled, filler]:
            filling = compute(filler, frame)
            value = _per_series(
                lambda one: _fill(one, filling, frame.length), compute(filled, frame)
            )
        case (("SUM" | "AVG" | "MIN" | "MAX"), [argument]):
            value = _reduce(function, compute(argument, frame), frame.length)
        case (("ABS" | "CEIL" | "FLOOR"), [argument]):
            value = _each(_EACH[function], compute(argument, frame))
        case _:
            raise Unsupported(f"{function} with {len(arguments)} arguments is not computed")
    return value


def _combine(apply: _Operator, left: Value, right: Value) -> Value:
    if isinstance(left, tuple) and isinstance(right, tuple):
        raise Unsupported("an operator stands between two arrays")
    if isinstance(left, tuple):
        return tuple(_series(_combine(apply, series, right)) for series in left)
    if isinstance(right, tuple):
        return tuple(_series(_combine(apply, left, series)) for series in right)
    if isinstance(left, Mapping):
        positions = left.keys() | right.keys() if isinstance(right, Mapping) else left.keys()
    elif isinstance(right, Mapping):
        positions = right.keys()
    else:
        return _apply(apply, left, right)
    return _dropped(
        {
            position: _apply(apply, _at(left, position, 0.0), _at(right, position, 0.0))
            for position in sorted(positions)
        }
    )


def _apply(apply: _Operator, left: float, right: float) -> float:
    """The result, or nan if there is none."""
    if math.isnan(left) or math.isnan(right):
        return math.nan
    try:
        result = apply(left, right)
    except (ZeroDivisionError, OverflowError):
        return math.nan
    # A negative number to the power of a fraction is complex.
    return math.nan if isinstance(result, complex) else _finite(result)


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else math.nan


def _dropped(series: Series) -> Series:
    """Without the points that could not be computed."""
    return {position: value for position, value in series.items() if math.isfinite(value)}


def _at(value: Value, position: int, default: float) -> float:
    if isinstance(value, Mapping):
        return value.get(position, default)
    if isinstance(value, tuple):
        raise Unsupported("an array stands where one time series belongs")
    return value


def _series(value: Value) -> Series:
    if not isinstance(value, Mapping):
        raise Unsupported("a number or an array stands where one time series belongs")
    return value


def _array(values: Sequence[Value]) -> tuple[Series, ...]:
    found: list[Series] = []
    for value in values:
        found += value if isinstance(value, tuple) else [_series(value)]
    return tuple(found)


def _per_series(change: Callable[[Series], Series], value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(change(series) for series in value)
    return change(_series(value))


def _each(change: Callable[[float], float], value: Value) -> Value:
    if isinstance(value, float):
        return value if math.isnan(value) else float(change(value))
    return _per_series(lambda series: {at: float(change(x)) for at, x in series.items()}, value)


def _reduce(function: str, value: Value, length: int) -> Value:
    """SUM, AVG, MIN, MAX: of a series a number, of an array a series.

    AVG counts what is missing as 0, in both cases.
    """
    if isinstance(value, tuple):
        positions = sorted({position for series in value for position in series})
        return _dropped(
            {
                at: _reduced(function, [one[at] for one in value if at in one], len(value))
                for at in positions
            }
        )
    values = list(_series(value).values())
    return _reduced(function, values, length) if values else math.nan


def _reduced(function: str, values: Sequence[float], count: int) -> float:
    match function:
        case "MIN":
            return min(values)
        case "MAX":
            return max(values)
        case _:
            return _finite(sum(values) / (count if function == "AVG" else 1))


def _choose(condition: Value, yes: Value, no: Value) -> Value:
    """IF: where the condition has no value, there is none; a missing `yes` is 0."""
    if isinstance(condition, tuple):
        raise Unsupported("an array stands where one time series belongs")
    if isinstance(condition, float):
        return {} if math.isnan(condition) else yes if condition != 0 else no
    return _dropped(
        {
            position: _at(yes, position, 0.0) if holds != 0 else _at(no, position, math.nan)
            for position, holds in condition.items()
        }
    )


def _fill(series: Series, filler: Value, length: int) -> Series:
    return _dropped({at: series.get(at, _at(filler, at, math.nan)) for at in range(length)})


def _repeat(series: Series, length: int) -> Series:
    filled: dict[int, float] = {}
    for at in range(length):
        if at in series:
            filled[at] = series[at]
        elif at - 1 in filled:
            filled[at] = filled[at - 1]
    return filled


def _linear(series: Series) -> Series:
    filled = dict(series)
    for left, right in itertools.pairwise(sorted(series)):
        slope = (series[right] - series[left]) / (right - left)
        filled |= {at: series[left] + slope * (at - left) for at in range(left + 1, right)}
    return _dropped(filled)
