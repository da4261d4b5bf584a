"""What the alarms do while Rust fails, and when it works again."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pages.model import Claim
from sandbox.checklist.run import Run
from sandbox.checklist.targets import DUAL
from sandbox.dataplane.groups import RUST

_MINUTE_S: Final = 60
_FAILING_MINUTES: Final = 4
_WORKING_MINUTES: Final = 5
_ASKS_EACH: Final = 10
_CRASHES: Final = 0.5
_RUST: Final = "rust-scorer"
"""Part of the name of every alarm on Rust, and of no other."""
_MUST_FIRE: Final = frozenset(
    {
        "HTTP-Target-5XX-passport-v2-rust-scorer-burst",
        "HTTP-Target-5XX-passport-v2-rust-scorer-int-burst",
        "LambdaUserError-passport-v2-rust-scorer-burst",
        "LambdaUserError-passport-v2-rust-scorer-int-burst",
        "passport-v2-rust-scorer-errors",
        "rust-scorer-health",
    }
)
"""What errors and crashes of some minutes set off; the last one is the composite."""


def let_rust_fail(run: Run) -> list[Claim]:
    """Rust answers 500 or crashes for some minutes of the load balancers' clock, then works."""
    before = set(_in_alarm(run))
    _next_minute(run)
    run.control.set_fault(RUST, {"crashes": _CRASHES, "errors": 1.0})
    try:
        _minutes(run, _FAILING_MINUTES)
        during = _in_alarm(run)
    finally:
        run.control.clear_fault(RUST)
    _minutes(run, _WORKING_MINUTES)
    after = set(_in_alarm(run))
    fired = {name for name in during if _RUST in name}
    topic = run.account.foundation["alertTopicArn"]
    silent = {
        name
        for name, alarm in during.items()
        if not (alarm["ActionsEnabled"] and topic in alarm["AlarmActions"])
    }
    missing = _MUST_FIRE - fired
    return [
        Claim(f"In ALARM before Rust was made to fail: {_listed(before)}.", not before),
        Claim(
            f"Rust answered 500 or crashed for {_FAILING_MINUTES} minutes: {_listed(fired)} went "
            f"to ALARM{f', but not {_listed(missing)}' if missing else ''}; alarms on Python that "
            f"did: {_listed(set(during) - fired)}.",
            not missing and fired == set(during),
        ),
        Claim(
            f"{len(during) - len(silent)} of these {len(during)} alarms tell the alert topic"
            f"{f', but not {_listed(silent)}' if silent else ''}.",
            bool(during) and not silent,
        ),
        Claim(
            f"In ALARM after Rust had worked again for {_WORKING_MINUTES} minutes: "
            f"{_listed(after)}.",
            not after,
        ),
    ]


def _minutes(run: Run, count: int) -> None:
    """Ask once in each minute, however long the asking takes."""
    for _ in range(count):
        run.ask_anew(DUAL, _ASKS_EACH)
        _next_minute(run)
        run.control.publish()


def _next_minute(run: Run) -> None:
    run.control.advance_clock(_MINUTE_S - run.control.status()["clock"]["now"] % _MINUTE_S)


def _in_alarm(run: Run) -> dict[str, Mapping[str, Any]]:
    pages = run.account.client("cloudwatch").get_paginator("describe_alarms")
    return {
        alarm["AlarmName"]: alarm
        for page in pages.paginate(StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])
    }


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
