"""How often a rollout stops, measured: the same decisions on simulated counts and time.

The counts are binomial within a minute. Clients keep their side for an hour on average, half
of the requests come from clients without a cookie jar, failures come in twos (a client tries
again), response times are lognormal, and CloudWatch's percentiles are those of the requests
that were drawn.
"""

import itertools
import math
import statistics
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from scipy.special import ndtri
from scipy.stats import binomtest

import catalog
from rollout.decide import Act, Decision, Observation, decide
from rollout.gates import MINUTE_S, Counts, Minute
from rollout.journal import OVER, Entry, State
from rollout.plan import Plan, make_plan
from rollout.settings import Settings

RATES: Final = (5, 50, 500)
"""Requests a second on the dual endpoints, both load balancers and both sides together."""
_SPLIT: Final = np.array([0.6, 0.4])
_CLIENT_ERRORS: Final = 0.05
_TRIES: Final = 2
_COOKIES: Final = 0.5
_STAY_MINUTES: Final = 60
_SPREAD: Final = 0.8
"""Of the logarithm of response times: p95 is 3.7 times the median."""
_MEDIAN_S: Final = 0.1
_BEFORE: Final = 60
_LAG_S: Final = 2 * MINUTE_S
_END_MINUTES: Final = 24 * 60


@dataclass(frozen=True)
class Release:
    """A Rust function beside a Python one that fails in `errors` of the requests."""

    name: str
    more_errors: float = 0
    slower: float = 1
    errors: float = 0.005


RELEASES: Final = (
    Release("healthy"),
    Release("2 points more errors", more_errors=0.02),
    Release("p95 doubled", slower=2),
)


@dataclass
class World:
    """A simulated stack: what `decide` sees, and what is done about it."""

    plan: Plan
    rate: float
    release: Release
    random: np.random.Generator
    now: float = 0
    rules: dict[str, int | str] = field(init=False)
    configured: int = 0
    cookies: float = 0
    """Rust's share of the requests that come with a cookie, in percent."""
    minutes: list[Minute] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rules = dict(self.plan.shares(-1))

    @property
    def share(self) -> float:
        """What Rust gets of new clients, in percent."""
        return statistics.fmean(share for share in self.rules.values() if isinstance(share, int))

    def pass_minute(self) -> None:
        """Serve a minute of requests."""
        share = (_COOKIES * self.cookies + (1 - _COOKIES) * self.share) / 100
        requests = self.random.poisson(self.rate * MINUTE_S * _SPLIT)
        rust = self.random.binomial(requests, share)
        counts = np.stack([requests - rust, rust], axis=-1)
        errors = self.release.errors + np.array([0, self.release.more_errors])
        failed = self._failures(counts, errors)
        p95, p99 = self._times(counts)
        found = np.stack([counts, *failed, p95, p99], axis=-1).tolist()
        sides = tuple((Counts(*python), Counts(*rust)) for python, rust in found)
        self.minutes.append(Minute(int(self.now), sides))
        self.now += MINUTE_S
        self.cookies += (self.share - self.cookies) / _STAY_MINUTES

    def _failures(self, counts: Any, errors: Any) -> Iterator[Any]:
        for rate in (errors, _CLIENT_ERRORS):
            yield np.minimum(self.random.binomial(counts, rate / _TRIES) * _TRIES, counts)

    def _times(self, counts: Any) -> Iterator[Any]:
        """p95 and p99 of that many lognormal values: order statistics of uniform ones."""
        some = np.maximum(counts, 1)
        rank95, rank99 = np.ceil(0.95 * some), np.ceil(0.99 * some)
        high = self.random.beta(rank99, some - rank99 + 1)
        between = self.random.beta(rank95, np.maximum(rank99 - rank95, 1))
        low = high * np.where(rank99 > rank95, between, 1)
        slower = np.array([1, self.release.slower])
        for one in (low, high):
            seconds = _MEDIAN_S * np.exp(_SPREAD * ndtri(one)) * slower
            yield np.where(counts > 0, seconds, math.nan)

    def observe(self) -> Observation:
        """What is to be seen now: metrics come two minutes late."""
        closed = int(self.now) - _LAG_S
        late = len(self.minutes) - _LAG_S // MINUTE_S
        return Observation(
            rules=dict(self.rules),
            configured=self.configured,
            follows=self.configured == 0,
            minutes=self.minutes[:late],
            closed_until=closed,
            alarms=dict.fromkeys(catalog.rust_alarms(), "OK"),
        )

    def tick(self) -> Decision:
        """Decide, write and act until there is nothing to do but wait."""
        while True:
            decision = decide(self.plan, self.journal, self.observe(), self.now)
            self.write(decision)
            if not self.act(decision):
                return decision

    def write(self, decision: Decision) -> None:
        """Write a transition, if it is one."""
        newest = self.journal[-1] if self.journal else None
        if newest is None or (newest.event, newest.step) != (decision.state, decision.step):
            self.journal.append(
                Entry(
                    number=len(self.journal) + 1,
                    at=self.now,
                    by="simulation",
                    event=decision.state,
                    step=decision.step,
                    reason=decision.reason,
                )
            )

    def act(self, decision: Decision) -> bool:
        """Do what was decided; whether there was something to do."""
        if decision.act is Act.SET_SHARE:
            first = not self.share
            self.configured = self.plan.steps[decision.step].percent
            self.rules |= self.plan.shares(decision.step)
            self.cookies = self.share if first else self.cookies
        elif decision.act is Act.ROLL_BACK:
            self.rules = dict.fromkeys(self.rules, 0)
            self.configured, self.cookies = 0, 0
        return decision.act is not Act.NOTHING


class Run(NamedTuple):
    """How one rollout went. `percent` is where it was stopped, `minutes` how long it took."""

    state: State
    percent: int
    minutes: float


def run(settings: Settings, rate: float, release: Release, seed: Sequence[int]) -> Run:
    """Simulate one rollout up to 100 %, at most a day."""
    plan = make_plan("simulated", settings, to=100, begin=0, fixed={})
    world = World(plan, rate, release, np.random.default_rng(seed))
    for _ in range(_BEFORE):
        world.pass_minute()
    begun = world.now
    for _ in range(_END_MINUTES):
        decision = world.tick()
        if decision.state in OVER | {State.ROLLING_BACK}:
            break
        world.pass_minute()
    percent = plan.steps[decision.step].percent
    return Run(decision.state, percent, (world.now - begun) / MINUTE_S)


def _row(rate: str, release: Release, runs: Sequence[Run]) -> Iterator[str]:
    stopped = [one for one in runs if one.state is State.ROLLING_BACK]
    early = sum(one.percent <= 25 for one in stopped)
    done = [one.minutes for one in runs if one.state is State.DONE]
    yield from (release.name, rate, str(len(runs)))
    yield from (_proportion(len(stopped), len(runs)), _proportion(early, len(runs)))
    for minutes in ([one.minutes for one in stopped], done):
        yield f"{statistics.median(minutes):.0f} min" if minutes else ""


def _proportion(count: int, total: int) -> str:
    """A share with its exact 95 % confidence interval (Clopper, Pearson)."""
    low, high = binomtest(count, total).proportion_ci(0.95)
    return f"{100 * count / total:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


app = typer.Typer(add_completion=False)


@app.command()
def simulate(
    healthy: Annotated[int, typer.Option(help="Rollouts of a healthy release at each rate.")] = 200,
    faulty: Annotated[int, typer.Option(help="Rollouts of each faulty release at each.")] = 60,
    seed: Annotated[int, typer.Option(help="The same one gives the same table.")] = 1,
) -> None:
    """Measure what rollouts at the default settings detect and how often they err."""
    cases = list(itertools.product(RATES, RELEASES))
    settings = Settings()
    table = Table(
        "release",
        "requests",
        "runs",
        "rolled back",
        "at 25 % or before",
        "stopped after",
        "at 100 % after",
        caption="In brackets: exact 95 % confidence intervals. Times are medians.",
    )
    good: list[Run] = []
    with ProcessPoolExecutor() as pool:
        for place, (rate, release) in enumerate(cases):
            number = healthy if release is RELEASES[0] else faulty
            seeds = [(seed, place, index) for index in range(number)]
            rollout = partial(run, settings, rate, release)
            runs = list(pool.map(rollout, seeds, chunksize=5))
            table.add_row(*_row(f"{rate}/s", release, runs))
            good += runs if release is RELEASES[0] else []
    table.add_row(*_row("any", RELEASES[0], good))
    Console().print(table)


if __name__ == "__main__":
    app()
