"""Item 4: how long clients stay on their side."""

from collections.abc import Sequence
from typing import Final

from sandbox.checklist.client import Client, Sample, User
from sandbox.checklist.intervals import allowed
from sandbox.checklist.results import Claim, Item, Line, Timeline
from sandbox.checklist.run import Run, no_failure
from sandbox.checklist.targets import DUAL

_TIMES_USERS: Final = 4
_MARGIN_S: Final = 60
"""How far from the end of the stickiness clients come back, so that real time does not count."""
_SHORTEST_S: Final = 3 * _MARGIN_S + 1

_Point = tuple[float, float]


class _Story:
    """Users that are drawn, come back at some times of the load balancers' clock, and stay or not.

    `points` holds the share of users that were still on their first side, over time.
    """

    def __init__(self, run: Run, client: Client) -> None:
        self._run = run
        self._client = client
        self.samples: list[Sample] = []

    async def draw(self) -> list[User]:
        each = _TIMES_USERS * self._run.users_each
        users = [self._client.user(target) for target in DUAL for _ in range(each)]
        await self.ask(users)
        return users

    async def ask(self, users: Sequence[User]) -> int:
        """Let them all ask; how many of them stayed on the side they had the last time."""
        self.samples += self._run.sends(await self._client.ask_all_again(users))
        return sum(len(user.sides) > 1 and user.stayed for user in users)

    def later(self, seconds: float) -> None:
        self._run.control.advance_clock(seconds)


def stickiness(run: Run) -> Item:
    """At 50 %: idle and active clients, before and after the stickiness time."""
    lasting = run.stickiness_s()
    title = f"Verify session stickiness works ({_hours(lasting)} duration)"
    if lasting < _SHORTEST_S:
        text = f"The live rules keep clients for {lasting} s; {_SHORTEST_S} s can be measured."
        return Item(title, (Claim(text, passed=False),))
    return run.asking(lambda client: _measure(run, client, lasting, title))


async def _measure(run: Run, client: Client, lasting: int, title: str) -> Item:
    story = _Story(run, client)
    active, early, late = await story.draw(), await story.draw(), await story.draw()
    count = len(active)
    low, high = allowed(count, 0.5)
    at_once = await story.ask(active)
    third = lasting / 3
    renewed: list[_Point] = [(0, 100)]
    for visit in (1, 2):
        story.later(third)
        stayed = await story.ask(active)
        renewed.append((visit * third, 100 * stayed / count))
    story.later(third - _MARGIN_S)
    stayed_early = await story.ask(early)
    story.later(2 * _MARGIN_S)
    await story.ask(late)
    stayed_active = await story.ask(active)
    renewed.append((lasting + _MARGIN_S, 100 * stayed_active / count))
    ever = sum(len(set(user.sides)) == 1 for user in active)

    run.control.set_renewal(on_activity=False)
    unrenewed = await story.draw()
    fading: list[_Point] = [(0, 100)]
    for visit in (1, 2):
        story.later(third)
        fading.append((visit * third, 100 * await story.ask(unrenewed) / count))
    story.later(third + _MARGIN_S)
    stayed_unrenewed = await story.ask(unrenewed)
    fading.append((lasting + _MARGIN_S, 100 * stayed_unrenewed / count))
    run.control.set_renewal(on_activity=True)

    def drawn_again(users: Sequence[User], who: str) -> Claim:
        moved = sum(not user.stayed for user in users)
        everywhere = {user.target for user in users if not user.stayed} == set(DUAL)
        return Claim(
            f"{moved} of {count} clients {who} changed sides: they were drawn again "
            f"({low} to {high} allowed: exact binomial, 99.99 %), "
            f"{'' if everywhere else 'but not '}on every endpoint.",
            everywhere and low <= moved <= high,
        )

    return Item(
        title,
        (
            Claim(f"{at_once} of {count} clients stayed on their side at once.", at_once == count),
            Claim(
                f"{stayed_early} of {count} clients that came back after {lasting - _MARGIN_S} s "
                f"of silence stayed: the whole {lasting} s count.",
                stayed_early == count,
            ),
            drawn_again(late, f"that came back after {lasting + _MARGIN_S} s of silence"),
            Claim(
                f"{ever} of {count} clients that asked every {third:.0f} s were still on their "
                f"side after {lasting + _MARGIN_S} s: every answer renews the cookie, the default.",
                ever == count,
            ),
            drawn_again(
                unrenewed,
                f"that asked as often, with renewal switched off, {lasting + _MARGIN_S} s after "
                "they were drawn",
            ),
            no_failure(story.samples, "of all these clients"),
        ),
        (
            Timeline(
                "Active clients on the side of their visit before",
                "% of clients",
                (
                    Line("answers renew the cookie (default)", tuple(renewed)),
                    Line("answers do not renew it", tuple(fading)),
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
