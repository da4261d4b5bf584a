"""Calls to AWS that fail and processes that are killed, each of them once."""

import gc
import json
import re
from collections.abc import Callable, Collection
from enum import Enum, auto
from threading import RLock
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.endpoint import Endpoint
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError
from botocore.model import OperationModel
from pulumi import RunError

from sandbox.account.calls import READS
from sandbox.account.client import Account
from sandbox.engine.result import DeploymentError, Result
from sandbox.engine.state import State

_MADE_UP = re.compile(r"[0-9a-f]{7,}|[0-9A-Z]{16,}")


class Kind(Enum):
    """What befalls a run. Of calls that only read, REFUSED alone makes a difference."""

    REFUSED = auto()
    """AWS refuses a call."""
    LOST = auto()
    """AWS did it and the answer is lost; boto3 makes the call again."""
    KILLED = auto()
    """The process ends when AWS has answered a change, or while it writes to its state."""


class Killed(Exception):
    """Stands for the end of the process: nothing that comes after it has an effect."""


class Faults:
    """Lets whatever a run has not met before fail, once for each kind.

    A call is known again by what it sends, a line of the state by what it says, but for names
    that are made up. What runs side by side may fail in one run.
    """

    def __init__(
        self, account: Account, kinds: Collection[Kind], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._kinds = kinds
        self._seen: set[tuple[Kind, str]] = set()
        self._failed: list[str] = []
        self._stride = 0
        self._dead = False
        self._lock = RLock()
        account._clients.clear()  # only those made from now on have the session's handlers
        account._session.events.register("before-call", self._before)
        account._session.events.register("after-call", self._after)
        endpoint: Any = Endpoint  # it is typed without what it does inside
        record, respond = State._record, endpoint._get_response
        # boto3 waits before it makes a call again.
        monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
        monkeypatch.setattr(State, "_record", lambda state, step: self._write(state, step, record))
        monkeypatch.setattr(
            endpoint,
            "_get_response",
            lambda end, request, model, context: self._lose(
                context, respond(end, request, model, context)
            ),
        )

    def finish(self, up: Callable[[], Result], *, stride: int = 1) -> tuple[Result, list[str]]:
        """Make runs until nothing fails any more.

        Returns the last one's result, and what has failed: one of `stride` that could, by the
        names of calls and of the lines of the state.
        """
        self._stride, failed = stride, []
        while True:
            self._failed, self._dead = [], False
            gc.collect(0)  # a run that fails looks through all that is young
            try:
                result = up()
            except (BotoCoreError, ClientError, DeploymentError, Killed, RunError):
                if not self._failed:
                    raise
            failed += self._failed
            if not self._failed:
                self._stride = 0
                return result, failed

    def _meets(self, kind: Kind, what: str, name: str) -> bool:
        """Whether that is to fail now."""
        with self._lock:
            if not self._stride or kind not in self._kinds or (kind, what) in self._seen:
                return False
            self._seen.add((kind, what))
            if len(self._seen) % self._stride:
                return False
            self._failed.append(name)
            self._dead |= kind is Kind.KILLED
            return True

    def _before(self, model: OperationModel, params: Any, context: Any, **_: Any) -> None:
        self._stop_the_dead()
        what = _MADE_UP.sub("", f"{model.name} {params['url_path']} {params['body']}")
        if self._meets(Kind.REFUSED, what, model.name):
            raise ClientError({"Error": {"Code": "Throttling", "Message": ""}}, model.name)
        if not model.name.startswith(READS):
            context["what"] = what

    def _lose(self, context: Any, answer: Any) -> Any:
        if "what" in context and self._meets(Kind.LOST, context["what"], "lost"):
            return None, ConnectionClosedError(endpoint_url="https://aws.invalid")
        return answer

    def _after(self, model: OperationModel, context: Any, **_: Any) -> None:
        if "what" in context:
            self._meets(Kind.KILLED, context["what"], model.name)
        self._stop_the_dead()

    def _write(self, state: State, step: Any, record: Callable[[State, Any], None]) -> None:
        if state._read_only:
            return
        with self._lock:  # a line that another thread adds to half a one would be lost
            self._stop_the_dead()
            line, verb = json.dumps(step), next(iter(step))
            if self._meets(Kind.KILLED, _MADE_UP.sub("", line), verb) and verb != "begin":
                with state._path.open("a") as journal:
                    journal.write("\n" * state._torn + line[:40])
            else:
                record(state, step)
            self._stop_the_dead()

    def _stop_the_dead(self) -> None:
        if self._dead:
            raise Killed
