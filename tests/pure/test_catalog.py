"""The whole table as plain data: the contract's csv, every percentage, every override."""

import csv
import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalog
from endpoints.model import ImageLambda, Traffic, ZipLambda
from routing import Forward, Listener, Rule, WeightedForward
from routing.checks import rule_problems, table_problems, target_group_problems
from routing.reachability import analyse

GOLDEN = Path(__file__).parents[1] / "golden"

with (GOLDEN / "endpoints.csv").open(newline="") as _file:
    ROWS = {row["endpoint"]: row for row in csv.DictReader(_file)}
ROUTES = {name: row for name, row in ROWS.items() if row["rule_logical_name"]}
ENDPOINTS = {endpoint.name: endpoint for endpoint in catalog.ENDPOINTS}

SHARES = st.integers(0, 100)
OVERRIDES = st.dictionaries(st.sampled_from(catalog.DUAL_ENDPOINTS), SHARES)
SECRETS = st.none() | st.text("aZ9._~-", min_size=1, max_size=8)


def traffic(
    share: int = 0,
    overrides: Mapping[str, int] | None = None,
    *,
    seconds: int = 3600,
    secret: str | None = None,
) -> Traffic:
    return Traffic(
        rust_percentage=share,
        overrides=overrides or {},
        stickiness_seconds=seconds,
        tester_secret=secret,
    )


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
        assert backend.group.group == row["target_group_logical_name"]
        assert backend.group.physical == row["target_group_name"]
    else:
        assert not isinstance(backend, ImageLambda | ZipLambda)


def shape(rule: Rule[str]) -> tuple[object, ...]:
    return rule.name, rule.listener, rule.priority, rule.conditions


@settings(max_examples=40, deadline=None)
@given(SHARES, OVERRIDES, st.integers(1, 604_800), SECRETS)
def test_any_percentage_with_any_overrides_gives_a_valid_table(
    share: int, overrides: Mapping[str, int], seconds: int, secret: str | None
) -> None:
    table = catalog.routing_table(traffic(share, overrides, seconds=seconds, secret=secret))

    assert table_problems(table) == []
    assert [problem for rule in table for problem in rule_problems(rule)] == []
    assert len(table) == (26 if secret else 19)
    by_name = {rule.name: rule for rule in table}
    for name, endpoint in ENDPOINTS.items():
        action = by_name[endpoint.rule].action
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
    one = catalog.routing_table(traffic(share, overrides))
    two = catalog.routing_table(traffic(other_share, other_overrides))

    assert list(map(shape, one)) == list(map(shape, two))
    changed = {a.name for a, b in zip(one, two, strict=True) if a != b}
    assert changed == {
        ENDPOINTS[name].rule
        for name in catalog.DUAL_ENDPOINTS
        if overrides.get(name, share) != other_overrides.get(name, other_share)
    }


@pytest.mark.parametrize("share", [-1, 101])
def test_a_share_out_of_range_gives_no_table(share: int) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        catalog.routing_table(traffic(share))
    with pytest.raises(ValueError, match="0 to 100"):
        catalog.routing_table(traffic(0, {"embed-gs": share}))


def test_a_table_that_aws_would_refuse_is_refused_with_all_problems_and_no_secret() -> None:
    with pytest.raises(ValueError, match="stickiness of 0 s") as caught:
        catalog.routing_table(traffic(10, seconds=0, secret="canary*" * 20))

    message = str(caught.value)
    assert message.count("stickiness of 0 s") == 6
    assert message.count("wildcards") == 7
    assert "canary" not in message


def test_every_rule_is_reachable_and_the_overlaps_are_the_known_ones() -> None:
    table = catalog.routing_table(traffic())
    found = {
        listener: analyse([r for r in table if r.listener is listener]) for listener in Listener
    }

    assert not any(one.unreachable for one in found.values())
    assert all(
        len(found[listener].witnesses) == n for listener, n in zip(found, (16, 3), strict=True)
    )
    assert {pair for one in found.values() for pair in one.overlaps} == {
        ("passport-v2-lrule-history", "lrule-lambda-passport-v2-stamp-score"),
        ("lrule-lambda-passport-v2-model-score", "passport-v2-lrule"),
        ("passport-v2-lrule-history", "passport-v2-lrule"),
        ("lrule-lambda-passport-v2-stamp-score", "passport-v2-lrule"),
    }


def test_with_testers_every_rule_is_reachable_and_the_history_is_kept_from_rust() -> None:
    table = catalog.routing_table(traffic(secret="s"))
    public = analyse([rule for rule in table if rule.listener is Listener.PUBLIC])

    assert public.unreachable == ()
    assert len(public.witnesses) == 20
    assert ("lrule-tester-v2-history", "lrule-rust-v2-stamps-score") in public.overlaps
    assert ("lrule-rust-v2-stamps-score", "lrule-tester-v2-history") not in public.overlaps


def test_each_balancer_has_its_own_rust_group() -> None:
    assert catalog.RUST_GROUP_NAMES == {
        Listener.PUBLIC: "l-passport-v2-rust-scorer",
        Listener.INTERNAL: "l-passport-v2-rust-scorer-internal",
    }
    table = catalog.routing_table(traffic(100, secret="s"))
    rust = set(catalog.RUST_GROUP_NAMES.values())
    for rule in table:
        groups = (
            () if not isinstance(rule.action, Forward | WeightedForward) else rule.action.groups
        )
        assert rust & set(groups) <= {catalog.RUST_GROUP_NAMES[rule.listener]}


def test_target_group_names_are_what_aws_takes() -> None:
    groups = [backend.group for backend in catalog.BACKENDS]

    assert len(groups) == 16
    assert target_group_problems(groups) == []


def test_the_score_rule_moves_after_submit_passports_and_that_one_is_made_first() -> None:
    assert catalog.MOVES_AFTER == {
        "lrule-lambda-cc-v1-score-GET-0": "lrule-lambda-submit-passport-0"
    }
    names = [rule.name for rule in catalog.routing_table(traffic())]
    for later, earlier in catalog.MOVES_AFTER.items():
        assert names.index(earlier) < names.index(later)


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
