"""The contract's routes, and requests that show whether the rules are theirs.

They come from a copy of the contract's table and from nothing that the program declares: what
it gets wrong must not be asked for wrongly too.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from importlib import resources
from typing import Final

from sandbox.dataplane.groups import PYTHON, RUST
from sandbox.dataplane.server import INTERNAL, PUBLIC

REGISTRY: Final = "registry"
"""What the registry service says of itself, and the name of its target group."""

_HOST: Final = "api.passport.xyz"
_HOSTS: Final = (_HOST, "passport.xyz", "api.gitcoin.co", "api.example.org")
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_WORD: Final = "1"
_LONGER_WORD: Final = "0x0/2"
"""`*` matches `/` too."""

Answer = tuple[str | None, str | None, str | None]
"""Function, target group and priority as an answer says them."""


@dataclass(frozen=True)
class Route:
    """A row of the table that has a rule. An empty host or list of methods means any."""

    name: str
    rule: str
    """Logical name."""
    balancer: str
    priority: int | None
    """None for what no rule takes."""
    host: str
    path: str
    methods: tuple[str, ...]
    status: int
    answers: tuple[tuple[str | None, Answer], ...]
    """What each side says of itself that may answer; None is the load balancer."""

    @property
    def dual(self) -> bool:
        return len(self.answers) > 1

    def answer(self, side: str) -> tuple[str | None, Answer]:
        """Who answers, and how, while this side alone serves the dual routes."""
        return next((one for one in self.answers if one[0] == side), self.answers[0])

    def takes(self, balancer: str, method: str, host: str, path: str) -> bool:
        """Whether the route's own conditions hold."""
        return (
            balancer == self.balancer
            and (not self.methods or method in self.methods)
            and fnmatchcase(host, self.host or "*")
            and fnmatchcase(path, self.path)
        )


@dataclass(frozen=True)
class Target:
    """A request, and the route that must answer it."""

    route: Route
    balancer: str
    method: str
    host: str
    path: str

    @property
    def status(self) -> int:
        return self.route.status

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path} ({self.balancer})"


def _rows() -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath("endpoints.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


def _route(row: dict[str, str]) -> Route:
    name, served_by = row["endpoint"], row["served_by"]
    status = re.fullmatch(r"fixed-response (\d+)", served_by)
    answers: list[tuple[str | None, Answer]]
    if status:
        answers = [(None, (None, None, None))]
    elif served_by.startswith("registry"):
        answers = [(REGISTRY, (None, REGISTRY, None))]
    else:
        function = name if row["package"] == "image" else f"{name}-lambda"
        priority = row["priority"]
        answers = [(PYTHON, (function, row["target_group_name"], priority))]
        if served_by == "python+rust":
            answers.append((RUST, (_RUST_FUNCTION, RUST_GROUPS[row["listener"]], priority)))
    return Route(
        name=name,
        rule=row["rule_logical_name"],
        balancer=row["listener"],
        priority=int(row["priority"]),
        host=row["host"],
        path=row["path"],
        methods=tuple(row["methods"].split("+")) if row["methods"] else (),
        status=int(status[1]) if status else 200,
        answers=tuple(answers),
    )


_ROWS: Final = _rows()
(_RUST,) = (row for row in _ROWS if row["served_by"] == "rust")
_RUST_FUNCTION: Final = _RUST["function_logical_name"]

RUST_GROUPS: Final = dict(
    zip(_RUST["listener"].split("+"), _RUST["target_group_name"].split(" | "), strict=True)
)
"""Name of Rust's target group, by load balancer."""

ROUTES: Final = tuple(_route(row) for row in _ROWS if row["rule_logical_name"])
DUAL_RULES: Final = frozenset(route.rule for route in ROUTES if route.dual)
"""Logical names of the rules that a change of percentage changes."""

_NO_ROUTE: Final = Route(
    "no route", "", "", None, "", "*", (), status=404, answers=((None, (None, None, None)),)
)
"""The listeners of the foundation answer it themselves."""


def _target(balancer: str, method: str, host: str, path: str) -> Target:
    """The request with the first route by priority that takes it, as the contract has them."""
    takers = (route for route in ROUTES if route.takes(balancer, method, host, path))
    return Target(
        min(takers, key=lambda route: route.priority or 0, default=_NO_ROUTE),
        balancer,
        method,
        host,
        path,
    )


ALL: Final = tuple(
    _target(
        route.balancer,
        method,
        (route.host or _HOST).replace("*", "api"),
        route.path.replace("*", _WORD),
    )
    for route in ROUTES
    for method in route.methods or _METHODS[:1]
)
"""A request for each method of each route."""
DUAL: Final = tuple(target for target in ALL if target.route.dual)


def _variations(target: Target) -> Iterator[Target]:
    """One thing is different: the method, the path, the host, the load balancer."""
    for method in _METHODS:
        yield replace(target, method=method)
    for path in _paths(target.route.path):
        yield replace(target, path=path)
    for host in _HOSTS:
        yield replace(target, host=host)
    for balancer in (PUBLIC, INTERNAL):
        yield replace(target, balancer=balancer)


def _paths(glob: str) -> Iterator[str]:
    """Wider, longer, shorter, misspelt and in capitals."""
    yield glob.replace("*", _LONGER_WORD)
    path = glob.replace("*", _WORD)
    parts = path.split("/")
    yield f"{path}/more"
    yield "/".join(parts[:-1])
    yield path.upper()
    for place, part in enumerate(parts):
        if part not in ("", _WORD):
            yield "/".join([*parts[:place], f"{part}x", *parts[place + 1 :]])


VARIATIONS: Final = tuple(
    near
    for near in dict.fromkeys(
        _target(near.balancer, near.method, near.host, near.path)
        for target in ALL
        for near in _variations(target)
    )
    if near not in ALL
)
"""Requests that differ from one of `ALL` in one thing, each with whoever must answer it."""
