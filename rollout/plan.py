"""What a rollout is going to do, and how long it takes at the traffic of now."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

import catalog
from rollout.gates import BALANCERS, MINUTE_S, Minute, evidence, log_limit, log_ratios
from rollout.settings import BadSettings, Settings
from routing import Listener

_CERTAINTY = 0.95
_LAG_MINUTES = 3
"""From a minute's end until it is read, and the next tick."""


class Step(NamedTuple):
    """A share in percent and the minutes it is watched."""

    percent: int
    bake: int


class Plan(BaseModel):
    """A rollout as it was started: later settings do not change it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stack: str
    settings: Settings
    begin: int
    """The share that the rollout found, in percent."""
    steps: tuple[Step, ...]
    fixed: dict[str, int] = {}
    """Endpoints with a share of their own, which a rollout does not move."""

    def share(self, step: int) -> int:
        """The share of a step in percent; -1 is before the first."""
        return self.begin if step < 0 else self.steps[step].percent

    def shares(self, step: int) -> dict[str, int]:
        """The share of every dual rule at a step."""
        share = self.share(step)
        return {endpoint.rule: endpoint.rust_share(share, self.fixed) for endpoint in catalog.DUAL}

    def served(self, step: int) -> dict[Listener, list[int]]:
        """The shares of a step by load balancer, those above 0."""
        shares = self.shares(step)
        return {
            listener: [
                shares[one.rule]
                for one in catalog.DUAL
                if one.listener is listener and shares[one.rule]
            ]
            for listener in BALANCERS
        }


def make_plan(
    stack: str, settings: Settings, *, to: int, begin: int, fixed: Mapping[str, int]
) -> Plan:
    """The steps above what is live, up to `to`.

    Raises BadSettings where that leaves none.
    """
    steps = [Step(*step) for step in zip(settings.steps, settings.bake, strict=True)]
    kept = [step for step in steps if begin < step.percent < to]
    last = next((step for step in steps if step.percent >= to), steps[-1])
    if begin < to:
        kept.append(Step(to, last.bake))
    if not kept:
        raise BadSettings(f"{stack} is at {begin} % already: no step leads up to {to} %")
    return Plan(stack=stack, settings=settings, begin=begin, steps=tuple(kept), fixed=dict(fixed))


class Estimate(NamedTuple):
    """What a step needs at the traffic of now."""

    step: Step
    rust_requests: float
    """Expected in the bake."""
    minutes: float
    """Of the bake, until it has requests enough."""
    detectable: float
    """Percentage points of more errors that this step finds in 19 of 20 cases; nan for none."""
    finish: float
    """Earliest, in minutes from the start."""


def estimates(plan: Plan, minutes: Sequence[Minute]) -> list[Estimate]:
    """What each step needs if traffic and Python's errors stay as in these minutes."""
    settings, finish, found = plan.settings, 0.0, []
    rates = [
        sum(one.requests for minute in minutes for one in minute.sides[place])
        / max(len(minutes), 1)
        for place in range(len(BALANCERS))
    ]
    errors = sum(one.errors for minute in minutes for sides in minute.sides for one in sides)
    base = errors / max(sum(rates) * len(minutes), 1)
    for step in plan.steps:
        # At 100 the window before stands for Python.
        part = min(step.percent, 100 - step.percent) or 100
        least = [_minutes(settings.min_requests, sum(rates) * part / 100)]
        least += [_minutes(settings.min_requests_per_balancer, rate * part / 100) for rate in rates]
        length = max(step.bake, *least)
        rust = sum(rates) * step.percent / 100
        python = sum(rates) * (100 - step.percent) / 100 or rust
        finish += settings.settle / MINUTE_S + settings.warm_up + length + _LAG_MINUTES
        detectable = smallest_excess(settings, rust, python, base, step.bake)
        found.append(Estimate(step, rust * length, length, detectable, finish))
    return found


def smallest_excess(
    settings: Settings, rust: float, python: float, base: float, minutes: int
) -> float:
    """Percentage points of errors that one step fails in 19 of 20 cases, to 0.1; nan for none.

    `rust` and `python` are requests a minute, `base` the share of Python's that fail.
    """
    from scipy.special import pdtrik  # noqa: PLC0415 a third of a second to import

    limit = log_limit(settings, len(BALANCERS) + 1)
    share = np.full(minutes, rust / max(rust + python, 1))
    for excess in np.arange(settings.error_excess, 100 * (1 - base), 0.1):
        mean = rust * minutes * (base + excess / 100) / settings.errors_per_client
        few = np.ceil(pdtrik(1 - _CERTAINTY, mean)) / minutes  # quantile of Poisson's distribution
        draws = np.full(minutes, few), np.full(minutes, python * base / settings.errors_per_client)
        if evidence(log_ratios(*draws, share)).max() >= limit:
            return float(excess)
    return math.nan


def _minutes(needed: float, rate: float) -> float:
    return needed / rate if rate else math.inf
