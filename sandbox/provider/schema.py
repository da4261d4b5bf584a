"""Shapes of resource inputs: what is refused, what is sent, what counts as the same.

A shape answers three questions about a value under pulumi-aws's camelCase names:
`problems` lists what the real provider refuses at plan time, in its words and without
ever quoting a string, which may be secret; `clean` is the value as an API takes it; and
`normal` is the one form that all equal values share: defaults and empty collections
left out, sets sorted, JSON in canonical form.

A value of an unexpected kind passes `clean` and `normal` as it is: an unknown one of a
preview, or a digest that stands for a secret.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi import Archive
from pulumi.runtime.rpc import UNKNOWN

from sandbox.provider.validators import Test

_POLICY_SETS: Final = ("Action", "NotAction", "Resource", "NotResource")


def has_unknown(value: object) -> bool:
    """Whether a value is unknown or has something unknown inside."""
    if isinstance(value, Mapping | list):
        items = value.values() if isinstance(value, Mapping) else value
        return any(has_unknown(item) for item in items)
    return is_unknown(value)


def is_unknown(value: object) -> bool:
    """Whether a value is only known once something else has been created."""
    return value == UNKNOWN or not isinstance(
        value, str | int | float | Mapping | list | Archive | None
    )


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The shape of one value."""

    required: bool = False
    default: object = None
    """What leaving the value out means."""

    def problems(self, path: str, value: Any) -> Iterator[str]:
        if value is None or is_unknown(value):
            return
        yield from self._problems(path, value)

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        raise NotImplementedError

    def clean(self, value: Any) -> Any:
        return value

    def normal(self, value: Any) -> Any:
        return self.clean(value)

    def is_absent(self, normal: Any) -> bool:
        """Whether a value in normal form says the same as no value."""
        return normal is None or normal in ({}, []) or normal == self.default


@dataclass(frozen=True, kw_only=True)
class Scalar(Shape):
    """A string, number or boolean."""

    tests: tuple[Test, ...] = ()
    kinds: tuple[type, ...] = (str,)
    kind_name: str = "string"

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        if not isinstance(value, self.kinds) or (isinstance(value, bool) != (bool in self.kinds)):
            return [f"expected type of {path} to be {self.kind_name}"]
        return [
            said.format(path=path, value=value) for holds, said in self.tests if not holds(value)
        ]


def text(*tests: Test, required: bool = False, default: str | None = None) -> Scalar:
    """A string."""
    return Scalar(tests=tests, required=required, default=default)


def flag(*, default: bool = False, required: bool = False) -> Scalar:
    """A boolean; a required one is never left out."""
    return Scalar(
        kinds=(bool,), kind_name="bool", default=None if required else default, required=required
    )


def real() -> Scalar:
    """A number with a fraction."""
    return Scalar(kinds=(int, float), kind_name="number")


@dataclass(frozen=True, kw_only=True)
class Whole(Scalar):
    """A whole number, which arrives as a float from the engine."""

    kinds: tuple[type, ...] = (int, float)
    kind_name: str = "int"

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        if isinstance(value, float) and not value.is_integer():
            return [f"expected type of {path} to be {self.kind_name}"]
        return super()._problems(path, self.clean(value))

    def clean(self, value: Any) -> Any:
        return int(value) if isinstance(value, float) and value.is_integer() else value


def whole(*tests: Test, required: bool = False, default: int | None = None) -> Whole:
    """A whole number."""
    return Whole(tests=tests, required=required, default=default)


@dataclass(frozen=True, kw_only=True)
class Json(Scalar):
    """A JSON document: text, or an object that is written out."""

    def problems(self, path: str, value: Any) -> Iterator[str]:
        yield from super().problems(path, self.clean(value))

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        try:
            json.loads(value)
        except ValueError:
            return [f'"{path}" contains an invalid JSON']
        return super()._problems(path, value)

    def clean(self, value: Any) -> Any:
        return json.dumps(value) if isinstance(value, dict | list) else value

    def normal(self, value: Any) -> Any:
        try:
            document = json.loads(self.clean(value))
            canonical = self._canonical(document)
        except (AttributeError, TypeError, ValueError):
            return value  # a digest, or a document that AWS will refuse
        return json.dumps(canonical, sort_keys=True)

    def _canonical(self, document: Any) -> Any:
        return document


@dataclass(frozen=True, kw_only=True)
class Policy(Json):
    """An IAM policy document, where one value and a list of it are equal."""

    def _canonical(self, document: Any) -> Any:
        if not isinstance(document, dict):
            return document
        statements = document.get("Statement", [])
        statements = statements if isinstance(statements, list) else [statements]
        return {**document, "Statement": [_canonical_statement(item) for item in statements]}


def _canonical_statement(statement: dict[str, Any]) -> dict[str, Any]:
    found = dict(statement)
    for name in _POLICY_SETS:
        if name in found:
            found[name] = _as_set(found[name])
    for name in ("Principal", "NotPrincipal"):
        if isinstance(found.get(name), dict):
            found[name] = {kind: _as_set(value) for kind, value in found[name].items()}
    if "Condition" in found:
        found["Condition"] = {
            operator: {key: _as_set(value) for key, value in keys.items()}
            for operator, keys in found["Condition"].items()
        }
    return found


def _as_set(value: Any) -> list[Any]:
    return sorted(value if isinstance(value, list) else [value], key=_sort_key)


@dataclass(frozen=True, kw_only=True)
class Table(Shape):
    """Names and their values."""

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        if not isinstance(value, Mapping):
            return [f"expected type of {path} to be map"]
        return [
            f"expected type of {path}[{name}] to be string"
            for name, item in value.items()
            if not isinstance(item, str) and not is_unknown(item)
        ]


@dataclass(frozen=True, kw_only=True)
class Many(Shape):
    """A list, or a set when the order means nothing."""

    of: Shape
    is_set: bool = False
    low: int = 0
    high: int | None = None

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        if not isinstance(value, list):
            yield f"expected type of {path} to be list"
            return
        if self.high is not None and len(value) > self.high:
            yield (
                f'"{path}": attribute supports {self.high} item maximum, '
                f"but config has {len(value)} declared"
            )
        if len(value) < self.low:
            yield (
                f'"{path}": attribute requires {self.low} item minimum, '
                f"but config has only {len(value)} declared"
            )
        for index, item in enumerate(value):
            yield from self.of.problems(f"{path}[{index}]", item)

    def clean(self, value: Any) -> Any:
        return [self.of.clean(item) for item in value] if isinstance(value, list) else value

    def normal(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        items = [self.of.normal(item) for item in value]
        return sorted(items, key=_sort_key) if self.is_set else items


def list_of(of: Shape, *, high: int | None = None) -> Many:
    """Values whose order matters."""
    return Many(of=of, high=high)


def set_of(of: Shape, *, low: int = 0, high: int | None = None, required: bool = False) -> Many:
    """Values whose order means nothing."""
    return Many(of=of, is_set=True, low=low, high=high, required=required)


@dataclass(frozen=True, kw_only=True)
class Block(Shape):
    """An object with known fields. Names that start with `__` are the engine's own."""

    fields: Mapping[str, Shape]

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        if not isinstance(value, Mapping):
            yield f"expected type of {path} to be object"
            return
        for name, shape in self.fields.items():
            if shape.required and value.get(name) is None:
                yield (
                    f'Missing required argument. The argument "{path}.{name}" is required, '
                    "but no definition was found."
                )
        yield from self.field_problems(value, f"{path}.")

    def field_problems(self, value: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
        """Problems of the fields that are there."""
        for name, item in value.items():
            if name in self.fields:
                yield from self.fields[name].problems(f"{prefix}{name}", item)
            elif item is not None and not name.startswith("__"):
                yield f'"{prefix}{name}" is not supported by this provider'

    def clean(self, value: Any) -> Any:
        return self._convert(value, lambda shape, item: shape.clean(item))

    def normal(self, value: Any) -> Any:
        found = self._convert(value, lambda shape, item: shape.normal(item))
        if not isinstance(found, dict):
            return found
        return {name: item for name, item in found.items() if not self._field(name).is_absent(item)}

    def _convert(self, value: Any, convert: Callable[[Shape, Any], Any]) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {
            name: convert(self._field(name), item)
            for name, item in value.items()
            if item is not None and not name.startswith("__")
        }

    def _field(self, name: str) -> Shape:
        return self.fields.get(name, _OTHER)


def block(*, required: bool = False, default: object = None, **fields: Shape) -> Block:
    """An object, its fields as keyword arguments."""
    return Block(fields=fields, required=required, default=default)


def _sort_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


_OTHER: Final = Shape()
TAGS: Final = Table()
