"""An hour of the clock under load on every route, with a change of percentage each minute."""

import contextlib
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from pages.model import Claim
from sandbox.checklist.client import Sample
from sandbox.checklist.load import Load
from sandbox.checklist.run import Run, unanswered
from sandbox.checklist.targets import ALL, DUAL_RULES
from sandbox.cloudwatch.history import MINUTE_S
from sandbox.dataplane.groups import PYTHON, RUST
from sandbox.own_process import resident_mib

WALK: Final = (100, 0, 10, 25, 50, 75, 100, 50, 25, 10)
"""Percentages in their turn: in one go up and back, and in steps."""

GROWTH: Final = 0.05
"""The share by which memory may grow from the second quarter to the last, median against median:
what is loaded and what caches hold is there after the first.
"""
_USERS_EACH: Final = 4


@dataclass(frozen=True)
class Minute:
    """One change of percentage, and what was asked from the last one's end to its own."""

    percentage: int
    moved: bool
    """Whether it changed the six rules in place and nothing else."""
    requests: int
    failed: int
    wrong: int
    memory: Mapping[str, float]
    """In MiB, by process, at its end."""

    def __str__(self) -> str:
        memory = ", ".join(f"{name} {size:.0f} MiB" for name, size in self.memory.items())
        return (
            f"at {self.percentage} %: {self.requests:,} requests, {self.failed} failed, "
            f"{self.wrong} answered wrongly; {memory}"
        )


def soaked(run: Run, minutes: int, processes: Mapping[str, int]) -> Iterator[Minute]:
    """Deploy at 0 %, then change it minute by minute; `processes` have names and ids."""
    run.to(0)
    with Load(run.account.balancers, ALL, users_each=_USERS_EACH) as load:
        for percentage in itertools.islice(itertools.cycle(WALK), minutes):
            with contextlib.redirect_stderr(io.StringIO()):  # each update names what it moves
                change = run.to(percentage)
            load.wait_for_every_user()
            run.control.advance_clock(MINUTE_S)
            run.control.publish()
            samples = load.take()
            yield Minute(
                percentage,
                all(claim.passed for claim in change.claims),
                len(samples),
                unanswered(samples),
                count_wrong(samples, percentage, change.live),
                {name: resident_mib(pid) for name, pid in processes.items()},
            )


def count_wrong(samples: Iterable[Sample], percentage: int, live: float) -> int:
    """Answers by another side, function, target group or rule than may give them.

    Before the percentage was live either side of a dual route may. At 100 % a returning client
    may still have a cookie of Python's; at 0 % no cookie counts.
    """
    return sum(
        sample.status == sample.target.status
        and (sample.side, sample.answer)
        not in _answers(sample, percentage if sample.begun >= live else None)
        for sample in samples
    )


def _answers(sample: Sample, percentage: int | None) -> Sequence[object]:
    route = sample.target.route
    if percentage == 0:
        return [route.answer(PYTHON)]
    if percentage == 100 and not sample.returning:
        return [route.answer(RUST)]
    return route.answers


def verdict(minutes: Sequence[Minute]) -> list[Claim]:
    """What the run shows, each with its limit."""
    requests = sum(one.requests for one in minutes)
    failed = sum(one.failed for one in minutes)
    wrong = sum(one.wrong for one in minutes)
    moved = sum(one.moved for one in minutes)
    return [
        Claim(
            f"{moved} of {len(minutes)} changes updated {len(DUAL_RULES)} rules in place and "
            "nothing else (all asked for).",
            moved == len(minutes),
        ),
        Claim(
            f"{failed} of {requests:,} requests failed (0 allowed).", not failed and requests > 0
        ),
        Claim(f"{wrong} were answered by whom the rules do not say (0 allowed).", wrong == 0),
        *(_flat(name, [one.memory[name] for one in minutes]) for name in minutes[0].memory),
    ]


def _flat(name: str, sizes: Sequence[float]) -> Claim:
    count = len(sizes)
    before = median(sizes[count // 4 : count // 2])
    after = median(sizes[count * 3 // 4 :])
    limit = before * (1 + GROWTH)
    return Claim(
        f"Memory of {name}: {after:.1f} MiB in the last quarter, {before:.1f} MiB in the second "
        f"(at most {limit:.1f} MiB allowed).",
        after <= limit,
    )
