"""What a rollout does next. Pure: no clock, no AWS, no Pulumi; the same inputs, the same answer.

Whoever acts on a decision writes it to the journal first. So after a crash the journal may be
ahead of the rules: what is done already is always read from the rules, never from the journal.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import catalog
from rollout.gates import MINUTE_S, Minute, Outcome, Verdict, Watched, judge, judge_alarms
from rollout.journal import OVER, Entry, Position, State, position
from rollout.plan import Plan

_ALARMS = catalog.rust_alarms()
MOST_FAILURES = 5
"""Attempts at a change before a rollout stops trying."""


class Act(StrEnum):
    """What is to be done. Both may be done any number of times."""

    NOTHING = "nothing"
    SET_SHARE = "set the share"
    """The stack's configuration first, then an update that moves the dual rules alone."""
    ROLL_BACK = "roll back"
    """The emergency rollback, then the stack's configuration and an update."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What there is to see of a stack at one moment."""

    rules: Mapping[str, int | str] | None
    """The share of every dual rule in percent, or what is wrong with it; None: unreadable."""
    configured: int | None = None
    """The share that the stack's configuration asks for, where it is known."""
    follows: bool | None = None
    """Whether configuration and last update have no Rust at all; None: unknown."""
    minutes: Sequence[Minute] = ()
    """Closed minutes with requests, oldest first, from before the rollout on."""
    closed_until: int = 0
    """End of the newest closed minute; one that is not among `minutes` had no requests."""
    alarms: Mapping[str, str]
    """States of the alarms that there are, by name."""
    incomplete: str = ""
    """Why some of the minutes may lack something: no step is left on them."""
    unreadable: str = ""
    """Why metrics or alarms could not be read."""
    problems: tuple[str, ...] = ()
    """What else stands in the way of a start: quotas, a preview that wants more."""

    @property
    def plain(self) -> bool:
        """Whether every dual rule is known to be Python's alone."""
        return self.rules is not None and all(seen == 0 for seen in self.rules.values())


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Where the rollout is now, what is to be done there, and why."""

    state: State
    step: int
    act: Act
    reason: str
    verdicts: tuple[Verdict, ...]
    error: bool
    """Something could not be read or done: the reason says what."""


def decide(plan: Plan, journal: Sequence[Entry], observation: Observation, now: float) -> Decision:
    """Decide on a rollout; `journal` holds its entries alone, oldest first.

    A decision whose state or step differs from the journal's is to be written before its act.
    A `now` before the newest entry makes nothing due.
    """
    return _Case(plan, position(journal), observation, now).decide()


@dataclass(frozen=True)
class _Case:
    plan: Plan
    at: Position
    seen: Observation
    now: float

    def decide(self) -> Decision:
        decided, limit = self._decide(), self.plan.settings.roll_back_after_hold or math.inf
        held = decided.state is self.at.state is State.HOLD and decided.act is Act.NOTHING
        if held and self.now - self.at.since >= limit * MINUTE_S:
            return self._roll_back(f"held for {limit} minutes: {decided.reason}")
        return decided

    def _decide(self) -> Decision:
        state = self.at.state
        is_over = state is State.ROLLING_BACK or (state in OVER and self.seen.plain)
        if self.at.aborted and not is_over:
            return self._roll_back("abort was asked for")
        if state in OVER:
            return self._to(state, self.at.reason)
        if state is State.ROLLING_BACK:
            return self._rolling_back()
        return self._preflight() if state is State.PREFLIGHT else self._on_the_way()

    def _to(
        self,
        state: State,
        reason: str,
        *,
        act: Act = Act.NOTHING,
        step: int | None = None,
        error: bool = False,
    ) -> Decision:
        watched = self.at.begun is not None and self.at.state not in OVER | {State.ROLLING_BACK}
        return Decision(
            state=state,
            step=self.at.step if step is None else step,
            act=act,
            reason=reason,
            verdicts=self._verdicts if watched else (),
            error=error,
        )

    def _apply(self, step: int, reason: str, *, error: bool = False) -> Decision:
        """Set a step, the same one again too; never blind, nor while things are bad."""
        stops = [*self._bad, *self._blocks]
        if self.at.paused:
            stops.append("paused; resume goes on")
        if stops:
            return self._to(self.at.state, "; ".join(stops), error=bool(self.seen.unreadable))
        reason = f"to {self.plan.steps[step].percent} %: {reason}"
        return self._to(State.APPLY, reason, act=Act.SET_SHARE, step=step, error=error)

    def _roll_back(self, reason: str) -> Decision:
        return self._to(State.ROLLING_BACK, reason, act=Act.ROLL_BACK)

    def _preflight(self) -> Decision:
        seen = self.seen
        problems = [text for text in (seen.unreadable, seen.incomplete, *seen.problems) if text]
        if seen.rules is None:
            problems.append("the rules cannot be read")
        elif differs := self._differs(-1):
            problems.append(f"the rules are not as declared: {_listed(differs)}")
        if seen.configured not in (None, self.plan.begin):
            problems.append(f"the configuration asks for {seen.configured} %, not what is live")
        alarms = judge_alarms(_ALARMS, seen.alarms)
        if alarms.outcome is not Outcome.PASS:
            problems.append(str(alarms))
        for place, (listener, shares) in enumerate(self.plan.served(0).items()):
            sides = [side for one in seen.minutes for side in one.sides[place]]
            if shares and not any(side.requests for side in sides):
                problems.append(f"no metric shows a request on the {listener} load balancer")
        if problems:
            return self._to(State.REFUSED, "; ".join(problems))
        if self.at.paused:
            return self._to(State.PREFLIGHT, "paused before the first change")
        return self._apply(0, "all is well before the first change")

    def _rolling_back(self) -> Decision:
        seen, why, since = self.seen, self.at.reason, self.at.since
        if not seen.plain or not seen.follows:
            failed = "".join(f"; failed: {text}" for text in self.at.failures[-1:])
            unknown = seen.rules is None or seen.follows is None
            return self._to(
                State.ROLLING_BACK,
                f"{why}{failed}",
                act=Act.ROLL_BACK,
                error=bool(failed) or unknown,
            )
        last = max((one.start + MINUTE_S for one in seen.minutes if one.rust), default=0)
        if last < seen.closed_until and since + MINUTE_S <= seen.closed_until:
            told = f"Rust's last request came within {max(last - since, 0):.0f} s"
            if not seen.unreadable:
                return self._to(State.DRAINED, f"{why}; {told}")
        told = seen.unreadable or "Rust is still asked: by testers, who are not rolled back?"
        if self.now - since >= self.plan.settings.drain * MINUTE_S:
            return self._to(State.DRAINED, f"{why}; every rule is Python's, but {told}")
        told = seen.unreadable or "waiting for Rust's last request"
        return self._to(State.ROLLING_BACK, f"{why}; {told}", error=bool(seen.unreadable))

    def _on_the_way(self) -> Decision:
        """A step is being set, or watched: first of all whether Rust fails."""
        failed = self._said(Outcome.FAIL)
        if failed and self.plan.settings.on_fail == "roll-back":
            return self._roll_back("; ".join(failed))
        if self.seen.rules is None:
            return self._to(self.at.state, "the rules cannot be read", error=True)
        differs = self._differs(self.at.step)
        if self.at.baking is None and (differs or (self._astray and self.at.state is State.APPLY)):
            return self._unset(differs)
        if differs:
            return self._strange(differs)
        return self._live() if self.at.baking is None else self._watch()

    def _unset(self, differs: Mapping[str, int | str]) -> Decision:
        """The rules are not yet where the step wants them, or no longer."""
        at, before = self.at, self.plan.shares(self.at.step - 1)
        is_behind = all(seen == before[rule] for rule, seen in differs.items())
        if not is_behind or at.state not in (State.APPLY, State.HOLD):
            return self._strange(differs)
        if at.resumed:
            return self._apply(at.step, "resume was asked for")
        if at.state is State.HOLD:
            return self._to(State.HOLD, at.reason, error=True)
        if len(at.failures) < MOST_FAILURES:
            reason = f"again, after {at.failures[-1]}" if at.failures else "rules have to move"
            return self._apply(at.step, reason, error=bool(at.failures))
        reason = f"failed {len(at.failures)} times, at last: {at.failures[-1]}"
        to_move = sum(before[rule] != share for rule, share in self.plan.shares(at.step).items())
        if 0 < len(differs) < to_move:
            return self._roll_back(f"{reason}; it is only half done")
        return self._to(State.HOLD, f"{reason}; resume tries again", error=True)

    def _strange(self, differs: Mapping[str, int | str]) -> Decision:
        """Somebody else changed rules. More for Rust than was proven is taken back, less is not."""
        wanted = self.plan.shares(self.at.step)
        if self.seen.plain:
            return self._roll_back("somebody rolled back, the configuration follows")
        if any(isinstance(seen, int) and seen > wanted[rule] for rule, seen in differs.items()):
            return self._roll_back(f"somebody sends Rust more than was proven: {_listed(differs)}")
        if self.at.resumed:
            return self._apply(self.at.step, "resume was asked for")
        reason = f"somebody changed rules: {_listed(differs)}; resume sets them again"
        return self._to(State.HOLD, reason)

    def _live(self) -> Decision:
        """Every rule is where the step wants it, and not watched yet."""
        at, settings = self.at, self.plan.settings
        if at.state is State.VERIFY:
            if self.now - at.since >= settings.settle:
                return self._to(State.WARM_UP, "every rule was read back twice")
        elif at.state is State.WARM_UP:
            if at.promoted or self.now - at.since >= settings.warm_up * MINUTE_S:
                return self._to(State.BAKE, "it is warm")
            return self._to(State.WARM_UP, "response times do not count yet")
        return self._to(State.VERIFY, "every rule is live")

    def _watch(self) -> Decision:
        at, seen = self.at, self.seen
        step = self.plan.steps[at.step]
        bad = self._bad
        if self._astray:
            if at.resumed:
                return self._apply(at.step, "resume was asked for")
            told = f"the configuration asks for {seen.configured} %: the next update goes there"
            bad.append(f"{told}; resume sets it again")
        blocked = [*bad, *self._blocks]
        holds = self._said(Outcome.HOLD)
        if (baked := sum(self._current)) < step.bake:
            holds.append(f"{baked} of {step.bake} minutes with requests")
        if blocked or (holds and not at.promoted):
            time = seen.closed_until - (at.baking or 0)
            is_late = bool(bad) or time >= (step.bake + 1) * MINUTE_S
            state = State.PAUSED if at.paused else State.HOLD if is_late else State.BAKE
            reason = "; ".join([*bad, *holds])
            return self._to(state, reason, error=bool(seen.unreadable))
        if at.paused:
            return self._to(State.PAUSED, "every gate passes; resume goes on")
        reason = "promoted" if holds else "every gate passes"
        if at.step + 1 < len(self.plan.steps):
            return self._apply(at.step + 1, reason)
        rust = sum(one.rust for one in seen.minutes[-1:])
        total = rust + sum(one.python for one in seen.minutes[-1:])
        told = f"Rust got {100 * rust / max(total, 1):.1f} % in the newest minute"
        return self._to(State.DONE, f"{reason} at {step.percent} %; {told}")

    def _differs(self, step: int) -> dict[str, int | str]:
        """The rules that are not as a step wants them."""
        rules = self.seen.rules or {}
        wanted = self.plan.shares(step).items()
        return {rule: rules.get(rule, "is missing") for rule, x in wanted if rules.get(rule) != x}

    @property
    def _astray(self) -> bool:
        """Whether the configuration is known to ask for another share than this step's."""
        return self.seen.configured not in (None, self.plan.steps[self.at.step].percent)

    def _since(self, time: float) -> int:
        """Index of the first minute that began at a time or after it."""
        return bisect_left(self.seen.minutes, time, key=lambda one: one.start)

    @cached_property
    def _minutes(self) -> Sequence[Minute]:
        """Those since the first change."""
        return self.seen.minutes[self._since(self.at.begun or 0) :]

    @cached_property
    def _current(self) -> list[bool]:
        """Which of them this step has baked, with requests for Rust."""
        begun = math.inf if self.at.baking is None else self.at.baking
        return [one.start >= begun and one.rust > 0 for one in self._minutes]

    @property
    def _bad(self) -> list[str]:
        """What cannot be read, and which gates fail where that does not lead back."""
        told = [text for text in (self.seen.unreadable, self.seen.incomplete) if text]
        return [*told, *self._said(Outcome.FAIL)] if self.at.begun else told

    @property
    def _blocks(self) -> list[str]:
        """Holds that no promotion skips."""
        if self.at.begun is None:
            return []
        return [str(one) for one in self._verdicts if one.blocks and one.outcome is Outcome.HOLD]

    def _said(self, outcome: Outcome) -> list[str]:
        """What gates say, one sentence for those that say the same."""
        found: dict[str, list[Verdict]] = {}
        for one in self._verdicts:
            if one.outcome is outcome:
                found.setdefault(one.reason, []).append(one)
        return [
            f"{_each(one.gate for one in same)}, {_each(one.scope for one in same)}: {reason}"
            for reason, same in found.items()
        ]

    @cached_property
    def _verdicts(self) -> tuple[Verdict, ...]:
        """What every gate says by now; no gate passes on what could not be read."""
        alarms = judge_alarms(_ALARMS, self.seen.alarms)
        if self.seen.unreadable:
            return (alarms,) if alarms.outcome is Outcome.FAIL else ()
        at, step = self.at, self.plan.steps[self.at.step]
        steady = [*at.baked, *([] if at.baking is None else [(at.baking, math.inf)])]
        applied = self._since(at.applied)
        before = [one for one in self.seen.minutes[:applied] if one.python]
        watched = Watched(
            minutes=self._minutes,
            steady=steady,
            current=self._current,
            shares=self.plan.served(at.step),
            baseline=before[-step.bake :],
            alone=applied - self._since(at.begun or 0) if step.percent == 100 else None,
        )
        return (*judge(self.plan.settings, watched), alarms)


def _each(names: Iterable[str]) -> str:
    return "/".join(dict.fromkeys(names))


def _listed(rules: Mapping[str, int | str]) -> str:
    return ", ".join(
        f"{rule} {seen} %" if isinstance(seen, int) else f"{rule} {seen}"
        for rule, seen in sorted(rules.items())
    )
