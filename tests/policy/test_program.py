"""The pack on what the real program registers."""

import cProfile
import json
from collections import Counter
from functools import cache

import pytest

from policy import docs
from policy.check import Report, check
from policy.exceptions import ALLOWANCES, Kind
from policy.policies import POLICIES
from policy.report import CANARY, RUNS
from tests.policy.recordings import config, program, recorded

CALLS = 2_000_000
"""Of functions, that the pack may take for a full stack: less than a second of an idle machine."""

ROWS = {f"row {number}" for number in range(1, 35)} | {f"D{number}" for number in range(1, 19)}


@cache
def judged(stack: str, rust_percentage: int, *, preview: bool) -> Report:
    registered, known = recorded(stack, rust_percentage, preview=preview)
    return check(registered, config=known)


@pytest.mark.parametrize(("stack", "rust_percentage", "preview"), RUNS)
def test_nothing_is_refused_and_nothing_is_left_undecided(
    stack: str, rust_percentage: int, *, preview: bool
) -> None:
    report = judged(stack, rust_percentage, preview=preview)
    assert [finding.message for finding in report.violations] == []
    assert [finding.message for finding in report.undecided] == []


def test_what_a_preview_postpones_is_decided_before_the_create() -> None:
    postponed = [
        finding
        for finding in judged("staging", 50, preview=True).excepted
        if finding.allowed and finding.allowed.kind is Kind.POSTPONED
    ]
    update = {one.urn: one for one in recorded("staging", 50, preview=False)[0]}
    assert postponed
    for finding in postponed:
        assert check([update[finding.urn]], [finding.policy]).passes


def test_every_exception_still_matches_something() -> None:
    reports = [judged("staging", 50, preview=preview) for preview in (False, True)]
    used = Counter(finding.allowed for report in reports for finding in report.excepted)
    unused = [one.reason for one in ALLOWANCES if one.kind is not Kind.LEFT_OUT and not used[one]]
    assert unused == []


def test_every_name_in_an_exception_is_one_of_the_program() -> None:
    names = {one.name for one in program()}
    policies = {policy.name for policy in POLICIES}
    for one in ALLOWANCES:
        assert (one.resources or frozenset()) <= names, one.reason
        assert one.policies <= policies, one.reason
        assert one.reason.endswith(".")


def test_every_row_of_the_list_is_a_policy_or_stands_in_the_table() -> None:
    answered = {id_ for policy in POLICIES for id_ in policy.ids}
    left_out = {id_ for one in ALLOWANCES for id_ in one.ids if one.kind is Kind.LEFT_OUT}
    assert answered | left_out >= ROWS
    assert not answered & left_out & ROWS


def test_no_secret_value_is_in_a_message() -> None:
    assert CANARY in json.dumps([one.props for one in program()], default=str)
    assert CANARY not in repr(judged("production", 50, preview=False))
    assert CANARY not in docs.render()


def test_the_pack_is_quick() -> None:
    registered = program()
    with cProfile.Profile() as profile:
        check(registered, config=config())
    assert sum(entry.callcount for entry in profile.getstats()) < CALLS


def test_the_document_is_written_from_the_policies() -> None:
    assert docs.PATH.read_text() == docs.render(), "run `make docs`"


def test_every_policy_says_what_it_wants_and_why() -> None:
    for policy in POLICIES:
        assert policy.ids, policy.name
        for text in (policy.wants, policy.why):
            assert text.endswith("."), policy.name
            assert len(text) > 20, policy.name


def test_names_of_policies_are_unique() -> None:
    assert max(Counter(policy.name for policy in POLICIES).values()) == 1
