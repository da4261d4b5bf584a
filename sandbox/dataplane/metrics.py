"""Counts requests: per minute for CloudWatch, and since the start for whoever asks."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sandbox.dataplane.counts import Counts, MinuteCounts
from sandbox.dataplane.failures import Reason
from sandbox.dataplane.groups import Function, Group
from sandbox.dataplane.table import Rule, Table

MINUTE_S: Final = 60
_KEPT_MINUTES = 240
_KEPT_NOTES = 20


class Outcome(NamedTuple):
    """How one request ended."""

    status: int
    group: Group | None = None
    """The target group, if a target in it was chosen."""
    action: str = "forward"
    reason: Reason | None = None
    """Why the target's function failed."""
    seconds: float | None = None
    """How long the target took; None when it gave no valid answer."""
    ran_s: float | None = None
    """How long the function ran, whatever came of it; None when it was not run."""


class _Names(NamedTuple):
    target: str
    balancer: str


_FAMILIES = {
    digit: _Names(f"HTTPCode_Target_{digit}XX_Count", f"HTTPCode_ELB_{digit}XX_Count")
    for digit in range(1, 6)
}
_SINGLE_CODES = {500, 502, 503, 504}
_ACTIONS = {"fixed-response": "HTTP_Fixed_Response_Count", "redirect": "HTTP_Redirect_Count"}


@dataclass(frozen=True)
class Totals:
    """Exact counts since the start, for tests and reports; group and rule by ARN.

    The group is an empty text where no target was chosen.
    """

    routed: dict[tuple[str, str], int]
    """(rule, group) -> requests."""
    statuses: dict[tuple[str, str, int], int]
    """(load balancer, group, status) -> answers."""
    failures: dict[tuple[str, str], int]
    """(group, reason) -> requests."""

    def of_group(self, arn: str) -> int:
        """Requests that reached a target of the group."""
        return sum(count for (_, group), count in self.routed.items() if group == arn)

    def of_rule(self, arn: str) -> dict[str, int]:
        """Requests that a rule took, by group."""
        return {group: count for (rule, group), count in self.routed.items() if rule == arn}

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        return {
            "routed": [
                {"rule": rule, "targetGroup": group or None, "count": count}
                for (rule, group), count in self.routed.items()
            ],
            "statuses": [
                {
                    "loadBalancer": balancer,
                    "targetGroup": group or None,
                    "status": status,
                    "count": count,
                }
                for (balancer, group, status), count in self.statuses.items()
            ],
            "failures": [
                {"targetGroup": group, "reason": reason, "count": count}
                for (group, reason), count in self.failures.items()
            ],
        }


class Metrics:
    """Counts requests. Threads may share it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open = MinuteCounts(_minute(clock()))
        self._closed: deque[MinuteCounts] = deque(maxlen=_KEPT_MINUTES)
        self._notes: deque[str] = deque(maxlen=_KEPT_NOTES)
        self._routed: Counter[tuple[str, str]] = Counter()
        self._statuses: Counter[tuple[str, str, int]] = Counter()
        self._failures: Counter[tuple[str, str]] = Counter()

    def record(self, table: Table, rule: Rule | None, outcome: Outcome) -> None:
        """Count one request; called before its answer is sent. Without a rule: it was refused."""
        balancer = table.listener.balancer
        group = outcome.group
        group_arn = group.arn if group else ""
        with self._lock:
            if rule is not None:
                self._routed[rule.arn, group_arn] += 1
            self._statuses[balancer, group_arn, outcome.status] += 1
            minute = self._current(self._clock())
            if outcome.seconds is None:
                _count_own(minute.balancer(balancer), outcome)
            if group is not None:
                _count_target(minute.group(balancer, group), outcome)
                if outcome.reason is not None:
                    self._failures[group_arn, outcome.reason] += 1
                    minute.group_alone(group).add(outcome.reason.metric)
                if group.function is not None:
                    _count_function(minute, group.function, outcome)

    def note(self, text: str) -> None:
        """Keep an explanation of a failure for a while."""
        self._notes.append(text)

    @property
    def notes(self) -> list[str]:
        """The newest explanations, oldest first."""
        return list(self._notes)

    def drain_closed_minutes(self, now: float) -> list[MinuteCounts]:
        """The minutes that ended before `now` and had requests, each one once, oldest first.

        The oldest are lost when nobody asks for four hours.
        """
        with self._lock:
            self._current(now)
            drained = list(self._closed)
            self._closed.clear()
        return drained

    def totals(self) -> Totals:
        """A copy of the counts since the start."""
        with self._lock:
            return Totals(dict(self._routed), dict(self._statuses), dict(self._failures))

    def _current(self, now: float) -> MinuteCounts:
        if now >= self._open.start + MINUTE_S:
            self._open.sum_up()
            if self._open.balancers:
                self._closed.append(self._open)
            self._open = MinuteCounts(_minute(now))
        return self._open


def _minute(now: float) -> int:
    return int(now) // MINUTE_S * MINUTE_S


def _count_own(whole: Counts, outcome: Outcome) -> None:
    """Count an answer that the load balancer made up itself."""
    whole.add(_FAMILIES[outcome.status // 100].balancer)
    if outcome.status in _SINGLE_CODES:
        whole.add(f"HTTPCode_ELB_{outcome.status}_Count")
    if outcome.action in _ACTIONS:
        whole.add(_ACTIONS[outcome.action])


def _count_target(counts: Counts, outcome: Outcome) -> None:
    """Count a request that reached a target; the load balancer's share is summed up later."""
    counts.add("RequestCount")
    if outcome.seconds is not None:
        counts.add(_FAMILIES[outcome.status // 100].target)
        counts.time("TargetResponseTime", outcome.seconds)


def _count_function(minute: MinuteCounts, function: Function, outcome: Outcome) -> None:
    """Count what Lambda itself would; it reports errors and throttles also when there are none."""
    throttled = outcome.reason is Reason.THROTTLING
    if outcome.ran_s is None and not throttled:
        return
    counts = minute.function(function.name)
    counts.add("Throttles", throttled)
    if outcome.ran_s is not None:
        counts.add("Invocations")
        counts.add("Errors", outcome.reason is Reason.UNHANDLED)
        counts.time("Duration", outcome.ran_s)
