"""All items in the order of the analysis."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from pages.model import Claim, Item
from sandbox.checklist.items.metrics import metrics
from sandbox.checklist.items.rollback import rollback
from sandbox.checklist.items.shares import all_rust, all_six, half, rust_disabled
from sandbox.checklist.items.stickiness import stickiness
from sandbox.checklist.results import Checklist
from sandbox.checklist.run import Run
from sandbox.dataplane.client import ControlRefused
from sandbox.engine.result import DeploymentError

_UNMEASURED: Final = (BotoCoreError, ClientError, ControlRefused, LookupError, TimeoutError)
"""What the account or the load balancers answer when something else is as it should not be."""

DEFAULT_CLIENTS: Final = 6100
"""So that all shares two points off are seen with 99.99 % probability at 50 %, together."""

"""What the contract asks for where a stack sets no `stickinessSeconds`."""

Watcher = Callable[[int, Item], None]
"""Told of each item when it is done, with its number."""


def run_checklist(run: Run, *, engine: str, watch: Watcher) -> Checklist:
    """Measure all items on a stack that is not deployed yet.

    An update that fails makes its item fail, and those after it that it leaves unmeasured.
    """
    started = datetime.now(UTC)
    begun = time.monotonic()
    items: list[Item] = []
    steps: Sequence[tuple[str, Callable[[], Item]]] = (
        ("Rust disabled", lambda: rust_disabled(run)),
        ("Rust at 100 %", lambda: all_rust(run)),
        ("50/50 split", lambda: half(run)),
        ("session stickiness", lambda: stickiness(run)),
        ("rollback", lambda: rollback(run)),
        ("ALB metrics", lambda: metrics(run, started)),
        ("all endpoints", lambda: all_six(run)),
    )
    broken = ""
    for number, (name, measure) in enumerate(steps, 1):
        item_begun = time.monotonic()
        if broken:
            item = Item(name, (Claim(f"Not measured, because {broken} failed.", passed=False),))
        else:
            try:
                item = measure()
            except DeploymentError as error:
                broken = f'the update of item {number}, "{name}",'
                item = Item(name, (Claim(f"The update failed: {error}", passed=False),))
            except _UNMEASURED as error:
                broken = f'item {number}, "{name}",'
                item = Item(name, (Claim(f"It could not be measured: {error!r}", passed=False),))
        items.append(replace(item, seconds=time.monotonic() - item_begun))
        watch(number, items[-1])
    return Checklist(
        stack=run.account.stack,
        engine=engine,
        started=started.isoformat(timespec="seconds"),
        items=tuple(items),
        seconds=time.monotonic() - begun,
        requests=len(run.sent),
    )
