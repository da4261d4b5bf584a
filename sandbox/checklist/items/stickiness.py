"""Item 4: how long clients stay on their side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pages.model import Claim, Item, Line, Timeline
from sandbox.checklist.client import Client, Sample, User
from sandbox.checklist.intervals import allowed
from sandbox.checklist.run import Run, no_failure
from sandbox.checklist.targets import DUAL
from sandbox.routes import read_routes

_TIMES_USERS: Final = 4
_MARGIN_S: Final = 60
"""How far from the end of the stickiness clients come back, so that real time does not count."""
_SHORTEST_S: Final = 3 * _MARGIN_S + 1

_Point = tuple[float, float]


@dataclass(frozen=True)
class _Drawn:
    """Users, and when the first and the last of them were drawn, by the load balancers' clock."""

    users: Sequence[User]
    begun: float
    ended: float


class _Story:
    """Users that are drawn, come back at some times of the load balancers' clock, and stay or not.

    That clock runs on while they ask, so times to come back at are counted from when they came.
    """

    def __init__(self, run: Run, client: Client) -> None:
        self._run = run
        self._client = client
        self.samples: list[Sample] = []

    async def draw(self) -> _Drawn:
        each = _TIMES_USERS * self._run.users_each
        users = [self._client.user(target) for target in DUAL for _ in range(each)]
        begun = self._now()
        await self.ask(users)
        return _Drawn(users, begun, self._now())

    async def ask(self, users: Sequence[User]) -> int:
        """Let them all ask; how many of them stayed on the side they had the last time."""
        self.samples += self._run.sends(await self._client.ask_all_again(users))
        return sum(len(user.sides) > 1 and user.stayed for user in users)

    async def come_back(self, drawn: _Drawn, *moments: float) -> list[_Point]:
        """Let them ask at these times after they were drawn; which share stayed, in percent."""
        points = []
        for moment in moments:
            self.until(drawn.ended + moment)
            points.append((moment, 100 * await self.ask(drawn.users) / len(drawn.users)))
        return points

    def until(self, moment: float) -> None:
        """Move the clock there, unless it is there."""
        self._run.control.advance_clock(max(0.0, moment - self._now()))

    def _now(self) -> float:
        now: float = self._run.control.status()["clock"]["now"]
        return now


def stickiness(run: Run) -> Item:
    """At 50 %: idle and active clients, before and after the stickiness time."""
    lasting = run.stickiness_s
    title = f"Verify session stickiness works ({_hours(lasting)} duration)"
    if lasting < _SHORTEST_S:
        text = f"{lasting} s are configured; only {_SHORTEST_S} s and more can be measured."
        return Item(title, (Claim(text, passed=False),))
    return run.asking(lambda client: _measure(run, client, lasting, title))


def as_configured(run: Run) -> Claim:
    """Read to the second what clients can only show to the minute."""
    live = {
        (route.listener, route.priority): route.stickiness_seconds
        for route in read_routes(run.account)
    }
    found = {target.route: live.get((target.balancer, target.route.priority)) for target in DUAL}
    wrong = [
        f"{route.name} {seconds}" for route, seconds in found.items() if seconds != run.stickiness_s
    ]
    return Claim(
        f"The stack asks for {run.stickiness_s} s, and so do {len(found) - len(wrong)} of its "
        f"{len(found)} weighted rules" + (f"; not so: {', '.join(wrong)}." if wrong else "."),
        not wrong,
    )


async def _measure(run: Run, client: Client, lasting: int, title: str) -> Item:
    story = _Story(run, client)
    early, late, active = await story.draw(), await story.draw(), await story.draw()
    count = len(active.users)
    low, high = allowed(count, 0.5)
    third, beyond = lasting / 3, lasting + _MARGIN_S
    at_once = await story.ask(active.users)
    renewed = await story.come_back(active, third, 2 * third)
    story.until(early.begun + lasting - _MARGIN_S)
    stayed_early = await story.ask(early.users)
    renewed += await story.come_back(active, beyond)
    await story.ask(late.users)
    ever = sum(len(set(user.sides)) == 1 for user in active.users)

    run.control.set_renewal(on_activity=False)
    unrenewed = await story.draw()
    fading = await story.come_back(unrenewed, third, 2 * third, beyond)
    run.control.set_renewal(on_activity=True)

    def drawn_again(drawn: _Drawn, who: str) -> Claim:
        moved = [user.target for user in drawn.users if not user.stayed]
        everywhere = set(moved) == set(DUAL)
        return Claim(
            f"{len(moved)} of {count} clients {who} changed sides: they were drawn again "
            f"({low} to {high} allowed: exact binomial, 99.99 %), "
            f"{'' if everywhere else 'but not '}on every endpoint.",
            everywhere and low <= len(moved) <= high,
        )

    return Item(
        title,
        (
            as_configured(run),
            Claim(f"{at_once} of {count} clients stayed on their side at once.", at_once == count),
            Claim(
                f"{stayed_early} of {count} clients that came back after {lasting - _MARGIN_S} s "
                f"of silence stayed: the whole {lasting} s count.",
                stayed_early == count,
            ),
            drawn_again(late, f"that came back after {beyond} s of silence"),
            Claim(
                f"{ever} of {count} clients that asked every {third:.0f} s were still on their "
                f"side after {beyond} s: every answer renews the cookie, the default.",
                ever == count,
            ),
            drawn_again(
                unrenewed,
                f"that asked as often, with renewal switched off, {beyond} s after they were drawn",
            ),
            no_failure(story.samples, "of all these clients"),
        ),
        (
            Timeline(
                "Active clients on the side of their visit before",
                "% of clients",
                (
                    Line("answers renew the cookie (default)", ((0, 100), *renewed)),
                    Line("answers do not renew it", ((0, 100), *fading)),
                ),
                top=100,
                note="Clients ask three times within the stickiness time and once after it.",
            ),
        ),
        modelled=(
            "Whether activity renews the cookie AWSALBTG is not documented by AWS; sandbox start "
            "--no-renew-cookies shows the other behaviour.",
        ),
    )


def _hours(seconds: int) -> str:
    hours = seconds / 3600
    return f"{hours:g} hour" if hours == 1 else f"{hours:g} hours"
