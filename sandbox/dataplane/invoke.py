"""Runs the Lambda function behind a target group, or what stands in for it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from routing import limits
from sandbox.dataplane.failures import (
    FunctionFailed,
    FunctionThrottled,
    LambdaFailure,
    Reason,
)
from sandbox.dataplane.faults import Fault, Faults
from sandbox.dataplane.groups import Function, Group
from sandbox.dataplane.lambda_event import Event


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation."""

    function: Function
    group: Group
    event: Event
    priority: int | None = None
    """Of the rule that sent the request here; None for the default rule."""


class Backend(Protocol):
    """Stands in for all functions of one implementation."""

    immediate: bool
    """Whether it answers without waiting for anything; a timeout is then not watched."""

    async def invoke(self, call: Call) -> object:
        """The function's response as decoded JSON.

        Raises FunctionFailed, FunctionThrottled, and LambdaFailure where it is Lambda itself that
        failed. It is cancelled at the function's timeout.
        """
        ...


_ACCOUNT = ""
"""The functions without a concurrency of their own; no function's name."""

_ERROR: Final = {
    "statusCode": 500,
    "statusDescription": "500 Internal Server Error",
    "isBase64Encoded": False,
    "headers": {"content-type": "application/json"},
    "multiValueHeaders": {"content-type": ["application/json"]},
    "body": '{"error": "a fault that was asked for"}',
}


class Invoker:
    """Calls functions as Lambda does for a load balancer: permission, concurrency, timeout.

    Invocations do not wait for each other; those beyond the function's reserved concurrency, or
    beyond the account's for all functions that have none, are throttled. All calls are made on
    one event loop.

    `backends` holds one backend for each implementation, and may hold others for single
    functions by name; `chance` gives numbers from 0 to below 1.
    """

    def __init__(
        self, backends: Mapping[str, Backend], faults: Faults, chance: Callable[[], float]
    ) -> None:
        self._backends = backends
        self._faults = faults
        self._chance = chance
        self._running: Counter[str] = Counter()

    async def invoke(self, group: Group, event: Event, priority: int | None = None) -> object:
        """The response of the group's function. Raises LambdaFailure."""
        function = group.function
        if function is None:
            raise LambdaFailure(Reason.RESOURCE_NOT_FOUND, group.targets[0])
        if not group.permitted:
            why = f": {group.unknown_policy}" if group.unknown_policy else ""
            text = f"{group.name} may not call {function.name}{why}"
            raise LambdaFailure(Reason.ACCESS_DENIED, text)
        call = Call(function, group, event, priority)
        pool, limit = _ACCOUNT, limits.ACCOUNT_CONCURRENT_EXECUTIONS
        if function.reserved is not None:
            pool, limit = function.name, function.reserved
        if self._running[pool] >= limit:
            raise LambdaFailure(Reason.THROTTLING, f"{function.name}: {limit} run already")
        self._running[pool] += 1
        try:
            return await self._run(call)
        finally:
            self._running[pool] -= 1

    async def _run(self, call: Call) -> object:
        function = call.function
        backend = self._backends.get(function.name) or self._backends[function.implementation]
        fault = self._faults.of(function.implementation)
        try:
            if fault is None and backend.immediate:
                return await backend.invoke(call)
            async with asyncio.timeout(function.timeout_s):
                if fault is not None and await self._strike(fault):
                    return _ERROR
                return await backend.invoke(call)
        except TimeoutError:
            text = f"{function.name} did not answer within {function.timeout_s} s"
            raise LambdaFailure(Reason.UNHANDLED, text) from None
        except FunctionFailed as error:
            raise LambdaFailure(Reason.UNHANDLED, f"{function.name}: {error}") from error
        except FunctionThrottled as error:
            raise LambdaFailure(Reason.THROTTLING, function.name) from error

    async def _strike(self, fault: Fault) -> bool:
        """Apply a fault; whether the function answers with an error of its own."""
        if fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        if self._chance() < fault.crashes:
            raise FunctionFailed("a crash that was asked for")
        return self._chance() < fault.errors
