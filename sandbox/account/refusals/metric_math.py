"""Reads metric math as far as an alarm needs: is it well formed, what does it refer to."""

import re
from typing import Final

FUNCTIONS: Final = frozenset(  # CloudWatch user guide, "Using metric math"
    {
        "ABS", "ANOMALY_DETECTION_BAND", "AVG", "CEIL", "DATAPOINT_COUNT", "DATE", "DAY",
        "DB_PERF_INSIGHTS", "DIFF", "DIFF_TIME", "EPOCH", "FILL", "FIRST", "FLOOR", "HOUR", "IF",
        "INSIGHT_RULE_METRIC", "LAMBDA", "LAST", "LOG", "LOG10", "MAX", "METRICS",
        "METRIC_COUNT", "MIN", "MINUTE", "MONTH", "PERIOD", "RATE", "REMOVE_EMPTY",
        "RUNNING_SUM", "SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "SUM", "TIME_SERIES", "YEAR",
    }
)  # fmt: skip
_ARGUMENT_WORDS = frozenset({"REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MAX", "MIN", "SUM"})
_OPERATORS = frozenset(
    {"+", "-", "*", "/", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||", "AND", "OR"}
)
_CLOSING = {"(": ")", "[": "]"}
_DEPTH_MAX = 50
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<sign>&&|\|\||<=|>=|==|!=|[-+*/^<>()\[\],])
    )""",
    re.VERBOSE | re.ASCII,
)


class ExpressionError(ValueError):
    """Not an expression of metric math; the message says why in CloudWatch's words."""


def references(expression: str) -> frozenset[str]:
    """The ids of other queries that an expression uses.

    Raises ExpressionError where CloudWatch refuses the text. What a function does with
    its arguments is not looked at.
    """
    return _Reader(expression).read()


class _Reader:
    """Recursive descent; binary operators need no precedence to be well formed."""

    def __init__(self, expression: str) -> None:
        self._tokens = _tokens(expression)
        self._next = 0
        self._depth = 0
        self._found: set[str] = set()

    def read(self) -> frozenset[str]:
        self._expression()
        if self._peek():
            raise ExpressionError("Invalid syntax")
        return frozenset(self._found)

    def _expression(self) -> None:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise ExpressionError("Invalid syntax")
        self._operand()
        while self._peek() in _OPERATORS:
            self._take()
            self._operand()
        self._depth -= 1

    def _operand(self) -> None:
        while self._peek() in ("-", "+"):
            self._take()
        token = self._take()
        if token in _CLOSING:
            closing = _CLOSING[token]
            self._list(closing, single=closing == ")")
        elif token[:1].isalpha() or token[:1] == "_":
            self._name(token)
        elif not token or token in _OPERATORS or token in (")", "]", ","):
            raise ExpressionError("Invalid syntax")

    def _name(self, name: str) -> None:
        if self._peek() == "(":
            if name == "SEARCH":
                raise ExpressionError("SEARCH is not supported on Metric Alarms.")
            if name not in FUNCTIONS:
                raise ExpressionError(f"Function '{name}' not found")
            self._take()
            if self._peek() == ")":
                self._take()
            else:
                self._list(")", single=False)
        elif name[0].islower():
            self._found.add(name)
        elif name not in _ARGUMENT_WORDS:
            raise ExpressionError("Invalid syntax")

    def _list(self, closing: str, *, single: bool) -> None:
        self._expression()
        while not single and self._peek() == ",":
            self._take()
            self._expression()
        if self._take() != closing:
            raise ExpressionError("Invalid syntax")

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._next += 1
        return token


def _tokens(expression: str) -> list[str]:
    tokens = []
    position = 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError("Invalid syntax")
        tokens.append(match[0].strip())
        position = match.end()
    return tokens
