"""The whole table as plain data: the contract's csv, every percentage, every override."""

import csv
import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalog
from lambdas.model import ImageLambda, ZipLambda
from routing import Forward, Listener, Rule, WeightedForward
from routing.checks import target_group_problems
from routing.matching import matches, winner
from tests.support.traffic import asked

GOLDEN = Path(__file__).parents[1] / "golden"

with (GOLDEN / "endpoints.csv").open(newline="") as _file:
    ROWS = {row["endpoint"]: row for row in csv.DictReader(_file)}
ROUTES = {name: row for name, row in ROWS.items() if row["rule_logical_name"]}
ENDPOINTS = {endpoint.name: endpoint for endpoint in catalog.ENDPOINTS}

SHARES = st.integers(0, 100)
OVERRIDES = st.dictionaries(st.sampled_from(catalog.DUAL_ENDPOINTS), SHARES)
SECRETS = st.none() | st.text("aZ9._~-", min_size=1, max_size=8)


def test_the_endpoints_are_those_of_the_contract() -> None:
    assert list(ENDPOINTS) == list(ROUTES)
    assert len(catalog.ENDPOINTS) == len(ENDPOINTS) == 19
    assert set(catalog.DUAL_ENDPOINTS) == {
        name for name, row in ROUTES.items() if row["served_by"] == "python+rust"
    }


@pytest.mark.parametrize("name", ROUTES)
def test_an_endpoint_is_its_row(name: str) -> None:
    endpoint, row = ENDPOINTS[name], ROUTES[name]

    assert endpoint.listener.value == row["listener"]
    assert endpoint.priority == int(row["priority"])
    assert (endpoint.host or "") == row["host"]
    assert endpoint.path == row["path"]
    assert "+".join(endpoint.methods) == row["methods"]
    assert endpoint.rule == row["rule_logical_name"]
    backend = endpoint.backend
    if row["package"]:
        kind = {"image": ImageLambda, "zip": ZipLambda}[row["package"]]
        assert isinstance(backend, kind)
        assert isinstance(backend, ImageLambda | ZipLambda)
        assert backend.handler == row["handler"]
        assert backend.memory_mb == int(row["memory_mb"])
        assert backend.timeout_s == int(row["timeout_s"])
        assert backend.function == row["function_logical_name"]
        assert backend.target_group.logical == row["target_group_logical_name"]
        assert backend.target_group.physical == row["target_group_name"]
    else:
        assert not isinstance(backend, ImageLambda | ZipLambda)


def shape(rule: Rule) -> tuple[object, ...]:
    return rule.name, rule.listener, rule.priority, rule.conditions


@settings(max_examples=40, deadline=None)
@given(SHARES, OVERRIDES, st.integers(1, 604_800), SECRETS)
def test_any_percentage_with_any_overrides_gives_a_valid_table(
    share: int, overrides: Mapping[str, int], seconds: int, secret: str | None
) -> None:
    table = catalog.routing_table(asked(share, overrides, seconds=seconds, secret=secret))

    assert len(table) == (26 if secret else 19)
    for name, endpoint in ENDPOINTS.items():
        action = table[endpoint.rule].action
        if name in catalog.DUAL_ENDPOINTS and overrides.get(name, share):
            rust = overrides.get(name, share)
            assert isinstance(action, WeightedForward)
            assert [target.weight for target in action.targets] == [100 - rust, rust]
            assert action.stickiness_seconds == seconds
        else:
            assert not isinstance(action, WeightedForward)


@settings(max_examples=25, deadline=None)
@given(SHARES, OVERRIDES, SHARES, OVERRIDES)
def test_names_priorities_and_conditions_are_the_same_at_any_two_percentages(
    share: int, overrides: Mapping[str, int], other_share: int, other_overrides: Mapping[str, int]
) -> None:
    one = catalog.routing_table(asked(share, overrides))
    two = catalog.routing_table(asked(other_share, other_overrides))

    assert list(map(shape, one.values())) == list(map(shape, two.values()))
    changed = {name for name in one if one[name] != two[name]}
    assert changed == {
        ENDPOINTS[name].rule
        for name in catalog.DUAL_ENDPOINTS
        if overrides.get(name, share) != other_overrides.get(name, other_share)
    }


@pytest.mark.parametrize("share", [-1, 101])
def test_a_share_out_of_range_gives_no_table(share: int) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        catalog.routing_table(asked(share))
    with pytest.raises(ValueError, match="0 to 100"):
        catalog.routing_table(asked(0, {"embed-gs": share}))


def test_a_table_that_aws_would_refuse_is_refused_with_all_problems_and_no_secret() -> None:
    with pytest.raises(ValueError, match="stickiness of 0 s") as caught:
        catalog.routing_table(asked(10, seconds=0, secret="canary*" * 20))

    message = str(caught.value)
    assert message.count("stickiness of 0 s") == 6
    assert message.count("wildcards") == 7
    assert "canary" not in message


def test_the_rules_that_take_requests_of_others_are_the_known_ones() -> None:
    table = catalog.routing_table(asked(secret="s"))
    overlaps = {
        (first.name, rule.name)
        for rule in table.values()
        for first in table.values()
        if first.listener is rule.listener
        and first.priority < rule.priority
        and first.witness is not None
        and matches(rule, first.witness)
        and not first.name.startswith(("lrule-rust-", "lrule-tester-"))
    }

    assert overlaps == {
        ("passport-v2-lrule-history", "lrule-lambda-passport-v2-stamp-score"),
        ("lrule-lambda-passport-v2-model-score", "passport-v2-lrule"),
        ("passport-v2-lrule-history", "passport-v2-lrule"),
        ("lrule-lambda-passport-v2-stamp-score", "passport-v2-lrule"),
    }


def test_the_history_of_testers_is_kept_from_rust() -> None:
    table = catalog.routing_table(asked(secret="s"))
    history = table["lrule-tester-v2-history"]
    assert history.witness is not None
    public = [rule for rule in table.values() if rule.listener is Listener.PUBLIC]

    assert winner(public, history.witness) is history
    assert matches(table["lrule-rust-v2-stamps-score"], history.witness)


def test_a_witness_is_taken_as_its_route_is_written() -> None:
    for endpoint in catalog.ENDPOINTS:
        assert endpoint.witness.method in (endpoint.methods or ("GET",))
        assert endpoint.witness.headers == ()
        assert "*" not in str(endpoint.witness)


def test_each_balancer_has_its_own_rust_group() -> None:
    own = {
        Listener.PUBLIC: "l-passport-v2-rust-scorer",
        Listener.INTERNAL: "l-passport-v2-rust-scorer-internal",
    }
    for rule in catalog.routing_table(asked(100, secret="s")).values():
        if isinstance(rule.action, Forward | WeightedForward):
            assert set(own.values()) & set(rule.action.groups) <= {own[rule.listener]}


def test_target_group_names_are_what_aws_takes() -> None:
    assert len(catalog.TARGET_GROUPS) == 18
    assert target_group_problems(catalog.TARGET_GROUPS) == []


def test_the_score_rule_moves_after_submit_passports_and_that_one_is_made_first() -> None:
    moving = {e.name: e.moves_after for e in catalog.ENDPOINTS if e.moves_after}
    names = [endpoint.name for endpoint in catalog.ENDPOINTS]

    assert moving == {"cc-v1-score-GET-0": "submit-passport-0"}
    assert names.index("submit-passport-0") < names.index("cc-v1-score-GET-0")


def test_logical_names_are_unique_and_testers_add_seven() -> None:
    without = catalog.logical_names(with_tester_rules=False)
    with_testers = catalog.logical_names(with_tester_rules=True)

    assert len(set(with_testers)) == len(with_testers)
    assert len(with_testers) - len(without) == 7
    assert set(without) < set(with_testers)


def test_kept_names_are_all_in_the_catalog() -> None:
    with (GOLDEN / "existing_resources.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    kept = {row["logical_name"] for row in rows if row["in_the_port"].startswith("keep")}
    goes = {row["logical_name"] for row in rows if row["in_the_port"].startswith("goes")}

    names = set(catalog.logical_names(with_tester_rules=False))
    assert len(kept) + len(goes) == len(rows)
    assert kept <= names
    assert not goes & names
    assert goes <= set(catalog.logical_names(with_tester_rules=True))


def test_rust_alarms_end_with_the_composite_over_the_others() -> None:
    names = catalog.rust_alarms()

    assert names[-1] == "rust-scorer-health"
    assert len(set(names)) == len(names) == 16
    watched = ("passport-v2-rust-scorer", "passport-v2-rust-scorer-int")
    kinds = ("HTTP-Target-5XX", "HTTP-Target-4XX", "TargetResponseTime")
    assert set(names[:-1]) == {
        f"{kind}-{name}-{speed}"
        for kind, name, speed in itertools.product(kinds, watched, ("burst", "sustain"))
    } | {f"LambdaUserError-{name}-burst" for name in watched} | {"passport-v2-rust-scorer-errors"}
