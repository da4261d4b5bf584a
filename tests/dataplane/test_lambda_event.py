import base64
import re
from collections.abc import Iterable
from typing import Any

import pytest

from sandbox.dataplane.failures import LambdaFailure, Reason
from sandbox.dataplane.forwarded import forwarded_lines, has_too_many_addresses
from sandbox.dataplane.groups import Group
from sandbox.dataplane.lambda_event import build_event
from tests.dataplane.support import PYTHON, described_listener, lambda_group, request, table

NOW = 0x5BDB40CA + 0.5
MULTI = lambda_group("multi", multi_value_headers=True)
LISTENER = table().listener
NEW_ROOT = r"Root=1-5bdb40ca-[0-9a-f]{24}"
TEXT = ("content-type", "text/plain")


def event(
    target: str = "/",
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    group: Group = PYTHON,
) -> dict[str, Any]:
    asked = request(target, method, "lambda-846800462.elb.amazonaws.com", headers, "72.21.198.66")
    return build_event(asked, body, group, LISTENER, NOW)


def test_the_event_of_the_user_guide() -> None:
    built = event(
        headers=[
            ("Accept", "text/html,application/xhtml+xml"),
            ("Accept-Language", "en-US,en;q=0.8"),
            ("Content-Type", "text/plain"),
            ("Cookie", "cookies"),
            ("User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_6)"),
        ],
        body=b"request_body",
    )
    trace = built["headers"].pop("x-amzn-trace-id")

    assert re.fullmatch(NEW_ROOT, trace)
    assert built == {
        "requestContext": {"elb": {"targetGroupArn": PYTHON.arn}},
        "httpMethod": "GET",
        "path": "/",
        "queryStringParameters": {},
        "headers": {
            "accept": "text/html,application/xhtml+xml",
            "accept-language": "en-US,en;q=0.8",
            "content-type": "text/plain",
            "cookie": "cookies",
            "host": "lambda-846800462.elb.amazonaws.com",
            "user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_6)",
            "x-forwarded-for": "72.21.198.66",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "isBase64Encoded": False,
        "body": "request_body",
    }


REPEATED = [("Cookie", "name1=value1"), ("X-Other", "ö"), ("cookie", "name2=value2")]


def utf8(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value.encode().decode("latin-1")) for name, value in lines]


def test_the_last_value_of_a_repeated_one_counts() -> None:
    built = event("/p?myKey=val1&myKey=val2&e=&only", headers=utf8(REPEATED))

    assert built["queryStringParameters"] == {"myKey": "val2", "e": "", "only": ""}
    assert built["headers"]["cookie"] == "name2=value2"
    assert built["headers"]["x-other"] == "ö"
    assert not {"multiValueHeaders", "multiValueQueryStringParameters"} & set(built)


def test_multi_value_headers_hold_every_value() -> None:
    built = event("/p?&myKey=val1&myKey=val2", headers=utf8(REPEATED), group=MULTI)

    assert built["multiValueQueryStringParameters"] == {"myKey": ["val1", "val2"]}
    assert built["multiValueHeaders"]["cookie"] == ["name1=value1", "name2=value2"]
    assert built["multiValueHeaders"]["x-forwarded-port"] == ["443"]
    assert built["multiValueHeaders"]["host"] == ["lambda-846800462.elb.amazonaws.com"]
    assert not {"headers", "queryStringParameters"} & set(built)


@pytest.mark.parametrize("group", [PYTHON, MULTI])
def test_path_and_query_stay_encoded(group: Group) -> None:
    built = event("/a%2Fb%20c?k%20y=v%26+x&k%20y=v%26+x", group=group)
    query = built.get("queryStringParameters") or built["multiValueQueryStringParameters"]

    assert built["path"] == "/a%2Fb%20c"
    assert query in ({"k%20y": "v%26+x"}, {"k%20y": ["v%26+x"] * 2})


@pytest.mark.parametrize("group", [PYTHON, MULTI])
def test_headers_between_neighbours_are_not_passed_on(group: Group) -> None:
    built = event(
        headers=[("Connection", "keep-alive"), ("Transfer-Encoding", "chunked"), ("TE", "x")],
        group=group,
    )
    headers = built.get("headers") or built["multiValueHeaders"]

    assert not {"connection", "transfer-encoding", "te"} & set(headers)


@pytest.mark.parametrize(
    ("headers", "encoded"),
    [
        ([("content-type", "text/csv")], False),
        ([("content-type", "TEXT/html; charset=utf-8")], False),
        ([("content-type", "application/json")], False),
        ([("content-type", "application/json;charset=utf-8")], False),
        ([("content-type", "application/javascript")], False),
        ([("content-type", "application/xml")], False),
        ([("content-type", "application/json"), ("content-encoding", "gzip")], True),
        ([("content-type", "application/problem+json")], True),
        ([("content-type", "image/png")], True),
        ([("content-type", "application/x-www-form-urlencoded")], True),
        ([], True),
    ],
)
def test_base64_goes_by_type_and_encoding(headers: list[tuple[str, str]], encoded: bool) -> None:
    built = event(method="POST", headers=headers, body=b'{"a": 1}')

    assert built["isBase64Encoded"] is encoded
    body = base64.b64decode(built["body"]) if encoded else built["body"].encode()
    assert body == b'{"a": 1}'


def test_no_body_is_not_encoded() -> None:
    built = event()

    assert (built["body"], built["isBase64Encoded"]) == ("", False)


@pytest.mark.parametrize(
    ("headers", "body"), [([TEXT], b"\xff"), ([("x", "\xff")], b""), ([("cookie", "\xe4")], b"")]
)
@pytest.mark.parametrize("group", [PYTHON, MULTI])
def test_what_is_not_utf8_is_refused(
    headers: list[tuple[str, str]], body: bytes, group: Group
) -> None:
    with pytest.raises(LambdaFailure) as failure:
        event(headers=headers, body=body, group=group)
    assert failure.value.reason is Reason.BAD_REQUEST


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ([], "72.21.198.66"),
        (["203.0.113.7"], "203.0.113.7, 72.21.198.66"),
        (["203.0.113.7, 10.0.0.1"], "203.0.113.7, 10.0.0.1, 72.21.198.66"),
        (["203.0.113.7", "10.0.0.1"], "203.0.113.7, 10.0.0.1, 72.21.198.66"),
    ],
)
def test_the_peer_is_appended_to_x_forwarded_for(sent: list[str], received: str) -> None:
    lines = [("X-Forwarded-For", value) for value in sent]

    assert event(headers=lines)["headers"]["x-forwarded-for"] == received
    assert event(headers=lines, group=MULTI)["multiValueHeaders"]["x-forwarded-for"] == [received]


def test_a_client_cannot_forge_port_and_protocol() -> None:
    headers = event(headers=[("X-Forwarded-Proto", "http"), ("X-Forwarded-Port", "1")])["headers"]

    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("https", "443")


@pytest.mark.parametrize(("count", "refused"), [(30, False), (31, True)])
def test_x_forwarded_for_has_at_most_30_addresses(count: int, refused: bool) -> None:
    asked = request(headers=[("X-Forwarded-For", ", ".join(["10.0.0.1"] * count))])

    assert has_too_many_addresses(asked) is refused


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("Root=1-67891233-abc", r"Self=1-5bdb40ca-[0-9a-f]{24};Root=1-67891233-abc"),
        (
            "Root=1-67891233-abc;CalledFrom=app",
            r"Self=1-5bdb40ca-[0-9a-f]{24};Root=1-67891233-abc;CalledFrom=app",
        ),
        (
            "Self=1-1-old; Root=1-67891233-abc",
            r"Self=1-5bdb40ca-[0-9a-f]{24};Root=1-67891233-abc",
        ),
        ("CalledFrom=app", rf"{NEW_ROOT};CalledFrom=app"),
    ],
)
def test_a_trace_goes_on(sent: str, expected: str) -> None:
    headers = event(headers=[("X-Amzn-Trace-Id", sent)])["headers"]

    assert re.fullmatch(expected, headers["x-amzn-trace-id"])


def test_a_target_that_speaks_http_gets_the_same_headers() -> None:
    asked = request(headers=[("X-Forwarded-For", "1.1.1.1"), ("Connection", "close"), ("A", "b")])
    lines = forwarded_lines(asked, LISTENER, NOW)

    assert len({name for name, _ in lines}) == len(lines)
    assert {
        "a": "b",
        "x-forwarded-for": "1.1.1.1, 198.51.100.7",
        "x-forwarded-proto": "https",
    }.items() <= dict(lines).items()
    assert "connection" not in dict(lines)


def test_the_listener_decides_the_protocol() -> None:
    assert LISTENER.port == str(described_listener()["Port"])
