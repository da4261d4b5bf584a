"""Reads listeners, rules and target groups through the API, off the path of requests.

Rules are read on every turn, and so are target groups that cannot serve yet. Every fourth turn
also reads the listeners and the group that was read longest ago: a target or a permission that
is taken away is noticed after four times as many turns as there are groups, or at once with
`refresh`. Reading is most of what idle load balancers cost.
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
_THOROUGH = 4
"""Every so many turns, what seldom changes is read too."""

_log = logging.getLogger(__name__)


class Api(Protocol):
    """Where boto3 clients come from: `sandbox.account.client.Account`, for one."""

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
        self._elbv2 = api.client("elbv2")
        self._lambda = api.client("lambda")
        self._listeners = dict(listeners)
        self._interval_s = interval_s
        self._described: dict[str, Mapping[str, Any]] = {}
        self._turns = 0
        self._groups: dict[str, Group] = {}  # the one that was read longest ago comes first
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
        self._turn(everything=True)
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
        """Read everything now; what the API held before the call is live after it.

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
            self._turn(everything=asked > self._answered)
            pause_s = max(_SHORTEST_PAUSE_S, begun + self._interval_s - time.monotonic())
            with self._changed:
                self._answered = asked
                self._changed.notify_all()

    def _turn(self, *, everything: bool) -> None:
        """Read once. After an error the table before stays live."""
        error: Exception | None = None
        try:
            self._read(everything=everything)
        except UnsupportedRule as problem:
            error = problem
        except (BotoCoreError, ClientError) as problem:
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

    def _read(self, *, everything: bool) -> None:
        arns = list(self._listeners.values())
        thorough = everything or self._turns % _THOROUGH == 0
        self._turns += 1
        if thorough or not self._described:
            described = self._elbv2.describe_listeners(ListenerArns=arns)["Listeners"]
            self._described = {listener["ListenerArn"]: dict(listener) for listener in described}
        rules = {arn: self._read_rules(arn) for arn in arns}
        used = group_arns(
            action for found in rules.values() for rule in found for action in rule["Actions"]
        )
        self._groups = {arn: group for arn, group in self._groups.items() if arn in used}
        known = set(self._groups)
        unfinished = {arn for arn, group in self._groups.items() if not group.is_complete}
        oldest = list(self._groups)[:1] if thorough else []
        self._read_groups(used - known)
        self._publish(rules)  # a change of rules does not wait for what follows
        self._read_groups(known if everything else unfinished.union(oldest))
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
            group = read_group(self._elbv2, self._lambda, arn)
            self._groups.pop(arn, None)
            self._groups[arn] = group


def _digest(*content: object) -> str:
    text = json.dumps(content, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
