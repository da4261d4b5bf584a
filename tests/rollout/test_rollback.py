"""What a rollback does to the rules of an account."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from endpoint import ROLLED_BACK_AT
from rollout.rollback import NothingFound, Rollback, WrongStack
from sandbox.account.server import AccountServer
from tests.account.support import fixed_response, forward, header, host, methods, path, weighted
from tests.rollout.conftest import Clock, calls, fail, reset_calls
from tests.rollout.stack import DUAL, RUST, SCORE, Stack, is_plain

Begin = Callable[..., Rollback]


def run(work: Rollback) -> Rollback:
    work.find()
    work.restore()
    work.mark()
    return work


def test_every_dual_rule_becomes_a_plain_forward_and_no_other_rule_changes(
    stack: Stack, begin: Begin
) -> None:
    stack.share(10)
    others = {name: stack.live(arn) for name, arn in stack.rules.items() if name not in DUAL}

    work = run(begin())

    assert stack.plain() == DUAL
    assert {name: stack.live(stack.rules[name]) for name in others} == others
    assert {one.rule for one in work.outcomes() if one.plain and one.changed} == DUAL
    assert {one.was for one in work.outcomes() if one.rule == SCORE} == {
        "l-cc-v1-score-GET-0 90 %, l-passport-v2-rust-scorer 10 %"
    }
    assert work.strays() == []
    assert work.seconds is not None


@pytest.mark.parametrize(
    "actions",
    [
        lambda python, rust: [weighted((python, 1), (rust, 99))],
        lambda python, rust: [forward(rust)],
        lambda python, rust: [weighted((python, 100), (rust, 0))],
        lambda python, rust: [weighted((python, 0))],
        lambda python, rust: [weighted((python, 1), Enabled=True, DurationSeconds=60)],
        lambda python, rust: [fixed_response("down", "503")],
    ],
    ids=["99 % Rust", "Rust alone", "weight 0", "Python at 0", "sticky Python", "fixed response"],
)
def test_a_rule_that_was_changed_by_hand_is_found_and_made_plain(
    stack: Stack, begin: Begin, actions: Callable[[str, str], list[Any]]
) -> None:
    stack.change(SCORE, *actions(stack.python(SCORE), stack.rust(SCORE)))

    work = run(begin())

    assert [one.rule for one in work.outcomes() if one.changed] == [SCORE]
    assert stack.plain() == DUAL


def test_all_rules_on_rust_alone_are_found_though_their_python_groups_are_on_no_balancer(
    stack: Stack, begin: Begin
) -> None:
    for rule in DUAL:
        stack.change(rule, forward(stack.rust(rule)))

    run(begin())

    assert stack.plain() == DUAL


def test_a_second_rollback_changes_nothing(
    server: AccountServer, stack: Stack, begin: Begin
) -> None:
    stack.share(50)
    run(begin())
    marks = {stack.tags(stack.rules[rule])[ROLLED_BACK_AT] for rule in DUAL}
    reset_calls(server)

    work = run(begin())

    assert {one.changed for one in work.outcomes()} == {False}
    assert {one.plain for one in work.outcomes()} == {True}
    assert {"ModifyRule", "AddTags"}.isdisjoint(calls(server))
    assert {stack.tags(stack.rules[rule])[ROLLED_BACK_AT] for rule in DUAL} == marks


def test_a_rule_is_known_by_its_conditions_wherever_it_is_in_the_order(
    stack: Stack, begin: Begin
) -> None:
    stack.elb.delete_rule(RuleArn=stack.rules[SCORE])
    moved = stack.add(
        "public",
        7,
        [methods("GET"), path("/ceramic-cache/score/*")],
        forward(stack.rust(SCORE)),
    )

    work = run(begin())

    assert is_plain(stack.live(moved), stack.python(SCORE))
    found = next(one for one in work.outcomes() if one.rule == SCORE)
    assert (found.priority, found.expected_priority) == (7, 1001)


def test_the_case_of_a_host_makes_no_other_rule(stack: Stack, begin: Begin) -> None:
    rule = "lrule-lambda-passport-v2-stamp-score"
    stack.share(5, rule)
    stack.elb.modify_rule(
        RuleArn=stack.rules[rule],
        Conditions=[host("*.PASSPORT.xyz"), path("/v2/stamps/*/score/*"), methods("GET")],
    )

    run(begin())

    assert stack.is_plain(rule)


def test_a_second_rule_of_the_same_route_is_made_plain_too(stack: Stack, begin: Begin) -> None:
    conditions = stack.conditions(stack.row(SCORE))
    in_front = stack.add("public", 3, conditions, forward(stack.rust(SCORE)))

    run(begin())

    assert is_plain(stack.live(in_front), stack.python(SCORE))


def test_rules_beyond_the_first_page_are_found(
    server: AccountServer, stack: Stack, begin: Begin
) -> None:
    """The account answers with 50 rules at a time, in the order in which they were made."""
    row = stack.row(SCORE)
    stack.elb.delete_rule(RuleArn=stack.rules[SCORE])
    for number in range(60):
        stack.add("public", 100 + number, [path(f"/filler/{number}")], fixed_response())
    late = stack.add("public", 1001, stack.conditions(row), forward(stack.rust(SCORE)))
    reset_calls(server)

    work = run(begin())

    assert is_plain(stack.live(late), stack.python(SCORE))
    assert all(one.plain for one in work.outcomes())
    assert calls(server)["DescribeRules"] == 2 * (2 + 1) + 1  # and the one of `live`


def test_target_groups_beyond_the_first_page_are_found(
    stack: Stack, elb: Any, begin: Begin
) -> None:
    """The account gives all groups at once: it is cut here into pages of five."""
    asked: list[None] = []

    def cut(parsed: Any, **_: Any) -> None:
        begin_at = 5 * len(asked)
        asked.append(None)
        groups = parsed["TargetGroups"]
        parsed["TargetGroups"] = groups[begin_at : begin_at + 5]
        if begin_at + 5 < len(groups):
            parsed["NextMarker"] = f"page-{len(asked)}"

    def all_at_once(params: dict[str, Any], **_: Any) -> None:
        params["body"].pop("Marker", None)

    call = "elastic-load-balancing-v2.DescribeTargetGroups"
    elb.meta.events.register(f"before-call.{call}", all_at_once)
    elb.meta.events.register(f"after-call.{call}", cut)
    stack.share(25)

    run(begin())

    assert len(asked) > 2
    assert stack.plain() == DUAL


@pytest.mark.parametrize(
    "action", ["DescribeTargetGroups", "DescribeListeners", "DescribeRules", "ModifyRule"]
)
def test_a_throttled_call_is_made_again(stack: Stack, elb: Any, begin: Begin, action: str) -> None:
    throttled: list[None] = []

    def throttle(**_: Any) -> Any:
        if len(throttled) >= 2:
            return None
        throttled.append(None)
        body = b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
        answer = AWSResponse("", 400, HTTPHeaders(), None)
        answer._content = body  # type: ignore[attr-defined]
        return answer

    stack.share(25)
    elb.meta.events.register(f"before-send.elastic-load-balancing-v2.{action}", throttle)

    work = run(begin())

    assert len(throttled) == 2
    assert stack.plain() == DUAL
    assert all(one.problem is None for one in work.outcomes())


def test_a_rule_that_fails_for_a_while_is_tried_again(stack: Stack, elb: Any, begin: Begin) -> None:
    stack.share(25)
    failed = fail(elb, "ModifyRule", "Throttling", times=8)

    work = run(begin())

    assert failed() == 8
    assert stack.plain() == DUAL
    assert all(one.problem is None for one in work.outcomes())


def test_one_rule_that_cannot_be_changed_stops_no_other(
    stack: Stack, elb: Any, begin: Begin
) -> None:
    stack.share(25)
    fail(elb, "ModifyRule", "AccessDenied", only=stack.rules[SCORE])

    work = run(begin())

    assert stack.plain() == DUAL - {SCORE}
    problems = {one.rule: one.problem for one in work.outcomes() if one.problem}
    assert set(problems) == {SCORE}
    assert "AccessDenied" in str(problems[SCORE])
    assert work.seconds is None
    assert ROLLED_BACK_AT not in stack.tags(stack.rules[SCORE])
    assert ROLLED_BACK_AT in stack.tags(stack.rules["embed-gs-rule-lambda"])


def test_a_listener_that_cannot_be_read_back_is_told(stack: Stack, elb: Any, begin: Begin) -> None:
    stack.share(25)
    work = begin()
    work.find()
    fail(elb, "DescribeRules", "AccessDenied")

    work.restore()

    assert all(one.problem for one in work.outcomes())
    assert work.seconds is None


@pytest.mark.parametrize(
    ("rule", "now"),
    [
        ("lrule-lambda-passport-v2-stamp-score", "rule 2060 of passport-public: registry"),
        (SCORE, "default rule of passport-public: answer 404"),
        ("embed-gs-rule-lambda", "default rule of passport-private: answer 404"),
    ],
)
def test_a_deleted_rule_is_told_with_where_its_requests_go(
    stack: Stack, begin: Begin, rule: str, now: str
) -> None:
    stack.share(25)
    stack.elb.delete_rule(RuleArn=stack.rules[rule])

    work = run(begin())

    missing = next(one for one in work.outcomes() if one.rule == rule)
    assert (missing.plain, missing.now) == (False, now)
    assert missing.problem
    assert {one.rule for one in work.outcomes() if one.plain} == DUAL - {rule}


def test_a_foreign_rule_that_still_sends_requests_to_rust_is_told_and_left(
    stack: Stack, begin: Begin
) -> None:
    stack.add_testers()
    foreign = stack.add("public", 5, [path("/ceramic-cache/*")], forward(stack.rust(SCORE)))

    work = run(begin())

    assert work.strays() == [f"rule 5 of passport-public: {RUST['public']}"]
    assert stack.live(foreign)[0]["TargetGroupArn"] == stack.rust(SCORE)


def test_tester_rules_stay_unless_they_are_asked_for(stack: Stack, begin: Begin) -> None:
    stack.share(10)
    testers = stack.add_testers()
    before = {rule: stack.live(arn) for rule, arn in testers.items()}

    run(begin())

    assert {rule: stack.live(arn) for rule, arn in testers.items()} == before

    run(begin(testers=True))

    assert all(is_plain(stack.live(arn), stack.python(rule)) for rule, arn in testers.items())
    assert stack.plain() == DUAL


def test_a_header_rule_of_somebody_else_is_no_tester_rule(stack: Stack, begin: Begin) -> None:
    conditions = [*stack.conditions(stack.row(SCORE)), header("X-Other", "1")]
    other = stack.add("public", 4, conditions, forward(stack.groups["registry"]))

    run(begin(testers=True))

    assert stack.live(other)[0]["TargetGroupArn"] == stack.groups["registry"]


def test_an_update_that_puts_rust_back_is_told_and_outlasted(
    stack: Stack, clock: Clock, begin: Begin
) -> None:
    stack.share(10)
    flips = 0
    said: list[str] = []

    def flip() -> None:
        nonlocal flips
        if flips < 5:
            flips += 1
            stack.share(20, SCORE)

    clock.on_sleep = flip
    work = run(begin(say=said.append))

    assert flips == 5
    assert stack.plain() == DUAL
    assert len(said) == 1
    assert f"{SCORE} was changed again" in said[0]
    assert clock.now >= 60
    assert work.seconds is not None


def test_an_update_that_never_ends_is_told_as_not_done(
    stack: Stack, clock: Clock, begin: Begin
) -> None:
    stack.share(10)
    clock.on_sleep = lambda: stack.share(20, SCORE)

    work = run(begin(say=lambda _text: None, watch_seconds=3))

    assert 3 <= clock.now < 10
    assert [one.rule for one in work.outcomes() if not one.plain] == [SCORE]


def test_nobody_waits_while_nothing_interferes(stack: Stack, clock: Clock, begin: Begin) -> None:
    stack.share(10)

    run(begin())

    assert clock.now == 0


def test_plain_rules_are_marked_with_the_time_when_one_was_changed(
    stack: Stack, begin: Begin
) -> None:
    stack.share(10, SCORE)
    testers = stack.add_testers()
    before = datetime.now(UTC).replace(microsecond=0)

    run(begin(testers=True))

    marks = {stack.tags(stack.rules[rule])[ROLLED_BACK_AT] for rule in DUAL}
    assert len(marks) == 1
    time = datetime.fromisoformat(marks.pop())
    assert time.utcoffset() is not None
    assert before <= time <= datetime.now(UTC)
    others = [arn for rule, arn in stack.rules.items() if rule not in DUAL]
    assert not [arn for arn in [*others, *testers.values()] if ROLLED_BACK_AT in stack.tags(arn)]


@pytest.mark.parametrize("action", ["AddTags", "DescribeTags"])
def test_a_rollback_does_without_the_permissions_on_tags(
    stack: Stack, elb: Any, begin: Begin, action: str
) -> None:
    stack.share(10)
    said: list[str] = []
    fail(elb, action, "AccessDenied")

    work = run(begin(say=said.append))

    assert stack.plain() == DUAL
    assert all(one.problem is None for one in work.outcomes())
    assert len(said) == 1
    assert said[0].startswith("Warning")


def test_the_account_of_another_stack_is_refused(
    server: AccountServer, stack: Stack, elb: Any, clock: Clock
) -> None:
    stack.share(10)
    work = Rollback(elb, "production", clock=clock, sleep=clock.sleep)

    with pytest.raises(WrongStack, match="holds the stack staging, not production"):
        work.find()
    work.close()

    assert stack.plain() == set()


def test_an_account_without_the_program_has_nothing_to_roll_back(
    server: AccountServer, begin: Begin
) -> None:
    with pytest.raises(NothingFound, match="us-west-2"):
        begin().find()
