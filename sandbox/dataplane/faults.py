"""Faults on demand, per implementation."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from sandbox.dataplane.groups import IMPLEMENTATIONS


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong: shares of the calls from 0 to 1, and a delay of every call."""

    errors: float = 0.0
    """The function answers 500."""
    crashes: float = 0.0
    """The function fails: 502 from the load balancer."""
    latency_ms: float = 0.0

    def __post_init__(self) -> None:
        for name, share in (("errors", self.errors), ("crashes", self.crashes)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {share}")
        if not (math.isfinite(self.latency_ms) and self.latency_ms >= 0):
            raise ValueError(f"latency_ms is a time from 0 up, not {self.latency_ms}")


class Faults:
    """The faults that are on now. Threads may share it."""

    def __init__(self, implementations: Iterable[str] = IMPLEMENTATIONS) -> None:
        self._on: dict[str, Fault | None] = dict.fromkeys(implementations)

    def set(self, implementation: str, fault: Fault) -> None:
        """Turn a fault on in place of the one before.

        Raises KeyError for an implementation that there is not.
        """
        self._known(implementation)
        self._on[implementation] = fault

    def clear(self, implementation: str) -> None:
        """Turn it off. Raises KeyError as `set` does."""
        self._known(implementation)
        self._on[implementation] = None

    def of(self, implementation: str) -> Fault | None:
        return self._on.get(implementation)

    def as_json(self) -> Mapping[str, object]:
        return {name: asdict(fault) if fault else None for name, fault in self._on.items()}

    def _known(self, implementation: str) -> None:
        if implementation not in self._on:
            raise KeyError(
                f"there is no implementation {implementation}, only {', '.join(self._on)}"
            )
