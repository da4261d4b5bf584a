"""Items 1, 2, 3 and 7: who answers, and how often."""

from collections import Counter

from sandbox.checklist.client import Sample
from sandbox.checklist.results import Claim, Item, Shares
from sandbox.checklist.run import Run, no_failure, timeline
from sandbox.checklist.targets import ALL, DUAL
from sandbox.dataplane.groups import PYTHON, RUST
from sandbox.engine.result import Operation

_ASKS_EACH = 20
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
            _every_route(run, {PYTHON}),
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
            _every_route(run, {RUST}),
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
    claims = [_every_route(run, {PYTHON}), *run.measure(OFF_AGAIN, 0)]
    for target in DUAL:
        by_side = {
            side: Counter(
                (sample.function, sample.priority)
                for sample in run.sent
                if sample.target == target and sample.side == side
            )
            for side in (PYTHON, RUST)
        }
        wanted = {
            side: {(function, str(target.endpoint.priority))}
            for side, function in target.functions.items()
        }
        claims.append(
            Claim(
                f"{target.endpoint.name}: {target.method} {target.path} at priority "
                f"{target.endpoint.priority} of the {target.balancer} load balancer; Python "
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
                    (target.endpoint.name, tuple(run.measured[name][target] for name in columns))
                    for target in DUAL
                ),
                note="Bars are what chance allows at 99.99 %; at 0 and 100 % it allows nothing.",
            ),
        ),
    )


def _right(sample: Sample, dual_sides: set[str]) -> bool:
    target = sample.target
    sides = dual_sides if target.endpoint.dual else {target.answered_by}
    if sample.status != target.status or sample.side not in sides:
        return False
    if not target.functions:
        return True
    rule = str(target.endpoint.priority)
    return (sample.function, sample.priority) == (target.functions[str(sample.side)], rule)


def _every_route(run: Run, dual_sides: set[str]) -> Claim:
    """Ask for every route; the dual ones may be answered by these sides only."""
    samples = run.ask_anew(ALL, _ASKS_EACH)
    wrong = sorted(
        {
            f"{sample.target.method} {sample.target.path}: {sample.status} from "
            f"{sample.function or sample.side} by rule {sample.priority}"
            for sample in samples
            if not _right(sample, dual_sides)
        }
    )
    names = len({target.endpoint.name for target in ALL})
    return Claim(
        f"{len(samples)} requests to all {names} routes: the {len(DUAL)} dual ones were answered "
        f"by {' and '.join(sorted(dual_sides))}, the other {names - len(DUAL)} as ever"
        + (f"; wrong: {'; '.join(wrong)}" if wrong else "."),
        not wrong,
    )
