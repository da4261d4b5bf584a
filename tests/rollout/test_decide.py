"""What a rollout does next, on a simulated stack."""

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rollout.decide import Act, Decision, Observation, decide
from rollout.gates import Counts, Minute, Outcome
from rollout.journal import Entry, Request, State, Trouble, position
from rollout.plan import make_plan
from rollout.settings import Settings
from rollout.simulation import Release, World
from tests.rollout.stack import DUAL, SCORE

HEALTHY = Release("healthy")
SHORT = Settings(bake=(3, 3, 3, 3, 3), warm_up=1, min_latency_minutes=1)
WAY = [State.APPLY, State.VERIFY, State.WARM_UP, State.BAKE]
MANY = 300


class Stack(World):
    """A simulated stack with troubles."""

    def __init__(self, settings: Settings = SHORT, release: Release = HEALTHY, **plan: Any) -> None:
        options: dict[str, Any] = {"to": 100, "begin": 0, "fixed": {}} | plan
        super().__init__(
            make_plan("staging", settings, **options), 50, release, np.random.default_rng(7)
        )
        self.change: Callable[[Observation], Observation] = lambda seen: seen
        for _ in range(10):
            self.pass_minute()

    def observe(self) -> Observation:
        return self.change(super().observe())

    def see(self, **changes: Any) -> None:
        """From now on, something else is to be seen."""
        self.change = lambda seen: dataclasses.replace(seen, **changes)

    def decide(self) -> Decision:
        return decide(self.plan, self.journal, self.observe(), self.now)

    def ask(self, request: Request | Trouble, reason: str = "") -> None:
        newest = self.journal[-1] if self.journal else None
        self.journal.append(
            Entry(
                number=len(self.journal) + 1,
                at=self.now,
                by="alice",
                event=request,
                step=newest.step if newest else -1,
                reason=reason,
            )
        )

    def write(self, decision: Decision) -> None:
        at = position(self.journal)
        if not self.journal or (at.state, at.step) != (decision.state, decision.step):
            self.ask(decision.state, decision.reason)  # type: ignore[arg-type]
            self.journal[-1] = dataclasses.replace(self.journal[-1], step=decision.step)

    def run(self, *states: State, step: int | None = None) -> Decision:
        """Tick a minute at a time until a state of a step, or until it ends."""
        for _ in range(MANY):
            decision = self.tick()
            if decision.state in states and step in (None, decision.step):
                return decision
            if decision.state in (State.DONE, State.DRAINED, State.REFUSED):
                return decision
            self.pass_minute()
        raise AssertionError(f"no end: {decision}")

    @property
    def events(self) -> list[tuple[Any, int]]:
        return [(entry.event, entry.step) for entry in self.journal]


def test_a_healthy_release_goes_step_by_step_to_the_end() -> None:
    stack = Stack()

    decision = stack.run()

    assert decision.state is State.DONE
    assert stack.events == [(s, step) for step in range(5) for s in WAY] + [(State.DONE, 4)]
    assert set(stack.rules) == DUAL
    assert set(stack.rules.values()) == {100}
    assert {one.outcome for one in stack.decide().verdicts} <= {Outcome.PASS}


@pytest.mark.parametrize("percent", [10, 60])
def test_it_ends_where_it_was_asked_to(percent: int) -> None:
    stack = Stack(to=percent)

    assert stack.run().state is State.DONE
    assert set(stack.rules.values()) == {percent}


def test_the_same_inputs_give_the_same_decision() -> None:
    stack = Stack()
    for _ in range(60):
        inputs = (stack.plan, tuple(stack.journal), stack.observe(), stack.now)
        assert decide(*inputs) == decide(*inputs)
        stack.tick()
        stack.pass_minute()


def test_a_step_is_watched_for_its_minutes_of_requests() -> None:
    stack = Stack(SHORT.model_copy(update={"bake": (7, 3, 3, 3, 3)}))
    begun = stack.run(State.BAKE, step=0)
    first = stack.now

    stack.run(State.APPLY, State.VERIFY, step=1)

    assert begun.act is Act.NOTHING
    assert stack.now - first >= 7 * 60


class Killed(Exception):
    pass


@pytest.fixture(scope="module")
def undisturbed() -> Stack:
    """A stack whose rollout came to its end with nothing in its way."""
    stack = Stack()
    stack.run()
    return stack


@pytest.mark.parametrize(
    ("transition", "moved"),
    [
        *((transition, 0) for transition in range(1, 22)),
        *((apply, moved) for apply in range(1, 21, len(WAY)) for moved in (3, 6)),
    ],
)
def test_a_crash_at_any_transition_loses_nothing(
    undisturbed: Stack, transition: int, moved: int
) -> None:
    """Written and then killed, with none, half or all of what was to be done."""
    stack = Stack()
    act, killed = stack.act, list[None]()

    def die(decision: Decision) -> bool:
        if len(stack.journal) == transition and not killed:
            killed.append(None)
            assert not moved or decision.act is Act.SET_SHARE
            share = stack.plan.shares(decision.step)
            stack.rules |= {rule: share[rule] for rule in sorted(DUAL)[:moved]}
            raise Killed
        return act(decision)

    stack.act = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        stack.run()
    stack.pass_minute()

    assert len(undisturbed.journal) == 21
    assert stack.run().state is State.DONE
    assert stack.events == undisturbed.events
    assert stack.rules == undisturbed.rules


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_it_ends_and_never_sends_rust_more_than_was_decided(seed: int) -> None:
    """Crashes, half changes, failures, requests and lost metrics at random."""
    chance = random.Random(seed)  # noqa: S311
    stack = Stack(SHORT.model_copy(update={"drain": 3}))
    act = stack.act

    def act_badly(decision: Decision) -> bool:
        if decision.act is Act.NOTHING or chance.random() < 0.6:
            return act(decision)
        share = (
            stack.plan.shares(decision.step)
            if decision.act is Act.SET_SHARE
            else dict.fromkeys(DUAL, 0)
        )
        stack.rules |= {rule: share[rule] for rule in DUAL if chance.random() < 0.5}
        stack.ask(Trouble.FAILED, "throttled")
        raise Killed

    stack.run(State.VERIFY)
    stack.act = act_badly  # type: ignore[method-assign]
    for _ in range(MANY):
        stack.see(**chance.choice([{}] * 6 + [{"unreadable": "denied"}, {"incomplete": "partial"}]))
        if chance.random() < 0.1:
            stack.ask(chance.choice([Request.PAUSE, Request.RESUME, Request.PROMOTE]))
        try:
            decision = stack.tick()
        except Killed:
            continue
        at = position(stack.journal)
        allowed = stack.plan.steps[at.step].percent if at.step >= 0 else 0
        assert max(share for share in stack.rules.values() if isinstance(share, int)) <= allowed
        if decision.state in (State.DONE, State.DRAINED):
            break
        if decision.state is State.HOLD or position(stack.journal).paused:
            stack.ask(Request.RESUME)
        stack.now += chance.choice([-30, 0, 1])
        stack.pass_minute()

    ended = position(stack.journal).state
    assert ended in (State.DONE, State.DRAINED)
    assert ended is State.DONE or stack.observe().plain


@pytest.mark.parametrize("state", [*WAY, State.HOLD, State.PAUSED])
def test_abort_goes_back_to_python_from_any_state(state: State) -> None:
    stack = Stack(SHORT.model_copy(update={"min_requests": 10**9 if state is State.HOLD else 1}))
    if state is State.PAUSED:
        stack.ask(Request.PAUSE)
        stack.ask(Request.RESUME)
        stack.run(State.BAKE, step=0)
        stack.ask(Request.PAUSE)
    if state is State.APPLY:
        stack.write(stack.decide())
    else:
        stack.run(state, step=0)
    stack.ask(Request.ABORT)
    stack.ask(Request.ABORT)

    decision = stack.decide()

    assert (decision.state, decision.act) == (State.ROLLING_BACK, Act.ROLL_BACK)
    assert stack.run().state is State.DRAINED
    assert stack.observe().plain
    assert stack.configured == 0


@pytest.mark.parametrize("end", ["done", "drained", "nothing"])
def test_abort_with_nothing_running_leaves_python_alone_and_takes_rust_back(end: str) -> None:
    stack = Stack()
    if end != "nothing":
        stack.run(State.BAKE, step=1)
        if end == "drained":
            stack.ask(Request.ABORT)
        stack.run()
    for _ in range(2):
        stack.ask(Request.ABORT)
        assert stack.run().state is State.DRAINED
        assert stack.observe().plain


def test_an_abort_after_the_end_changes_nothing_where_nothing_is_to_be_changed() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.ask(Request.ABORT)
    stack.run()
    stack.ask(Request.ABORT)

    assert stack.decide().state is State.DRAINED
    assert stack.decide().act is Act.NOTHING


def test_a_rollback_says_when_rust_got_its_last_request() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.ask(Request.ABORT)

    decision = stack.run()

    assert decision.state is State.DRAINED
    assert "abort was asked for; Rust's last request came within 0 s" in decision.reason


def test_a_rollback_is_not_over_before_a_minute_without_rust_has_closed() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.rate = 0
    for _ in range(3):
        stack.pass_minute()
    stack.ask(Request.ABORT)
    begun = stack.now

    assert stack.tick().state is State.ROLLING_BACK
    assert stack.run().state is State.DRAINED
    assert stack.now - begun >= 3 * 60  # the minute itself, and two until it is closed


def test_every_rule_is_read_twice_some_time_apart() -> None:
    stack = Stack(SHORT.model_copy(update={"settle": 90}))
    stack.run(State.VERIFY, step=0)
    begun = stack.now

    stack.run(State.WARM_UP, step=0)

    assert stack.now - begun >= 90


def test_a_rollback_that_fails_is_tried_until_every_rule_is_pythons() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.ask(Request.ABORT)
    stack.write(stack.decide())
    for _ in range(20):
        stack.ask(Trouble.FAILED, "throttled")
        decision = stack.decide()
        assert (decision.state, decision.act) == (State.ROLLING_BACK, Act.ROLL_BACK)
        assert decision.error
        assert "throttled" in decision.reason


def test_a_rollback_is_not_over_before_the_configuration_follows() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.ask(Request.ABORT)
    stack.write(stack.decide())
    stack.rules = dict.fromkeys(stack.rules, 0)
    stack.now += 600

    assert stack.decide().act is Act.ROLL_BACK


def rust_goes_on(stack: Stack) -> None:
    rust = (Counts(100), Counts(3))
    stack.change = lambda seen: dataclasses.replace(
        seen, minutes=[*seen.minutes, Minute(seen.closed_until - 60, (rust, rust))]
    )


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (rust_goes_on, "by testers"),
        (lambda stack: stack.see(unreadable="AccessDenied"), "AccessDenied"),
    ],
    ids=["testers", "no metrics"],
)
def test_a_rollback_ends_though_nobody_can_see_rusts_last_request(
    trouble: Callable[[Stack], None], told: str
) -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.ask(Request.ABORT)
    trouble(stack)
    stack.tick()
    assert stack.decide().state is State.ROLLING_BACK

    decision = stack.run()

    assert decision.state is State.DRAINED
    assert told in decision.reason


@pytest.mark.parametrize(
    ("release", "told"),
    [
        (Release("errors", more_errors=0.1), "errors, "),
        (Release("slow", slower=4), "p95"),
    ],
)
def test_a_bad_release_goes_back_by_itself(release: Release, told: str) -> None:
    stack = Stack(Settings(), release)

    assert stack.run().state is State.DRAINED
    reason = next(one.reason for one in stack.journal if one.event is State.ROLLING_BACK)
    assert told in reason
    assert "Rust" in reason


def test_a_fault_in_the_middle_is_found_though_all_was_well_for_long() -> None:
    stack = Stack(Settings())
    stack.run(State.BAKE, step=3)
    for _ in range(40):
        stack.pass_minute()
        assert stack.tick().state is State.BAKE
    stack.release = Release("broken", more_errors=0.05)
    broken = stack.now

    stack.run(State.ROLLING_BACK)

    assert stack.now - broken <= 8 * 60


def test_rust_alone_is_compared_with_python_before_it() -> None:
    stack = Stack(Settings())
    stack.run(State.BAKE, step=4)
    stack.release = Release("broken", more_errors=0.05)

    decision = stack.run(State.ROLLING_BACK)

    assert decision.state is State.ROLLING_BACK
    assert decision.step == 4


@pytest.mark.parametrize("state", [State.APPLY, State.WARM_UP, State.BAKE, State.PAUSED])
def test_an_alarm_ends_a_rollout_in_any_state(state: State) -> None:
    stack = Stack()
    stack.run(State.BAKE, step=0)
    if state is State.PAUSED:
        stack.ask(Request.PAUSE)
    if state is not State.BAKE:
        stack.run(state if state is not State.APPLY else State.VERIFY)
    stack.see(alarms={"rust-scorer-health": "ALARM"})

    decision = stack.decide()

    assert (decision.state, decision.act) == (State.ROLLING_BACK, Act.ROLL_BACK)
    assert "rust-scorer-health in alarm" in decision.reason


def test_a_failure_may_freeze_instead_and_nothing_leads_on() -> None:
    stack = Stack(SHORT.model_copy(update={"on_fail": "hold"}))
    stack.run(State.BAKE, step=0)
    stack.see(alarms={"rust-scorer-health": "ALARM"})
    stack.ask(Request.PROMOTE)
    for _ in range(20):
        stack.pass_minute()
        decision = stack.tick()

    assert (decision.state, decision.step, decision.act) == (State.HOLD, 0, Act.NOTHING)
    assert "in alarm" in decision.reason


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"incomplete": "PartialData"}, "PartialData"),
        ({"unreadable": "Forbidden"}, "Forbidden"),
        ({"alarms": {}}, "missing: HTTP-Target-5XX"),
        ({"minutes": []}, "0 of 3 minutes with requests"),
        ({"rules": None}, "cannot be read"),
    ],
    ids=["partial", "unreadable", "alarms missing", "no metrics", "rules unreadable"],
)
def test_what_is_not_known_is_never_a_pass(seen: dict[str, Any], told: str) -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.see(**seen)
    for _ in range(30):
        stack.pass_minute()
        decision = stack.tick()

    assert decision.step == 1
    assert decision.act is Act.NOTHING
    assert told in decision.reason
    assert decision.state is (State.BAKE if "rules" in seen else State.HOLD)
    assert decision.error is ("unreadable" in seen or "rules" in seen)
    stack.change = lambda seen: seen
    assert stack.run().state is State.DONE


def test_what_was_read_before_metrics_became_unreadable_proves_nothing() -> None:
    stack = Stack(Settings(), Release("errors", more_errors=0.3))
    stack.run(State.WARM_UP, step=0)
    for _ in range(4):
        stack.pass_minute()
    assert stack.decide().state is State.ROLLING_BACK

    stack.see(unreadable="Forbidden")

    assert stack.decide().state is not State.ROLLING_BACK
    assert stack.decide().verdicts == ()


def test_metrics_that_come_late_hold_until_they_are_there() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    begun = stack.now
    stack.change = lambda seen: dataclasses.replace(
        seen, minutes=[one for one in seen.minutes if one.start < begun]
    )
    for _ in range(10):
        stack.pass_minute()
        decision = stack.tick()
    assert (decision.state, decision.step) == (State.HOLD, 1)

    stack.change = lambda seen: seen
    assert stack.tick().step == 2


def test_a_long_bake_is_no_hold() -> None:
    settings = {"roll_back_after_hold": 2, "bake": (9, 9, 9, 9, 9)}

    assert Stack(SHORT.model_copy(update=settings)).run().state is State.DONE


def test_minutes_without_rust_bake_nothing() -> None:
    stack = Stack(SHORT.model_copy(update={"bake": (4, 3, 3, 3, 3)}))
    stack.run(State.BAKE, step=0)
    begun = stack.now
    stack.change = lambda seen: dataclasses.replace(
        seen,
        minutes=[
            one
            if one.start // 60 % 2
            else Minute(one.start, tuple((python, Counts()) for python, _ in one.sides))
            for one in seen.minutes
        ],
    )

    stack.run(State.VERIFY, step=1)

    assert stack.now - begun >= 8 * 60


@pytest.mark.parametrize("limit", [None, 20])
def test_without_traffic_a_step_holds_and_goes_back_only_if_that_is_wanted(
    limit: int | None,
) -> None:
    stack = Stack(SHORT.model_copy(update={"roll_back_after_hold": limit}))
    stack.run(State.BAKE, step=0)
    stack.rate = 0
    states = set()
    for _ in range(60):
        stack.pass_minute()
        states.add(stack.tick().state)

    assert State.HOLD in states
    assert (State.DRAINED in states) is (limit is not None)
    assert State.VERIFY not in states


def test_too_few_requests_hold_and_say_how_many_are_needed() -> None:
    stack = Stack(SHORT.model_copy(update={"min_requests": 5000}))

    decision = stack.run(State.HOLD, step=0)

    assert "more requests needed, about " in decision.reason
    assert "minutes at this rate: 5000 of each side" in decision.reason
    assert stack.run().state is State.DONE


def test_both_sides_failing_is_no_time_to_go_on() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.release = Release("both fail", errors=0.2)
    for _ in range(20):
        stack.pass_minute()
        decision = stack.tick()

    assert (decision.state, decision.step) == (State.HOLD, 1)
    assert "too many fail to go on" in decision.reason


def test_promote_skips_the_rest_of_one_bake() -> None:
    stack = Stack(Settings())
    stack.run(State.BAKE, step=0)
    stack.ask(Request.PROMOTE)

    stack.run(State.BAKE, step=1)
    reached = stack.now
    stack.run(State.BAKE, step=2)

    assert reached < 20 * 60
    assert stack.now - reached >= 15 * 60


def test_promote_does_not_skip_what_cannot_be_read() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=0)
    stack.ask(Request.PROMOTE)
    stack.see(unreadable="Forbidden")

    assert stack.tick().state is State.HOLD
    assert stack.decide().error


def test_promote_does_not_skip_a_failure() -> None:
    stack = Stack(Settings(), Release("errors", more_errors=0.3))
    stack.run(State.WARM_UP, step=0)
    for _ in range(4):
        stack.pass_minute()
    stack.ask(Request.PROMOTE)

    assert stack.decide().state is State.ROLLING_BACK


def test_pause_keeps_the_share_and_resume_goes_on() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.ask(Request.PAUSE)
    for _ in range(30):
        stack.pass_minute()
        decision = stack.tick()
    assert (decision.state, decision.step) == (State.PAUSED, 1)
    assert set(stack.rules.values()) == {10}

    stack.ask(Request.RESUME)
    assert stack.run().state is State.DONE


def test_a_pause_before_the_first_change_is_obeyed() -> None:
    stack = Stack()
    stack.ask(Request.PAUSE)
    assert stack.run(State.PREFLIGHT).act is Act.NOTHING

    stack.ask(Request.RESUME)
    assert stack.run().state is State.DONE


def test_somebody_who_rolled_back_is_followed() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=2)
    stack.rules = dict.fromkeys(stack.rules, 0)

    decision = stack.decide()

    assert (decision.state, decision.act) == (State.ROLLING_BACK, Act.ROLL_BACK)
    assert stack.run().state is State.DRAINED
    assert stack.configured == 0


@pytest.mark.parametrize("state", [State.VERIFY, State.WARM_UP, State.BAKE])
def test_more_for_rust_than_was_proven_is_taken_back(state: State) -> None:
    stack = Stack()
    stack.run(state, step=1)
    stack.rules[SCORE] = 50

    decision = stack.decide()

    assert (decision.state, decision.act) == (State.ROLLING_BACK, Act.ROLL_BACK)
    assert f"{SCORE} 50 %" in decision.reason


@pytest.mark.parametrize("state", [State.VERIFY, State.WARM_UP, State.BAKE])
@pytest.mark.parametrize("seen", [5, 0, "has no stickiness", None])
def test_any_other_change_by_somebody_holds_until_resume_sets_the_rules_again(
    state: State, seen: int | str | None
) -> None:
    stack = Stack()
    stack.run(state, step=1)
    if seen is None:
        del stack.rules[SCORE]
    else:
        stack.rules[SCORE] = seen
    for _ in range(10):
        stack.pass_minute()
        decision = stack.tick()

    assert (decision.state, decision.step, decision.act) == (State.HOLD, 1, Act.NOTHING)
    assert SCORE in decision.reason
    stack.ask(Request.RESUME)
    assert stack.decide().act is Act.SET_SHARE
    assert stack.run().state is State.DONE


def test_rules_that_come_back_by_themselves_are_watched_again() -> None:
    stack = Stack()
    stack.run(State.WARM_UP, step=1)
    stack.rules[SCORE] = 5
    stack.run(State.HOLD, step=1)
    stack.rules[SCORE] = 10

    assert stack.decide().state is State.VERIFY
    assert stack.run().state is State.DONE


def test_a_stack_file_that_went_back_holds() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    stack.configured = 5
    for _ in range(10):
        stack.pass_minute()
        decision = stack.tick()

    assert (decision.state, decision.step) == (State.HOLD, 1)
    assert "the configuration asks for 5 %" in decision.reason
    stack.ask(Request.RESUME)
    assert stack.run().state is State.DONE


def failing(stack: Stack, moved: int) -> Decision:
    """Let every change fail after some rules."""

    def fail(decision: Decision) -> bool:
        if decision.act is Act.SET_SHARE:
            share = stack.plan.shares(decision.step)
            stack.rules |= {rule: share[rule] for rule in sorted(DUAL)[:moved]}
            stack.ask(Trouble.FAILED, "the preview wants to delete a rule")
        return False

    stack.act = fail  # type: ignore[method-assign]
    for _ in range(10):
        decision = stack.tick()
        stack.pass_minute()
    return decision


def test_a_change_that_is_refused_holds_at_what_is_live_until_resume_tries_again() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=0)
    act = stack.act
    for _ in range(5):
        stack.pass_minute()
    decision = failing(stack, 0)

    assert (decision.state, decision.act, decision.error) == (State.HOLD, Act.NOTHING, True)
    assert "failed 5 times, at last: the preview wants to delete a rule" in decision.reason
    assert set(stack.rules.values()) == {5}
    stack.act = act  # type: ignore[method-assign]
    stack.ask(Request.RESUME)
    assert stack.run().state is State.DONE


def test_a_first_change_that_is_refused_is_not_taken_for_somebodys_rollback() -> None:
    stack = Stack()

    decision = failing(stack, 0)

    assert (decision.state, decision.step) == (State.HOLD, 0)


def test_a_change_that_stays_half_done_is_taken_back() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=0)
    for _ in range(5):
        stack.pass_minute()

    decision = failing(stack, 3)

    assert (decision.state, decision.act) == (State.ROLLING_BACK, Act.ROLL_BACK)
    reason = next(one.reason for one in stack.journal if one.event is State.ROLLING_BACK)
    assert "only half done" in reason


def test_a_clock_that_goes_back_makes_nothing_due() -> None:
    stack = Stack()
    stack.run(State.WARM_UP, step=1)
    stack.now -= 3600

    decision = stack.decide()

    assert (decision.state, decision.step, decision.act) == (State.WARM_UP, 1, Act.NOTHING)


def test_a_clock_that_jumps_ahead_proves_nothing() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=1)
    minutes = stack.observe().minutes
    stack.now += 86_400
    stack.see(minutes=minutes)

    decision = stack.tick()

    assert (decision.state, decision.step) == (State.HOLD, 1)


def test_the_preflight_names_everything_that_stands_in_the_way() -> None:
    stack = Stack()
    stack.see(
        rules=stack.rules | {SCORE: 10},
        configured=25,
        alarms={"rust-scorer-health": "ALARM"},
        minutes=[],
        problems=("the preview wants to replace a rule",),
    )

    decision = stack.run()

    assert decision.state is State.REFUSED
    assert decision.act is Act.NOTHING
    for told in (
        f"{SCORE} 10 %",
        "the configuration asks for 25 %",
        "rust-scorer-health in alarm",
        "no metric shows a request on the public load balancer",
        "no metric shows a request on the internal load balancer",
        "the preview wants to replace a rule",
    ):
        assert told in decision.reason


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"rules": None}, "the rules cannot be read"),
        ({"unreadable": "Forbidden"}, "Forbidden"),
        ({"incomplete": "PartialData"}, "PartialData"),
        ({"alarms": {}}, "missing: HTTP-Target-5XX"),
    ],
)
def test_the_preflight_refuses_what_it_cannot_see(seen: dict[str, Any], told: str) -> None:
    stack = Stack()
    stack.see(**seen)

    decision = stack.run()

    assert decision.state is State.REFUSED
    assert told in decision.reason


def test_an_endpoint_with_a_share_of_its_own_is_left_alone() -> None:
    stack = Stack(fixed={"embed-st": 0, "cc-v1-score-GET-0": 40})

    assert stack.run().state is State.DONE
    assert stack.rules == dict.fromkeys(DUAL, 100) | {"embed-st-rule-lambda": 0, SCORE: 40}


def test_a_load_balancer_without_rust_is_not_judged() -> None:
    stack = Stack(fixed=dict.fromkeys(("embed-st", "embed-rl", "embed-gs"), 0))
    stack.change = lambda seen: dataclasses.replace(
        seen,
        minutes=[Minute(one.start, (one.sides[0], (Counts(), Counts()))) for one in seen.minutes],
    )

    assert stack.run().state is State.DONE


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"unreadable": "no metrics"}, "no metrics"),
        ({"incomplete": "RequestCount is PartialData"}, "PartialData"),
        ({"alarms": {}}, "missing"),
    ],
)
@pytest.mark.parametrize("resumed", [False, True])
def test_a_change_that_failed_is_not_made_again_blind(
    seen: dict[str, Any], told: str, *, resumed: bool
) -> None:
    stack = Stack()
    stack.write(stack.decide())
    stack.ask(Trouble.FAILED, "locked")
    if resumed:
        stack.ask(Request.RESUME)
    assert stack.decide().act is Act.SET_SHARE
    stack.see(**seen)

    decision = stack.decide()

    assert decision.act is Act.NOTHING
    assert told in decision.reason


def test_a_change_that_failed_is_not_made_again_while_paused() -> None:
    stack = Stack()
    stack.write(stack.decide())
    stack.ask(Trouble.FAILED, "locked")
    stack.ask(Request.PAUSE)

    assert stack.decide().act is Act.NOTHING


def test_nothing_is_drained_before_it_is_known_that_the_configuration_followed() -> None:
    stack = Stack()
    stack.run(State.BAKE, step=0)
    stack.ask(Request.ABORT)
    stack.tick()
    stack.see(follows=None)
    for _ in range(40):
        stack.pass_minute()
        decision = stack.decide()

    assert (decision.state, decision.act) == (State.ROLLING_BACK, Act.ROLL_BACK)
    assert decision.error
