"""Does Rust say the same as Python? Each request goes out twice, the second time to Rust.

A request file is what editors call an HTTP file: requests between lines of `###`, each with a
request line, headers, an empty line and a body. A method that may change something is sent only
where a comment `# @send` stands above its request line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3

import catalog
from endpoint import TESTER_HEADER
from rollout.settings import BadSettings
from routing import Listener

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS: Final = ("content-type", "location", "cache-control")
"""Response headers that must be the same."""
_SEND: Final = "@send"
_TIMEOUT: Final = urllib3.Timeout(connect=5, read=30)
_ALLOWED: Final = f"sent only with a comment `# {_SEND}` above it"


@dataclass(frozen=True)
class Question:
    """A request, and the load balancer it goes to."""

    listener: Listener
    method: str
    host: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = ""
    send: bool = False
    """Whether it may be sent though its method may change something."""

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"

    @property
    def is_sent(self) -> bool:
        return self.method in SAFE or self.send


@dataclass(frozen=True)
class Comparison:
    """What came of a question; no differences: both sides said the same."""

    question: Question
    differences: tuple[str, ...] = ()
    skipped: str = ""


def witnesses() -> list[Question]:
    """The requests that the dual endpoints carry."""
    return [
        Question(one.listener, one.witness.method, one.witness.host, one.witness.path)
        for one in catalog.DUAL
    ]


def read_questions(path: Path) -> list[Question]:
    """The requests of a file. Raises BadSettings with every line that is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadSettings(f"{path} cannot be read: {error}") from error
    found, problems = [], []
    for block in f"### first\n{text}".split("\n###"):
        try:
            found += list(_question(block.splitlines()[1:]))
        except ValueError as error:
            problems.append(str(error))
    if problems or not found:
        raise BadSettings("\n  ".join([f"{path} has no requests that can be sent:", *problems]))
    return found


def _question(lines: Sequence[str]) -> Iterator[Question]:
    remarks = [line for line in lines if line.lstrip().startswith(("#", "//"))]
    rest = iter([line for line in lines if line not in remarks])
    first = next((line for line in rest if line.strip()), "")
    if not first:
        return
    method, _, target = first.strip().partition(" ")
    url = urlsplit(target.removesuffix(" HTTP/1.1").strip())
    headers = {}
    for line in rest:
        if not line.strip():
            break
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"no header: {line}")
        headers[name.strip().lower()] = value.strip()
    host = url.netloc or headers.pop("host", "")
    if not method.isupper() or not url.path.startswith("/") or not host:
        raise ValueError(f"no request line with a host: {first}")
    path = url.path + (f"?{url.query}" if url.query else "")
    listener = _listener(path)
    send = any(_SEND in remark for remark in remarks)
    yield Question(listener, method, host, path, headers, "\n".join(rest).strip(), send)


def _listener(path: str) -> Listener:
    """The load balancer of the dual endpoint that has the path; public for any other."""
    plain = path.partition("?")[0]
    return next(
        (one.listener for one in catalog.DUAL if fnmatchcase(plain, one.path)), Listener.PUBLIC
    )


def compare(
    questions: Sequence[Question],
    bases: Mapping[str, str],
    secret: str,
    ignored: Sequence[str] = (),
) -> Iterator[Comparison]:
    """Ask both sides; `bases` are the load balancers' URLs, `secret` opens Rust's door.

    `ignored` are parts of a JSON body that may differ, as `a.b.*`.
    """
    with urllib3.PoolManager(retries=False, timeout=_TIMEOUT) as pool:
        for one in questions:
            if not one.is_sent:
                yield Comparison(one, skipped=_ALLOWED)
                continue
            try:
                python, rust = (
                    pool.request(
                        one.method,
                        bases[one.listener].rstrip("/") + one.path,
                        body=one.body or None,
                        headers={**one.headers, "Host": one.host, **door},
                        redirect=False,
                    )
                    for door in ({}, {TESTER_HEADER: secret})
                )
            except urllib3.exceptions.HTTPError as error:
                yield Comparison(one, (f"no answer: {type(error).__name__}",))
                continue
            yield Comparison(one, tuple(_differences(python, rust, ignored)))


def _differences(python: Any, rust: Any, ignored: Sequence[str]) -> Iterator[str]:
    if python.status != rust.status:
        yield f"status {python.status}, Rust {rust.status}"
    for name in HEADERS:
        if python.headers.get(name) != rust.headers.get(name):
            yield f"{name} {python.headers.get(name)}, Rust {rust.headers.get(name)}"
    one, other = (dict(_parts(side.data)) for side in (python, rust))
    for place in sorted(one.keys() | other.keys()):
        if one.get(place) != other.get(place) and not any(
            fnmatchcase(place, pattern) for pattern in ignored
        ):
            # Values may be somebody's: a place is enough to look there.
            yield f"body differs at {place or 'its root'}"


def _parts(data: bytes) -> Iterator[tuple[str, Any]]:
    """Every value of a JSON body by its place; the whole of any other one."""
    try:
        yield from _flat("", json.loads(data))
    except ValueError:
        yield "", data


def _flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in items:
            yield from _flat(f"{place}.{key}".lstrip("."), one)
    else:
        yield place, value
