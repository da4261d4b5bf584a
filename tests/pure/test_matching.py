"""Which rule gets a request."""

from dataclasses import replace

import pytest

from routing import Condition, Forward, Header, Host, Listener, Methods, Path, Request, Rule
from routing.matching import matches, winner

ASKED = Request("GET", "api.passport.xyz", "/v2/a/b", (("X-Pin", "s3cret"),))


def a_rule(*conditions: Condition, priority: int = 1) -> Rule:
    return Rule(
        name=f"rule-{priority}",
        listener=Listener.PUBLIC,
        priority=priority,
        conditions=conditions,
        action=Forward("group"),
    )


@pytest.mark.parametrize(
    ("condition", "near"),
    [
        (Host(("API.*.xyz",)), Host(("api.xyz",))),
        (Path(("/v2/*",)), Path(("/V2/*",))),
        (Path(("/v2/?/b",)), Path(("/v2/?b",))),
        (Path(("/other", "/v2/a/b")), Path(("/v2/a",))),
        (Methods(("POST", "GET")), Methods(("get",))),
        (Header("x-pin", ("S3CRET",)), Header("x-pin", ("s3",))),
        (Header("X-Pin", ("s*",)), Header("X-Pun", ("*",))),
    ],
    ids=str,
)
def test_a_condition_holds_or_does_not(condition: Condition, near: Condition) -> None:
    assert matches(a_rule(condition), ASKED)
    assert not matches(a_rule(near), ASKED)


def test_all_conditions_must_hold() -> None:
    assert matches(a_rule(Path(("/v2/*",)), Methods(("GET",))), ASKED)
    assert not matches(a_rule(Path(("/v2/*",)), Methods(("POST",))), ASKED)


def test_the_first_priority_wins_whatever_the_order() -> None:
    wide, narrow = a_rule(Path(("/v2/*",)), priority=2), a_rule(Path(("/v2/a/b",)), priority=10)

    assert winner([narrow, wide], ASKED) is wide
    assert winner([wide, replace(narrow, priority=1)], ASKED) == replace(narrow, priority=1)
    assert winner([narrow], Request("GET", "a.b", "/v2/a")) is None


def test_a_request_is_shown_without_its_headers() -> None:
    assert str(ASKED) == "GET api.passport.xyz/v2/a/b"
    assert "s3cret" not in repr(ASKED)
