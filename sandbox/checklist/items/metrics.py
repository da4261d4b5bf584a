"""Item 6: CloudWatch against what the clients themselves counted."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from pages.model import Claim, Item, Line, Timeline
from sandbox.checklist.client import Sample
from sandbox.checklist.run import Run
from sandbox.checklist.targets import RUST_GROUPS
from sandbox.dataplane.groups import IMPLEMENTATIONS, RUST
from sandbox.dataplane.server import INTERNAL, PUBLIC

_MINUTE_S: Final = 60
_MANY: Final = 4
_BALANCERS: Final = {PUBLIC: "passport-public", INTERNAL: "passport-private"}
"""Names of the load balancers of the sandbox's foundation."""
_NAMESPACE: Final = "AWS/ApplicationELB"
_CODES: Final = {
    HTTPStatus.OK: "HTTPCode_Target_2XX_Count",
    HTTPStatus.INTERNAL_SERVER_ERROR: "HTTPCode_Target_5XX_Count",
}
_FIXED: Final = "HTTP_Fixed_Response_Count"
_REQUESTS: Final = "RequestCount"

_Minutes = dict[datetime, float]


def metrics(run: Run, begun: datetime) -> Item:
    """Compare the sums since `begun` with the requests of the run."""
    run.control.advance_clock(_MINUTE_S)
    run.control.publish()
    sent = [sample for sample in run.sent if sample.status]
    read = _read(run, begun)
    counted = {_REQUESTS: Counter(map(_subject, sent))}
    fixed = {name: counted[_REQUESTS].pop(name, 0) for name in _BALANCERS.values()}
    counted[_FIXED] = Counter(fixed)
    for status, metric in _CODES.items():
        answers = (sample for sample in sent if sample.status == status)
        counted[metric] = Counter(map(_subject, answers))
    claims = [_equal(metric, counts, read) for metric, counts in counted.items()]
    return Item("Monitor ALB metrics during transition", (*claims, *run.incident), (_chart(read),))


def _subject(sample: Sample) -> str:
    """Name of the target group that answered, or of the load balancer where none did."""
    if sample.group is not None:
        return sample.group
    balancer = sample.target.balancer
    # A failure that was asked for does not say whose it is; it was Rust's.
    failed = sample.status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY)
    return RUST_GROUPS[balancer] if failed else _BALANCERS[balancer]


def _equal(metric: str, sent: Counter[str], read: Mapping[tuple[str, str], _Minutes]) -> Claim:
    published = {
        subject: sum(minutes.values())
        for (name, subject), minutes in read.items()
        if name == metric
    }
    wrong = [
        f"{subject} {published.get(subject, 0):.0f} instead of {sent[subject]}"
        for subject in sorted({*sent, *published})
        if published.get(subject, 0) != sent[subject]
    ]
    few = len(published) < _MANY
    same = ", ".join(sorted(published)) if few else f"each of the {len(published)} groups"
    return Claim(
        f"{metric}: {sum(published.values()):.0f} in CloudWatch, {sent.total()} sent, "
        + (f"but {', '.join(wrong)}." if wrong else f"equal for {same}."),
        not wrong,
    )


def _read(run: Run, begun: datetime) -> dict[tuple[str, str], _Minutes]:
    """Sums per minute, by metric and by name of the target group or of the load balancer."""
    api = run.account.client("cloudwatch")
    now = datetime.fromtimestamp(run.control.status()["clock"]["now"], UTC)
    found: dict[tuple[str, str], _Minutes] = {}
    queries = [
        (metric, dimensions)
        for page in api.get_paginator("list_metrics").paginate(Namespace=_NAMESPACE)
        for one in page["Metrics"]
        for metric, dimensions in [(one["MetricName"], one["Dimensions"])]
        if (metric in (_REQUESTS, *_CODES.values()) and len(dimensions) == 2) or metric == _FIXED
    ]
    for metric, dimensions in queries:
        answer = api.get_metric_statistics(
            Namespace=_NAMESPACE,
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=begun - timedelta(seconds=_MINUTE_S),
            EndTime=now + timedelta(seconds=_MINUTE_S),
            Period=_MINUTE_S,
            Statistics=["Sum"],
        )
        subject = {one["Name"]: one["Value"] for one in dimensions}
        name = subject.get("TargetGroup", subject["LoadBalancer"]).split("/")[-2]
        found[metric, name] = {point["Timestamp"]: point["Sum"] for point in answer["Datapoints"]}
    return found


def _chart(read: dict[tuple[str, str], _Minutes]) -> Timeline:
    sides: dict[str, Counter[datetime]] = {side: Counter() for side in IMPLEMENTATIONS}
    python, rust = IMPLEMENTATIONS
    for (metric, name), minutes in read.items():
        if metric == _REQUESTS and name != "registry":
            for minute, count in minutes.items():
                sides[rust if name in RUST_GROUPS.values() else python][minute] += int(count)
    first = min((minute for counts in sides.values() for minute in counts), default=None)
    if first is None:
        return Timeline("RequestCount in CloudWatch", "requests a minute", ())
    return Timeline(
        "RequestCount in CloudWatch",
        "requests a minute",
        tuple(
            Line(
                "Rust" if side == RUST else "Python",
                tuple(
                    ((minute - first).total_seconds(), float(count))
                    for minute, count in sorted(counts.items())
                ),
            )
            for side, counts in sides.items()
        ),
        note="Time is the load balancers' clock, which the run moved ahead.",
        sums=True,
    )
