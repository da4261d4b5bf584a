"""Reading the properties of a resource without ever failing on their shape.

In a preview some values are not known yet. Whether one is set can still be told, what it
is cannot: asking for it raises Undecided, which ends one policy on one resource and nothing
else.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy


class Undecided(Exception):
    """A policy needs a value that is not known before the update; `key` says which."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is not known yet")
        self.key = key


_UNKNOWN: Final = object()
_HUGE: Final = 2**53


class Value:
    """A property or a part of one, or what would be there: a step into nothing is nothing."""

    __slots__ = ("_raw", "_steps", "key")

    def __init__(self, raw: Any, key: str = "") -> None:
        self._raw = raw
        self._steps: dict[str | int, Value] = {}
        self.key = key

    def __getitem__(self, name: str) -> "Value":
        return self._step(name)

    def __iter__(self) -> Iterator["Value"]:
        """The elements of a list; nothing else has any."""
        raw = self._known()
        if isinstance(raw, Sequence) and not isinstance(raw, str | bytes):
            for index in range(len(raw)):
                yield self._step(index)

    def members(self) -> Iterator[tuple[str, "Value"]]:
        """The entries of a map; nothing else has any."""
        raw = self._known()
        if isinstance(raw, Mapping):
            for name in raw:
                yield str(name), self._step(name)

    def one_or_many(self) -> Iterator["Value"]:
        """The elements of a list, or the one text in its place, as IAM allows."""
        if isinstance(self._known(), str):
            yield self
        else:
            yield from self

    @property
    def unknown(self) -> bool:
        return self._raw is _UNKNOWN

    @property
    def given(self) -> bool:
        """Whether it is set; empty texts, lists and maps, 0 and false count as unset."""
        if self.unknown:
            return True
        if isinstance(self._raw, Mapping | Sequence):
            return len(self._raw) > 0
        return bool(self._raw)

    @property
    def present(self) -> bool:
        """Whether it is written out, be it empty."""
        return self._raw is not None

    @property
    def text(self) -> str | None:
        raw = self._known()
        return raw if isinstance(raw, str) else None

    @property
    def number(self) -> float | None:
        """A number of a sane size; the wire has no integers, and JSON has NaN."""
        raw = self._known()
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return None
        return raw if abs(raw) < _HUGE else None

    @property
    def whole(self) -> int | None:
        number = self.number
        return int(number) if number is not None and number == int(number) else None

    @property
    def flag(self) -> bool | None:
        raw = self._known()
        return raw if isinstance(raw, bool) else None

    def document(self) -> "Value":
        """The JSON document in a text; nothing if it is none."""
        text = self.text
        try:
            return Value(json.loads(text) if text else None, self.key)
        except (ValueError, RecursionError):
            return Value(None, self.key)

    def texts(self) -> Iterator["Value"]:
        """Every known text in it, those of JSON documents too."""
        if self.unknown:
            return
        if isinstance(self._raw, str):
            yield self
            if self._raw.startswith("{"):
                yield from self.document().texts()
            return
        for _, value in self.members():
            yield from value.texts()
        for value in self:
            yield from value.texts()

    def _known(self) -> Any:
        if self.unknown:
            raise Undecided(self.key)
        return self._raw

    def _step(self, name: str | int) -> "Value":
        # Every policy goes the same way.
        if name not in self._steps:
            self._steps[name] = self._first_step(name)
        return self._steps[name]

    def _first_step(self, name: str | int) -> "Value":
        if isinstance(name, int):
            key = f"{self.key}[{name}]"
        else:
            key = f"{self.key}.{name}" if self.key else name
        if self.unknown:
            return Value(_UNKNOWN, key)
        if isinstance(name, str) and not isinstance(self._raw, Mapping):
            return Value(None, key)
        try:
            return Value(self._raw[name], key)
        except UnknownValueError:
            return Value(_UNKNOWN, key)
        except KeyError:
            return Value(None, key)


def wrap(props: Mapping[str, Any]) -> Any:
    """Properties as the policy server hands them over: a read of an unknown raises."""
    return unknown_checking_proxy(dict(props))
