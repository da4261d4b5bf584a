"""A rollout as one page: its steps, what every gate said, and charts of what was served."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from pages.charts import SHARE_OF_RUST
from pages.model import Claim, Item, Line, Mark, Page, Timeline
from rollout.gates import BALANCERS, MINUTE_S, Counts, Minute, Outcome
from rollout.journal import OVER, Entry, State, Trouble
from rollout.operate import Report
from rollout.terminal import Sides, headline

_SIDES = ("Python", "Rust")


def page(report: Report, journal: Sequence[Entry]) -> Page:
    """The page of a rollout that has ended, or of one as far as it is."""
    plan, decision = report.rollout.plan, report.decision
    begun = journal[0].at if journal else 0.0
    minutes = [one for one in report.seen.minutes if one.start + MINUTE_S > begun]
    ended = journal[-1].at if journal else 0.0
    passed = decision.state is State.DONE
    return Page(
        subject=f"Rollout of {plan.stack}, {plan.begin} % to {plan.steps[-1].percent} %",
        verdict=f"{decision.state}: {decision.reason}",
        passed=passed,
        started=datetime.fromtimestamp(begun, UTC).isoformat(),
        facts=(
            ("Rollout", report.rollout.id),
            ("Begun by", report.rollout.by),
            ("Took", f"{(ended - begun) / 60:.0f} min"),
            ("Rust requests", f"{sum(one.rust for one in minutes):,.0f}"),
            ("Python requests", f"{sum(one.python for one in minutes):,.0f}"),
        ),
        items=(
            Item(
                headline(report),
                tuple(_claims(report)),
                tuple(_charts(report, minutes, journal, begun)),
            ),
            *_steps(report, journal),
        ),
    )


def _claims(report: Report) -> Iterator[Claim]:
    """Where it ended, and what the gates said there."""
    rules = report.seen.rules or {}
    yield Claim(
        "; ".join(f"{rule} {share}" for rule, share in rules.items()) or "No rule could be read.",
        bool(rules) and all(isinstance(share, int) for share in rules.values()),
    )
    for one in report.decision.verdicts:
        yield Claim(f"{one.outcome} {one}", one.outcome is Outcome.PASS)


def _steps(report: Report, journal: Sequence[Entry]) -> Iterator[Item]:
    """What the journal says, step by step."""
    plan = report.rollout.plan
    for step in sorted({entry.step for entry in journal}):
        own = [entry for entry in journal if entry.step == step]
        claims = tuple(
            Claim(f"{_time(entry.at)} {entry.event}: {entry.reason}", entry.event not in _FAILED)
            for entry in own
        )
        title = "Before the first step" if step < 0 else f"{plan.share(step)} %"
        yield Item(title, claims, seconds=own[-1].at - own[0].at)


_FAILED = frozenset({Trouble.FAILED, State.ROLLING_BACK, State.REFUSED})


def _charts(
    report: Report, minutes: Sequence[Minute], journal: Sequence[Entry], begun: float
) -> Iterator[Timeline]:
    plan = report.rollout.plan
    marks = tuple(
        Mark(entry.at - begun, f"{entry.event} {plan.share(entry.step)} %")
        for entry in journal
        if entry.event in {State.APPLY, State.ROLLING_BACK} | OVER
    )

    def over_time(title: str, unit: str, value: Callable[[Counts], float]) -> Timeline:
        lines = tuple(
            Line(
                f"{name}, {listener}",
                tuple((one.start - begun, value(one.sides[place][side])) for one in minutes),
            )
            for place, listener in enumerate(BALANCERS)
            for side, name in enumerate(_SIDES)
        )
        return Timeline(title, unit, lines, marks)

    observed = tuple(
        Line(
            listener,
            tuple(
                (one.start - begun, share)
                for one in minutes
                if (share := Sides(*one.sides[place]).observed) is not None
            ),
        )
        for place, listener in enumerate(BALANCERS)
    )
    yield Timeline("Observed share of Rust, by minute", SHARE_OF_RUST, observed, marks, top=100)
    yield over_time("Requests that failed, by minute", "%", _failed)
    yield over_time("p95 of response times, by minute", "ms", lambda one: 1000 * one.p95)


def _failed(side: Counts) -> float:
    return 100 * side.errors / side.requests if side.requests else math.nan


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"
