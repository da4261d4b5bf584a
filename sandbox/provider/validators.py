"""What the real provider demands of single values, in its words.

The words never quote a string: it may be secret.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Any, Final, Literal

Test = tuple[Callable[[Any], bool], str]
"""What must hold for a value, and what to say otherwise, with `{path}` and `{value}`."""


def between(low: int, high: int) -> Test:
    """A number in a range."""
    return (
        lambda value: low <= value <= high,
        f"expected {{path}} to be in the range ({low} - {high}), got {{value}}",
    )


def at_least(low: int) -> Test:
    """A number with a lower bound."""
    return lambda value: value >= low, f"expected {{path}} to be at least ({low}), got {{value}}"


def one_of(*allowed: str) -> Test:
    """A string from a closed list."""
    listed = " ".join(f'"{value}"' for value in sorted(allowed))
    return lambda value: value in allowed, f"expected {{path}} to be one of [{listed}]"


def length(low: int, high: int) -> Test:
    """A string of a certain length."""
    return (
        lambda value: low <= len(value) <= high,
        f"expected length of {{path}} to be in the range ({low} - {high})",
    )


def matches(pattern: str, said: str) -> Test:
    """A string that matches as a whole; `said` is the problem otherwise."""
    return lambda value: re.fullmatch(pattern, value, re.ASCII) is not None, said


def cidr(version: Literal[4] | None = None) -> Test:
    """The address of a network, of one version of IP or of either."""

    def valid(value: str) -> bool:
        try:
            network = ipaddress.ip_network(value)
        except ValueError:
            return False
        return "/" in value and version in {None, network.version}

    kind = f"IPv{version} " if version else ""
    return valid, f'"{{path}}" is not a valid {kind}CIDR block'


ARN: Final = matches(r"arn:[\w-]+:[\w-]+:[^:]*:[^:]*:.+", '"{path}" is an invalid ARN')
NOT_EMPTY: Final = length(1, 255)
