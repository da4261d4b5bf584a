"""Characters of conditions: the account and the checks of a routing table say the same."""

from typing import Any

import pytest

from routing import Condition, Header, Host, Methods, Path
from routing.checks import condition_problems
from tests.account.support import World, fixed_response, header, host, methods, path, refused

NOT_VALID = "contains a character that is not valid"

GOOD: list[tuple[Condition | None, Any]] = [
    *(
        (Host((name,)), host(name))
        for name in ("a.b", "API.Passport.XYZ", "*.passport.xyz", "a-1.b?.xyz", "a.*")
    ),
    *(
        (Path((value,)), path(value))
        for value in (
            "/",
            "*",
            "/ceramic-cache/stamps/bulk",
            "/v2/stamps/*/score/*",
            "/A_z-0.9$~\"'@:+&x?",
            "/a&amp;b",
        )
    ),
    *((Methods((name,)), methods(name)) for name in ("GET", "M-SEARCH", "MY_METHOD", "A" * 40)),
    *(
        (Header(name, (value,)), header(name, value))
        for name, value in (
            ("X-Use-Rust-Scorer", "s3cr=t/+"),
            ("User-Agent", "*Chrome* (x; y)"),
            ("!#$%&'*+.^_`|~9", "~"),
            ("h" * 40, " "),
        )
    ),
]
QUERIES = [{"Key": "version", "Value": "1*"}, {"Value": "a=b&c"}, {"Key": "k", "Value": r"\*%20"}]

BAD: list[tuple[Condition | None, Any]] = [
    *(
        (Host((name,)), host(name))
        for name in (
            "api_x.passport.xyz",
            "api.passport.xyz:443",
            "https://api.passport.xyz",
            "^api\\.passport\\.xyz$",
            "api.passport.xyz/",
            "api passport.xyz",
            "api.passport.xyz\n",
            "api.passport.xyz\x00",
            "äpi.passport.xyz",
            "api.passport.xуz",  # noqa: RUF001 # a Cyrillic letter is the point
            "api.(a|b).xyz",
            "10.0.0.1",
            "api.passport.x1",
            "a@b.xyz",
        )
    ),
    *(
        (Path((value,)), path(value))
        for value in (
            "^/[a-z]{2}(-[A-Z]{2})?/i/",
            "/v2/stamps/<id>",
            "/a b",
            "/a\tb",
            "/a\n",
            "/a\x7f",
            "/v2/score;v=1",
            "/a?x=%20",
            "/%2F",
            "/a#b",
            "/a,b",
            "/a!",
            "/a|b",
            "/a\\b",
            "/a[0]",
            "/a=b",
            "/ü",
            "/a\u200b",
            "/a；b",  # noqa: RUF001 # a wide semicolon is the point
            "/a&lt;b",
        )
    ),
    *(
        (Methods((name,)), methods(name))
        for name in ("get", "Get", "GET ", "GET2", "G*", "GET\n", "GÉT", "A" * 41, "G:T")
    ),
    *(
        (Header("X-A", (value,)), header("X-A", value))
        for value in ("a\tb", "a\n", "a\x00", "é", "\x7f", "a\r\nX-B: c")
    ),
]
BAD_NAMES = ("X A", "X:A", "X-A:", "X(A)", "X/A", "X-Ä", "X-A\n", "", "X?", '"X"', "h" * 41)
BAD_QUERIES = [
    {"Key": "a b", "Value": "1"},
    {"Key": "ä", "Value": "1"},
    {"Key": "a", "Value": "1\n"},
    {"Key": "a", "Value": "\x7f"},
    {"Value": "ö"},
    {"Value": "a b"},
]


def create(world: World, listener: str, condition: Any) -> None:
    world.unchecked("elbv2").create_rule(
        ListenerArn=listener, Priority=9, Conditions=[condition], Actions=[fixed_response()]
    )


def query(pair: Any) -> Any:
    return {"Field": "query-string", "QueryStringConfig": {"Values": [pair]}}


@pytest.mark.parametrize(("checked", "sent"), BAD)
def test_a_value_with_a_wrong_character(world: World, checked: Condition, sent: Any) -> None:
    listener = world.listener()
    with refused("ValidationError", NOT_VALID):
        create(world, listener, sent)
    assert len(world.rules(listener)) == 1
    assert condition_problems([checked])


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_wrong_header_name(world: World, name: str) -> None:
    with refused("ValidationError", ""):
        create(world, world.listener(), header(name, "a"))
    assert condition_problems([Header(name, ("a",))])


@pytest.mark.parametrize("name", ["host", "Host", "HOST"])
def test_a_header_condition_is_not_on_the_host(world: World, name: str) -> None:
    with refused("ValidationError", "use a 'host-header' condition"):
        create(world, world.listener(), header(name, "a.example"))
    assert condition_problems([Header(name, ("a.example",))])


@pytest.mark.parametrize("pair", BAD_QUERIES)
def test_a_query_with_a_wrong_character(world: World, pair: Any) -> None:
    with refused("ValidationError", NOT_VALID):
        create(world, world.listener(), query(pair))


@pytest.mark.parametrize("network", ["10.0.0.0", "10.0.0.0/33", "any", "*", "10.0.0.0/x"])
def test_a_source_that_is_no_network(world: World, network: str) -> None:
    sent = {"Field": "source-ip", "SourceIpConfig": {"Values": [network]}}
    with refused("ValidationError", NOT_VALID):
        create(world, world.listener(), sent)


def test_a_query_without_its_value(world: World) -> None:
    with refused("ValidationError", "A condition value must be specified"):
        create(world, world.listener(), query({"Key": "a"}))


@pytest.mark.parametrize(("checked", "sent"), GOOD)
def test_a_value_of_allowed_characters(world: World, checked: Condition, sent: Any) -> None:
    create(world, world.listener(), sent)
    assert condition_problems([checked]) == []


@pytest.mark.parametrize("pair", QUERIES)
def test_a_query_of_allowed_characters(world: World, pair: Any) -> None:
    create(world, world.listener(), query(pair))


@pytest.mark.parametrize("network", ["10.0.0.0/8", "192.0.2.7/24", "2001:db8::/32"])
def test_a_source_network(world: World, network: str) -> None:
    sent = {"Field": "source-ip", "SourceIpConfig": {"Values": [network]}}
    create(world, world.listener(), sent)


@pytest.mark.parametrize(
    "sent",
    [
        {"Field": "host-header", "Values": ["a.b"], "HostHeaderConfig": {"Values": ["a.b"]}},
        {"Field": "path-pattern", "Values": ["/"], "PathPatternConfig": {"Values": ["/"]}},
    ],
)
def test_values_are_said_once(world: World, sent: Any) -> None:
    with refused("ValidationError", "You cannot provide both Values and"):
        create(world, world.listener(), sent)
