"""Two rollouts under load on the sandbox's clock: one goes to the end, one has to go back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pages.model import Claim
from rollout.gates import MINUTE_S
from rollout.journal import OVER, State
from rollout.live import find_place
from rollout.operate import Operator, Report
from rollout.settings import Settings
from sandbox.account.client import Account
from sandbox.checklist.client import Sample
from sandbox.checklist.load import Load
from sandbox.checklist.targets import DUAL, RUST_GROUPS
from sandbox.dataplane.client import ControlClient
from sandbox.dataplane.groups import RUST

SETTINGS: Final = Settings(
    steps=(10, 50, 100),
    bake=(2, 2, 2),
    warm_up=1,
    min_requests=30,
    min_requests_per_balancer=10,
    min_latency_minutes=1,
    min_latency_requests=3,
    drain=5,
)
"""The defaults, in a hurry: what takes hours of traffic takes minutes of the clock here."""

FAULT_AT: Final = 25
_FAULTY: Final = SETTINGS.model_copy(update={"steps": (FAULT_AT, 100), "bake": (2, 2)})
_FAULT: Final = {"errors": 0.2, "crashes": 0.0, "latencyMs": 0.0}
_USERS_EACH: Final = 4
_BEFORE: Final = 4
"""Minutes of traffic that a start finds."""
_MINUTES: Final = 240
"""Of the clock, after which it has not ended."""


@dataclass
class Rehearsal:
    """One rollout of a deployed stack, driven to its end."""

    account: Account
    operator: Operator
    faulty: bool
    fault_began: float = float("inf")

    def run(self) -> list[Claim]:
        """Drive it; what came of it."""
        control = ControlClient(self.account.balancers["control"])
        with Load(self.account.balancers, DUAL, users_each=_USERS_EACH) as load:
            for _ in range(_BEFORE):
                self._pass_minute(control, load)
            report = self.operator.start(_FAULTY if self.faulty else SETTINGS, 100)
            for _ in range(_MINUTES):
                if report.decision.state in OVER:
                    break
                self._spoil(control, report)
                self._pass_minute(control, load)
                report = self.operator.tick()
            load.wait_for_every_user()
        counted = control.counters()["statuses"]
        by_rust = sum(
            one["count"]
            for one in counted
            if one["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR
            and one["targetGroup"] in self._rust
        )
        return list(self._claims(report, load.samples, by_rust))

    def _pass_minute(self, control: ControlClient, load: Load) -> None:
        """As long as every user needs for a request, however fast the machine is."""
        load.wait_for_every_user()
        control.advance_clock(MINUTE_S)
        control.publish()

    def _spoil(self, control: ControlClient, report: Report) -> None:
        decision, plan = report.decision, report.rollout.plan
        is_there = decision.state is State.BAKE and plan.share(decision.step) == FAULT_AT
        if self.faulty and is_there and self.fault_began == float("inf"):
            control.set_fault(RUST, _FAULT)
            self.fault_began = time.monotonic()

    @property
    def _rust(self) -> set[str]:
        """ARNs of Rust's target groups."""
        groups = find_place(self.operator.aws.elb).groups
        return {groups[one] for one in RUST_GROUPS.values() if one in groups}

    def _claims(self, report: Report, samples: list[Sample], by_rust: int) -> Iterator[Claim]:
        failed = [one for one in samples if one.status != one.target.status]
        decision = report.decision
        if not self.faulty:
            yield Claim(
                f"It ended at {report.rollout.plan.share(decision.step)} %: {decision.state}.",
                decision.state is State.DONE,
            )
            yield Claim(f"{len(failed)} of {len(samples):,} requests failed meanwhile.", not failed)
            return
        yield Claim(
            f"A fifth of Rust's answers failed from {FAULT_AT} % on; it ended as "
            f"{decision.state}: {decision.reason}.",
            decision.state is State.DRAINED,
        )
        work = self.operator.rollback
        seconds = work.seconds if work else None
        yield Claim(
            "From the decision until the last rule was Python's again: "
            + (f"{seconds:.2f} s, {len(work.sent)} API calls." if work and seconds else "never."),
            seconds is not None,
        )
        yield Claim(
            f"{len(failed)} of {len(samples):,} requests failed; {by_rust} of them were Rust's "
            "own answers since the fault began.",
            len(failed) == by_rust > 0 and all(one.ended > self.fault_began for one in failed),
        )
