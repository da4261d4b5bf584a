"""Is Rust worse than Python? Closed minutes of both sides, judged as often as one likes.

Every gate is one sequential test of draws: an error of a minute belongs to Rust or to Python,
and if both fail equally often it is Rust's with the probability of Rust's share of that minute's
requests; a minute's response times are slower on Rust or on Python. A sequential probability
ratio test (Wald 1945) of conditional binomials, stratified by minute and load balancer (Lindon,
Malek, "Anytime-valid inference for multinomial count data", 2022; Turner, Gruenwald, 2023), runs
for each of some effects and from each minute on, and spends its part of the chance of a false
alarm. By Ville's inequality that part holds for any number of looks, so looking every minute
costs nothing. Given a minute's requests and errors the count is hypergeometric, for which the
binomial is the worst case (Hoeffding 1963, theorem 4).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rollout.settings import Settings
from routing import Listener

BALANCERS: Final = tuple(Listener)
BOTH: Final = "both"
MINUTE_S: Final = 60
_PYTHON, _RUST = 0, 1
_P95 = 3
"""Where the response times begin in Counts."""
_EFFECTS: Final = np.array([1.25, 1.5, 2, 3, 5, 10, 30])
"""How many times as often as Python Rust may fail."""
_LOWEST_SHARE: Final = 0.25
"""Of the set share: below it the weights are not obeyed. Cookies alone can halve it."""
_NEVER: Final = 1e-4
_RECENT: Final = 5
"""Minutes that say how things are now."""
GATES: Final = ("errors", "4XX", "p95", "p99")
"""One sequential test each; the first two in the order of Counts."""

Numbers = NDArray[Any]


class Outcome(StrEnum):
    """What a gate says of a step."""

    PASS = "pass"  # noqa: S105 # no password
    HOLD = "hold"
    FAIL = "fail"


@dataclass(frozen=True)
class Verdict:
    """What one gate says of one load balancer, or of both."""

    gate: str
    scope: str
    outcome: Outcome
    reason: str
    blocks: bool = False
    """Whether a hold also stops who was promoted: things are bad now, whoever is to blame."""

    def __str__(self) -> str:
        return f"{self.gate}, {self.scope}: {self.reason}"


class Counts(NamedTuple):
    """One side of a load balancer in a closed minute; response times in seconds, nan for none.

    `errors` are target 5XX and failed functions together.
    """

    requests: float = 0
    errors: float = 0
    client_errors: float = 0
    p95: float = math.nan
    p99: float = math.nan


@dataclass(frozen=True)
class Minute:
    """A closed minute. `start` in seconds since 1970; Python's and Rust's side by BALANCERS."""

    start: int
    sides: tuple[tuple[Counts, Counts], ...]

    @cached_property
    def python(self) -> float:
        """Requests of the side on both load balancers."""
        return sum(python.requests for python, _ in self.sides)

    @cached_property
    def rust(self) -> float:
        return sum(rust.requests for _, rust in self.sides)

    @cached_property
    def numbers(self) -> Numbers:
        """All counts in one row: by load balancer, then by side."""
        return np.array(self.sides, dtype=float).ravel()


@dataclass(frozen=True)
class Watched:
    """The closed minutes of a rollout so far, and what they mean."""

    minutes: Sequence[Minute]
    steady: Sequence[tuple[float, float]]
    """From and until when response times count."""
    current: Sequence[bool]
    """Whether a minute belongs to the bake of the step that is judged."""
    shares: Mapping[Listener, Sequence[int]]
    """What the step sends to Rust in percent, by endpoint; without those at 0."""
    baseline: Sequence[Minute] = ()
    """Earlier minutes of Python, for a step that leaves it none."""
    alone: int | None = None
    """From which minute on the baseline stands for Python."""


def log_ratios(rust: Numbers, python: Numbers, share: Numbers) -> Numbers:
    """Log likelihood ratio of each minute's draws, for each effect in a last axis.

    `rust` and `python` count draws, `share` is the probability of Rust's if nothing is wrong.
    """
    drawn = (rust + python)[..., None] * np.log1p(share[..., None] * (_EFFECTS - 1))
    found: Numbers = rust[..., None] * np.log(_EFFECTS) - drawn
    return found


def evidence(ratios: Numbers) -> Numbers:
    """Log of the evidence that began at each minute (axis 0) for each effect (last axis).

    Where nothing is wrong, the chance that any of it ever reaches log(1/a) is a at most.
    """
    minutes = np.arange(1, len(ratios) + 1, dtype=float)
    # The n-th minute may spend 1/n(n+1) of the chance, so there may be any number of them.
    spent = -np.log(minutes * (minutes + 1)) - math.log(len(_EFFECTS))
    since = np.cumsum(ratios[::-1], axis=0)[::-1]
    found: Numbers = since + spent.reshape(-1, *[1] * (ratios.ndim - 1))
    return found


def log_limit(settings: Settings, scopes: int) -> float:
    """Log of the evidence that fails a gate: the chance of a false alarm, split over the gates."""
    return math.log(len(GATES) * scopes / settings.false_rollbacks)


def judge(settings: Settings, watched: Watched) -> list[Verdict]:
    """What the minutes say of each gate, on each load balancer that takes part and on both."""
    return _Judge(settings, watched).verdicts()


def judge_alarms(names: Sequence[str], states: Mapping[str, str]) -> Verdict:
    """What the program's alarms say; one that is missing or does not know yet holds."""
    firing = [name for name in names if states.get(name) == "ALARM"]
    silent: dict[str, list[str]] = {}
    for name in names:
        if (state := states.get(name, "missing")) != "OK":
            silent.setdefault(state, []).append(name)
    if firing:
        return Verdict("alarms", BOTH, Outcome.FAIL, f"{', '.join(firing)} in alarm")
    if silent:
        told = "; ".join(f"{state}: {_some(same)}" for state, same in silent.items())
        return Verdict("alarms", BOTH, Outcome.HOLD, told, blocks=True)
    return Verdict("alarms", BOTH, Outcome.PASS, f"{len(names)} OK")


def _some(names: Sequence[str]) -> str:
    """Names, but no long list of them."""
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if names[2:] else "")


class _Judge:
    """The minutes as arrays of (minute, scope, side, number)."""

    def __init__(self, settings: Settings, watched: Watched) -> None:
        self.settings, self.watched = settings, watched
        self.scopes: list[str] = [one for one in BALANCERS if watched.shares.get(one)]
        kept = [BALANCERS.index(Listener(one)) for one in self.scopes]
        self.now = np.array(watched.current, dtype=bool)
        live = _array(watched.minutes)[:, kept]
        self.live = live[self.now, ..., 0].sum(axis=0).tolist()
        """Requests of this bake by load balancer and side."""
        if watched.alone is not None:
            before = _array(watched.baseline)[:, kept, _PYTHON]
            places = np.arange(len(live) - watched.alone)
            # The n-th minute is compared with the n-th of the window before.
            live[watched.alone :, :, _PYTHON] = (
                before[places % len(before)] if len(before) else Counts()
            )
        drawn = self._drawn(live)
        self.ratios = self._ratios(drawn)
        if len(kept) > 1:
            self.scopes.append(BOTH)
            drawn = np.concatenate([drawn, drawn.sum(axis=1, keepdims=True)], axis=1)
            pooled = self.ratios.sum(axis=1, keepdims=True)
            self.ratios = np.concatenate([self.ratios, pooled], axis=1)
        self.drawn = drawn
        """Requests, then the draws of each gate."""

    def _drawn(self, live: Numbers) -> Numbers:
        """A minute whose response times can be compared is one draw of the slower side's."""
        settings, watched = self.settings, self.watched
        python, rust = live[:, :, _PYTHON, _P95:], live[:, :, _RUST, _P95:]
        comparable = ~np.isnan(python) & ~np.isnan(rust)
        comparable &= _within(watched.steady, watched.minutes)[:, None, None]
        comparable &= live[:, :, _PYTHON, :1] >= settings.min_latency_requests
        ratios = np.array([settings.p95_ratio, settings.p99_ratio])
        slow = comparable & (rust > np.maximum(python * ratios, settings.slow))
        drawn = live.copy()
        drawn[:, :, _PYTHON, _P95:], drawn[:, :, _RUST, _P95:] = comparable & ~slow, slow
        return drawn

    def _ratios(self, drawn: Numbers) -> Numbers:
        requests = drawn[..., :1]
        share = requests[:, :, _RUST] / np.maximum(requests.sum(axis=2), 1)
        shares = np.concatenate([share, share, np.full((*share.shape[:2], 2), 0.5)], axis=2)
        draws = drawn[..., 1:] / ([self.settings.errors_per_client] * 2 + [1, 1])
        return log_ratios(draws[:, :, _RUST], draws[:, :, _PYTHON], shares)

    def verdicts(self) -> list[Verdict]:
        limit = log_limit(self.settings, len(self.scopes))
        proof = evidence(self.ratios)
        most = proof.max(axis=(0, -1), initial=-np.inf).tolist()
        sums = self.drawn[self.now].sum(axis=0).tolist()
        newest = self.drawn[self.now][-_RECENT:].sum(axis=0).tolist()
        found = []
        for place, scope in enumerate(self.scopes):
            lacks = self._lacks(scope, *sums[place])
            for gate, name in enumerate(GATES):
                failed = ""
                if most[place][gate] >= limit:
                    since = int(proof[:, place, gate].argmax()) // len(_EFFECTS)
                    failed = self._worse(place, gate, since)
                held = lacks or self._unclear(gate, sums[place], newest[place])
                outcome = Outcome.FAIL if failed else Outcome.HOLD if held else Outcome.PASS
                reason = failed or held or _told(gate, *sums[place])
                blocks = gate == 0 and bool(held) and not lacks
                found.append(Verdict(name, scope, outcome, reason, blocks))
            if scope != BOTH:
                found.append(self._share(Listener(scope), *self.live[place]))
        return found

    def _worse(self, place: int, gate: int, since: int) -> str:
        """What is worse since a minute, if it is enough to matter."""
        python, rust = self.drawn[since:, place].sum(axis=0).tolist()
        if gate < 2:
            matters = (self.settings.error_excess, self.settings.client_error_excess)[gate]
            if _percent(gate, rust) - _percent(gate, python) < matters:
                return ""
        begun = datetime.fromtimestamp(self.watched.minutes[since].start, UTC)
        return f"{_told(gate, python, rust)} since {begun:%H:%M} UTC"

    def _lacks(self, scope: str, python: Sequence[float], rust: Sequence[float]) -> str:
        """Which requests this bake still needs."""
        needed = self.settings.min_requests_per_balancer
        if scope == BOTH or len(self.scopes) == 1:
            needed = max(needed, self.settings.min_requests)
        least = min(python[0], rust[0])
        if least >= needed:
            return ""
        rate = least / max(int(self.now.sum()), 1)
        after = f", about {(needed - least) / rate:.0f} minutes at this rate" if rate else ""
        return (
            f"{needed - least:.0f} more requests needed{after}: {needed} of each side, "
            f"so far Rust {rust[0]:,.0f}, Python {python[0]:,.0f}"
        )

    def _unclear(
        self, gate: int, sums: Sequence[list[float]], newest: Sequence[list[float]]
    ) -> str:
        """Why there are requests enough and still no answer."""
        if gate == 0:
            if max(_percent(gate, side) for side in newest) > self.settings.max_error_rate:
                return f"too many fail to go on: {_told(gate, *newest)}"
        elif gate >= 2:
            told = sum(side[1 + gate] for side in sums)
            if told < self.settings.min_latency_minutes:
                needed = self.settings.min_latency_minutes
                return f"response times of {told:.0f} minutes to compare, {needed} needed"
        return ""

    def _share(self, listener: Listener, python: float, rust: float) -> Verdict:
        """Whether a balancer does what it is set to, as far as cookies let one tell."""
        from scipy.special import bdtr, bdtrc  # noqa: PLC0415 a third of a second to import

        shares, total = self.watched.shares[listener], int(python + rust)
        low = _LOWEST_SHARE * min(shares) / 100
        # A client that draws on every route and stays with Rust once it got it.
        high = 1 - math.prod(1 - share / 100 for share in shares)
        outcome, but = Outcome.PASS, ""
        if bdtr(rust, total, low) < _NEVER:
            outcome, but = Outcome.HOLD, ": the weights are not obeyed"
        elif rust and bdtrc(rust - 1, total, high) < _NEVER:
            outcome, but = Outcome.HOLD, f", and with cookies at most {100 * high:.0f} %"
        set_to = "-".join(str(one) for one in sorted({min(shares), max(shares)}))
        told = f"Rust gets {100 * rust / max(total, 1):.1f} % of requests, set is {set_to} %{but}"
        return Verdict("share", listener, outcome, told)


def _percent(gate: int, side: Sequence[float]) -> float:
    return 100 * side[1 + gate] / max(side[0], 1)


def _told(gate: int, python: Sequence[float], rust: Sequence[float]) -> str:
    if gate < 2:
        return f"Rust {_percent(gate, rust):.2f} %, Python {_percent(gate, python):.2f} %"
    slow, fast = rust[1 + gate], python[1 + gate]
    return f"Rust too slow in {slow:.0f} of {slow + fast:.0f} minutes"


def _within(spans: Sequence[tuple[float, float]], minutes: Sequence[Minute]) -> Numbers:
    starts = np.array([minute.start for minute in minutes])
    found = np.zeros(len(starts), dtype=bool)
    for begin, end in spans:
        found |= (begin <= starts) & (starts < end)
    return found


def _array(minutes: Sequence[Minute]) -> Numbers:
    shape = (len(minutes), len(BALANCERS), 2, len(Counts._fields))
    return np.concatenate([np.empty(0), *(minute.numbers for minute in minutes)]).reshape(shape)
