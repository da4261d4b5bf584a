"""Journals and the lease of a stack's rollouts, as items of the program's DynamoDB table.

An entry is put under the next number and only where there is none, so of two who decide at
once one is first and the other reads again. Whoever acts holds the lease, and every entry of
its is conditional on that: who was overtaken while asleep cannot write, so does not act.
"""

import contextlib
import getpass
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from pydantic import TypeAdapter, ValidationError

from catalog import ROLLOUT_TABLE
from rollout.journal import Entry
from rollout.live import FAILURES
from rollout.plan import Plan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE_S: Final = 60.0
"""How long a lease lasts that nobody renews."""
_RENEWALS: Final = 4
"""In the time of a lease."""
_LONGEST: Final = 15
"""Times that it is renewed at most, in leases: an act that hangs must not keep others out."""
_TRIES: Final = 5
"""Of a transaction that another one, or a renewal by another process, was in the way of."""
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_LEASE: Final = "lease"
_PLAN: Final = "plan#"
_ENTRY: Final = "entry#"
_COMPARED: Final = "compared"
_ENTRIES: Final = TypeAdapter(Entry)
_NAMES: Final = {"#item": "item"}
_HELD: Final = "#holder = :holder AND #fence = :fence"
_HELD_NAMES: Final = {"#holder": "holder", "#fence": "fence"}
_LEASE_NAMES: Final = {**_HELD_NAMES, "#until": "until"}
_REFUSED: Final = "ConditionalCheckFailedException"


class LedgerUnreadable(RuntimeError):
    """The table cannot be read or written; the message says why."""


class Busy(RuntimeError):
    """Somebody else holds the lease; the message says who and until when."""


class Overtaken(RuntimeError):
    """The lease was taken over: nothing more may be done under it."""


@dataclass(frozen=True)
class Started:
    """A rollout that was started."""

    id: str
    plan: Plan
    by: str


@dataclass(frozen=True)
class Lease:
    """The right to act on a stack. `fence` rises with every new holder."""

    holder: str
    fence: int
    lost: threading.Event

    def check(self) -> None:
        """Raise Overtaken where it is known to be lost."""
        if self.lost.is_set():
            raise Overtaken("Somebody else took over this rollout.")


def operator() -> str:
    """Who this is, for a journal."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class Ledger:
    """The rollouts of one stack. Every method raises LedgerUnreadable. Threads may share it.

    `clock` is what leases go by, in seconds since 1970: a clock that is wrong can take a lease
    too early or too late, never write an entry twice.
    """

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        stack: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api, self._stack, self._clock = dynamodb, stack, clock
        self._writing = threading.Lock()
        """A renewal in the middle of a transaction that looks at the lease would undo it."""

    def started(self) -> list[Started]:
        """Every rollout, the newest first."""
        return [_started(item) for item in self._query(_PLAN, newest_first=True)]

    def newest(self) -> Started | None:
        found = self._query(_PLAN, newest_first=True, most=1)
        return _started(found[0]) if found else None

    def journal(self, rollout: str) -> list[Entry]:
        """The entries of a rollout, oldest first."""
        found = self._query(f"{_ENTRY}{rollout}#")
        return [_ENTRIES.validate_json(item["body"]["S"]) for item in found]

    def start(self, plan: Plan, by: str, now: float, lease: Lease) -> Started:
        """Write a new rollout down. Raises Overtaken."""
        newest = self.newest()
        begun = f"{datetime.fromtimestamp(now, UTC):{_TIME}}"
        if newest and begun <= newest.id[: len(begun)]:
            # Its clock was ahead of ours: the newest must stay the last by name.
            after = datetime.strptime(newest.id[: len(begun)], _TIME) + timedelta(seconds=1)  # noqa: DTZ007 # both UTC
            begun = f"{after:{_TIME}}"
        name = f"{begun}-{secrets.token_hex(2)}"
        self._put(f"{_PLAN}{name}", plan.model_dump_json(by_alias=True), lease, by=by)
        return Started(name, plan, by)

    def append(self, rollout: str, entry: Entry, lease: Lease | None) -> bool:
        """Write an entry under its number; False where that number is taken.

        Requests of an operator and a rollback need no lease. Raises Overtaken.
        """
        body = _ENTRIES.dump_json(entry).decode()
        return self._put(f"{_ENTRY}{rollout}#{entry.number:06}", body, lease)

    def compared(self) -> float | None:
        """When Rust's answers were last found equal to Python's."""
        with _explained():
            found = self._api.get_item(TableName=ROLLOUT_TABLE, Key=self._key(_COMPARED))
        return float(found["Item"]["body"]["S"]) if "Item" in found else None

    def write_compared(self, now: float) -> None:
        item = {**self._key(_COMPARED), "body": {"S": repr(now)}}
        with _explained():
            self._api.put_item(TableName=ROLLOUT_TABLE, Item=item)

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """Hold the lease, and renew it, until the end. Raises Busy."""
        lease = self._acquire()
        ended = threading.Event()
        thread = threading.Thread(target=self._keep, args=(lease, ended), daemon=True)
        thread.start()
        try:
            yield lease
        finally:
            ended.set()
            thread.join()
            with contextlib.suppress(*FAILURES):  # then it ends by itself
                self._renew(lease, until=0)

    def _acquire(self) -> Lease:
        holder, now = f"{operator()} {os.getpid()} {secrets.token_hex(4)}", self._clock()
        with _explained():
            other = self._change_lease(
                "SET #holder = :holder, #until = :until ADD #fence :one",
                "attribute_not_exists(#until) OR #until < :now",
                {
                    ":holder": {"S": holder},
                    ":one": {"N": "1"},
                    ":now": _number(now),
                    ":until": _number(now + LEASE_S),
                },
            )
        if other is not None:
            left = float(other["until"]["N"]) - now
            raise Busy(
                f"{other['holder']['S']} is at work on {self._stack}; "
                f"it is taken over if it is not heard of for {left:.0f} s."
            )
        with _explained():
            found = self._api.get_item(
                TableName=ROLLOUT_TABLE, Key=self._key(_LEASE), ConsistentRead=True
            )
        return Lease(holder, int(found["Item"]["fence"]["N"]), threading.Event())

    def confirm(self, lease: Lease | None) -> None:
        """Renew the lease now, before what cannot be taken back. Raises Overtaken."""
        if lease:
            with _explained():
                self._renew(lease, until=self._clock() + LEASE_S)
            lease.check()

    def _keep(self, lease: Lease, ended: threading.Event) -> None:
        """One that cannot be renewed now may be at the next turn; until then it lasts."""
        for _ in range(_LONGEST * _RENEWALS):
            if ended.wait(LEASE_S / _RENEWALS):
                return
            with contextlib.suppress(*FAILURES):
                self._renew(lease, until=self._clock() + LEASE_S)

    def _renew(self, lease: Lease, *, until: float) -> None:
        values = {**_holds(lease), ":until": _number(until)}
        with self._writing:
            if self._change_lease("SET #until = :until", _HELD, values) is not None:
                lease.lost.set()

    def _change_lease(self, update: str, condition: str, values: Mapping[str, Any]) -> Any:
        """None; where the condition did not hold, the lease as it was then."""
        try:
            self._api.update_item(
                TableName=ROLLOUT_TABLE,
                Key=self._key(_LEASE),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames=_LEASE_NAMES,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _REFUSED:
                raise
            refusal: Any = error.response
            return refusal.get("Item", {})
        return None

    def _put(self, name: str, body: str, lease: Lease | None, **more: str) -> bool:
        item = {**self._key(name), "body": {"S": body}}
        put: Any = {
            "TableName": ROLLOUT_TABLE,
            "Item": {**item, **{key: {"S": text} for key, text in more.items()}},
            "ConditionExpression": "attribute_not_exists(#item)",
            "ExpressionAttributeNames": _NAMES,
        }
        check: Any = lease and {
            "TableName": ROLLOUT_TABLE,
            "Key": self._key(_LEASE),
            "ConditionExpression": _HELD,
            "ExpressionAttributeNames": _HELD_NAMES,
            "ExpressionAttributeValues": _holds(lease),
        }
        puts: Any = [{"Put": put}, *([{"ConditionCheck": check}] if check else [])]
        with _explained():
            try:
                self._transact(puts)
            except ClientError as error:
                codes = _reasons(error)
                if lease and codes[1:] == ["ConditionalCheckFailed"]:
                    lease.lost.set()
                    lease.check()
                if codes[:1] != ["ConditionalCheckFailed"]:
                    raise
                return False
        return True

    def _transact(self, puts: Any) -> None:
        for turn in range(_TRIES):
            try:
                with self._writing:
                    self._api.transact_write_items(TransactItems=puts)
            except ClientError as error:
                if "TransactionConflict" not in _reasons(error) or turn + 1 == _TRIES:
                    raise
            else:
                return

    def _query(
        self, prefix: str, *, newest_first: bool = False, most: int | None = None
    ) -> list[Mapping[str, Any]]:
        with _explained():
            pages = self._api.get_paginator("query").paginate(
                PaginationConfig={"MaxItems": most, "PageSize": most} if most else {},
                TableName=ROLLOUT_TABLE,
                ConsistentRead=True,
                ScanIndexForward=not newest_first,
                KeyConditionExpression="#stack = :stack AND begins_with(#item, :prefix)",
                ExpressionAttributeNames={"#stack": "stack", **_NAMES},
                ExpressionAttributeValues={":stack": {"S": self._stack}, ":prefix": {"S": prefix}},
            )
            return [item for page in pages for item in page["Items"]]

    def _key(self, name: str) -> dict[str, Any]:
        return {"stack": {"S": self._stack}, "item": {"S": name}}


def _started(item: Mapping[str, Any]) -> Started:
    name = item["item"]["S"].removeprefix(_PLAN)
    try:
        return Started(name, Plan.model_validate_json(item["body"]["S"]), item["by"]["S"])
    except ValidationError as error:
        raise LedgerUnreadable(f"The plan of the rollout {name} cannot be read: {error}") from error


def _reasons(error: ClientError) -> list[str]:
    """Why each part of a transaction was cancelled."""
    found: Any = error.response.get("CancellationReasons", [])
    return [one.get("Code", "") for one in found]


def _holds(lease: Lease) -> dict[str, Any]:
    return {":holder": {"S": lease.holder}, ":fence": _number(lease.fence)}


def _number(value: float) -> dict[str, str]:
    return {"N": f"{value:.3f}".removesuffix(".000")}


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        text = f"The journal in the table {ROLLOUT_TABLE} cannot be used: {error}"
        raise LedgerUnreadable(text) from error
