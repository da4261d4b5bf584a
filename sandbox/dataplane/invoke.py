"""Runs the Lambda function behind a target group, or what stands in for it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

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

        Raises FunctionFailed and FunctionThrottled. It is cancelled at the function's timeout.
        """
        ...


_ERROR: Final = {
    "statusCode": 500,
    "statusDescription": "500 Internal Server Error",
    "isBase64Encoded": False,
    "headers": {"content-type": "application/json"},
    "multiValueHeaders": {"content-type": ["application/json"]},
    "body": '{"error": "a fault that was asked for"}',
}


class Invoker:
    """Calls functions as Lambda does for a load balancer: permission, faults, timeout.

    `backends` holds one backend for each implementation; `chance` gives numbers from 0 to
    below 1.
    """

    def __init__(
        self, backends: Mapping[str, Backend], faults: Faults, chance: Callable[[], float]
    ) -> None:
        self._backends = backends
        self._faults = faults
        self._chance = chance

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
        backend = self._backends[function.implementation]
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
