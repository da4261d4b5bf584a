"""Item 5: the way back, under load, beside the way back that is none."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pages.model import Claim, Item, Line, Mark, Timeline
from sandbox.checklist.client import Sample
from sandbox.checklist.items.emergency import emergency
from sandbox.checklist.items.incident import let_rust_fail
from sandbox.checklist.rules import dual_rules_put_back
from sandbox.checklist.run import Run, no_failure, timeline
from sandbox.checklist.targets import RUST_GROUPS
from sandbox.dataplane.groups import RUST

_BUCKET_S: Final = 0.25
_LEAVES_WITHIN_S: Final = 60
"""AWS gives no figure and the sandbox takes one second or two; a busy machine may take more."""


def rollback(run: Run) -> Item:
    """From 100 to 0 %: by the emergency command, wrongly by weight 0, then by this program."""
    raised = run.to(100)
    without_pulumi = emergency(run, 100)
    run.incident += let_rust_fail(run)
    trap, trap_live = _by_weight(run)
    with run.load() as load:
        load.wait_for_every_user()
        change = run.to(0)
        load.wait_for_every_user()
    samples = run.sends(load.samples)
    on_rust = (sample.begun for sample in samples if sample.side == RUST)
    last = max(on_rust, default=change.begun)
    strays = [sample for sample in samples if sample.begun > change.live and sample.side == RUST]
    after = [sample for sample in samples if sample.begun > change.live]
    returning = sum(sample.returning for sample in after)
    pinned = sum(RUST in user.sides for user in load.users)
    return Item(
        "Test rollback scenario (100% Rust -> 0% Rust)",
        (
            *raised.claims,
            *without_pulumi,
            *change.claims,
            no_failure(samples, "while it went from 100 to 0 %"),
            Claim(
                f"{len(strays)} of {len(after)} requests after the change was live went to Rust; "
                f"{returning} of them came from {pinned} users with a Rust cookie.",
                not strays and returning > 0 and pinned == len(load.users),
            ),
            Claim(
                f"The way back took {last - change.begun:.1f} s from the command until "
                f"Rust took its last request, {max(0, last - change.deployed):.1f} s of it after "
                f"the update ({_LEAVES_WITHIN_S} s allowed).",
                last - change.deployed < _LEAVES_WITHIN_S,
            ),
            _no_rollback(trap, trap_live),
        ),
        (
            Timeline(
                "Returning clients on Rust, before and after the same rollback",
                "% Rust",
                (
                    _line("plain rule (this program)", samples, change.live),
                    _line("weighted rule with weight 0", trap, trap_live),
                ),
                marks=(Mark(0, "change is live"),),
                top=100,
                note="Only clients with a cookie; new clients leave Rust at once either way.",
            ),
            timeline("100 to 0 %: Rust's share of all requests", samples, [change]),
        ),
        modelled=(
            "That a cookie outranks a weight of 0 is what AWS's support says, not its user guide.",
        ),
    )


def _no_rollback(trap: Sequence[Sample], live: float) -> Claim:
    """The claim that a rollback by weight is none."""
    kept = [sample for sample in trap if sample.begun > live and sample.returning]
    kept_on_rust = sum(sample.side == RUST for sample in kept)
    new = [sample for sample in trap if sample.begun > live and not sample.returning]
    new_on_rust = sum(sample.side == RUST for sample in new)
    return Claim(
        "Why the rule is a plain one at 0 %: with a weighted rule of weight 0 instead, "
        f"{kept_on_rust} of {len(kept)} requests of returning clients still went to Rust "
        f"after the change was live, and {new_on_rust} of {len(new)} of new ones.",
        bool(kept) and kept_on_rust == len(kept) and new_on_rust == 0,
    )


def _by_weight(run: Run) -> tuple[list[Sample], float]:
    """What a rollback by weight would do; the rules are as before afterwards."""
    with dual_rules_put_back(run.account) as rules, run.load() as load:
        load.wait_for_every_user()
        for arn, actions in rules.items():
            run.account.client("elbv2").modify_rule(RuleArn=arn, Actions=[_all_python(actions[0])])
        run.control.refresh()
        live = time.monotonic()
        load.wait_for_every_user()
    run.control.refresh()
    return run.sends(load.samples), live


def _all_python(action: Mapping[str, Any]) -> Any:
    """The weighted forward with everything for Python, and stickiness as it is.

    A plain one, which is none of this program's, stays what it is.
    """
    if "ForwardConfig" not in action:
        return action
    forward, rust = action["ForwardConfig"], set(RUST_GROUPS.values())
    groups = [
        {**group, "Weight": 0 if group["TargetGroupArn"].split("/")[-2] in rust else 100}
        for group in forward["TargetGroups"]
    ]
    return {"Type": "forward", "ForwardConfig": {**forward, "TargetGroups": groups}}


def _line(label: str, samples: Sequence[Sample], live: float) -> Line:
    buckets: dict[int, list[bool]] = {}
    for sample in samples:
        if sample.returning:
            place = int((sample.begun - live) // _BUCKET_S)
            buckets.setdefault(place, []).append(sample.side == RUST)
    return Line(
        label,
        tuple(
            ((place + 0.5) * _BUCKET_S, 100 * sum(on_rust) / len(on_rust))
            for place, on_rust in sorted(buckets.items())
        ),
    )
