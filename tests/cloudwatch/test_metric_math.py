import pytest

from sandbox.cloudwatch.metric_math import Unsupported, divided, operands


@pytest.mark.parametrize("expression", ["m2 / m1", "m2/m1", " m2  /\tm1 "])
def test_a_division_names_two_queries(expression: str) -> None:
    assert operands(expression) == ("m2", "m1")


@pytest.mark.parametrize(
    "expression",
    [
        "", "m1", "m1 /", "/ m1", "m1 * m2", "m1 / 2", "100 * m1 / m2", "m1 / m2 / m3", "-m1 / m2",
        "(m1 / m2)", "M1 / m2", "FILL(m1, 0) / m2", "SUM(METRICS())", "SELECT SUM(a) FROM b",
    ],
)  # fmt: skip
def test_anything_else_is_not_evaluated(expression: str) -> None:
    with pytest.raises(Unsupported, match="does not evaluate it"):
        operands(expression)


def test_a_missing_dividend_is_zero_and_what_zero_divides_is_missing() -> None:
    both, no_dividend, no_divisor, by_zero, zero_by_zero = range(5)
    dividend = {both: 3.0, no_divisor: 3.0, by_zero: 3.0, zero_by_zero: 0.0}
    divisor = {both: 4.0, no_dividend: 4.0, by_zero: 0.0, zero_by_zero: 0.0}

    assert divided(dividend, divisor) == {both: 0.75, no_dividend: 0.0}
