"""The requests are made from the contract's table, whatever the program declares."""

import csv
from pathlib import Path

import pytest

from sandbox.checklist.targets import ALL, DUAL, DUAL_RULES, ROUTES, VARIATIONS, Route
from sandbox.dataplane.globs import compile_glob

GOLDEN = Path(__file__).parents[1] / "golden" / "endpoints.csv"


def test_every_rule_of_the_table_is_asked_for_by_each_of_its_methods() -> None:
    with GOLDEN.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["rule_logical_name"]]

    wanted = [
        (row["rule_logical_name"], method)
        for row in rows
        for method in (row["methods"] or "GET").split("+")
    ]
    assert [(target.route.rule, target.method) for target in ALL] == wanted
    for target in ALL:
        assert compile_glob(target.route.path).fullmatch(target.path)
        assert compile_glob(target.route.host or "*").fullmatch(target.host)
    assert len(DUAL) == len(DUAL_RULES) == 6


def one(name: str) -> Route:
    return next(route for route in ROUTES if route.name == name)


def test_who_answers() -> None:
    python = ("python", ("embed-st-lambda", "embed-st-lambda-target-group", "2100"))
    rust = ("rust", ("passport-v2-rust-scorer", "l-passport-v2-rust-scorer-int", "2100"))
    assert one("embed-st").answers == (python, rust)
    assert one("embed-st").answer("rust") == rust
    assert one("cc-nonce").answer("rust")[0] == "python"
    assert one("passport-v2-history").answers == (("registry", (None, "registry", None)),)
    assert one("block-gitcoin-v2").answers == ((None, (None, None, None)),)
    assert (one("block-gitcoin-v2").status, one("embed-st").status) == (400, 200)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ("POST api.passport.xyz/ceramic-cache/stamp (public)", "no route"),
        ("GET api.passport.xyz/internal/embed/score/1 (internal)", "no route"),
        ("GET api.passport.xyz/internal/embed/score/1/1 (public)", "no route"),
        ("GET api.passport.xyz/ceramic-cache/weightsx (public)", "no route"),
        ("GET passport.xyz/v2/stamps/1/score/1 (public)", "no route"),
        ("PUT api.passport.xyz/v2/stamps/1/score/1 (public)", "passport-v2-catch-all"),
        ("GET api.gitcoin.co/v2/stamps/1/score/1 (public)", "block-gitcoin-v2"),
        (
            "GET api.passport.xyz/v2/stamps/1/score/1/history/more (public)",
            "passport-v2-stamp-score",
        ),
        ("GET api.passport.xyz/ceramic-cache/score/0x0/2 (public)", "cc-v1-score-GET-0"),
    ],
)
def test_a_request_beside_a_route_goes_where_the_table_says(request_: str, name: str) -> None:
    found = {str(target): target.route.name for target in VARIATIONS}

    assert found[request_] == name


def test_no_request_is_among_both() -> None:
    assert len({*ALL, *VARIATIONS}) == len(ALL) + len(VARIATIONS)
