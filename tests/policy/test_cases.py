"""Each policy on known-good resources, and with one property spoiled at a time."""

import pytest

from policy.check import Report, check
from policy.policies import POLICIES
from tests.policy.cases import CASES
from tests.policy.cases.case import Case
from tests.policy.good import good_stack


def _judge(case: Case) -> Report:
    return check(case.stack(), [case.policy])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.policy.name}: {case.what}")
def test_refuses_what_is_spoiled_and_nothing_else(case: Case) -> None:
    report = _judge(case)
    assert not report.undecided
    assert bool(report.violations) is case.refused
    assert not report.excepted


def test_a_good_stack_has_nothing_to_say() -> None:
    report = check(good_stack().values())
    assert (report.violations, report.undecided, report.excepted) == ([], [], [])


def test_every_policy_has_cases_that_fail_and_cases_that_pass() -> None:
    good = {one.type for one in good_stack().values()}
    for policy in POLICIES:
        verdicts = {case.refused for case in CASES if case.policy is policy}
        assert verdicts == {True, False} or (True in verdicts and good & {*policy.types})
