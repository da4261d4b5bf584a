"""Reads the rule of a composite alarm: which alarms it names, and when it holds."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

STATES: Final[tuple[State, ...]] = ("OK", "ALARM", "INSUFFICIENT_DATA")

_Test = Callable[[Mapping[str, str]], bool]

_DEPTH_MAX = 50
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*
            (?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<bare>[^\s()",]+))\s*\)
      | (?P<word>(?i:AND|OR|NOT|TRUE|FALSE)\b|[()])
    )""",
    re.VERBOSE,
)
_ALARM_ARN = re.compile(r"arn:aws:cloudwatch:[a-z0-9-]+:\d{12}:alarm:(?P<name>.+)")


class AlarmRuleError(ValueError):
    """Not a rule of a composite alarm; the message says why in CloudWatch's words."""


@dataclass(frozen=True)
class AlarmRule:
    """A rule that was read. `elements` counts as CloudWatch does: alarms, words, brackets."""

    children: tuple[str, ...]
    elements: int
    holds: _Test
    """Whether the rule is true, given every child's state by name."""


@functools.lru_cache(maxsize=256)
def read_rule(text: str) -> AlarmRule:
    """Read ALARM/OK/INSUFFICIENT_DATA(name or ARN), AND, OR, NOT, TRUE, FALSE and brackets.

    Raises AlarmRuleError for anything else, AT_LEAST included.
    """
    return _Reader(text).read()


@dataclass(frozen=True)
class _Token:
    at: int
    text: str
    alarm: str | None = None


class _Reader:
    """Recursive descent: NOT binds closer than AND, AND closer than OR."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0
        self._end = len(text)

    def read(self) -> AlarmRule:
        holds = self._any()
        if self._next < len(self._tokens):
            raise self._unsupported(self._tokens[self._next])
        named = [token.alarm for token in self._tokens if token.alarm is not None]
        return AlarmRule(
            children=tuple(dict.fromkeys(named)),
            elements=sum(token.text not in ("AND", "OR", "NOT") for token in self._tokens),
            holds=holds,
        )

    def _any(self) -> _Test:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise AlarmRuleError("Error in AlarmRule [Too many nested brackets]")
        parts = [self._all()]
        while self._skip("OR"):
            parts.append(self._all())
        self._depth -= 1
        return lambda states: any(part(states) for part in parts)

    def _all(self) -> _Test:
        parts = [self._single()]
        while self._skip("AND"):
            parts.append(self._single())
        return lambda states: all(part(states) for part in parts)

    def _single(self) -> _Test:
        negated = False
        while self._skip("NOT"):
            negated = not negated
        test = self._primary()
        return (lambda states: not test(states)) if negated else test

    def _primary(self) -> _Test:
        if self._next >= len(self._tokens):
            raise AlarmRuleError(f"Error in AlarmRule [Unexpected end at char {self._end}]")
        token = self._tokens[self._next]
        self._next += 1
        if token.alarm is not None:
            name, state = token.alarm, token.text
            return lambda states: states[name] == state
        if token.text in ("TRUE", "FALSE"):
            return lambda _states: token.text == "TRUE"
        if token.text != "(":
            raise self._unsupported(token)
        test = self._any()
        if not self._skip(")"):
            raise AlarmRuleError(f"Error in AlarmRule [Expected ')' at char {self._end}]")
        return test

    def _skip(self, text: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next].text == text:
            self._next += 1
            return True
        return False

    @staticmethod
    def _unsupported(token: _Token) -> AlarmRuleError:
        return AlarmRuleError(
            f"Error in AlarmRule [Unsupported token '{token.text}' at char {token.at}]"
        )


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            rest = stripped[position:].split()[0]
            raise AlarmRuleError(
                f"Error in AlarmRule [Unsupported token '{rest}' at char {position}]"
            )
        tokens.append(_token(match))
        position = match.end()
    return tokens


def _token(match: re.Match[str]) -> _Token:
    if match["word"]:
        return _Token(match.start("word"), match["word"].upper())
    name = re.sub(r"\\(.)", r"\1", match["quoted"]) if match["quoted"] else match["bare"]
    arn = _ALARM_ARN.fullmatch(name)
    return _Token(match.start("state"), match["state"], arn["name"] if arn else name)
