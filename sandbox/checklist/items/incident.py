"""What the alarms do while Rust fails, and when it works again."""

from collections.abc import Iterable
from typing import Final

import catalog
from sandbox.checklist.results import Claim
from sandbox.checklist.run import Run
from sandbox.checklist.targets import DUAL
from sandbox.dataplane.groups import RUST

_MINUTE_S: Final = 60
_FAILING_MINUTES: Final = 4
_WORKING_MINUTES: Final = 5
_ASKS_EACH: Final = 10


def let_rust_fail(run: Run) -> list[Claim]:
    """Rust answers 500 for some minutes of the load balancers' clock, then works again."""
    alarms = catalog.rust_alarms()
    before = _in_alarm(run)
    run.control.set_fault(RUST, {"errors": 1.0})
    try:
        _minutes(run, _FAILING_MINUTES)
        during = _in_alarm(run)
    finally:
        run.control.clear_fault(RUST)
    _minutes(run, _WORKING_MINUTES)
    after = _in_alarm(run)
    composite = alarms[-1]
    strangers = sorted(during - set(alarms))
    return [
        Claim(f"In ALARM before Rust was made to fail: {_listed(before)}.", not before),
        Claim(
            f"Rust answered 500 for {_FAILING_MINUTES} minutes: {_listed(during & set(alarms))} "
            f"went to ALARM; alarms on Python that did: {_listed(strangers)}.",
            {composite, "HTTP-Target-5XX-passport-v2-rust-scorer-burst"} <= during
            and not strangers,
        ),
        Claim(
            f"In ALARM after Rust had worked again for {_WORKING_MINUTES} minutes: "
            f"{_listed(after)}.",
            not after,
        ),
    ]


def _minutes(run: Run, count: int) -> None:
    for _ in range(count):
        run.ask_anew(DUAL, _ASKS_EACH)
        run.control.advance_clock(_MINUTE_S)
        run.control.publish()


def _in_alarm(run: Run) -> set[str]:
    pages = run.account.client("cloudwatch").get_paginator("describe_alarms")
    return {
        alarm["AlarmName"]
        for page in pages.paginate(StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])
    }


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
