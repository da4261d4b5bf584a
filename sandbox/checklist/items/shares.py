"""Items 1, 2, 3 and 7: who answers, and how often."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from pages.model import Claim, Item, Shares
from sandbox.checklist.client import Sample
from sandbox.checklist.run import Run, no_failure, timeline
from sandbox.checklist.targets import ALL, DUAL, ROUTES, VARIATIONS
from sandbox.dataplane.groups import PYTHON, RUST
from sandbox.engine.result import Operation

_ASKS_EACH: Final = 5
_MOST_TOLD: Final = 5
OFF, ON, HALF, OFF_AGAIN = "0 %", "100 %", "50 %", "0 % again"


def rust_disabled(run: Run) -> Item:
    """Deploy from nothing at 0 % and ask for every route."""
    change = run.to(0)
    created = change.result.of(Operation.CREATE)
    only_created = len(created) == len(change.result.steps)
    return Item(
        f"Deploy to {run.account.stack} with Rust disabled - verify Python-only works",
        (
            Claim(
                f"The first update created {len(created)} resources and did nothing else, in "
                f"{change.deployed - change.begun:.1f} s.",
                bool(created) and only_created,
            ),
            *every_route(run, PYTHON),
            *run.measure(OFF, 0),
        ),
    )


def all_rust(run: Run) -> Item:
    """Raise from 0 to 100 % under load."""
    with run.load() as load:
        load.wait_for_every_user()
        change = run.to(100)
        load.wait_for_every_user()
    run.sends(load.samples)
    return Item(
        f"Deploy to {run.account.stack} with Rust at 100% - verify no conflicts",
        (
            *change.claims,
            no_failure(load.samples, "while it went from 0 to 100 %"),
            *every_route(run, RUST),
            *run.measure(ON, 100),
        ),
        (timeline("0 to 100 %: Rust's share of all requests", load.samples, [change]),),
    )


def half(run: Run) -> Item:
    """Go from 100 to 50 % under load and measure the split."""
    with run.load() as load:
        load.wait_for_every_user()
        change = run.to(50)
        load.wait_for_every_user()
    run.sends(load.samples)
    stayed = sum(set(user.sides) == {RUST} for user in load.users)
    return Item(
        "Test weighted routing at 50/50 split",
        (
            *change.claims,
            no_failure(load.samples, "while it went from 100 to 50 %"),
            *run.measure(HALF, 50),
            Claim(
                f"{stayed} of {len(load.users)} users with a Rust cookie stayed on Rust when the "
                "share fell: weights are a lottery for new clients only.",
                stayed == len(load.users),
            ),
        ),
        (timeline("100 to 50 %: Rust's share of all requests", load.samples, [change]),),
    )


def all_six(run: Run) -> Item:
    """Back at 0 %: what was measured of each dual endpoint, and all routes once more."""
    claims = [*every_route(run, PYTHON), *run.measure(OFF_AGAIN, 0)]
    for target in DUAL:
        by_side = {
            side: Counter(
                sample.answer
                for sample in run.sent
                if sample.target == target and sample.side == side
            )
            for side in (PYTHON, RUST)
        }
        wanted = {side: {answer} for side, answer in target.route.answers}
        claims.append(
            Claim(
                f"{target.route.name}: {target.method} {target.path} at priority "
                f"{target.route.priority} of the {target.balancer} load balancer; Python "
                f"{by_side[PYTHON].total()} and Rust {by_side[RUST].total()} answers, each from "
                "its own function.",
                {side: set(found) for side, found in by_side.items()} == wanted,
            )
        )
    columns = tuple(run.measured)
    return Item(
        f"Verify all {len(DUAL)} endpoints route correctly",
        tuple(claims),
        (
            Shares(
                "New clients that Rust served, before and after each change",
                columns,
                tuple(
                    (target.route.name, tuple(run.measured[name][target] for name in columns))
                    for target in DUAL
                ),
                note="Bars are what chance allows, at 99.99 %; at 0 and 100 % it allows nothing.",
            ),
        ),
    )


def every_route(run: Run, side: str) -> list[Claim]:
    """Ask for every route and beside it while this side alone serves the dual ones."""
    routed, beside = run.ask_anew(ALL, _ASKS_EACH), run.ask_anew(VARIATIONS, 1)
    wrong, astray = _wrong(routed, side), _wrong(beside, side)
    nowhere = sum(target.route.priority is None for target in VARIATIONS)
    return [
        Claim(
            f"{len(routed)} requests to all {len(ROUTES)} routes: the {len(DUAL)} dual ones were "
            f"answered by {side}, the other {len(ROUTES) - len(DUAL)} as ever{wrong}.",
            not wrong,
        ),
        Claim(
            f"{len(beside)} requests with another method, path, host or load balancer: each went "
            f"where the contract sends it, {nowhere} of them nowhere{astray}.",
            not astray,
        ),
    ]


def _wrong(samples: Iterable[Sample], side: str) -> str:
    """What was not answered as the contract says, in words."""
    wrong = sorted(
        {
            f"{sample.target} got {sample.status} from {sample.function or sample.side or 'nobody'}"
            f" by rule {sample.priority}, not {sample.target.route.name}"
            for sample in samples
            if sample.status != sample.target.status
            or (sample.side, sample.answer) != sample.target.route.answer(side)
        }
    )
    more = [f"{len(wrong) - _MOST_TOLD} more"] if len(wrong) > _MOST_TOLD else []
    return f"; wrong: {'; '.join([*wrong[:_MOST_TOLD], *more])}" if wrong else ""
