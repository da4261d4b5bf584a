import itertools
from typing import Any

import pytest

import catalog
from routing import Header, Host, Listener, Methods, Path, Rule
from sandbox.dataplane.actions import FixedResponse, Forward, Redirect
from sandbox.dataplane.table import UnsupportedRule, compile_table
from tests.account.support import fixed_response, forward, header, host, methods, path, weighted
from tests.dataplane.support import (
    DEFAULT,
    PYTHON,
    RUST,
    described_listener,
    group_arn,
    request,
    rule,
    table,
    winner,
)
from tests.support.traffic import asked


def query(*pairs: dict[str, str]) -> Any:
    return {"Field": "query-string", "QueryStringConfig": {"Values": list(pairs)}}


def source(*networks: str) -> Any:
    return {"Field": "source-ip", "SourceIpConfig": {"Values": list(networks)}}


def redirect(**parts: str) -> Any:
    return {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"} | parts}


def test_the_lowest_priority_wins_in_whatever_order_rules_come() -> None:
    rules = [rule(20, path("/a*")), rule(3, path("/ab")), rule(100, path("*"))]

    for order in itertools.permutations(rules):
        compiled = table(*order)
        assert [winner(compiled, request(one)) for one in ("/ab", "/a", "/c")] == ["3", "20", "100"]


def test_priorities_are_numbers() -> None:
    assert winner(table(rule(1000, path("/a")), rule(9, path("/a"))), request("/a")) == "9"


def test_the_default_action_is_last() -> None:
    assert winner(table(rule(50_000, path("/a"))), request("/b")) == "default"


def test_conditions_must_all_hold_and_values_are_alternatives() -> None:
    compiled = table(rule(1, path("/a", "/b*"), methods("GET", "PUT"), host("x.io", "*.y.io")))

    def ask(target: str, method: str, name: str) -> str:
        return winner(compiled, request(target, method, name))

    assert ask("/a", "GET", "x.io") == "1"
    assert ask("/bcd", "PUT", "z.y.io") == "1"
    assert ask("/c", "GET", "x.io") == "default"
    assert ask("/a", "POST", "x.io") == "default"
    assert ask("/a", "GET", "y.io") == "default"


@pytest.mark.parametrize(
    ("condition", "taken", "not_taken"),
    [
        (path("/Ab"), request("/Ab"), request("/ab")),
        (path("/a"), request("/a?b=/c"), request("/a/")),
        (path("/a%20b"), request("/a%20b"), request("/a b")),
        (host("API.Example.com"), request(host="api.eXample.com:8080"), request(host="api.ex")),
        (methods("GET"), request(method="GET"), request(method="get")),
        (
            header("X-Pin", "sEcret*"),
            request(headers=[("x-pin", "no"), ("x-pin", "SECRET1")]),
            request(headers=[("x-pin", "no"), ("x-pine", "secret1")]),
        ),
        (
            query({"Key": "Version", "Value": "v?"}),
            request("/?a=1&versioN=V2"),
            request("/?version=v10&xversion=v1"),
        ),
        (query({"Value": "*exam*"}), request("/?any=EXAMPLE"), request("/?exam=ple")),
        (
            query({"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}),
            request("/?b=2"),
            request("/?a=2&b=1"),
        ),
        (query({"Value": r"\*"}), request("/?a=*"), request("/?a=b")),
        (query({"Value": "a b"}), request("/?q=a b"), request("/?q=a%20b")),
        (source("192.0.2.0/24"), request(client="192.0.2.9"), request(client="192.0.3.9")),
        (source("2001:db8::/32"), request(client="2001:db8::1"), request(client="192.0.2.9")),
        (
            source("192.0.2.0/24"),
            request(client="192.0.2.9"),
            request(headers=[("x-forwarded-for", "192.0.2.9")]),
        ),
        ({"Field": "path-pattern", "Values": ["/old*"]}, request("/older"), request("/new")),
        ({"Field": "host-header", "Values": ["a.io"]}, request(host="a.io"), request(host="b.io")),
        (
            path("/a") | {"Values": ["/a"]},  # AWS answers with both forms
            request("/a"),
            request("/b"),
        ),
    ],
)
def test_a_condition(condition: Any, taken: Any, not_taken: Any) -> None:
    compiled = table(rule(1, condition))

    assert winner(compiled, taken) == "1"
    assert winner(compiled, not_taken) == "default"


def test_several_header_conditions_must_all_hold() -> None:
    compiled = table(rule(1, header("a", "1"), header("b", "2")))

    assert winner(compiled, request(headers=[("A", "1"), ("B", "2")])) == "1"
    assert winner(compiled, request(headers=[("A", "1")])) == "default"


def test_the_tester_rule_in_front() -> None:
    compiled = table(
        rule(989, path("/v2/stamps/*/score/*/history"), header("X-Use-Rust-Scorer", "s3cret")),
        rule(992, path("/v2/stamps/*/score/*"), header("X-Use-Rust-Scorer", "s3cret")),
        rule(2022, path("/v2/stamps/*/score/*/history")),
        rule(2023, path("/v2/stamps/*/score/*")),
    )
    pin = [("x-use-rust-scorer", "S3cret")]

    assert winner(compiled, request("/v2/stamps/1/score/0x0", headers=pin)) == "992"
    assert winner(compiled, request("/v2/stamps/1/score/0x0")) == "2023"
    assert winner(compiled, request("/v2/stamps/1/score/0x0/history", headers=pin)) == "989"
    assert winner(compiled, request("/v2/stamps/1/score/0x0/history")) == "2022"


@pytest.mark.parametrize("action", [forward(PYTHON.arn), weighted((PYTHON.arn, 7))])
def test_a_plain_forward(action: Any) -> None:
    compiled = table(rule(1, path("/a"), action=action)).match(request("/a")).action

    assert isinstance(compiled, Forward)
    assert [target.group for target in compiled.targets] == [PYTHON]
    assert compiled.stickiness_s is None


def test_a_plain_forward_as_aws_describes_it() -> None:
    described = forward(PYTHON.arn) | weighted((PYTHON.arn, 1), Enabled=False)
    compiled = table(rule(1, path("/a"), action=described)).match(request("/a")).action

    assert isinstance(compiled, Forward)
    assert (len(compiled.targets), compiled.stickiness_s) == (1, None)


def test_a_weighted_forward() -> None:
    action = weighted((PYTHON.arn, 90), (RUST.arn, 10), Enabled=True, DurationSeconds=3600)
    compiled = table(rule(1, path("/a"), action=action)).match(request("/a")).action

    assert isinstance(compiled, Forward)
    assert [(one.group, one.weight) for one in compiled.targets] == [(PYTHON, 90), (RUST, 10)]
    assert compiled.stickiness_s == 3600


def test_a_fixed_response_and_a_redirect() -> None:
    compiled = table(
        rule(1, path("/a"), action=fixed_response("no", "503")),
        rule(2, path("/b"), action=redirect(Protocol="HTTPS", Port="8443", Query="")),
    )

    assert compiled.match(request("/a")).action == FixedResponse(503, "text/plain", "no")
    assert compiled.match(request("/b")).action == Redirect(
        301, protocol="HTTPS", port="8443", query=""
    )


UNSUPPORTED = [
    ([path("/a") | {"RegexValues": ["/x+"]}], {}, "RegexValues"),
    (
        [{"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["/x+"]}}],
        {},
        "RegexValues",
    ),
    ([path("/a")], {"Transforms": [{"Type": "url-rewrite"}]}, "Transforms"),
    ([{"Field": "cookie", "Values": ["a"]}], {}, "'cookie'"),
    ([{"Field": "path-pattern"}], {}, "without values"),
    ([header("", "a")], {}, "HttpHeaderName"),
    ([query({"Key": "a"})], {}, "without a value"),
    ([source("no network")], {}, "source-ip"),
    ([path("/a")], {"Actions": [{"Type": "authenticate-oidc", "Order": 1}]}, "authenticate-oidc"),
    (
        [path("/a")],
        {"Actions": [{"Type": "jwt-validation", "Order": 1}, fixed_response()]},
        "jwt-validation",
    ),
    ([path("/a")], {"Actions": [forward(PYTHON.arn) | {"Mirror": True}]}, "Mirror"),
    ([path("/a")], {"Actions": []}, "0 actions"),
    ([path("/a")], {"Actions": [{"Type": "forward"}]}, "without a target group"),
    (
        [path("/a")],
        {"Actions": [{"Type": "forward", "ForwardConfig": {"Failover": 1}}]},
        "Failover",
    ),
    ([path("/a")], {"Actions": [redirect(StatusCode="HTTP_308")]}, "HTTP_308"),
    ([path("/a")], {"Actions": [redirect(Fragment="top")]}, "Fragment"),
    ([path("/a")], {"Shadow": "yes"}, "Shadow"),
]


@pytest.mark.parametrize(("conditions", "changes", "construct"), UNSUPPORTED)
def test_what_is_not_supported_is_refused(
    conditions: list[Any], changes: dict[str, Any], construct: str
) -> None:
    with pytest.raises(UnsupportedRule, match=r"rule-7") as refusal:
        table(rule(1, path("/ok")), rule(7, *conditions) | changes)

    ((arn, told),) = refusal.value.problems
    assert arn == "rule-7"
    assert construct in told


def test_all_unsupported_rules_are_told_at_once() -> None:
    odd = {"Transforms": [{"Type": "url-rewrite"}]}

    with pytest.raises(UnsupportedRule) as refusal:
        table(rule(1, path("/a")) | odd, rule(2, path("/b")), rule(3, path("/c")) | odd)

    assert [arn for arn, _ in refusal.value.problems] == ["rule-1", "rule-3"]


@pytest.mark.parametrize("defaults", [0, 2])
def test_a_listener_has_one_default_rule(defaults: int) -> None:
    with pytest.raises(UnsupportedRule, match=f"{defaults} default rules"):
        compile_table(described_listener(), [DEFAULT] * defaults, {})


def test_the_listener_is_known_by_protocol_port_and_suffix() -> None:
    listener = table().listener

    assert (listener.protocol, listener.port) == ("https", "443")
    assert listener.balancer == "app/public/50dc6c495c0c9188"


def test_a_group_is_named_by_its_arn() -> None:
    assert (PYTHON.name, PYTHON.suffix) == ("python", "targetgroup/python/73e2d6bc24d8a067")
    assert group_arn("python") == PYTHON.arn


def as_described(planned: Rule) -> dict[str, Any]:
    """A rule of the program as DescribeRules would give it."""
    conditions = []
    for condition in planned.conditions:
        match condition:
            case Host(values):
                conditions.append(host(*values))
            case Path(values):
                conditions.append(path(*values))
            case Methods(values):
                conditions.append(methods(*values))
            case Header(name, values):
                conditions.append(header(name, *values))
    return rule(planned.priority, *conditions, action=fixed_response(planned.name, "200"))


@pytest.mark.parametrize("secret", [None, "s3cret"])
@pytest.mark.parametrize("listener", list(Listener))
def test_the_programs_rules_win_the_requests_that_it_says_they_win(
    listener: Listener, secret: str | None
) -> None:
    table_of_the_program = catalog.routing_table(asked(50, secret=secret)).values()
    planned = [one for one in table_of_the_program if one.listener is listener]
    compiled = table(*(as_described(one) for one in planned))

    for one in planned:
        found = one.witness
        assert found is not None
        sent = request(found.path, found.method, found.host, found.headers)
        assert winner(compiled, sent) == one.name
