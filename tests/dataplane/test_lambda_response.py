import itertools
import json
from typing import Any

import pytest

from sandbox.dataplane.failures import LambdaFailure, Reason
from sandbox.dataplane.lambda_response import LENIENT, STRICT, Strictness, parse_response
from tests.dataplane.lambda_cells import CELLS, SOURCES, VALUES, Cell
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


def judged(response: object, strictness: Strictness, *, multi_value: bool = False) -> int:
    """The status that the client gets."""
    try:
        return parse_response(response, strictness, multi_value=multi_value).status
    except LambdaFailure as failure:
        return failure.reason.status


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.field}-{cell.kind}")
def test_absent_null_and_every_json_type_of_every_field(cell: Cell) -> None:
    assert judged(cell.response, STRICT, multi_value=cell.multi_value) == cell.strict
    assert judged(cell.response, LENIENT, multi_value=cell.multi_value) == cell.lenient


def test_the_two_balancers_differ_only_where_nothing_is_known() -> None:
    assert {cell.source for cell in CELLS} == set(SOURCES)
    assert {cell.source for cell in CELLS if cell.strict != cell.lenient} == {"-"}
    assert {(cell.field, cell.kind) for cell in CELLS} == set(
        itertools.product({cell.field for cell in CELLS}, VALUES)
    )


@pytest.mark.parametrize("multi_value", [False, True])
def test_a_status_alone_is_a_response(multi_value: bool) -> None:
    answer = parse_response({"statusCode": 204}, STRICT, multi_value=multi_value)

    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize("multi_value", [False, True])
def test_headers_in_the_other_form_alone_are_refused_unless_lenient(multi_value: bool) -> None:
    """The guide says "must use"; whether AWS answers 502 or drops them is not known."""
    response = {"statusCode": 200, ("headers" if multi_value else "multiValueHeaders"): {}}

    assert judged(response, STRICT, multi_value=multi_value) == 502
    assert judged(response, LENIENT, multi_value=multi_value) == 200


MALFORMED: list[Any] = [
    None,
    "text",
    [],
    {},
    7,
    lambda_response(statusCode=99),
    lambda_response(statusCode=101),
    lambda_response(statusCode=600),
    lambda_response(statusCode=-200),
    lambda_response(statusCode=10**400),
    lambda_response(statusCode="2xx"),
    lambda_response(statusCode="0200"),
    lambda_response(statusCode="\u0662\u0660\u0660"),
    lambda_response(statusCode=200.5),
    lambda_response(statusCode=float("inf")),
    lambda_response(headers={"content-length": 1}),
    lambda_response(headers={"connection": True}),
    lambda_response(headers={"a": {"b": "c"}}),
    lambda_response(headers={"a": [["b"]]}),
    lambda_response(headers={"a b": "c"}),
    lambda_response(headers={"": "c"}),
    lambda_response(headers={"a": "b\r\nc: d"}),
    lambda_response(headers={"a": "\ud800"}),
    lambda_response(headers={"\ud800": "a"}),
    lambda_response(headers={"a": "b" * 33_000}),
    lambda_response(isBase64Encoded=True, body="no base64!"),
    lambda_response(isBase64Encoded=True, body="aGVs\r\nbG8="),
    lambda_response(isBase64Encoded=True, body="aGVs\nbG8="),
    lambda_response(isBase64Encoded=True, body="aGVsbG8"),
    lambda_response(isBase64Encoded=True, body="_-8="),
    lambda_response(isBase64Encoded=True, body="\u00f6"),
    lambda_response(body="\ud800"),
]


@pytest.mark.parametrize("response", MALFORMED)
def test_a_malformed_response_is_refused_however_lenient(response: object) -> None:
    assert judged(response, STRICT) == 502
    assert judged(response, LENIENT) == 502


@pytest.mark.parametrize("description", ["", "OK", "404 Not Found", "200"])
def test_a_description_that_does_not_fit_the_status_passes(description: str) -> None:
    assert judged(lambda_response(statusDescription=description), STRICT) == 200


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
