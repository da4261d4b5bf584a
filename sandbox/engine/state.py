"""What a stack has in the running account, as an append-only journal on disk.

Each line is one finished step, so a run that is cut off loses nothing that AWS has
already answered. Secrets are kept as digests: enough to see a change, useless to read.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Resource:
    """One resource AWS has. `outputs` are those that AWS computed."""

    urn: str
    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    dependencies: tuple[str, ...] = field(default=())


class State:
    """The resources of one stack, by URN."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._resources: dict[str, Resource] = {}
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
        if record := step.get("put"):
            record["dependencies"] = tuple(record["dependencies"])
            self._resources[record["urn"]] = Resource(**record)
        else:
            self._resources.pop(step["remove"], None)

    def get(self, urn: str) -> Resource | None:
        return self._resources.get(urn)

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._resources.values()))

    def put(self, resource: Resource) -> None:
        """Record a resource as it is now."""
        with self._lock:
            self._resources[resource.urn] = resource
            self._append({"put": asdict(resource)})

    def remove(self, urn: str) -> None:
        """Forget a resource that AWS no longer has."""
        with self._lock:
            self._resources.pop(urn, None)
            self._append({"remove": urn})

    def ignore(self, urn: str) -> None:
        """Forget it for this run alone."""
        self._resources.pop(urn, None)

    def _append(self, step: Mapping[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as journal:
            journal.write("\n" * self._torn + json.dumps(step) + "\n")
        self._torn = False
