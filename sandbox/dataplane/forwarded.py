"""What the load balancer adds to the headers of a request."""

import random
from typing import Final

from routing.limits import TRACED_HEADERS_BYTES
from sandbox.dataplane.request import Request
from sandbox.dataplane.table import Listener

MOST_ADDRESSES: Final = 30
"""More than that in X-Forwarded-For is answered with 463."""

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers between two neighbours; not passed on in either direction."""

CONSUMED: Final = HOP_BY_HOP | {"expect"}
"""What no target gets of a request."""

_FOR = b"x-forwarded-for"
_TRACE = b"x-amzn-trace-id"


def added_headers(request: Request, listener: Listener, now: float) -> dict[str, str]:
    """The four headers that every target gets."""
    return {
        "x-amzn-trace-id": trace_id(request, now),
        "x-forwarded-for": forwarded_for(request),
        "x-forwarded-port": listener.port,
        "x-forwarded-proto": listener.protocol,
    }


def forwarded_for(request: Request) -> str:
    """X-Forwarded-For with the peer appended, the balancer's default mode."""
    if _FOR not in request.last:
        return request.client
    sent = b", ".join(request.values(_FOR)).decode("latin-1")
    return f"{sent}, {request.client}"


def has_too_many_addresses(request: Request) -> bool:
    """Whether the balancer refuses the client's X-Forwarded-For."""
    if _FOR not in request.last:
        return False
    return sum(value.count(b",") + 1 for value in request.values(_FOR)) > MOST_ADDRESSES


def trace_id(request: Request, now: float) -> str:
    """X-Amzn-Trace-Id: a new Root, or a new Self in front of what the client sent.

    The user guide has it begin anew when "the HTTP headers" are too large: taken as all of them.
    """
    # Not os.urandom: a system call gives the other threads the interpreter, at every request.
    own = f"1-{int(now):08x}-{random.getrandbits(96):024x}"  # an id is no secret
    sent = request.last.get(_TRACE)
    if sent is None or _size(request) > TRACED_HEADERS_BYTES:
        return f"Root={own}"
    fields = [field.strip() for field in sent.decode("latin-1").split(";")]
    if not any(field.startswith("Root=") for field in fields):
        return ";".join([f"Root={own}", *fields])
    return ";".join([f"Self={own}", *(field for field in fields if not field.startswith("Self="))])


def forwarded_lines(request: Request, listener: Listener, now: float) -> list[tuple[str, str]]:
    """The headers for a target that speaks HTTP itself."""
    added = added_headers(request, listener, now)
    sent = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers]
    kept = [
        (name, value.lower() if name == "host" else value)
        for name, value in sent
        if name not in CONSUMED and name not in added
    ]
    return [*kept, *added.items()]


def _size(request: Request) -> int:
    return sum(len(name) + len(value) for name, value in request.headers)
