"""Metric math, with the examples of the user guide."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.cloudwatch.metric_math import parse
from sandbox.cloudwatch.series import Frame, Unsupported, Value, compute

GAP = None


def series(*values: float | None) -> dict[int, float]:
    """Oldest first, None for a period without data."""
    return {at: float(value) for at, value in enumerate(values) if value is not None}


def computed(expression: str, **values: Value) -> Value:
    metrics = [name for name in values if name.startswith("m")]
    return compute(parse(expression), Frame(5, values, metrics))


A = series(30, 20, 0, 0)
B = series(20, GAP, 20, GAP)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("metric1 < metric2", (0, 0, 1, 0)),
        ("metric1 >= 30", (1, 0, 0, 0)),
        ("metric1 > 15 AND metric2 > 15", (1, 0, 0, 0)),
    ],
)
def test_comparisons_of_the_guide(expression: str, expected: tuple[float, ...]) -> None:
    assert computed(expression, metric1=A, metric2=B) == series(*expected)


CONDITION = series(1, 1, 0, 0, GAP)
YES = series(30, GAP, 0, 0, 30)
NO = series(0, 0, 20, GAP, 20)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(metric1, metric2, metric3)", (30, 0, 20, GAP, GAP)),
        ("IF(metric1, 5, metric3)", (5, 5, 20, GAP, GAP)),
        ("IF(metric1, metric2, 5)", (30, 0, 5, 5, GAP)),
        ("IF(metric1, metric2)", (30, 0, GAP, GAP, GAP)),
        ("IF(1, metric2, metric3)", (30, GAP, 0, 0, 30)),
        ("IF(0, metric2, metric3)", (0, 0, 20, GAP, 20)),
        ("IF(0, metric2)", ()),
    ],
)
def test_if_of_the_guide(expression: str, expected: tuple[float | None, ...]) -> None:
    result = computed(expression, metric1=CONDITION, metric2=YES, metric3=NO)
    assert result == series(*expected)


M = series(1, GAP, 4, GAP, GAP)
N = series(2, 3, GAP, GAP, 0)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # What is missing on one side only counts as 0.
        ("m + n", (3, 3, 4, GAP, 0)),
        ("m - n", (-1, -3, 4, GAP, 0)),
        ("m * n", (2, 0, 0, GAP, 0)),
        # By zero, and by what is missing, nothing can be divided.
        ("m / n", (0.5, 0, GAP, GAP, GAP)),
        ("n / m", (2, GAP, 0, GAP, GAP)),
        ("1 / (m - m)", ()),
        ("(0 - m) ^ 0.5", ()),
        ("m ^ 10000", (1, GAP, GAP, GAP, GAP)),
        # A number meets a series where it has values.
        ("5 * m", (5, GAP, 20, GAP, GAP)),
        ("m / (1 - 1)", ()),
        ("m == 4 || n == 3", (0, 1, 1, GAP, 0)),
        ("m != 1", (0, GAP, 1, GAP, GAP)),
        ("m <= 1 OR 0", (1, GAP, 0, GAP, GAP)),
        ("-m", (-1, GAP, -4, GAP, GAP)),
        ("ABS(-m)", (1, GAP, 4, GAP, GAP)),
        ("CEIL(m / 8)", (1, GAP, 1, GAP, GAP)),
        ("FLOOR(m / 8)", (0, GAP, 0, GAP, GAP)),
        ("FILL(m, 7)", (1, 7, 4, 7, 7)),
        ("FILL(m, n)", (1, 3, 4, GAP, 0)),
        ("FILL(m, REPEAT)", (1, 1, 4, 4, 4)),
        ("FILL(m, LINEAR)", (1, 2.5, 4, GAP, GAP)),
        ("FILL(n - n, 0) + FILL(m, MAX(n))", (1, 3, 4, 3, 3)),
        ("SUM([m, n])", (3, 3, 4, GAP, 0)),
        ("AVG([m, n])", (1.5, 1.5, 2, GAP, 0)),
        ("MIN([m, n])", (1, 3, 4, GAP, 0)),
        ("MAX([m, n])", (2, 3, 4, GAP, 0)),
        ("SUM([m, n] * 2 + m)", (8, 6, 16, GAP, 0)),
        ("SUM(-[m, n])", (-3, -3, -4, GAP, 0)),
        ("SUM(100 / [m, n])", (150, 100 / 3, 25, GAP, GAP)),
        ("SUM(METRICS())", (1, GAP, 4, GAP, GAP)),
        ("SUM([METRICS('m'), METRICS('x')])", (1, GAP, 4, GAP, GAP)),
        # Of one series they are numbers; AVG counts what is missing as 0.
        ("m - SUM(m)", (-4, GAP, -1, GAP, GAP)),
        ("m - AVG(m)", (0, GAP, 3, GAP, GAP)),
        ("m - MIN(n)", (1, GAP, 4, GAP, GAP)),
        ("m - MAX(1 / (m - m))", ()),
        ("IF(SUM(m) > 4, m, n)", (1, GAP, 4, GAP, GAP)),
        ("IF(SUM(1 / (m - m)) > 4, m, n)", ()),
    ],
)
def test_series(expression: str, expected: tuple[float | None, ...]) -> None:
    result = computed(expression, m=M, n=N)

    assert isinstance(result, dict)
    assert result == pytest.approx(series(*expected))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("RATE(m)", "RATE with 1 arguments is not computed"),
        ("IF(m)", "IF with 1 arguments"),
        ("IF(m, m, m, m)", "IF with 4 arguments"),
        ("[m, n] + [m, n]", "an operator stands between two arrays"),
        ("SUM([m, 1])", "a number or an array stands where one time series belongs"),
        ("IF([m, n], m)", "an array stands where one time series belongs"),
        ("IF(m, [m, n])", "an array stands where one time series belongs"),
        ("FILL(1, 1)", "a number or an array"),
        ("m + REPEAT", "a text or word"),
        ("'m'", "a text or word"),
    ],
)
def test_what_is_not_computed(expression: str, words: str) -> None:
    with pytest.raises(Unsupported, match=words.replace("(", r"\(")):
        computed(expression, m=M, n=N)


NUMBERS = st.integers(0, 9).map("{}.0".format)  # of whole ones Python would raise for ever
TERMS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/^"), inner).map(" ".join),
        inner.map("-{}".format),
        inner.map("({})".format),
    ),
    max_leaves=8,
)


@settings(deadline=None)  # the machine may be busy
@given(TERMS)
def test_operators_bind_as_usual(expression: str) -> None:
    assert computed(expression) == pytest.approx(python(expression), nan_ok=True)


def python(expression: str) -> float:
    """Python's operators bind alike."""
    try:
        value: Any = eval(expression.replace("^", "**"))  # noqa: S307 # of digits and operators
        return math.nan if isinstance(value, complex) else float(value)
    except (ZeroDivisionError, OverflowError):
        return math.nan


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("10 - 4 - 3", 3),
        ("-2 ^ 2", -4),
        ("2 ^ -1", 0.5),
        ("2 ^ 3 ^ 2", 512),
        ("1 + 1 == 2", 1),
        ("1 == 2 OR 1 < 2 AND 0 == 0", 1),
        ("1 || 0 && 0", 1),
        ("(1 || 0) && 0", 0),
    ],
)
def test_precedence(expression: str, value: float) -> None:
    assert computed(expression) == value


def test_what_is_as_deep_or_long_as_it_may_be() -> None:
    level = "1 || 1 && 1 < 1 + 1 * 2 ^ -("
    assert computed(level * 24 + "1" + ")" * 24) == 1
    assert computed("+".join(["1"] * 1000)) == 1000
