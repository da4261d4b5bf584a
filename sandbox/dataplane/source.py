"""Reads listeners, rules and target groups through the API, off the path of requests.

The account says whether anything has changed, so a turn without a change reads nothing: reading
rules over and over was most of what load balancers cost. After a change of rules these are read,
and target groups that are new or cannot serve yet; after any other change the listeners and all
groups too, on the first turn without a change, or at once with `refresh`.
"""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, overload

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.changes import Changes
from sandbox.dataplane.actions import group_arns
from sandbox.dataplane.groups import Group, read_group
from sandbox.dataplane.table import Table, UnsupportedRule, compile_table

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_lambda import LambdaClient

INTERVAL_S: Final = 0.75
PATIENCE_S: Final = 60
"""How long to wait for the rules: a busy machine reads them slowly."""
_SHORTEST_PAUSE_S = 0.05

_log = logging.getLogger(__name__)


class Api(Protocol):
    """What is read: `sandbox.account.client.Account`, for one."""

    def changes(self) -> Changes:
        """What a call changed shows by the time that it is answered. Raises OSError."""
        ...

    @overload
    def client(self, service: Literal["elbv2"]) -> "ElasticLoadBalancingv2Client": ...
    @overload
    def client(self, service: Literal["lambda"]) -> "LambdaClient": ...


class ReadFailed(RuntimeError):
    """The API did not give the rules."""


@dataclass(frozen=True)
class Live:
    """What the load balancers obey now, by the name of the load balancer."""

    version: int
    """Counts up with every change that went live."""
    digest: str
    """Says the same about the content: equal rules and groups, equal digest."""
    tables: Mapping[str, Table]


class Source:
    """Keeps tables up to date from `start` to `close`. Threads may share it.

    `listeners` holds the ARN of the listener of each load balancer.
    """

    def __init__(
        self, api: Api, listeners: Mapping[str, str], interval_s: float = INTERVAL_S
    ) -> None:
        self._changes = api.changes
        self._elbv2 = api.client("elbv2")
        self._lambda = api.client("lambda")
        self._listeners = dict(listeners)
        self._interval_s = interval_s
        self._described: dict[str, Mapping[str, Any]] = {}
        self._groups: dict[str, Group] = {}
        self._seen: Changes | None = None
        """What the account said before the rules were read; None after an error."""
        self._stale = True
        """Whether more than rules must be read."""
        self._changed = threading.Condition()
        self._live = Live(0, "", {})
        self._asked = 0
        self._answered = 0
        self._error: Exception | None = None
        self._read_at = 0.0
        self._closing = False
        self._thread = threading.Thread(target=self._keep, name="rules", daemon=True)

    @property
    def live(self) -> Live:
        return self._live

    def table(self, name: str) -> Callable[[], Table]:
        """A function that gives the live table of a load balancer."""
        return lambda: self._live.tables[name]

    def start(self) -> None:
        """Read for the first time, then keep reading.

        Raises UnsupportedRule and ReadFailed.
        """
        self._turn(at_once=True)
        if self._error is not None:
            raise self._error
        self._thread.start()

    def close(self) -> None:
        """Stop. A second call does nothing."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def refresh(self, timeout_s: float = PATIENCE_S) -> Live:
        """Read all changes now; what the API held before the call is live after it.

        Raises TimeoutError, UnsupportedRule and ReadFailed.
        """
        with self._changed:
            self._asked += 1
            mine = self._asked
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._answered >= mine, timeout_s):
                raise TimeoutError(f"the rules were not read within {timeout_s} s")
            if self._error is not None:
                raise self._error
            return self._live

    def status(self) -> dict[str, Any]:
        """What is live, how old it is, and what went wrong since, as JSON."""
        with self._changed:
            return {
                "version": self._live.version,
                "digest": self._live.digest,
                "ageSeconds": round(time.monotonic() - self._read_at, 3),
                "error": str(self._error) if self._error else None,
                "balancers": {
                    name: {"listener": table.listener.arn, "rules": len(table.rules)}
                    for name, table in self._live.tables.items()
                },
            }

    def _keep(self) -> None:
        pause_s = self._interval_s
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closing or self._asked > self._answered, pause_s
                )
                if self._closing:
                    return
                asked = self._asked
            begun = time.monotonic()
            self._turn(at_once=asked > self._answered)
            pause_s = max(_SHORTEST_PAUSE_S, begun + self._interval_s - time.monotonic())
            with self._changed:
                self._answered = asked
                self._changed.notify_all()

    def _turn(self, *, at_once: bool) -> None:
        """Read what has changed. After an error the table before stays live."""
        error: Exception | None = None
        try:
            self._follow(at_once=at_once)
        except UnsupportedRule as problem:
            error = problem
        except (BotoCoreError, ClientError, OSError) as problem:
            error = ReadFailed(f"The rules could not be read: {problem}")
            error.__cause__ = problem
        except Exception as problem:
            _log.exception("The rules could not be read")
            error = ReadFailed(f"The rules could not be read: {problem!r}")
            error.__cause__ = problem
        with self._changed:
            if error is not None and str(error) != str(self._error):
                _log.error("%s The rules from before stay live.", error)
            self._error = error
            if error is None:
                self._read_at = time.monotonic()

    def _follow(self, *, at_once: bool) -> None:
        """Read what has changed; more than rules when nothing changes any more, or at once."""
        seen, now = self._seen, self._changes()
        if seen is None or now.others != seen.others:
            self._stale = True
        if now == seen and not self._stale:
            return
        self._seen = None
        everything = self._stale and (at_once or now == seen)
        self._read(everything=everything)
        self._seen, self._stale = now, self._stale and not everything

    def _read(self, *, everything: bool) -> None:
        arns = list(self._listeners.values())
        if everything or not self._described:
            described = self._elbv2.describe_listeners(ListenerArns=arns)["Listeners"]
            self._described = {listener["ListenerArn"]: dict(listener) for listener in described}
        rules = {arn: self._read_rules(arn) for arn in arns}
        used = group_arns(
            action for found in rules.values() for rule in found for action in rule["Actions"]
        )
        self._groups = {arn: group for arn, group in self._groups.items() if arn in used}
        known = set(self._groups)
        unfinished = {arn for arn, group in self._groups.items() if not group.is_complete}
        self._read_groups(used - known)
        self._publish(rules)  # a change of rules does not wait for what follows
        self._read_groups(known if everything else unfinished)
        self._publish(rules)

    def _publish(self, rules: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        digest = _digest(self._described, rules, self._groups)
        if digest == self._live.digest:
            return
        tables = {
            name: compile_table(self._described[arn], rules[arn], self._groups)
            for name, arn in self._listeners.items()
        }
        with self._changed:
            self._live = Live(self._live.version + 1, digest, tables)
            self._changed.notify_all()

    def _read_rules(self, listener_arn: str) -> list[Mapping[str, Any]]:
        pages = self._elbv2.get_paginator("describe_rules").paginate(ListenerArn=listener_arn)
        return [dict(rule) for page in pages for rule in page["Rules"]]

    def _read_groups(self, arns: Iterable[str]) -> None:
        for arn in sorted(arns):
            self._groups[arn] = read_group(self._elbv2, self._lambda, arn)


def _digest(*content: object) -> str:
    text = json.dumps(content, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
