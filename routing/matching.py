"""Which rule of a listener gets a request, as the load balancer decides it."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from routing.model import Condition, Header, Host, Methods, Path, Request, Rule

AnyRule = TypeVar("AnyRule", bound=Rule)


def winner(rules: Iterable[AnyRule], request: Request) -> AnyRule | None:
    """The rule of one listener that takes the request; None where the default rule does.

    The order of `rules` is of no importance, their priority is.
    """
    return next(
        (rule for rule in sorted(rules, key=lambda rule: rule.priority) if matches(rule, request)),
        None,
    )


def matches(rule: Rule, request: Request) -> bool:
    """Whether every condition of the rule holds, whatever other rules there are."""
    return all(_holds(condition, request) for condition in rule.conditions)


def _holds(condition: Condition, request: Request) -> bool:
    match condition:
        case Host(values):
            return _any_glob(_lower(values), request.host.lower())
        case Path(values):
            return _any_glob(values, request.path)
        case Methods(values):
            return request.method in values
        case Header(name, values):
            sent = [value for key, value in request.headers if key.lower() == name.lower()]
            return any(_any_glob(_lower(values), value.lower()) for value in sent)


def _any_glob(globs: Iterable[str], text: str) -> bool:
    return any(_pattern(glob).fullmatch(text) for glob in globs)


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    tokens = ({"*": ".*", "?": "."}.get(token, re.escape(token)) for token in glob)
    return re.compile("".join(tokens), re.DOTALL)


def _lower(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.lower() for value in values)
