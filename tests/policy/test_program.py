"""The pack on what the real program registers."""

import json
import time
from collections import Counter

import pytest

from policy import docs
from policy.check import check, check_resource
from policy.exceptions import ALLOWANCES, Kind
from policy.registry import Rule
from policy.report import CANARY, PERCENTAGES
from policy.rules import RULES
from sandbox.stackfile import STACKS
from tests.policy.recordings import recorded

SECONDS = 0.5
"""What the pack may take for a full stack."""

ROWS = {f"row {number}" for number in range(1, 35)} | {f"D{number}" for number in range(1, 19)}

LEVELS = {
    "priority-is-explicit": "mandatory high",
    "conditions-narrow-each-kind-once": "mandatory high",
    "conditions-fit-the-quotas": "mandatory high",
    "condition-values-are-well-formed": "mandatory high",
    "action-is-one-of-ours": "mandatory high",
    "weights-are-shares-of-100": "mandatory high",
    "python-comes-first": "mandatory high",
    "stickiness-is-for-weighted-rules": "mandatory high",
    "fixed-response-is-well-formed": "mandatory medium",
    "weights-have-one-owner": "mandatory high",
    "head-goes-with-get": "advisory low",
    "one-rule-per-priority": "mandatory high",
    "every-rule-is-reachable": "mandatory high",
    "load-balancer-has-room": "mandatory medium",
    "weighted-groups-are-distinct": "mandatory high",
    "rules-name-groups-of-this-stack": "mandatory high",
    "no-group-without-rule": "mandatory medium",
    "group-serves-one-load-balancer": "mandatory high",
    "rust-serves-what-it-gets": "mandatory high",
    "target-group-is-for-lambda-alone": "mandatory medium",
    "group-may-invoke-its-one-function": "mandatory high",
    "attachment-waits-for-permission": "mandatory high",
    "physical-name-is-valid": "mandatory medium",
    "target-group-names-are-unique": "mandatory medium",
    "permission-names-its-caller": "mandatory critical",
    "permission-is-to-invoke": "mandatory high",
    "function-has-one-calling-service": "mandatory low",
    "function-url-asks-who-calls": "mandatory high",
    "asynchronous-callers-keep-failures": "mandatory medium",
    "runtime-is-supported": "mandatory medium",
    "function-is-in-the-network": "mandatory medium",
    "function-is-traced": "mandatory low",
    "environment-holds-no-secret": "mandatory critical",
    "function-size-is-explicit": "mandatory medium",
    "layers-are-from-known-accounts": "mandatory high",
    "function-has-the-shape-of-its-package": "mandatory medium",
    "environment-is-one-that-lambda-takes": "mandatory medium",
    "policy-document-is-readable": "mandatory high",
    "nobody-is-administrator": "mandatory critical",
    "actions-are-named": "mandatory high",
    "resources-are-named": "mandatory high",
    "no-way-to-more-rights": "mandatory high",
    "role-trusts-lambda-alone": "mandatory high",
    "policies-are-inline": "mandatory medium",
    "log-group-forgets": "mandatory medium",
    "function-waits-for-its-log-group": "mandatory medium",
    "alarm-tells-somebody": "mandatory high",
    "alarm-period-is-valid": "mandatory medium",
    "alarm-can-fire": "mandatory high",
    "alarm-metric-exists": "mandatory high",
    "alarm-math-is-sound": "mandatory high",
    "alarm-watches-what-exists": "mandatory high",
    "every-group-has-a-5xx-alarm": "mandatory high",
    "only-the-web-is-open-to-everyone": "mandatory high",
    "risky-ports-are-closed": "mandatory critical",
    "ingress-is-written-out": "mandatory high",
    "not-everything-goes-out": "mandatory high",
    "security-groups-are-described": "mandatory low",
    "security-group-is-used": "mandatory low",
    "foundation-is-not-declared-twice": "mandatory medium",
    "entrances-are-protected": "mandatory high",
    "resource-is-tagged": "advisory low",
}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("rust_percentage", PERCENTAGES)
def test_nothing_is_refused_and_nothing_is_left_undecided(stack: str, rust_percentage: int) -> None:
    report = check(recorded(stack, rust_percentage))
    assert [finding.message for finding in report.violations] == []
    assert [finding.message for finding in report.undecided] == []


def test_a_first_preview_decides_all_but_what_is_postponed() -> None:
    report = check(recorded("staging", 50, preview=True))
    assert [finding.message for finding in report.violations] == []
    assert [finding.message for finding in report.undecided] == []


def test_what_a_preview_postpones_is_decided_before_the_create() -> None:
    postponed = [
        finding
        for finding in check(recorded("staging", 50, preview=True)).excepted
        if finding.allowed and finding.allowed.kind is Kind.POSTPONED
    ]
    update = {one.urn: one for one in recorded("staging", 50)}
    assert postponed
    for finding in postponed:
        assert check_resource(update[finding.urn]).passes


def test_every_exception_still_matches_something() -> None:
    reports = [check(recorded("staging", 50)), check(recorded("staging", 50, preview=True))]
    used = Counter(finding.allowed for report in reports for finding in report.excepted)
    unused = [one.reason for one in ALLOWANCES if one.kind is not Kind.LEFT_OUT and not used[one]]
    assert unused == []


def test_every_name_in_an_exception_is_one_of_the_program() -> None:
    names = {one.name for one in recorded("staging", 50)}
    rules = {rule.name for rule in RULES}
    for one in ALLOWANCES:
        assert (one.resources or frozenset()) <= names, one.reason
        assert one.rules <= rules, one.reason
        assert one.reason.endswith(".")


def test_every_row_of_the_list_is_a_rule_or_stands_in_the_table() -> None:
    answered = {id_ for rule in RULES for id_ in rule.ids}
    left_out = {id_ for one in ALLOWANCES for id_ in one.ids if one.kind is Kind.LEFT_OUT}
    assert answered | left_out >= ROWS
    assert not answered & left_out & ROWS


def test_no_secret_value_is_in_a_message() -> None:
    registered = recorded("staging", 50)
    assert CANARY in json.dumps([one.props for one in registered], default=str)
    report = check(registered)
    assert CANARY not in repr(report)
    assert CANARY not in docs.render()


def test_the_pack_is_quick() -> None:
    registered = recorded("production", 50)
    times = []
    for _ in range(3):
        begun = time.process_time()
        check(registered)
        times.append(time.process_time() - begun)
    assert min(times) < SECONDS


def test_the_document_is_written_from_the_rules() -> None:
    assert docs.PATH.read_text() == docs.render(), "run `python -m policy.docs`"


def test_the_levels_are_these() -> None:
    assert {rule.name: f"{rule.level} {rule.severity}" for rule in RULES} == LEVELS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_says_what_it_wants_and_why(rule: Rule) -> None:
    assert rule.ids
    for text in (rule.wants, rule.why):
        assert text.endswith(".")
        assert len(text) > 20


def test_names_of_rules_are_unique() -> None:
    assert max(Counter(rule.name for rule in RULES).values()) == 1
