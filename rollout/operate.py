"""Acts on what `decide` says: journal first, then the stack. Everything may be done again.

Who dies anywhere in here loses nothing: the next tick reads the journal and the live rules, and
goes on from what it sees.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import catalog
from rollout.decide import Act, Decision, Observation, decide
from rollout.gates import MINUTE_S
from rollout.journal import OVER, Entry, Event, Position, Request, State, Trouble, position
from rollout.ledger import Lease, Ledger, LedgerUnreadable, Started, operator
from rollout.live import FAILURES, find_place
from rollout.observe import (
    Aws,
    live_shares,
    observe,
    quota_problems,
    read_all_rules,
)
from rollout.plan import Plan, make_plan
from rollout.rollback import NothingFound, Rollback, WrongStack
from rollout.settings import Settings
from rollout.stack import Asked, Change, Stack, StackFailed

_ROUNDS: Final = 20
"""Transitions of one tick at most; a rollout has fewer in a row."""
_UPDATE: Final = "update"
_LATE: Final = 3
"""Minutes that may not be closed yet."""


class NotRunning(LookupError):
    """There is no rollout to go on with."""


class Running(RuntimeError):
    """A rollout is under way: another one cannot begin."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a rollout is at, for whoever shows it."""

    rollout: Started
    at: Position
    decision: Decision
    seen: Observation
    moved: bool = False
    """Whether the decision is a transition."""
    is_news: bool = True
    """Whether it says something else than the one before it."""
    failed: str = ""
    """What was not done of it."""


@dataclass
class Operator:
    """One person's or scheduler's hand on the rollouts of a stack.

    `say` is told what an operator must know at once; `watch` of every decision, as it is made.
    Methods raise StackFailed, LedgerUnreadable, Busy and Overtaken.
    """

    stack: Stack
    aws: Aws
    ledger: Ledger
    say: Callable[[str], None] = print
    watch: Callable[[Report], None] = lambda _report: None
    by: str = field(default_factory=operator)
    rollback: Rollback | None = None
    """The emergency rollback, once there was one."""
    _reason: str = ""
    _foreseen: dict[int, Sequence[Change]] = field(default_factory=dict)
    """By share, what the preflight saw that an update would change."""

    def plan(self, settings: Settings, to: int) -> tuple[Plan, Observation]:
        """What a rollout would do now, and what it would find. Raises BadSettings."""
        plan = self._plan(settings, to)
        return plan, self._see(plan, Position(), preflight=False)

    def start(self, settings: Settings, to: int) -> Report:
        """Begin a rollout, up to its first wait. Raises Running and BadSettings too."""
        with self.ledger.lease() as lease:
            newest = self.ledger.newest()
            if newest and position(self.ledger.journal(newest.id)).state not in OVER:
                raise Running(f"The rollout {newest.id} of {self.stack.name} is under way.")
            started = self.ledger.start(self._plan(settings, to), self.by, self.stack.now(), lease)
            return self._go_on(started, lease)

    def tick(self) -> Report:
        """Do what is due, if something is. Raises NotRunning."""
        with self.ledger.lease() as lease:
            return self._go_on(self.newest(), lease)

    def look(self) -> Report:
        """What a tick would decide; changes nothing. Raises NotRunning."""
        started = self.newest()
        journal = self.ledger.journal(started.id)
        at = position(journal)
        seen = self._see(started.plan, at, preflight=False)
        decision = decide(started.plan, journal, seen, self.stack.now())
        return Report(rollout=started, at=at, decision=decision, seen=seen)

    def newest(self) -> Started:
        """The newest rollout. Raises NotRunning."""
        newest = self.ledger.newest()
        if newest is None:
            raise NotRunning(f"There has been no rollout of {self.stack.name}.")
        return newest

    def verify(self) -> dict[str, tuple[int, int | str]]:
        """What every dual rule is to send to Rust, and what it does; changes nothing."""
        asked = self.stack.asked()
        place = find_place(self.aws.elb)
        live = live_shares(read_all_rules(self.aws.elb, place), place, asked.stickiness)
        return {
            one.rule: (one.rust_share(asked.share, asked.fixed), live[one.rule])
            for one in catalog.DUAL
        }

    def request(self, what: Request) -> None:
        """Ask something of the rollout that is under way. Raises NotRunning."""
        started = self.newest()
        while True:
            at = position(self.ledger.journal(started.id))
            if at.state in OVER and what is not Request.ABORT:
                raise NotRunning(f"The rollout {started.id} is over: {at.state}.")
            if self._write(started, at, what, None):
                return

    def abort(self) -> Report | None:
        """Send everything back to Python now; at any time, twice, with nothing running.

        The load balancers first: neither the journal nor the lease nor a metric is waited for.
        None where no rollout was under way.
        """
        failed, report = None, None
        try:
            self._emergency()
        except (StackFailed, NothingFound, *FAILURES) as error:
            failed = error
        try:
            started = self.newest()
            # One that is over stays what it was: its journal would else undo a later raise.
            if position(self.ledger.journal(started.id)).state not in OVER:
                self.request(Request.ABORT)
                report = self._go_on(started, None)
        except NotRunning:
            pass
        except LedgerUnreadable as error:
            self.say(f"Warning: {error}")
        self._follow()
        if failed and (report is None or report.failed):
            raise failed
        return report

    def _plan(self, settings: Settings, to: int) -> Plan:
        asked = self.stack.asked()
        return make_plan(self.stack.name, settings, to=to, begin=asked.share, fixed=asked.fixed)

    def _go_on(self, started: Started, lease: Lease | None) -> Report:
        for _ in range(_ROUNDS):
            journal = self.ledger.journal(started.id)
            at = position(journal)
            seen = self._see(started.plan, at, preflight=at.state is State.PREFLIGHT)
            decision = decide(started.plan, journal, seen, self.stack.now())
            moved = not journal or (at.state, at.step) != (decision.state, decision.step)
            news = moved or decision.reason != (self._reason or at.reason)
            report = Report(
                rollout=started, at=at, decision=decision, seen=seen, moved=moved, is_news=news
            )
            unwritten = ""
            try:
                if moved and not self._write(
                    started, at, decision.state, lease, decision.step, decision.reason
                ):
                    continue  # somebody wrote meanwhile
            except LedgerUnreadable as error:
                if decision.act is not Act.ROLL_BACK:
                    raise  # a way back alone does not wait for the table
                unwritten = str(error)
                self.say(f"Warning: {error}")
            self._reason = decision.reason
            self.watch(report)
            if decision.act is Act.NOTHING:
                break
            if problem := self._act(report, lease) or unwritten:
                report = replace(report, failed=problem)
                self.watch(report)
                break
        return report

    def _act(self, report: Report, lease: Lease | None) -> str:
        """Do what was decided; what failed is said and written down."""
        try:
            if report.decision.act is Act.SET_SHARE:
                self._set_share(report, lease)
            else:
                self._go_back()
        except (StackFailed, NothingFound, WrongStack, *FAILURES) as error:
            problem = str(error).strip()
            self.say(problem)
            self._write_failure(report.rollout, problem, lease)
            return problem
        return ""

    def _write_failure(self, started: Started, problem: str, lease: Lease | None) -> None:
        try:
            for _ in range(_ROUNDS):
                at = position(self.ledger.journal(started.id))
                if self._write(started, at, Trouble.FAILED, lease, at.step, problem):
                    return
        except LedgerUnreadable as error:
            self.say(f"Warning: {error}")

    def _write(
        self,
        started: Started,
        at: Position,
        event: Event,
        lease: Lease | None,
        step: int | None = None,
        reason: str = "",
    ) -> bool:
        entry = Entry(
            number=at.number + 1,
            at=self.stack.now(),
            by=self.by,
            event=event,
            step=at.step if step is None else step,
            reason=reason,
        )
        return self.ledger.append(started.id, entry, lease)

    def _set_share(self, report: Report, lease: Lease | None) -> None:
        """Configuration, preview, update; raises StackFailed where it would do more than that."""
        plan, step, rules = report.rollout.plan, report.decision.step, report.seen.rules or {}
        share, wanted = plan.share(step), plan.shares(step)
        asked = self.stack.asked()
        self.stack.ask(share, alone=False)
        if rules == asked.last == wanted:
            return  # the configuration alone was behind
        try:
            foreseen = self._foreseen.pop(share, None) or self.stack.foresee(share)
            problem = _more_than_rules(foreseen, plan.shares(step - 1), wanted)
        except StackFailed as error:
            foreseen, problem = (), str(error)
        if problem:
            self.stack.ask(asked.share, alone=False)
            raise StackFailed(problem)
        number = position(self.ledger.journal(report.rollout.id)).number
        self.ledger.confirm(lease)
        if number != report.at.number + report.moved:
            return  # somebody asked for something meanwhile: decide again
        # An update that sees nothing to do knows its state alone: somebody changed the rules.
        self.stack.update(refresh=not foreseen and rules != wanted)

    def _go_back(self) -> None:
        """The emergency rollback, and what follows it, whatever of it fails."""
        problems = []
        for work in (self._emergency, self._follow):
            try:
                work()
            except (StackFailed, NothingFound, WrongStack, *FAILURES) as error:
                problems.append(str(error).strip())
        if problems:
            raise StackFailed("; ".join(problems))

    def _emergency(self) -> None:
        """The emergency rollback; raises StackFailed where a rule is not plain after it."""
        work = Rollback(self.aws.elb, self.stack.name, say=self.say)
        self.rollback = self.rollback or work
        try:
            work.find()
            work.restore()
            work.mark()
        finally:
            work.close()
        problems = [
            f"{one.rule}: {one.problem or one.now}" for one in work.outcomes() if not one.plain
        ]
        if problems := [*problems, *(f"still to Rust: {one}" for one in work.strays())]:
            raise StackFailed(f"not rolled back: {'; '.join(problems)}")

    def _follow(self) -> None:
        """Let configuration and engine agree that everything is Python's; deploys nothing else."""
        asked = self.stack.asked()
        if not asked.rust:
            return
        self.stack.ask(0, alone=True)
        if asked.last and not any(asked.last.values()):
            return
        zero = dict.fromkeys(asked.last, 0)
        if problem := _more_than_rules(self.stack.foresee(0), asked.last, zero):
            raise StackFailed(f"{problem}; the configuration is 0 %, the next deployment follows")
        self.stack.update()

    def _see(self, plan: Plan, at: Position, *, preflight: bool) -> Observation:
        try:
            asked: Asked | str = self.stack.asked()
        except StackFailed as error:
            asked = str(error)
        now = self.stack.now()
        before = (max(step.bake for step in plan.steps) + _LATE) * MINUTE_S
        return observe(
            self.aws,
            now=now,
            since=(at.begun or now) - before,
            asked=asked,
            problems=list(self._preflight(plan)) if preflight else (),
        )

    def _preflight(self, plan: Plan) -> Iterator[str]:
        """What else stands in the way of a start."""
        if limit := plan.settings.compared_within:
            compared = self.ledger.compared()
            if compared is None or self.stack.now() - compared > limit * MINUTE_S:
                yield f"Rust and Python were not compared within {limit} minutes: rollout compare"
        try:
            yield from quota_problems(self.aws.elb, find_place(self.aws.elb))
            share = plan.share(0)
            self._foreseen[share] = self.stack.foresee(share)
            before, wanted = plan.shares(-1), plan.shares(0)
            if problem := _more_than_rules(self._foreseen[share], before, wanted):
                yield problem
        except (StackFailed, *FAILURES) as error:
            yield str(error)


def _more_than_rules(
    foreseen: Sequence[Change], before: Mapping[str, int], wanted: Mapping[str, int]
) -> str:
    """Why an update must not be made: it would do more than move the rules that are to move."""
    foreign = [
        str(one)
        for one in foreseen
        if (one.operation, one.type) != (_UPDATE, catalog.RULE_TYPE)
        or before.get(one.name) == wanted.get(one.name)
    ]
    if not foreign:
        return ""
    return f"the update would do more than move the rules of this step: {', '.join(foreign)}"
