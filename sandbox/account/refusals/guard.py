"""Puts AWS's refusals in front of moto's methods."""

import functools
import inspect
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from moto.core import errors
from moto.core.exceptions import ServiceException

Arguments = Mapping[str, Any]
"""What a moto method was called with, by parameter name, defaults filled in."""

After = Callable[[Any], None]
"""Amends what moto answered."""

Check = Callable[[Any, Arguments], After | None]
"""Looks at a call before moto does: raises what AWS answers, or lets it pass."""


class Refused(ServiceException):  # type: ignore[misc] # moto has no types
    """AWS's answer; moto puts it into the protocol of the request."""


guarded_accounts: set[str] = set()
"""Only these accounts refuse; others of this process, such as moto's own mocks, do not."""

_COMMON_CODES = frozenset(
    {
        "AccessDenied",
        "InternalFailure",
        "InvalidAction",
        "NotImplemented",
        "RequestEntityTooLargeException",
        "SerializationException",
    }
)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_lock = threading.Lock()
_waiting: list[Callable[[], None]] = []


def guard(owner: Any, method: str) -> Callable[[Check], Check]:
    """Run the decorated check before `owner.method`, once `install_guards` was called."""

    def register(check: Check) -> Check:
        _waiting.append(lambda: setattr(owner, method, _guarded(getattr(owner, method), check)))
        return check

    return register


def supply(owner: Any, method: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give `owner` the decorated method, which moto lacks or has too simple."""

    def register(replacement: Callable[..., Any]) -> Callable[..., Any]:
        _waiting.append(lambda: setattr(owner, method, replacement))
        return replacement

    return register


def install_guards() -> None:
    """Change moto's classes, each only once."""
    with _lock:
        # Without an entry here moto warns of every code that a service model leaves out.
        errors.COMMON_ERROR_CODES.extend(_COMMON_CODES.difference(errors.COMMON_ERROR_CODES))
        while _waiting:
            _waiting.pop(0)()


def _guarded(original: Callable[..., Any], check: Check) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def call(backend: Any, *args: Any, **kwargs: Any) -> Any:
        if _account_of(backend) not in guarded_accounts:
            return original(backend, *args, **kwargs)
        bound = signature.bind(backend, *args, **kwargs)
        bound.apply_defaults()
        after = check(backend, bound.arguments)
        answer = original(backend, *args, **kwargs)
        if after is not None:
            after(answer)
        return answer

    return call


def _account_of(owner: Any) -> Any:
    """Backends and what they hold know their account; responses that of the request."""
    return getattr(owner, "account_id", None) or getattr(owner, "current_account", None)


def refused(code: str, message: str) -> Refused:
    """A refusal with this error code."""
    # What is quoted may hold what no XML document can.
    return Refused(code, _NOT_IN_XML.sub("?", message))


def invalid(message: str, *, code: str = "ValidationError") -> Refused:
    """A request that AWS's own validation does not let through."""
    return refused(code, message)


def unsatisfied(
    value: object, member: str, constraint: str, *, code: str = "ValidationError"
) -> Refused:
    """A value outside its API model, in the words all services share."""
    return refused(
        code,
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: Member must {constraint}",
    )
