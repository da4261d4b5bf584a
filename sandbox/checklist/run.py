"""One run of the checklist: what every item needs, and what the run has sent so far."""

import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import uvloop

from pages.model import Claim, Line, Mark, Share, Timeline
from sandbox.account.client import Account
from sandbox.checklist.client import Client, Sample
from sandbox.checklist.intervals import allowed
from sandbox.checklist.load import Load
from sandbox.checklist.targets import DUAL, DUAL_RULES, Target
from sandbox.dataplane.client import ControlClient
from sandbox.dataplane.groups import RUST
from sandbox.engine.result import Operation, Result

T = TypeVar("T")

_BUCKET_S: Final = 0.25
_FEWER: Final = 20


@dataclass(frozen=True)
class Change:
    """An update of the stack that went live; times in seconds of `time.monotonic`."""

    percentage: int
    result: Result
    begun: float
    deployed: float
    live: float
    """Not before the rules that the account held after the update were obeyed."""

    @property
    def claims(self) -> list[Claim]:
        """What a change of percentage must be."""
        return [only_moves_rules(self.result, self.percentage, self.deployed - self.begun)]


@dataclass
class Run:
    """A freshly deployed stack with its load balancers.

    `deploy` brings the stack to a percentage, `clients` is the number of new clients that
    measure a share, and `stickiness_s` is what the stack's configuration asks for.
    """

    account: Account
    control: ControlClient
    deploy: Callable[[int], Result]
    clients: int
    stickiness_s: int
    users_each: int = 15
    """Users with a cookie jar that ask for each endpoint in the background."""
    sent: list[Sample] = field(default_factory=list)
    """Every request of the run."""
    measured: dict[str, dict[Target, Share]] = field(default_factory=dict)
    """Rust's share of new clients, by percentage in the order of time and by endpoint."""
    incident: list[Claim] = field(default_factory=list)
    """What the alarms did while Rust failed."""

    def to(self, percentage: int) -> Change:
        """Deploy a percentage and wait until it is live."""
        begun = time.monotonic()
        result = self.deploy(percentage)
        deployed = time.monotonic()
        self.control.refresh()
        return Change(percentage, result, begun, deployed, time.monotonic())

    def asking(self, work: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        """Run clients to their end."""

        async def ask() -> T:
            async with Client(self.account.balancers) as client:
                return await work(client)

        return uvloop.run(ask())

    def ask_anew(self, targets: Iterable[Target], count: int) -> list[Sample]:
        """`count` new clients for each target."""
        return self.sends(self.asking(lambda client: client.ask_anew(targets, count)))

    def load(self) -> Load:
        """Clients of the dual endpoints that ask in the background."""
        return Load(self.account.balancers, DUAL, users_each=self.users_each)

    def sends(self, samples: list[Sample]) -> list[Sample]:
        """Count requests towards the run's."""
        self.sent += samples
        return samples

    def measure(self, label: str, percentage: int) -> list[Claim]:
        """Draw new clients on the dual endpoints and judge the shares.

        Where nothing is left to chance, fewer will do: one stray fails.
        """
        count = self.clients if 0 < percentage < 100 else self.clients // _FEWER
        samples = self.ask_anew(DUAL, count)
        shares = {target: share_of(samples, target, percentage) for target in DUAL}
        self.measured[label] = shares
        wrong = unanswered(samples)
        counted = ", ".join(f"{target.route.name} {share.rust}" for target, share in shares.items())
        some = next(iter(shares.values()))
        rust = sum(share.rust for share in shares.values())
        total = sum(share.total for share in shares.values())
        pooled = Share(rust, total, *allowed(total, percentage / 100))
        return [
            Claim(
                f"Of {some.total} new clients each, Rust got: {counted} "
                f"({_limit(some, ' for all of them')}).",
                all(share.passed for share in shares.values()),
            ),
            Claim(
                f"Of all {total} new clients, Rust got {rust}, {pooled.percent:.2f} % "
                f"({_limit(pooled)}).",
                pooled.passed,
            ),
            Claim(f"{len(samples) - wrong} of {len(samples)} requests were answered.", wrong == 0),
        ]


def _limit(share: Share, scope: str = "") -> str:
    if share.low == share.high:
        return f"exactly {share.low} asked for"
    return f"{share.low} to {share.high} allowed: exact binomial, 99.99 %{scope}"


def only_moves_rules(result: Result, percentage: int, seconds: float) -> Claim:
    """The claim that an update was a change of percentage and nothing else."""
    changed = result.changes
    moved = {
        step.name
        for step in changed
        if step.operation is Operation.UPDATE and step.changed == ("actions",)
    }
    strangers = [
        f"{step.operation} {step.name}" for step in changed if step.name not in DUAL_RULES & moved
    ]
    also = f"; also: {', '.join(strangers)}" if strangers else " and nothing else"
    return Claim(
        f"The update to {percentage} % changed {len(moved)} rules in place{also}, in "
        f"{seconds:.1f} s.",
        moved == DUAL_RULES and not strangers,
    )


def share_of(samples: Iterable[Sample], target: Target, percentage: int) -> Share:
    """Rust's share of the answers to one of the dual targets, and how far chance may carry it."""
    sides = Counter(sample.side for sample in samples if sample.target == target)
    limits = allowed(sides.total(), percentage / 100, together=len(DUAL))
    return Share(sides[RUST], sides.total(), *limits)


def unanswered(samples: Iterable[Sample]) -> int:
    """Requests that got another status than they should."""
    return sum(sample.status != sample.target.status for sample in samples)


def no_failure(samples: Sequence[Sample], what: str) -> Claim:
    """The claim that a load got nothing but answers."""
    failed = unanswered(samples)
    return Claim(f"{failed} of {len(samples)} requests failed {what}.", failed == 0)


def timeline(title: str, samples: Iterable[Sample], changes: Iterable[Change]) -> Timeline:
    """Rust's share of the answers per endpoint over time, with the changes marked."""
    changes = list(changes)
    zero = changes[0].begun
    counts: dict[Target, dict[int, Counter[bool]]] = {target: {} for target in DUAL}
    for sample in samples:
        bucket = int((sample.begun - zero) // _BUCKET_S)
        counts[sample.target].setdefault(bucket, Counter())[sample.side == RUST] += 1
    marks = []
    for change in changes:
        marks.append(Mark(change.begun - zero, f"update to {change.percentage} %"))
        marks.append(Mark(change.live - zero, "live"))
    return Timeline(
        title=title,
        unit="% Rust",
        lines=tuple(
            Line(
                target.route.name,
                tuple(
                    ((bucket + 0.5) * _BUCKET_S, 100 * count[True] / count.total())
                    for bucket, count in sorted(buckets.items())
                ),
            )
            for target, buckets in counts.items()
        ),
        marks=tuple(marks),
        top=100,
    )
