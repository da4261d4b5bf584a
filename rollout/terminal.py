"""A rollout as people and programs see it: one tree, plain lines, or JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import isnan
from typing import Any, NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

import catalog
from rollout.decide import Decision, Observation
from rollout.gates import BALANCERS, BOTH, Counts, Outcome, Verdict
from rollout.journal import Entry, State
from rollout.operate import Report
from rollout.plan import Estimate, Plan
from routing import Listener

_STYLES = {
    State.DONE: "green",
    State.HOLD: "yellow",
    State.PAUSED: "yellow",
    State.REFUSED: "red",
    State.ROLLING_BACK: "red",
    State.DRAINED: "red",
}
_RECENT = 5
"""Minutes that say how things are now."""


class Sides(NamedTuple):
    """Both implementations on a load balancer: sums of some minutes, the newest p95."""

    python: Counts
    rust: Counts

    @property
    def observed(self) -> float | None:
        """Rust's share of the requests in percent; None where there were none."""
        total = self.python.requests + self.rust.requests
        return 100 * self.rust.requests / total if total else None


def sides(seen: Observation, place: int) -> Sides:
    """How a load balancer, by its place in BALANCERS, has done in the newest minutes."""
    newest = [one.sides[place] for one in seen.minutes[-_RECENT:]]
    return Sides(*(_sum([both[side] for both in newest]) for side in (0, 1)))


def headline(report: Report) -> str:
    """Where the rollout is, in a line."""
    plan, decision = report.rollout.plan, report.decision
    place = f"step {decision.step + 1}/{len(plan.steps)}, " if decision.step >= 0 else ""
    return (
        f"{plan.stack}: {place}{plan.share(decision.step)} %, {decision.state}: {decision.reason}"
    )


def tree(report: Report) -> Tree:
    """Stack, load balancers, rules: what is set, live and observed, and what the gates say."""
    plan, decision, seen = report.rollout.plan, report.decision, report.seen
    root = Tree(Text(headline(report), style=_STYLES.get(decision.state, "")))
    wanted = plan.shares(decision.step) if _is_up(decision) else dict.fromkeys(plan.shares(0), 0)
    for place, listener in enumerate(BALANCERS):
        branch = root.add(Text(_balancer(listener, sides(seen, place))))
        rules = Table("rule", "set", "live", box=None, pad_edge=False)
        for rule in (one.rule for one in catalog.DUAL if one.listener is listener):
            live = (seen.rules or {}).get(rule, "unread")
            style = "" if live == wanted[rule] else "red"
            rules.add_row(rule, f"{wanted[rule]} %", Text(_percent(live), style=style))
        told = [one for one in decision.verdicts if one.scope == listener]
        branch.add(Group(rules, *map(_verdict, told)))
    for one in decision.verdicts:
        if one.scope == BOTH:
            root.add(_verdict(one))
    return root


def as_json(report: Report) -> dict[str, Any]:
    """The same for programs."""
    plan, decision, seen = report.rollout.plan, report.decision, report.seen
    return {
        "rollout": report.rollout.id,
        "stack": plan.stack,
        "state": decision.state,
        "step": decision.step + 1,
        "steps": len(plan.steps),
        "percent": plan.share(decision.step),
        "reason": decision.reason,
        "error": decision.error,
        "failed": report.failed,
        "rules": dict(seen.rules or {}),
        "verdicts": [
            {"gate": one.gate, "scope": one.scope, "outcome": one.outcome, "reason": one.reason}
            for one in decision.verdicts
        ],
        "balancers": {
            listener: {
                "observed": found.observed,
                **{name: _plain(side) for name, side in found._asdict().items()},
            }
            for listener, found in ((one, sides(seen, at)) for at, one in enumerate(BALANCERS))
        },
    }


def estimates_table(plan: Plan, found: list[Estimate]) -> Table:
    """What each step needs."""
    table = Table("step", "bake", "Rust requests", "detects", "earliest end", title=_way(plan))
    for one in found:
        table.add_row(
            f"{one.step.percent} %",
            _minutes(one.minutes),
            f"{one.rust_requests:,.0f}" if one.minutes < float("inf") else "no traffic",
            "nothing" if isnan(one.detectable) else f"{one.detectable:.1f} points",
            _minutes(one.finish),
        )
    return table


def entry_line(plan: Plan, entry: Entry) -> str:
    """A line of a journal."""
    at = f"{datetime.fromtimestamp(entry.at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"{at}  {plan.share(entry.step)} %  {entry.event}  {entry.reason}  ({entry.by})"


def plain_lines(report: Report) -> Iterator[str]:
    """The headline, and what does not pass."""
    yield headline(report)
    for one in report.decision.verdicts:
        if one.outcome is not Outcome.PASS:
            yield f"  {one.outcome}: {one}"


def _plain(side: Counts) -> dict[str, float | None]:
    return {name: None if isnan(value) else value for name, value in side._asdict().items()}


def _is_up(decision: Decision) -> bool:
    return decision.state not in {State.ROLLING_BACK, State.DRAINED}


def _way(plan: Plan) -> str:
    return f"{plan.stack}: {plan.begin} % to {plan.steps[-1].percent} %"


def _balancer(listener: Listener, found: Sides) -> str:
    if found.observed is None:
        return f"{listener}: no requests"
    told = ", ".join(
        f"{name} {side.requests:,.0f} requests, {side.errors:,.0f} errors{_p95(side)}"
        for name, side in (("Python", found.python), ("Rust", found.rust))
    )
    return f"{listener}: observed {found.observed:.1f} % Rust; {told}"


def _p95(side: Counts) -> str:
    return "" if isnan(side.p95) else f", p95 {1000 * side.p95:.0f} ms"


def _verdict(one: Verdict) -> Text:
    style = {Outcome.PASS: "green", Outcome.HOLD: "yellow", Outcome.FAIL: "red"}[one.outcome]
    return Text(f"{one.outcome} {one}", style=style)


def _percent(live: int | str) -> str:
    return f"{live} %" if isinstance(live, int) else live


def _minutes(minutes: float) -> str:
    return f"{minutes:,.0f} min" if minutes < float("inf") else "never"


def _sum(found: list[Counts]) -> Counts:
    added = [sum(one[field] for one in found) for field in range(3)]
    return Counts(*added, *(found[-1][3:] if found else ()))
