"""The conditions of a rule as DescribeRules gives them, compiled into tests of a request.

Values are alternatives, conditions must all hold. Both forms are read: `Values` and the
`...Config` structures.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sandbox.dataplane.globs import WILDCARDS, compile_glob, compile_query_glob
from sandbox.dataplane.request import Request

Test = Callable[[Request], object]
"""Holds if what it returns is true."""


class Unsupported(ValueError):
    """A part of a rule that the data plane does not know how to obey."""


class Compiled(NamedTuple):
    """The conditions of a rule. Methods are apart, so that a table can sort rules by them."""

    methods: frozenset[str] | None
    tests: tuple[Test, ...]


def compile_conditions(conditions: Iterable[Mapping[str, Any]]) -> Compiled:
    """The tests of a rule, the cheapest first: the order of AND is free.

    Raises Unsupported.
    """
    methods: frozenset[str] | None = None
    tests = []
    for condition in conditions:
        field = condition.get("Field", "")
        values, config = _read(field, condition)
        if field == _METHOD:
            methods = frozenset(values) if methods is None else methods & frozenset(values)
        else:
            tests.append((_COSTS[field], _CREATE[field](values, config)))
    tests.sort(key=lambda test: test[0])
    return Compiled(methods, tuple(test for _, test in tests))


def _read(field: str, condition: Mapping[str, Any]) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """The values of a condition, and the rest of its configuration."""
    if field not in _CONFIGS:
        raise Unsupported(f"a condition on {field!r}")
    config_key = _CONFIGS[field]
    config = condition.get(config_key) or {}
    _refuse_others(condition, {"Field", "Values", config_key})
    _refuse_others(config, {"Values", "HttpHeaderName"})
    values = [*(condition.get("Values") or ()), *(config.get("Values") or ())]
    if not values:
        raise Unsupported(f"a {field} condition without values")
    return values, config


def _refuse_others(found: Mapping[str, Any], known: set[str]) -> None:
    for key, value in found.items():
        if value and key not in known:
            raise Unsupported(key)


def _path(values: Sequence[str], _config: Mapping[str, Any]) -> Test:
    matches = _any_glob(values)
    return lambda request: matches(request.path)


def _host(values: Sequence[str], _config: Mapping[str, Any]) -> Test:
    matches = _any_glob([value.lower() for value in values])
    return lambda request: matches(request.host.lower())


def _header(values: Sequence[str], config: Mapping[str, Any]) -> Test:
    if not config.get("HttpHeaderName"):
        raise Unsupported("an http-header condition without HttpHeaderName")
    name = config["HttpHeaderName"].lower().encode("latin-1")
    matches = _any_glob([value.lower() for value in values])

    def test(request: Request) -> bool:
        # The common case first: most requests lack the tester's header.
        return name in request.last and any(
            matches(value.decode("latin-1").lower()) for value in request.values(name)
        )

    return test


def _query(values: Sequence[Any], _config: Mapping[str, Any]) -> Test:
    if not all(isinstance(value, Mapping) and value.get("Value") for value in values):
        raise Unsupported("a query-string condition without a value")
    wanted: list[tuple[re.Pattern[str] | None, re.Pattern[str]]] = [
        (
            compile_query_glob(value["Key"].lower()) if value.get("Key") else None,
            compile_query_glob(value["Value"].lower()),
        )
        for value in values
    ]

    def test(request: Request) -> bool:
        return any(
            (key is None or key.fullmatch(sent_key)) and value.fullmatch(sent_value)
            for sent_key, sent_value in request.pairs
            for key, value in wanted
        )

    return test


def _source(values: Sequence[str], _config: Mapping[str, Any]) -> Test:
    try:
        networks = [ipaddress.ip_network(value, strict=False) for value in values]
    except ValueError as error:
        raise Unsupported(f"a source-ip condition: {error}") from None

    def test(request: Request) -> bool:
        address = ipaddress.ip_address(request.client)
        return any(address in network for network in networks)

    return test


def _any_glob(values: Iterable[str]) -> Callable[[str], object]:
    literals = frozenset(value for value in values if WILDCARDS.isdisjoint(value))
    patterns = [
        compile_glob(value).fullmatch for value in values if not WILDCARDS.isdisjoint(value)
    ]
    if not patterns:
        return literals.__contains__
    if len(patterns) == 1 and not literals:
        return patterns[0]
    return lambda text: text in literals or any(pattern(text) for pattern in patterns)


_METHOD: Final = "http-request-method"
_CONFIGS: Final = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    _METHOD: "HttpRequestMethodConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_CREATE: Final[Mapping[str, Callable[[Sequence[Any], Mapping[str, Any]], Test]]] = {
    "path-pattern": _path,
    "host-header": _host,
    "http-header": _header,
    "query-string": _query,
    "source-ip": _source,
}
_COSTS: Final = {field: cost for cost, field in enumerate(_CREATE)}
