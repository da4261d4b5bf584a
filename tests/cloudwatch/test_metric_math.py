import pytest

from sandbox.cloudwatch.metric_math import (
    Call,
    Chain,
    ExpressionError,
    Id,
    Listing,
    Negation,
    Number,
    Text,
    Word,
    parse,
    references,
)


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("m1", {"m1"}),
        ("100*m1/m2", {"m1", "m2"}),
        (" ( m1 + m2 ) - -m3 ^ 2 ", {"m1", "m2", "m3"}),
        ("1.5e3 * .5 + 2.", set()),
        ("IF(m1 >= 20, 100 * m2 / m1, 0)", {"m1", "m2"}),
        ("IF(m1 > 0 AND m2 != 0 || m3 == 1, 1)", {"m1", "m2", "m3"}),
        ("FILL(m1, REPEAT)", {"m1"}),
        ("FILL(errors, 0) / FILL(requests, 1)", {"errors", "requests"}),
        ("SUM([m1, m2, e_3])", {"m1", "m2", "e_3"}),
        ("SUM(METRICS())", set()),
        ("SUM(METRICS('errors'))", set()),
        ("SORT(METRICS(), MAX, DESC, 3)", set()),
        ("RATE(m1) * PERIOD(m1)", {"m1"}),
        ('INSIGHT_RULE_METRIC("rule", "Sum") / m1', {"m1"}),
        ("(" * 49 + "m1" + ")" * 49, {"m1"}),
    ],
)
def test_what_an_expression_refers_to(expression: str, ids: set[str]) -> None:
    assert references(expression) == ids


@pytest.mark.parametrize(
    "expression",
    [
        "", " ", "m1 +", "* m1", "m1 m2", "(m1", "m1)", "m1,m2", "(m1, m2)", "SUM(m1", "SUM(m1,)",
        "SUM m1", "[m1", "[]", "m1 % m2", "m1 ** m2", "m1 = m2", "$m1", "M1", "_m1", "'open",
        "1 2", "AND", "m1 AND", "IF(,1)", "()", "(" * 50 + "m1" + ")" * 50,
    ],
)  # fmt: skip
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(ExpressionError, match=r"^Invalid syntax$"):
        references(expression)


def test_functions() -> None:
    with pytest.raises(ExpressionError, match="Function 'sum' not found"):
        references("sum(m1)")
    with pytest.raises(ExpressionError, match="SEARCH is not supported on Metric Alarms"):
        references("SUM(SEARCH('{AWS/Lambda}', 'Sum'))")


@pytest.mark.parametrize("expression", ["1e999", "1" + " ^ 1" * 60, "IF((1)", "1..2", '"open'])
def test_what_else_is_no_expression(expression: str) -> None:
    with pytest.raises(ExpressionError, match=r"^Invalid syntax$"):
        references(expression)


def test_the_tree() -> None:
    assert parse("-m1 / 2 * FILL(m2, REPEAT)") == Chain(
        Negation(Id("m1")),
        (("/", Number(2.0)), ("*", Call("FILL", (Id("m2"), Word("REPEAT"))))),
    )
    assert parse("SUM([m1, METRICS('e')])") == Call(
        "SUM", (Listing((Id("m1"), Call("METRICS", (Text("e"),)))),)
    )
