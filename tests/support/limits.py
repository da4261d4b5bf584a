"""The edges of AWS's limits, once: a value that is refused, and the nearest that is not.

Every judge is tried on them: the checks, the four functions, the policies, the account.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from routing import (
    Condition,
    FixedResponse,
    Header,
    Host,
    Methods,
    Path,
    WeightedForward,
    WeightedGroup,
)
from routing.model import Action

Edges = Mapping[str, tuple[Any, Any]]
"""What -> (refused, the nearest accepted)."""

ROOT = Path(("/",))


def spread(*weights: int, seconds: int = 60) -> WeightedForward:
    return WeightedForward(
        tuple(WeightedGroup(f"g{n}", weight) for n, weight in enumerate(weights)), seconds
    )


PRIORITIES: Mapping[str, tuple[int, int]] = {
    "below the first": (0, 1),
    "above the last": (50_001, 50_000),
    "negative": (-1, 2),
}

CONDITIONS: Mapping[str, tuple[Sequence[Condition], Sequence[Condition]]] = {
    "no condition": ([], [ROOT]),
    "two hosts": ([Host(("a.b",)), Host(("c.d",))], [Host(("a.b", "c.d"))]),
    "two paths": ([ROOT, Path(("/b",))], [Path(("/", "/b"))]),
    "two methods": (
        [ROOT, Methods(("GET",)), Methods(("POST",))],
        [ROOT, Methods(("GET", "POST"))],
    ),
    "six values": (
        [Path(("/a", "/b", "/c")), Methods(("GET", "POST", "PUT"))],
        [Path(("/a", "/b", "/c")), Methods(("GET", "POST"))],
    ),
    "six values with headers": (
        [ROOT, Header("X", ("a", "b")), Header("Y", ("a", "b", "c"))],
        [ROOT, Header("X", ("a", "b")), Header("Y", ("a", "b"))],
    ),
    "six wildcards": ([Path(("/*/?/*/?/*/?",))], [Path(("/*/?/*/?/*",))]),
    "six wildcards in two conditions": (
        [Host(("*.*",)), Path(("/*/*/*/*",))],
        [Host(("*.*",)), Path(("/*/*/*",))],
    ),
    "no value": ([Path(())], [ROOT]),
    "no header value": ([ROOT, Header("X", ())], [ROOT, Header("X", ("a",))]),
    "empty value": ([Path(("",))], [ROOT]),
    "long path": ([Path(("/" * 129,))], [Path(("/" * 128,))]),
    "long host": ([Host(("a." * 64 + "a",))], [Host(("a." * 63 + "ab",))]),
    "long header value": ([ROOT, Header("X", ("a" * 129,))], [ROOT, Header("X", ("a" * 128,))]),
    "empty header value": ([ROOT, Header("X", ("",))], [ROOT, Header("X", ("a",))]),
    "host without a dot": ([Host(("localhost",))], [Host(("local.host",))]),
    "only one host with a dot": ([Host(("a.b", "ab"))], [Host(("a.b", "b.a"))]),
    "blank in a path": ([Path(("/a b",))], [Path(("/a_b",))]),
    "small method": ([ROOT, Methods(("get",))], [ROOT, Methods(("GET",))]),
    "method with a star": ([ROOT, Methods(("GE*",))], [ROOT, Methods(("GE_",))]),
    "long method": ([ROOT, Methods(("A" * 41,))], [ROOT, Methods(("A" * 40,))]),
    "header without a name": ([ROOT, Header("", ("a",))], [ROOT, Header("X", ("a",))]),
    "long header name": ([ROOT, Header("X" * 41, ("a",))], [ROOT, Header("X" * 40, ("a",))]),
}

ACTIONS: Mapping[str, tuple[Action, Action]] = {
    "no group": (spread(), spread(50, 50)),
    "one group": (spread(100), spread(99, 1)),
    "six groups": (spread(50, 10, 10, 10, 10, 10), spread(50, 10, 10, 10, 20)),
    "one group twice": (
        WeightedForward((WeightedGroup("a", 50), WeightedGroup("a", 50)), 60),
        WeightedForward((WeightedGroup("a", 50), WeightedGroup("b", 50)), 60),
    ),
    "less than everything": (spread(50, 49), spread(50, 50)),
    "more than everything": (spread(100, 1), spread(100, 0)),
    "nothing": (spread(0, 0), spread(0, 100)),
    "negative": (spread(101, -1), spread(99, 1)),
    "no time": (spread(50, 50, seconds=0), spread(50, 50, seconds=1)),
    "too long": (spread(50, 50, seconds=604_801), spread(50, 50, seconds=604_800)),
    "redirect": (FixedResponse(302, "text/plain", ""), FixedResponse(202, "text/plain", "")),
    "status of four digits": (
        FixedResponse(4000, "text/plain", ""),
        FixedResponse(400, "text/plain", ""),
    ),
    "content type": (FixedResponse(400, "text/xml", ""), FixedResponse(400, "text/html", "")),
    "long body": (
        FixedResponse(400, "text/plain", "x" * 1025),
        FixedResponse(400, "text/plain", "x" * 1024),
    ),
}

TARGET_GROUP_NAMES: Mapping[str, tuple[str, str]] = {
    "empty": ("", "a"),
    "long": ("a" * 33, "a" * 32),
    "underscore": ("a_b", "a-b"),
    "hyphen first": ("-a", "a"),
    "hyphen last": ("a-", "A9"),
    "dot": ("a.b", "ab"),
}

FUNCTIONS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no name": ({"name": ""}, {"name": "a"}),
    "long name": ({"name": "a" * 65}, {"name": "a" * 64}),
    "dotted name": ({"name": "a.b"}, {"name": "a_b-C9"}),
    "too little memory": ({"memory_mb": 127}, {"memory_mb": 128}),
    "too much memory": ({"memory_mb": 10_241}, {"memory_mb": 10_240}),
    "no time": ({"timeout_s": 0}, {"timeout_s": 1}),
    "too much time": ({"timeout_s": 901}, {"timeout_s": 900}),
}

ENVIRONMENTS: Mapping[str, tuple[dict[str, str], dict[str, str]]] = {
    "digit first": ({"1A": "canary"}, {"A1": "canary"}),
    "hyphen": ({"A-B": "canary"}, {"A_B": "canary"}),
    "underscore first": ({"_A": "canary"}, {"A_": "canary"}),
    "reserved": ({"AWS_REGION": "canary"}, {"AWS_REGIONS": "canary"}),
    "session": ({"AWS_SESSION_TOKEN": "canary"}, {"AWS_LAMBDA_EXEC_WRAPPER": "canary"}),
    "long": ({"BIG": "canary" + "x" * 4081}, {"BIG": "canary" + "x" * 4080}),
    "long in bytes": ({"BIG": "é" * 2044}, {"BIG": "é" * 2043}),
}
