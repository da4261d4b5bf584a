"""The emergency command beside item 5: the way back without Pulumi, and what comes after it."""

import contextlib
import time
from collections.abc import Iterator

import pulumi

from endpoint import ROLLED_BACK_AT
from pages.model import Claim
from rollout.rollback import Rollback
from sandbox.account.client import Account
from sandbox.checklist.rules import dual_rules_put_back
from sandbox.checklist.run import Run, no_failure
from sandbox.dataplane.groups import RUST
from sandbox.engine.result import DeploymentError


def emergency(run: Run, percentage: int) -> list[Claim]:
    """`rollback` under load, then the update that would bring Rust back; ends as it began."""
    with _rules_without_mark(run.account), run.load() as load:
        load.wait_for_every_user()
        work = Rollback(run.account.client("elbv2"), run.account.stack)
        work.find()
        work.restore()
        work.mark()
        work.close()
        run.control.refresh()
        live = time.monotonic()
        load.wait_for_every_user()
        sent = len(work.sent)  # the client is the account's, and more is sent by it
        outcomes = work.outcomes()
        plain = sum(one.plain for one in outcomes)
        refusal = _refusal(run, percentage)
    run.control.refresh()
    samples = run.sends(load.samples)
    strays = [one for one in samples if one.begun > live and one.side == RUST]
    return [
        Claim(
            f"`rollback` made {plain} of {len(outcomes)} rules plain after {work.seconds:.2f} s "
            f"with {sent} API calls, without Pulumi, its state or a package; {len(strays)} "
            "requests went to Rust after that.",
            plain == len(outcomes) > 0 and not strays,
        ),
        no_failure(samples, "while it did"),
        Claim(
            f"The next update to {percentage} % was "
            + (f"refused: {refusal.splitlines()[0]}" if refusal else "not refused."),
            "emergency rollback" in refusal,
        ),
    ]


def _refusal(run: Run, percentage: int) -> str:
    try:
        run.deploy(percentage)
    except (DeploymentError, pulumi.RunError) as error:
        return str(error)
    return ""


@contextlib.contextmanager
def _rules_without_mark(account: Account) -> Iterator[None]:
    """The dual rules are put back afterwards, and lose their mark."""
    with dual_rules_put_back(account) as rules:
        try:
            yield
        finally:
            account.client("elbv2").remove_tags(ResourceArns=[*rules], TagKeys=[ROLLED_BACK_AT])
