"""Contract, "Routing": the opt-in rules of the testers, and their secret."""

from collections.abc import Iterator
from typing import Any

import pytest

import catalog
from settings import Settings
from tests.declared.golden import (
    DUAL,
    LISTENER_ARNS,
    ROUTES,
    RULE,
    RUST_GROUPS,
    Declared,
    conditions,
    group_arn,
    plain,
)
from tests.support.recorder import FOUNDATION, SECRET, Program

EXPECTED = {
    "lrule-tester-v2-history": (989, "passport-v2-history"),
    "lrule-rust-ceramic-cache-stamps-bulk": (990, "cc-v1-st-bulk-POST-0"),
    "lrule-rust-ceramic-cache-score": (991, "cc-v1-score-GET-0"),
    "lrule-rust-v2-stamps-score": (992, "passport-v2-stamp-score"),
    "lrule-rust-embed-stamps": (2090, "embed-st"),
    "lrule-rust-embed-validate-api-key": (2091, "embed-rl"),
    "lrule-rust-embed-score": (2093, "embed-gs"),
}
BY_ENDPOINT = {row["endpoint"]: row for row in ROUTES}


@pytest.mark.parametrize("which", ["with_testers", "production"])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_tester_rule_is_its_endpoints_rule_plus_the_header(
    request: pytest.FixtureRequest, tester_value: str, which: str, name: str
) -> None:
    program: Program = request.getfixturevalue(which)
    rule = program.of_type(RULE)[name]
    priority, endpoint = EXPECTED[name]
    row = BY_ENDPOINT[endpoint]
    header = {"httpHeader": {"httpHeaderName": "X-Use-Rust-Scorer", "values": [tester_value]}}

    assert rule.inputs["priority"] == priority
    assert rule.inputs["listenerArn"] == LISTENER_ARNS[row["listener"]]
    assert rule.inputs["conditions"] == [*conditions(row), header]


@pytest.mark.parametrize("which", ["with_testers", "production"])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_tester_rule_forwards_plainly_to_its_balancers_rust_group(
    request: pytest.FixtureRequest, which: str, name: str
) -> None:
    program: Program = request.getfixturevalue(which)
    endpoint = EXPECTED[name][1]
    target = (
        str(FOUNDATION["registryTargetGroupArn"])
        if endpoint == "passport-v2-history"
        else group_arn(RUST_GROUPS[BY_ENDPOINT[endpoint]["listener"]])
    )

    assert program.of_type(RULE)[name].inputs["actions"] == plain(target)


def test_every_dual_endpoint_has_a_tester_rule() -> None:
    assert {endpoint for _, endpoint in EXPECTED.values()} == {row["endpoint"] for row in DUAL} | {
        "passport-v2-history"
    }


def test_tester_rules_come_before_every_other_rule_of_their_listener(
    with_testers: Program,
) -> None:
    rules = with_testers.of_type(RULE)
    for listener in LISTENER_ARNS.values():
        ordered = sorted(
            (rule.inputs["priority"], name)
            for name, rule in rules.items()
            if rule.inputs["listenerArn"] == listener
        )
        names = [name in EXPECTED for _, name in ordered]

        assert names == sorted(names, reverse=True)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield str(value)


@pytest.mark.parametrize("which", ["with_testers", "production"])
def test_the_testers_secret_is_a_secret_input_of_seven_rules_and_nowhere_else(
    request: pytest.FixtureRequest, tester_value: str, which: str
) -> None:
    program: Program = request.getfixturevalue(which)

    assert {one.name for one in program.registrations if tester_value in one.secret_inputs} == set(
        EXPECTED
    )
    for one in program.registrations:
        seen = [*texts(one.open_inputs), one.name, one.import_id, *one.depends_on]
        assert not [text for text in seen if tester_value in text]
    assert not [text for text in texts(program.open_exports) if tester_value in text]


def test_only_the_value_is_secret_so_that_a_preview_shows_the_rest(with_testers: Program) -> None:
    rule = with_testers.of_type(RULE)["lrule-tester-v2-history"]

    assert rule.open_inputs["conditions"] == [
        *conditions(BY_ENDPOINT["passport-v2-history"]),
        {"httpHeader": {"httpHeaderName": "X-Use-Rust-Scorer", "values": [SECRET]}},
    ]


def test_the_testers_secret_is_in_no_repr(required: dict[str, Any], tester_value: str) -> None:
    settings = Settings.model_validate({**required, "testerHeaderValue": tester_value})
    table = catalog.routing_table(settings)

    assert table["lrule-rust-embed-score"].conditions[-1].values == (tester_value,)
    shown = [settings, settings.model_dump(), table, *table.values()]
    assert not [text for text in map(repr, shown) if tester_value in text]
    assert tester_value not in str(settings)
    assert tester_value not in settings.model_dump_json()


def test_a_preview_registers_what_an_update_does_and_prints_nothing(
    declared: Declared,
    with_testers: Program,
    tester_value: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    previewed = declared(secret={"testerHeaderValue": tester_value}, preview=True)

    assert capfd.readouterr() == ("", "")
    assert {(one.type, one.name) for one in previewed.registrations} == {
        (one.type, one.name) for one in with_testers.registrations
    }
    assert tester_value not in str([one.open_inputs for one in previewed.registrations])
