"""Reads metric math: is it well formed, what does it refer to, in which order is it computed.

CloudWatch user guide, "Using metric math". The guide names no precedence of the operators;
it is modelled as usual: `^` (from the right), unary minus, `* /`, `+ -`, comparisons, AND, OR.
"""

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

FUNCTIONS: Final = frozenset(
    {
        "ABS", "ANOMALY_DETECTION_BAND", "AVG", "CEIL", "DATAPOINT_COUNT", "DATE", "DAY",
        "DB_PERF_INSIGHTS", "DIFF", "DIFF_TIME", "EPOCH", "FILL", "FIRST", "FLOOR", "HOUR", "IF",
        "INSIGHT_RULE_METRIC", "LAMBDA", "LAST", "LOG", "LOG10", "MAX", "METRICS",
        "METRIC_COUNT", "MIN", "MINUTE", "MONTH", "PERIOD", "RATE", "REMOVE_EMPTY",
        "RUNNING_SUM", "SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "SUM", "TIME_SERIES", "YEAR",
    }
)  # fmt: skip
_ARGUMENT_WORDS = frozenset({"REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MAX", "MIN", "SUM"})
_LEVELS = (
    frozenset({"||", "OR"}),
    frozenset({"&&", "AND"}),
    frozenset({"<", ">", "<=", ">=", "==", "!="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
)
_POWER = "^"
_OPERATORS = frozenset({_POWER}).union(*_LEVELS)
_SIGNS = ("-", "+")
_DEPTH_MAX = 50
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TOKEN = re.compile(
    rf"""\s*(?:
        {_NUMBER.pattern}
      | {_NAME.pattern}
      | "[^"]*" | '[^']*'
      | && | \|\| | <= | >= | == | != | [-+*/^<>()\[\],]
    )""",
    re.VERBOSE | re.ASCII,
)


class ExpressionError(ValueError):
    """Not an expression of metric math; the message says why in CloudWatch's words."""


@dataclass(frozen=True)
class Number:
    """A finite number."""

    value: float


@dataclass(frozen=True)
class Text:
    """A text in quotes."""

    value: str


@dataclass(frozen=True)
class Id:
    """The result of another query."""

    name: str


@dataclass(frozen=True)
class Word:
    """A word that only a function knows: REPEAT, DESC."""

    name: str


@dataclass(frozen=True)
class Negation:
    """A minus before an operand."""

    operand: "Node"


@dataclass(frozen=True)
class Chain:
    """Operators of one precedence, computed from the left; flat, so its length costs no depth."""

    first: "Node"
    rest: "tuple[tuple[str, Node], ...]"


@dataclass(frozen=True)
class Call:
    """A function and what it is given."""

    function: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True)
class Listing:
    """An array in square brackets."""

    items: "tuple[Node, ...]"


Node = Number | Text | Id | Word | Negation | Chain | Call | Listing


@functools.lru_cache(maxsize=512)
def parse(expression: str) -> Node:
    """Read an expression.

    Raises ExpressionError where CloudWatch refuses the text. What a function does with
    its arguments is not looked at.
    """
    return _Reader(expression).read()


def references(expression: str) -> frozenset[str]:
    """The ids of other queries that an expression uses. Raises ExpressionError."""
    return frozenset(node.name for node in walk(parse(expression)) if isinstance(node, Id))


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        match one:
            case Negation(operand):
                waiting.append(operand)
            case Chain(first, rest):
                waiting += [first, *(operand for _, operand in rest)]
            case Call(_, items) | Listing(items):
                waiting += items


class _Reader:
    """Recursive descent, one method for all operators that are computed from the left."""

    def __init__(self, expression: str) -> None:
        self._tokens = _tokens(expression)
        self._next = 0
        self._depth = 0

    def read(self) -> Node:
        node = self._expression()
        if self._peek():
            raise ExpressionError("Invalid syntax")
        return node

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise ExpressionError("Invalid syntax")
        node = self._chain(0)
        self._depth -= 1
        return node

    def _chain(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._signed()
        first = self._chain(level + 1)
        rest = []
        while self._peek() in _LEVELS[level]:
            rest.append((self._take(), self._chain(level + 1)))
        return Chain(first, tuple(rest)) if rest else first

    def _signed(self) -> Node:
        negative = False
        while self._peek() in _SIGNS:
            negative ^= self._take() == "-"
        node = self._power()
        return Negation(node) if negative else node

    def _power(self) -> Node:
        base = self._operand()
        if self._peek() != _POWER:
            return base
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise ExpressionError("Invalid syntax")
        node = Chain(base, ((self._take(), self._signed()),))
        self._depth -= 1
        return node

    def _operand(self) -> Node:
        match self._take():
            case "(":
                node = self._expression()
                self._close(")")
                return node
            case "[":
                return Listing(self._items("]"))
            case taken if taken.startswith(("'", '"')):
                return Text(taken[1:-1])
            case taken if _NUMBER.fullmatch(taken) and math.isfinite(float(taken)):
                return Number(float(taken))
            case taken if _NAME.fullmatch(taken) and taken not in _OPERATORS:
                return self._named(taken)
        raise ExpressionError("Invalid syntax")

    def _named(self, name: str) -> Node:
        if self._peek() == "(":
            if name == "SEARCH":
                raise ExpressionError("SEARCH is not supported on Metric Alarms.")
            if name not in FUNCTIONS:
                raise ExpressionError(f"Function '{name}' not found")
            self._take()
            if self._peek() == ")":
                self._take()
                return Call(name, ())
            return Call(name, self._items(")"))
        if name[0].islower():
            return Id(name)
        if name not in _ARGUMENT_WORDS:
            raise ExpressionError("Invalid syntax")
        return Word(name)

    def _items(self, closing: str) -> tuple[Node, ...]:
        items = [self._expression()]
        while self._peek() == ",":
            self._take()
            items.append(self._expression())
        self._close(closing)
        return tuple(items)

    def _close(self, closing: str) -> None:
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
