"""Requests that the load balancer answers with an error of its own."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why a Lambda target failed: `error_reason` of the access log.

    The load balancer's user guide lists more; these are the ones that can happen here.
    """

    ACCESS_DENIED = "LambdaAccessDenied"
    BAD_REQUEST = "LambdaBadRequest"
    CONNECTION_ERROR = "LambdaConnectionError"
    INVALID_RESPONSE = "LambdaInvalidResponse"
    REQUEST_TOO_LARGE = "LambdaRequestTooLarge"
    RESOURCE_NOT_FOUND = "LambdaResourceNotFound"
    RESPONSE_TOO_LARGE = "LambdaResponseTooLarge"
    SERVICE_EXCEPTION = "LambdaServiceException"
    THROTTLING = "LambdaThrottling"
    UNHANDLED = "LambdaUnhandled"
    WEBSOCKET = "LambdaWebsocketNotSupported"

    @property
    def status(self) -> int:
        return _STATUSES.get(self, 502)

    @property
    def metric(self) -> str:
        """What the load balancer counts it as: the fault of the function, or of Lambda."""
        return "LambdaInternalError" if self in _INTERNAL else "LambdaUserError"


# 400 for a request that is not UTF-8 is assumed.
_STATUSES: Final = {
    Reason.BAD_REQUEST: 400,
    Reason.REQUEST_TOO_LARGE: 413,
    Reason.WEBSOCKET: 400,
}

_INTERNAL: Final = (Reason.CONNECTION_ERROR, Reason.SERVICE_EXCEPTION)


class LambdaFailure(Exception):
    """The target was chosen, but the request cannot be answered by it."""

    def __init__(self, reason: Reason, explanation: str = "") -> None:
        super().__init__(f"{reason}: {explanation}" if explanation else reason)
        self.reason = reason


class FunctionFailed(Exception):
    """Raised by a backend: the function crashed, or its process did."""


class FunctionThrottled(Exception):
    """Raised by a backend: Lambda would not run the function."""
