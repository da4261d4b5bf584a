"""What a stack has in the running account, as an append-only journal on disk.

Each line is one step: what a run is about to create, what it has done. So a run that is cut
off anywhere leaves nothing that the next one does not know of. Secrets are kept as digests:
enough to see a change, useless to read.
"""

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

DIGEST: Final = "secret "
"""How the digest of a secret begins."""


def digest_of(key: str, value: object) -> str:
    """What the state keeps of a secret."""
    return f"{DIGEST}{hmac.new(key.encode(), str(value).encode(), 'sha256').hexdigest()}"


@dataclass(frozen=True)
class Resource:
    """One resource AWS has. `outputs` are those that AWS computed.

    `edited` are inputs that somebody changed by hand and no update has put right yet.
    """

    urn: str
    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    dependencies: tuple[str, ...] = field(default=())
    edited: tuple[str, ...] = field(default=())


class State:
    """The resources of one stack, by URN. One that is read only forgets its changes."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._read_only = read_only
        self._lock = Lock()
        self._resources: dict[str, Resource] = {}
        self.begun: dict[str, Resource] = {}
        """What may be there, and not as its inputs say: a run began to create it and was cut
        off, or AWS refused what belongs to its creation. The id may be unknown."""
        self._torn = False
        if path.exists():
            journal = path.read_text()
            # A run that was killed while writing leaves half a line.
            self._torn = not journal.endswith("\n")
            for line in journal.splitlines():
                self._replay(line)

    def _replay(self, line: str) -> None:
        try:
            step = json.loads(line)
        except json.JSONDecodeError:
            return
        ((verb, what),) = step.items()
        if verb == "remove":
            self._forget(what)
            return
        for name in ("dependencies", "edited"):
            what[name] = tuple(what.get(name, ()))
        self._keep(Resource(**what), begun=verb == "begin")

    def get(self, urn: str) -> Resource | None:
        return self._resources.get(urn)

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._resources.values()))

    def begin(self, resource: Resource) -> None:
        """Record that a resource is about to be created, or is there half."""
        self._record({"begin": vars(resource)})
        self._keep(resource, begun=True)

    def put(self, resource: Resource) -> None:
        """Record a resource as it is now."""
        self._record({"put": vars(resource)})
        self._keep(resource, begun=False)

    def remove(self, urn: str) -> None:
        """Forget a resource that AWS does not have."""
        self._record({"remove": urn})
        self._forget(urn)

    def _keep(self, resource: Resource, *, begun: bool) -> None:
        self._forget(resource.urn)
        (self.begun if begun else self._resources)[resource.urn] = resource

    def _forget(self, urn: str) -> None:
        self._resources.pop(urn, None)
        self.begun.pop(urn, None)

    def _record(self, step: Mapping[str, Any]) -> None:
        if self._read_only:
            return
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as journal:
                journal.write("\n" * self._torn + json.dumps(step) + "\n")
            self._torn = False
