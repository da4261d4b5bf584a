"""Requests as they stand on the wire, in HTTP/1.

Own code, because the load balancer takes methods that no parser in C knows, and answers what
it refuses with statuses of its own. What it refuses and why: the load balancer's user guide
(troubleshooting), RFC 9112, and the library that classifies its requests, aws/http-desync-guardian,
in the mode that is the default: what that calls ambiguous is served, and the connection closed.
"""

import re
from http import HTTPStatus
from typing import Final, NamedTuple

from routing.limits import REQUEST_HEAD_BYTES, REQUEST_HEADER_BYTES, REQUEST_LINE_BYTES
from sandbox.dataplane.asgi import HeaderLines

END: Final = re.compile(rb"\n\r?\n")
"""The end of a head. A line may end without CR, which the load balancer lets pass."""

_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE: Final = re.compile(rb"(%s) ([!-~]+) HTTP/([0-9]+\.[0-9]+)" % _TOKEN)
_BEGUN: Final = re.compile(rb"[ -~]*\r?")
_HEADER: Final = re.compile(rb"\n(%s):[ \t]*([^\n]*)" % _TOKEN)
_ABSOLUTE: Final = re.compile(rb"https?://([^/?]+)(.*)", re.IGNORECASE)
_HOST: Final = re.compile(rb"[\w.~!$&'()*+,;=%:\[\]-]+")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
_SLASH: Final = ord("/")
_LINE_BYTES: Final = 1024
"""A bound of our own for what stands in the line of a chunk's size."""


class Refused(Exception):
    """The load balancer answers with a status of its own and closes the connection."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the request is answered with {status}")
        self.status = status


class Chunks:
    """A chunked body, piece by piece; extensions and trailers are dropped."""

    def __init__(self) -> None:
        self._left = 0
        self._after_data = False
        self._trailer_bytes: int | None = None

    def take(self, data: bytes) -> tuple[bytes, bytes, bool]:
        """The body in these bytes, the bytes that are left over, and whether it has ended.

        Raises Refused.
        """
        parts = []
        at = 0
        while at < len(data):
            if self._left:
                part = data[at : at + self._left]
                parts.append(part)
                at += len(part)
                self._left -= len(part)
                self._after_data = not self._left
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                if len(data) - at > _LINE_BYTES:
                    raise Refused(HTTPStatus.BAD_REQUEST)
                break
            line = data[at:end]
            at = end + 2
            if self._read(line):
                return b"".join(parts), data[at:], True
        return b"".join(parts), data[at:], False

    def _read(self, line: bytes) -> bool:
        """Obey a line that is no data; whether it was the last one."""
        if self._trailer_bytes is not None:
            self._trailer_bytes += len(line)
            if self._trailer_bytes > REQUEST_HEAD_BYTES:
                raise Refused(HTTPStatus.BAD_REQUEST)
            return not line
        if self._after_data:
            if line:
                raise Refused(HTTPStatus.BAD_REQUEST)
            self._after_data = False
            return False
        size = _CHUNK.fullmatch(line)
        if size is None:
            raise Refused(HTTPStatus.BAD_REQUEST)
        self._left = int(size[1], 16)
        if not self._left:
            self._trailer_bytes = 0
        return False


class Head(NamedTuple):
    """A request up to its body."""

    method: str
    path: bytes
    query: bytes
    version: str
    """1.0 or 1.1."""
    headers: HeaderLines
    """Names in lower case."""
    body: int | Chunks | None
    """How long the body is; None for no body."""
    keep_alive: bool
    """Whether the connection may stay open afterwards."""
    expects_continue: bool


def check_begun(data: bytes) -> None:
    """Refuse a head that has not arrived whole but is wrong already. Raises Refused."""
    line, newline, _ = data[: REQUEST_LINE_BYTES + 2].partition(b"\n")
    if newline:
        _request_line(line.removesuffix(b"\r"))
    elif len(data) > REQUEST_LINE_BYTES + 1 or not _BEGUN.fullmatch(line):
        raise Refused(HTTPStatus.BAD_REQUEST)
    if len(data) > REQUEST_HEAD_BYTES:
        raise Refused(HTTPStatus.BAD_REQUEST)


def read_head(data: bytes) -> Head:
    """Read a head that has arrived whole, without the empty line at its end.

    Raises Refused.
    """
    if len(data) > REQUEST_HEAD_BYTES:
        raise Refused(HTTPStatus.BAD_REQUEST)
    text = data.replace(b"\r\n", b"\n").removesuffix(b"\r")
    if b"\r" in text or b"\0" in text:
        raise Refused(HTTPStatus.BAD_REQUEST)
    method, target, version = _request_line(text.partition(b"\n")[0])
    headers = _headers(text)
    if target[0] == _SLASH:
        path, _, query = target.partition(b"#")[0].partition(b"?")
    else:
        authority, path, query = _other_target(target, method)
        if authority:
            headers = [line if line[0] != b"host" else (b"host", authority) for line in headers]
    last = dict(headers)
    _check_host(headers, last, version)
    keep_alive = version == "1.1"
    if b"connection" in last:
        options = b",".join(_values(headers, b"connection")).lower().split(b",")
        wanted = {option.strip(b" \t") for option in options}
        keep_alive = b"close" not in wanted and (keep_alive or b"keep-alive" in wanted)
    body: int | Chunks | None = None
    if b"transfer-encoding" in last or b"content-length" in last:
        body, plain = _body(headers, method, version)
        keep_alive = keep_alive and plain
        if isinstance(body, Chunks):
            headers = [line for line in headers if line[0] != b"content-length"]
    expects = version == "1.1" and last.get(b"expect", b"").lower() == b"100-continue"
    return Head(method, path, query, version, headers, body, keep_alive, expects)


def _request_line(line: bytes) -> tuple[str, bytes, str]:
    found = _REQUEST_LINE.fullmatch(line)
    if found is None or len(line) > REQUEST_LINE_BYTES:
        raise Refused(HTTPStatus.BAD_REQUEST)
    method, target, version = found.groups()
    if version not in (b"1.1", b"1.0"):
        raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    return method.decode(), target, version.decode()


def _headers(text: bytes) -> HeaderLines:
    """The header lines; one that goes on from the line before is refused."""
    found = _HEADER.findall(text)
    if len(found) != text.count(b"\n"):
        raise Refused(HTTPStatus.BAD_REQUEST)
    if len(text) > REQUEST_HEADER_BYTES:
        longest = max(map(len, text.split(b"\n")[1:]))
        if longest > REQUEST_HEADER_BYTES:
            raise Refused(HTTPStatus.BAD_REQUEST)
    return [(name.lower(), value.rstrip(b" \t")) for name, value in found]


def _other_target(target: bytes, method: str) -> tuple[bytes, bytes, bytes]:
    """Host, path and query of a request line that names more than a path, or less."""
    if target == b"*" and method == "OPTIONS":
        return b"", target, b""
    absolute = _ABSOLUTE.fullmatch(target.partition(b"#")[0])
    if absolute is None:
        raise Refused(HTTPStatus.BAD_REQUEST)
    path, _, query = absolute[2].partition(b"?")
    return absolute[1], path or b"/", query


def _check_host(headers: HeaderLines, last: dict[bytes, bytes], version: str) -> None:
    """One Host and no other; only HTTP/1.0 may lack it."""
    host = last.get(b"host")
    if host is None and version == "1.0":
        return
    if host is None or not _HOST.fullmatch(host):
        raise Refused(HTTPStatus.BAD_REQUEST)
    if len(last) != len(headers) and len(_values(headers, b"host")) > 1:
        raise Refused(HTTPStatus.BAD_REQUEST)


def _body(headers: HeaderLines, method: str, version: str) -> tuple[int | Chunks | None, bool]:
    """The body that is announced, and whether that is plain: no two readers take it differently."""
    encodings = _values(headers, b"transfer-encoding")
    lengths = _values(headers, b"content-length")
    if len(encodings) > 1 or len(set(lengths)) > 1:
        raise Refused(HTTPStatus.BAD_REQUEST)
    if any(encoding.lower() not in (b"chunked", b"identity") for encoding in encodings):
        raise Refused(HTTPStatus.NOT_IMPLEMENTED)
    if not all(_LENGTH.fullmatch(length) for length in lengths):
        raise Refused(HTTPStatus.BAD_REQUEST)
    chunked = b"chunked" in [encoding.lower() for encoding in encodings]
    body = Chunks() if chunked else int(lengths[0]) if lengths else 0
    plain = (
        len(encodings) + len(lengths) == 1
        and not (chunked and version == "1.0")
        and not (body and method in ("GET", "HEAD"))
    )
    return body or None, plain


def _values(headers: HeaderLines, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]
