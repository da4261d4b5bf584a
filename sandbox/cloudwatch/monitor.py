"""Publishes what the load balancers count, every minute, and keeps the alarms' states true."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError

from routing import limits
from sandbox.cloudwatch.alarms import Alarm, Change
from sandbox.cloudwatch.history import MINUTE_S, History
from sandbox.cloudwatch.metric_math import Unsupported
from sandbox.dataplane.metrics import Metrics

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

INTERVAL_S: Final = 0.5
_UNSENT_MAX: Final = 20_000
_KEPT_NOTES: Final = 20

_log = logging.getLogger(__name__)


class Api(Protocol):
    """Where the boto3 client comes from: `sandbox.account.client.Account`, for one."""

    def client(self, service: Literal["cloudwatch"]) -> "CloudWatchClient": ...


class PublishFailed(RuntimeError):
    """CloudWatch did not take the data, or did not give or change the alarms."""


@dataclass(frozen=True)
class Published:
    """What one turn did."""

    data: int
    """MetricDatum that CloudWatch took."""
    alarms: int
    """Alarms that were evaluated."""
    changed: int
    """Alarms whose state was set."""


class Monitor:
    """Publishes minutes and evaluates alarms, from `start` to `close`. Threads may share it.

    `clock` says which minute it is, and may jump ahead; it is looked at every `interval_s`.
    Alarms see what this monitor published, nothing that others did.
    """

    def __init__(
        self,
        account: Api,
        metrics: Metrics,
        clock: Callable[[], float],
        *,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._account = account
        self._metrics = metrics
        self._clock = clock
        self._interval_s = interval_s
        self._history = History()
        self._unsent: dict[str, deque[dict[str, Any]]] = {}
        self._notes: deque[str] = deque(maxlen=_KEPT_NOTES)
        self._publishing = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Publish every minute from now on, within `interval_s` of its end."""
        self._closing.clear()
        self._thread = threading.Thread(
            target=self._keep,
            args=(_minute(self._clock()),),
            name="monitor",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop, after a turn that is under way. A second call does nothing."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._closing.set()
        thread.join()

    @property
    def notes(self) -> list[str]:
        """The newest troubles, oldest first: what failed, and which alarms are not evaluated."""
        return list(self._notes)

    def publish(self) -> Published:
        """Publish the minutes that are over, then evaluate every metric alarm.

        Raises PublishFailed. What CloudWatch did not take is sent with the next call, and
        no alarm is evaluated before that.
        """
        with self._publishing:
            now = self._clock()
            for minute in self._metrics.drain_closed_minutes(now):
                for namespace, datum in minute.metric_data():
                    self._add(namespace, datum)
            try:
                data = self._send()
                alarms, changed = self._evaluate(now)
            except (BotoCoreError, ClientError) as error:
                raise PublishFailed(f"CloudWatch is not up to date: {error}") from error
        return Published(data, alarms, changed)

    def _keep(self, published: int) -> None:
        while not self._closing.wait(self._interval_s):
            minute = _minute(self._clock())
            if minute > published:
                published = minute
                self._turn()

    def _turn(self) -> None:
        try:
            self.publish()
        except PublishFailed as error:
            self._note(str(error))
        except Exception as error:
            _log.exception("A minute could not be published")
            self._note(f"A minute could not be published: {error!r}")

    def _note(self, text: str) -> None:
        """Keep a trouble; one that goes on is kept once."""
        if text not in self._notes:
            self._notes.append(text)

    def _add(self, namespace: str, datum: dict[str, Any]) -> None:
        unsent = self._unsent.setdefault(namespace, deque(maxlen=_UNSENT_MAX))
        if len(unsent) == _UNSENT_MAX:
            self._note(f"The oldest data of {namespace} were dropped: too many could not be sent.")
        unsent.append(datum)

    def _send(self) -> int:
        """Send all there is; what was sent is forgotten part by part, so nothing goes twice."""
        cloudwatch = self._account.client("cloudwatch")
        sent = 0
        for namespace, unsent in self._unsent.items():
            while unsent:
                part = _part(unsent)
                cloudwatch.put_metric_data(Namespace=namespace, MetricData=cast("Any", part))
                for datum in part:
                    unsent.popleft()
                    self._history.put(namespace, datum, datetime.now(UTC))
                sent += len(part)
        return sent

    def _evaluate(self, now: float) -> tuple[int, int]:
        """Alarms evaluated, alarms changed."""
        cloudwatch = self._account.client("cloudwatch")
        evaluated = changed = 0
        for page in cloudwatch.get_paginator("describe_alarms").paginate():
            for described in page["MetricAlarms"]:
                try:
                    change = Alarm.read(described).evaluate(self._history, now)
                except Unsupported as error:
                    self._note(f"The alarm {described['AlarmName']} is not evaluated: {error}")
                    continue
                evaluated += 1
                if change is not None:
                    changed += self._set(described["AlarmName"], change)
        return evaluated, changed

    def _set(self, name: str, change: Change) -> bool:
        """Whether the alarm was still there."""
        cloudwatch = self._account.client("cloudwatch")
        try:
            cloudwatch.set_alarm_state(
                AlarmName=name,
                StateValue=change.state,
                StateReason=change.reason,
                StateReasonData=change.reason_data,
            )
        except cloudwatch.exceptions.ResourceNotFound:
            return False
        return True


def _part(unsent: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first data, as many as fit into a call; as text they are longer than as JSON."""
    part: list[dict[str, Any]] = []
    size = 0
    for datum in islice(unsent, limits.METRIC_DATA_PER_CALL):
        size += len(repr(datum))
        if part and size > limits.METRIC_DATA_BYTES_PER_CALL:
            break
        part.append(datum)
    return part


def _minute(now: float) -> int:
    return int(now) // MINUTE_S
