import json
from typing import Any

import pytest

from sandbox.dataplane.failures import LambdaFailure, Reason
from sandbox.dataplane.lambda_response import LENIENT, STRICT, parse_response
from tests.dataplane.support import lambda_response

MEGABYTE = 1024 * 1024


def reason(response: object, *, multi_value: bool = False) -> Reason:
    with pytest.raises(LambdaFailure) as failure:
        parse_response(response, STRICT, multi_value=multi_value)
    return failure.value.reason


def test_the_response_of_the_user_guide() -> None:
    answer = parse_response(
        {
            "isBase64Encoded": False,
            "statusCode": 200,
            "statusDescription": "200 OK",
            "headers": {"Set-cookie": "cookies", "Content-Type": "application/json"},
            "body": "Hello from Lambda (optional)",
        },
        STRICT,
        multi_value=False,
    )

    assert answer.status == 200
    assert answer.body == b"Hello from Lambda (optional)"
    assert answer.headers == [
        (b"set-cookie", b"cookies"),
        (b"content-type", b"application/json"),
        (b"server", b"awselb/2.0"),
    ]


def test_several_cookies_need_multi_value_headers() -> None:
    response = lambda_response(
        headers={"Set-cookie": "one"},
        multiValueHeaders={"Set-cookie": ["a=b;Domain=x;Secure", "c=d"], "Content-Type": ["t/x"]},
    )

    assert parse_response(response, STRICT, multi_value=True).headers[:3] == [
        (b"set-cookie", b"a=b;Domain=x;Secure"),
        (b"set-cookie", b"c=d"),
        (b"content-type", b"t/x"),
    ]
    assert parse_response(response, STRICT, multi_value=False).headers[0] == (b"set-cookie", b"one")


@pytest.mark.parametrize("multi_value", [False, True])
def test_only_the_headers_of_the_groups_own_form_count(multi_value: bool) -> None:
    other = "headers" if multi_value else "multiValueHeaders"
    own = "multiValueHeaders" if multi_value else "headers"
    response = lambda_response()

    assert parse_response(response | {other: None}, STRICT, multi_value=multi_value).status == 200
    assert reason(response | {own: None}, multi_value=multi_value) is Reason.INVALID_RESPONSE


def test_headers_between_neighbours_and_the_length_are_dropped() -> None:
    answer = parse_response(
        lambda_response(
            headers={
                "Connection": "close",
                "Transfer-Encoding": "chunked",
                "Content-Length": "99",
                "Keep-Alive": "1",
                "X-Kept": "yes",
                "Server": "mine",
            }
        ),
        STRICT,
        multi_value=False,
    )

    assert answer.headers == [(b"x-kept", b"yes"), (b"server", b"mine")]


def test_base64_is_decoded() -> None:
    response = lambda_response(isBase64Encoded=True, body="/wA=")

    assert parse_response(response, STRICT, multi_value=False).body == b"\xff\x00"


@pytest.mark.parametrize("body", [None, ""])
def test_the_body_is_optional(body: str | None) -> None:
    response = {key: value for key, value in lambda_response().items() if key != "body"}

    assert parse_response(response, STRICT, multi_value=False).body == b""
    assert parse_response(response | {"body": body}, STRICT, multi_value=False).body == b""


MALFORMED: list[Any] = [
    None,
    "text",
    [],
    {},
    lambda_response(statusCode=None),
    lambda_response(statusCode="200"),
    lambda_response(statusCode=200.0),
    lambda_response(statusCode=True),
    lambda_response(statusCode=99),
    lambda_response(statusCode=101),
    lambda_response(statusCode=600),
    lambda_response(headers=None),
    lambda_response(headers=[]),
    lambda_response(headers={"a": 1}),
    lambda_response(headers={"a": ["b"]}),
    lambda_response(headers={"a b": "c"}),
    lambda_response(headers={"": "c"}),
    lambda_response(headers={"a": "b\r\nc: d"}),
    lambda_response(headers={"a": "\ud800"}),
    lambda_response(headers={"a": "b" * 33_000}),
    lambda_response(isBase64Encoded=None),
    lambda_response(isBase64Encoded="false"),
    lambda_response(isBase64Encoded=True, body="no base64!"),
    lambda_response(body={"a": 1}),
    lambda_response(body="\ud800"),
]


@pytest.mark.parametrize("response", MALFORMED)
def test_a_malformed_response_is_refused(response: object) -> None:
    assert reason(response) is Reason.INVALID_RESPONSE


@pytest.mark.parametrize("values", ["text", None, [1], [None]])
def test_multi_value_headers_are_lists_of_text(values: object) -> None:
    response = lambda_response(multiValueHeaders={"a": values})

    assert reason(response, multi_value=True) is Reason.INVALID_RESPONSE


@pytest.mark.parametrize(
    "response",
    [
        lambda_response(statusCode="200"),
        lambda_response(headers=None),
        lambda_response(isBase64Encoded=None),
        {"statusCode": 200},
    ],
)
def test_what_aws_may_let_pass_is_a_switch(response: object) -> None:
    assert reason(response) is Reason.INVALID_RESPONSE
    assert parse_response(response, LENIENT, multi_value=False).status == 200


def test_a_lenient_balancer_still_wants_a_status() -> None:
    with pytest.raises(LambdaFailure):
        parse_response(lambda_response(statusCode="2xx"), LENIENT, multi_value=False)


def sized(size: int, letter: str = "x") -> dict[str, Any]:
    """A response whose JSON has exactly this many bytes."""
    empty = dict(lambda_response(body=""))
    room = size - len(json.dumps(empty, separators=(",", ":")))
    encoded = json.dumps(letter, ensure_ascii=False)[1:-1].encode()
    count, rest = divmod(room, len(encoded))
    return empty | {"body": letter * count + "x" * rest}


@pytest.mark.parametrize("letter", ["x", "ö", "\n", "\x01"])
def test_a_response_of_more_than_1_mb_is_refused(letter: str) -> None:
    fits, too_large = sized(MEGABYTE, letter), sized(MEGABYTE + 1, letter)

    assert parse_response(fits, STRICT, multi_value=False).status == 200
    assert reason(too_large) is Reason.RESPONSE_TOO_LARGE
