"""One HTTP request, as the load balancer looks at it."""

from typing import Final

from sandbox.dataplane.asgi import HeaderLines, Scope

_BODY_HEADERS: Final = (b"transfer-encoding", b"content-length")


class Request:
    """A view on the ASGI scope; what only few rules need is worked out on demand.

    Path and query stay as they were sent, percent-encoded.
    """

    __slots__ = ("_host", "_pairs", "client", "headers", "last", "method", "path", "query")

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers: HeaderLines = scope["headers"]
        self.last: dict[bytes, bytes] = dict(self.headers)
        """The last value of each header."""
        self.client: str = scope["client"][0] if scope["client"] else ""
        self._host: str | None = None
        self._pairs: list[tuple[str, str]] | None = None

    @property
    def host(self) -> str:
        """The Host header without its port."""
        if self._host is None:
            host = self.last.get(b"host", b"").decode("latin-1")
            name, colon, port = host.rpartition(":")
            self._host = name if colon and port.isdigit() else host
        return self._host

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Keys and values of the query in lower case."""
        if self._pairs is None:
            self._pairs = [(key.lower(), value.lower()) for key, value in query_pairs(self.query)]
        return self._pairs

    @property
    def has_body(self) -> bool:
        return any(self.last.get(name, b"0") != b"0" for name in _BODY_HEADERS)

    @property
    def wants_websocket(self) -> bool:
        return (
            self.last.get(b"upgrade", b"").lower() == b"websocket"
            and b"upgrade" in self.last.get(b"connection", b"").lower()
        )

    def values(self, name: bytes) -> list[bytes]:
        """All values of a header; the name in lower case."""
        if name not in self.last:
            return []
        return [value for key, value in self.headers if key == name]


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Keys and values as they were sent; a key alone has an empty value."""
    pairs = []
    for part in query.split("&"):
        if part:
            key, _, value = part.partition("=")
            pairs.append((key, value))
    return pairs
