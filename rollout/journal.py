"""What a rollout has done, as the records of its journal. Plain data: no clock, no AWS."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """Where a rollout is. A transition is written before anything is done about it."""

    PREFLIGHT = "preflight"
    APPLY = "apply"
    VERIFY = "verify"
    WARM_UP = "warm-up"
    BAKE = "bake"
    PAUSED = "paused"
    HOLD = "hold"
    ROLLING_BACK = "rolling back"
    DRAINED = "drained"
    DONE = "done"
    REFUSED = "refused"


class Request(StrEnum):
    """What an operator asks of a running rollout."""

    PAUSE = "pause"
    RESUME = "resume"
    PROMOTE = "promote"
    ABORT = "abort"


class Trouble(StrEnum):
    """What went wrong while a decision was acted on."""

    FAILED = "failed"


Event = State | Request | Trouble

OVER = frozenset({State.DRAINED, State.DONE, State.REFUSED})
ON_ITS_WAY = frozenset({State.WARM_UP, State.BAKE, State.PAUSED, State.HOLD})
"""A step is live and watched."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a journal. `number` rises by one; `at` is in seconds since 1970, UTC."""

    number: int
    at: float
    by: str
    event: Event
    step: int = -1
    """Index of the step that the event belongs to; -1 before the first."""
    reason: str = ""


@dataclass
class Position:
    """Where a journal has come to."""

    number: int = 0
    state: State = State.PREFLIGHT
    step: int = -1
    since: float = 0.0
    """When the state was entered."""
    reason: str = ""
    begun: float | None = None
    """When the first change was decided; minutes before it were Python's alone."""
    applied: float = 0.0
    """When the change to this step was decided."""
    baking: float | None = None
    """When this step's bake began."""
    baked: list[tuple[float, float]] = field(default_factory=list)
    """From and until when earlier steps baked."""
    failures: list[str] = field(default_factory=list)
    """What failed since the state was entered."""
    paused: bool = False
    promoted: bool = False
    resumed: bool = False
    aborted: bool = False

    def take(self, entry: Entry) -> None:
        """Go on by one entry."""
        self.number = entry.number
        match entry.event:
            case State() as state:
                self._enter(state, entry)
            case Request.PAUSE:
                self.paused = True
            case Request.RESUME:
                self.paused, self.resumed = False, True
            case Request.PROMOTE:
                # Said of the step that was there: the next one is baked again.
                self.promoted |= entry.step == self.step
            case Request.ABORT:
                self.aborted = True
            case Trouble.FAILED:
                self.failures.append(entry.reason)

    def _enter(self, state: State, entry: Entry) -> None:
        if state is State.BAKE and self.baking is None:
            self.baking = entry.at
        elif self.baking is not None and state not in ON_ITS_WAY:
            self.baked.append((self.baking, entry.at))
            self.baking = None
        if state is State.APPLY:
            self.applied = entry.at
            self.begun = self.begun or entry.at
        self.promoted &= entry.step == self.step
        self.aborted &= state not in OVER | {State.ROLLING_BACK}
        self.resumed, self.failures = False, []
        self.state, self.step, self.since, self.reason = state, entry.step, entry.at, entry.reason


def position(journal: Iterable[Entry]) -> Position:
    """Where the entries of one rollout, oldest first, have come to."""
    at = Position()
    for entry in journal:
        at.take(entry)
    return at
