"""Characters of conditions: the account and the checks of a routing table say the same."""

from collections.abc import Callable
from typing import Any

import pytest

from routing import Condition, Header, Host, Methods, Path
from routing.checks import condition_problems
from sandbox.account.client import Account
from tests.account.support import World, fixed_response, header, refused, sent

NOT_VALID = "contains a character that is not valid"

GOOD: list[Condition] = [
    *(Host((name,)) for name in ("a.b", "API.Passport.XYZ", "*.passport.xyz", "a-1.b?.xyz", "a.*")),
    *(
        Path((value,))
        for value in (
            "/",
            "*",
            "/ceramic-cache/stamps/bulk",
            "/v2/stamps/*/score/*",
            "/A_z-0.9$~\"'@:+&x?",
            "/a&amp;b",
        )
    ),
    *(Methods((name,)) for name in ("GET", "M-SEARCH", "MY_METHOD", "A" * 40)),
    *(
        Header(name, (value,))
        for name, value in (
            ("X-Use-Rust-Scorer", "s3cr=t/+"),
            ("User-Agent", "*Chrome* (x; y)"),
            ("!#$%&'*+.^_`|~9", "~"),
            ("h" * 40, " "),
        )
    ),
]
QUERIES = [{"Key": "version", "Value": "1*"}, {"Value": "a=b&c"}, {"Key": "k", "Value": r"\*%20"}]

BAD: list[Condition] = [
    *(
        Host((name,))
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
        Path((value,))
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
        Methods((name,))
        for name in ("get", "Get", "GET ", "GET2", "G*", "GET\n", "GÉT", "A" * 41, "G:T")
    ),
    *(Header("X-A", (value,)) for value in ("a\tb", "a\n", "a\x00", "é", "\x7f", "a\r\nX-B: c")),
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


@pytest.fixture(scope="module")
def listener(account: Account, unchecked: Callable[[str], Any]) -> str:
    """Every test leaves it without a rule."""
    return World(account, unchecked, lambda prefix: f"{prefix}-characters").listener()


def create(world: World, listener: str, condition: Any) -> None:
    """Create a rule with this condition, and delete it."""
    elbv2 = world.unchecked("elbv2")
    created = elbv2.create_rule(
        ListenerArn=listener, Priority=9, Conditions=[condition], Actions=[fixed_response()]
    )
    elbv2.delete_rule(RuleArn=created["Rules"][0]["RuleArn"])


def query(pair: Any) -> Any:
    return {"Field": "query-string", "QueryStringConfig": {"Values": [pair]}}


@pytest.mark.parametrize("condition", BAD)
def test_a_value_with_a_wrong_character(world: World, listener: str, condition: Condition) -> None:
    with refused("ValidationError", NOT_VALID):
        create(world, listener, sent(condition))
    assert len(world.rules(listener)) == 1
    assert condition_problems([condition])


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_wrong_header_name(world: World, listener: str, name: str) -> None:
    with refused("ValidationError", ""):
        create(world, listener, header(name, "a"))
    assert condition_problems([Header(name, ("a",))])


@pytest.mark.parametrize("name", ["host", "Host", "HOST"])
def test_a_header_condition_is_not_on_the_host(world: World, listener: str, name: str) -> None:
    with refused("ValidationError", "use a 'host-header' condition"):
        create(world, listener, header(name, "a.example"))
    assert condition_problems([Header(name, ("a.example",))])


@pytest.mark.parametrize("pair", BAD_QUERIES)
def test_a_query_with_a_wrong_character(world: World, listener: str, pair: Any) -> None:
    with refused("ValidationError", NOT_VALID):
        create(world, listener, query(pair))


@pytest.mark.parametrize("network", ["10.0.0.0", "10.0.0.0/33", "any", "*", "10.0.0.0/x"])
def test_a_source_that_is_no_network(world: World, listener: str, network: str) -> None:
    with refused("ValidationError", NOT_VALID):
        create(world, listener, {"Field": "source-ip", "SourceIpConfig": {"Values": [network]}})


def test_a_query_without_its_value(world: World, listener: str) -> None:
    with refused("ValidationError", "A condition value must be specified"):
        create(world, listener, query({"Key": "a"}))


@pytest.mark.parametrize("condition", GOOD)
def test_a_value_of_allowed_characters(world: World, listener: str, condition: Condition) -> None:
    create(world, listener, sent(condition))
    assert condition_problems([condition]) == []


@pytest.mark.parametrize("pair", QUERIES)
def test_a_query_of_allowed_characters(world: World, listener: str, pair: Any) -> None:
    create(world, listener, query(pair))


@pytest.mark.parametrize("network", ["10.0.0.0/8", "192.0.2.7/24", "2001:db8::/32"])
def test_a_source_network(world: World, listener: str, network: str) -> None:
    create(world, listener, {"Field": "source-ip", "SourceIpConfig": {"Values": [network]}})


@pytest.mark.parametrize(
    "twice",
    [
        {"Field": "host-header", "Values": ["a.b"], "HostHeaderConfig": {"Values": ["a.b"]}},
        {"Field": "path-pattern", "Values": ["/"], "PathPatternConfig": {"Values": ["/"]}},
    ],
)
def test_values_are_said_once(world: World, listener: str, twice: Any) -> None:
    with refused("ValidationError", "You cannot provide both Values and"):
        create(world, listener, twice)
