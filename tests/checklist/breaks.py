"""Ways to break what the program deploys, and the claim that must find each.

`python -m tests.checklist.breaks` prints them with what the checklist says.
"""

import contextlib
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pages.model import Claim
from sandbox.checklist.items.incident import let_rust_fail
from sandbox.checklist.items.metrics import metrics
from sandbox.checklist.items.rollback import rollback
from sandbox.checklist.items.shares import every_route, half
from sandbox.checklist.items.stickiness import as_configured, stickiness
from sandbox.checklist.run import Run
from sandbox.checklist.targets import ROUTES, RUST_GROUPS, Route
from sandbox.dataplane.groups import PYTHON, RUST
from sandbox.engine.result import Operation, Step
from tests.account.support import fixed_response, forward, host, methods, path

from .by_hand import CLIENTS, HOUR_S, RULE, ByHand, deployed

MANY: Final = 1800
"""Of each endpoint: enough that two points off are outside what chance allows for all of them."""


def python_only(run: Run) -> Sequence[Claim]:
    run.to(0)
    return every_route(run, PYTHON)


def rust_only(run: Run) -> Sequence[Claim]:
    run.to(100)
    return every_route(run, RUST)


def all_on_rust(run: Run) -> Sequence[Claim]:
    run.to(100)
    return run.measure("100 %", 100)


def raised(run: Run) -> Sequence[Claim]:
    return run.to(100).claims


def split(run: Run) -> Sequence[Claim]:
    run.to(50)
    return run.measure("50 %", 50)


def lowered(run: Run) -> Sequence[Claim]:
    run.to(100)
    return half(run).claims


def as_asked(run: Run) -> Sequence[Claim]:
    run.to(50)
    return [as_configured(run)]


def sticky(run: Run) -> Sequence[Claim]:
    run.to(50)
    return stickiness(run).claims


def way_back(run: Run) -> Sequence[Claim]:
    with patch("sandbox.checklist.items.rollback.let_rust_fail", lambda _run: []):
        return rollback(run).claims


def at_once(run: Run) -> Sequence[Claim]:
    """As `way_back`, where the way back may take no time at all after the update."""
    with patch("sandbox.checklist.items.rollback._LEAVES_WITHIN_S", 0):
        return way_back(run)


def alarms(run: Run) -> Sequence[Claim]:
    run.to(100)
    return let_rust_fail(run)


def counted(run: Run) -> Sequence[Claim]:
    """In minutes of the load balancers' clock that have nothing of an earlier run."""
    now = run.control.advance_clock(180)["clock"]["now"]
    claims = python_only(run)
    return [*claims, *metrics(run, datetime.fromtimestamp(now, UTC)).claims]


Measure = Callable[[Run], Sequence[Claim]]


@dataclass(frozen=True)
class Break:
    """What is done to the stack, and words of the claim that this measuring then breaks."""

    what: str
    do: Callable[[ByHand], object]
    measure: Measure
    claim: str
    clients: int = CLIENTS
    beside: int | None = None
    """Breaks of one number change different rules: one measuring finds them all."""


def route(name: str) -> Route:
    return next(one for one in ROUTES if one.name == name)


def group_of(stack: ByHand, name: str) -> str:
    """ARN of the group of an endpoint's Python function."""
    (_, group, _) = dict(route(name).answers)[PYTHON]
    return stack.groups[str(group)]


def off_by(points: int) -> Callable[[ByHand], None]:
    def do(stack: ByHand) -> None:
        stack.chance.even = True
        stack.undo.callback(setattr, stack.chance, "even", False)
        stack.but(share=lambda _name, asked: asked + points)

    return do


def shares(by_name: dict[str, int]) -> Callable[[ByHand], None]:
    """Rust's weight for some endpoints, whatever is asked for."""
    return lambda stack: stack.but(share=by_name.get)


def keeps(seconds: int | None, name: str | None = None) -> Callable[[ByHand], None]:
    """Stickiness of one endpoint or of all of them."""
    return lambda stack: stack.but(seconds=lambda one: seconds if name in (None, one) else HOUR_S)


def updates(change: Callable[[list[Step]], Sequence[Step]]) -> Callable[[ByHand], None]:
    return lambda stack: stack.but(steps=lambda steps: change(list(steps)))


def takes(name: str, *conditions: Any) -> Callable[[ByHand], None]:
    return lambda stack: stack.modify(route(name), Conditions=list(conditions))


def one_rule_more(stack: ByHand) -> None:
    created = stack.elb.create_rule(
        ListenerArn=stack.account.foundation["privateAlbHttpListenerArn"],
        Priority=3000,
        Conditions=[path("/internal/*")],
        Actions=[forward(group_of(stack, "embed-gs"))],
    )
    (rule,) = created["Rules"]
    stack.undo.callback(stack.elb.delete_rule, RuleArn=rule["RuleArn"])


def no_target(stack: ByHand) -> None:
    group = {"TargetGroupArn": stack.groups[RUST_GROUPS["internal"]]}
    (found,) = stack.elb.describe_target_health(**group)["TargetHealthDescriptions"]
    targets = [{"Id": found["Target"]["Id"]}]
    stack.elb.deregister_targets(**group, Targets=targets)
    stack.undo.callback(stack.elb.register_targets, **group, Targets=targets)


def crashes(stack: ByHand) -> None:
    stack.control.set_fault(RUST, {"crashes": 0.5})
    stack.undo.callback(stack.control.clear_fault, RUST)


def a_stranger_asks(stack: ByHand) -> None:
    url = stack.account.balancers["public"] + "/ceramic-cache/weights"

    def ask(steps: Sequence[Step]) -> Sequence[Step]:
        urllib.request.urlopen(url).read()
        return steps

    stack.but(steps=ask)


def metric_alarms(**changes: Any) -> Callable[[ByHand], None]:
    """Put Rust's alarms anew, a little different."""

    def do(stack: ByHand) -> None:
        cloudwatch: Any = stack.account.client("cloudwatch")
        takes = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"])
        found = [alarm for page in pages for alarm in page["MetricAlarms"]]
        for alarm in found:
            if "rust-scorer" in alarm["AlarmName"]:
                old = {key: value for key, value in alarm.items() if key in takes}
                cloudwatch.put_metric_alarm(**{**old, **changes})
                stack.undo.callback(cloudwatch.put_metric_alarm, **old)

    return do


def deaf_composite(stack: ByHand) -> None:
    cloudwatch: Any = stack.account.client("cloudwatch")
    takes = cloudwatch.meta.service_model.operation_model("PutCompositeAlarm").input_shape.members
    (found,) = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    old = {key: value for key, value in found.items() if key in takes}
    cloudwatch.put_composite_alarm(
        **{**old, "AlarmRule": 'ALARM("HTTP-Target-5XX-cc-nonce-lambda-burst")'}
    )
    stack.undo.callback(cloudwatch.put_composite_alarm, **old)


_OTHER: Final = Step(Operation.UPDATE, RULE, "lrule-no-gitcoin-v2", ("actions",))

BREAKS: Final = (
    Break(
        "rollback by a weight of 0",
        lambda stack: stack.but(plain_at_zero=False),
        way_back,
        "requests after the change was live went to Rust",
    ),
    Break("rules that are obeyed too late", lambda _stack: None, at_once, "(0 s allowed)"),
    Break("each share 2 points low", off_by(-2), split, "Of all 10800 new clients, Rust", MANY),
    Break(
        "one share at 25 instead of 50",
        shares({"embed-rl": 25}),
        split,
        "Of 400 new clients each, Rust",
    ),
    Break(
        "weights the wrong way round",
        lambda stack: stack.but(share=lambda _name, asked: 100 - asked),
        all_on_rust,
        "(exactly 20 asked for",
    ),
    Break(
        "one client in five on Python at 100 %",
        lambda stack: stack.but(share=lambda _name, asked: min(asked, 80)),
        all_on_rust,
        "(exactly 120 asked for",
    ),
    Break(
        "one endpoint not dual",
        shares({"embed-st": 0}),
        rust_only,
        "POST api.passport.xyz/internal/embed/stamps/1 (internal) got 200 from embed-st-lambda",
    ),
    Break(
        "one endpoint on Rust at 0 %",
        lambda stack: stack.but(python={"embed-gs": RUST_GROUPS["internal"]}),
        python_only,
        "score/1/1 (internal) got 200 from passport-v2-rust-scorer by rule 2103, not embed-gs",
        beside=2,
    ),
    Break(
        "another Python group on one dual endpoint",
        lambda stack: stack.but(python={"embed-rl": "embed-gs-lambda-target-group"}),
        python_only,
        "validate-api-key (internal) got 200 from embed-gs-lambda by rule 2101, not embed-rl",
        beside=1,
    ),
    Break(
        "another group on one Python endpoint",
        lambda stack: stack.modify(
            route("cc-weights-GET-0"), Actions=[forward(group_of(stack, "cc-v1-st-GET-0"))]
        ),
        python_only,
        "weights (public) got 200 from cc-v1-st-GET-0 by rule 1015, not cc-weights-GET-0",
        beside=1,
    ),
    Break(
        "no target in Rust's internal group",
        no_target,
        rust_only,
        "(internal) got 503 from nobody",
    ),
    Break("stickiness of 600 s", keeps(600), sticky, "that came back after 3540 s of silence"),
    Break("stickiness of 7200 s", keeps(7200), sticky, "that came back after 3660 s of silence"),
    Break("stickiness a second short", keeps(3599), as_asked, "The stack asks for 3600 s"),
    Break(
        "stickiness of one endpoint shorter",
        keeps(1800, "embed-gs"),
        as_asked,
        "5 of its 6 weighted rules; not so: embed-gs 1800",
    ),
    Break("no stickiness", keeps(None), sticky, "clients stayed on their side at once"),
    Break("cookies that 50 % forgets", keeps(None), lowered, "users with a Rust cookie stayed"),
    Break(
        "a typo in a path",
        takes("cc-weights-GET-0", path("/ceramic-cache/weight"), methods("GET")),
        python_only,
        "GET api.passport.xyz/ceramic-cache/weights (public) got 404",
        beside=2,
    ),
    Break(
        "a path that takes too much",
        takes("embed-gs", path("/internal/embed/score/*"), methods("GET")),
        python_only,
        "GET api.passport.xyz/internal/embed/score/1 (internal) got 200 from embed-gs",
        beside=1,
    ),
    Break(
        "a path that takes too little",
        takes("cc-v1-score-GET-0", path("/ceramic-cache/score/0x*"), methods("GET")),
        python_only,
        "GET api.passport.xyz/ceramic-cache/score/1 (public) got 404",
        beside=1,
    ),
    Break(
        "a method too many",
        takes("cc-v1-st-GET-0", path("/ceramic-cache/stamp"), methods("GET", "POST")),
        python_only,
        "POST api.passport.xyz/ceramic-cache/stamp (public) got 200 from cc-v1-st-GET-0",
        beside=1,
    ),
    Break(
        "a method too few",
        takes("cc-nonce", path("/account/nonce"), methods("GET")),
        python_only,
        "OPTIONS api.passport.xyz/account/nonce (public) got 404",
        beside=1,
    ),
    Break(
        "every method on a dual endpoint",
        takes("cc-v1-score-GET-0", path("/ceramic-cache/score/*")),
        python_only,
        "POST api.passport.xyz/ceramic-cache/score/1 (public) got 200 from cc-v1-score-GET-0",
        beside=2,
    ),
    Break(
        "every host on a dual endpoint",
        takes("passport-v2-stamp-score", path("/v2/stamps/*/score/*"), methods("GET")),
        python_only,
        "GET api.example.org/v2/stamps/1/score/1 (public) got 200 from passport-v2-stamp-score",
        beside=2,
    ),
    Break(
        "the wrong host",
        takes("passport-v2-catch-all", host("*.passport.example"), path("/v2/*")),
        python_only,
        "GET api.passport.xyz/v2/1 (public) got 404",
        beside=1,
    ),
    Break(
        "history behind the score",
        lambda stack: stack.move(route("passport-v2-history"), 2030),
        python_only,
        "score/1/history (public) got 200 from passport-v2-stamp-score by rule 2023",
        beside=3,
    ),
    Break(
        "a fixed response with another status",
        lambda stack: stack.modify(
            route("block-gitcoin-v2"), Actions=[fixed_response(status="403")]
        ),
        python_only,
        "api.gitcoin.co/v2/1 (public) got 403",
        beside=1,
    ),
    Break(
        "a rule too many",
        one_rule_more,
        python_only,
        "embed/score/1 (internal) got 200 from embed-gs",
        beside=3,
    ),
    Break(
        "an update that changes another rule",
        updates(lambda steps: [*steps, _OTHER]),
        raised,
        "also: update lrule-no-gitcoin-v2",
    ),
    Break(
        "an update that leaves a rule out",
        updates(lambda steps: steps[1:]),
        raised,
        "The update to 100 % changed 5 rules in place",
    ),
    Break(
        "an update that deletes a rule",
        updates(lambda steps: [replace(steps[0], operation=Operation.DELETE), *steps[1:]]),
        raised,
        "also: delete lrule-lambda-cc-v1-score-GET-0",
    ),
    Break("Rust that crashes", crashes, lowered, "requests failed while it went from 100 to 50 %"),
    Break(
        "alarms that cannot fire",
        metric_alarms(Threshold=1e9),
        alarms,
        "went to ALARM, but not HTTP-Target-5XX-passport-v2-rust-scorer-burst",
    ),
    Break(
        "alarms that tell nobody", metric_alarms(AlarmActions=[]), alarms, "tell the alert topic"
    ),
    Break("a composite that watches nothing", deaf_composite, alarms, "but not rust-scorer-health"),
    Break("a request that nobody counted", a_stranger_asks, counted, "but l-cc-weights-GET-0"),
)


def failed(stack: ByHand, *breaks: Break) -> list[str]:
    """The claims that fail while the stack is broken; it is whole again afterwards."""
    broken = replace(stack, undo=contextlib.ExitStack())
    (measure,) = {one.measure for one in breaks}
    with broken.undo, patch("sandbox.checklist.items.shares._MOST_TOLD", 1000):
        stack.control.refresh()  # what an earlier break undid
        for one in breaks:
            one.do(broken)
        return wrong(measure(broken.run(breaks[0].clients)))


def wrong(claims: Sequence[Claim]) -> list[str]:
    return [claim.text for claim in claims if not claim.passed]


def main() -> int:
    """Print the table, break by break; 1 when one was not found."""
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False)
    missed = 0
    with tempfile.TemporaryDirectory() as folder, deployed(Path(folder)) as stack:
        for one in BREAKS:
            found = [text for text in failed(stack, one) if one.claim in text]
            missed += not found
            row = Table.grid(Column(width=44), Column(), padding=(0, 1))
            row.add_row(Text(one.what), Text(found[0] if found else "NOT FOUND"))
            console.print(row)
    console.print(
        f"{len(BREAKS) - missed} of {len(BREAKS)} breaks were found, with "
        f"{time.process_time():.0f} s of processor time."
    )
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
