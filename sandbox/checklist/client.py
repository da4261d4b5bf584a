"""Clients of the load balancers: one without memory, and users with a cookie jar each."""

import asyncio
import itertools
import time
from collections.abc import Coroutine, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple

import aiohttp

from sandbox.checklist.targets import Answer, Target
from sandbox.dataplane.responder import (
    FUNCTION_HEADER,
    GROUP_HEADER,
    IMPLEMENTATION_HEADER,
    PRIORITY_HEADER,
)

_AT_ONCE: Final = 64
_TIMEOUT: Final = aiohttp.ClientTimeout(total=120)
UNANSWERED: Final = 0
"""Stands for the status of a request that got no answer at all."""


class Sample(NamedTuple):
    """One request and its answer; times in seconds of `time.monotonic`."""

    target: Target
    begun: float
    ended: float
    status: int
    side: str | None
    """Which implementation answered; None for the load balancer itself."""
    function: str | None
    group: str | None
    priority: str | None
    """Of the rule that took the request, as far as the answer says it."""
    returning: bool
    """Whether the client had a cookie jar."""

    @property
    def answer(self) -> Answer:
        """What the answer says of itself, apart from the side."""
        return self.function, self.group, self.priority


class User:
    """A client with a cookie jar of its own that always asks for the same thing."""

    def __init__(self, session: aiohttp.ClientSession, target: Target) -> None:
        self.session = session
        self.target = target
        self.sides: list[str | None] = []
        """Which implementation answered, request by request."""
        self.begun = 0.0
        """When the last request that was answered was sent."""

    @property
    def stayed(self) -> bool:
        """Whether the last answer came from the same side as the one before."""
        return self.sides[-1] == self.sides[-2]


class Client:
    """Sends requests to the load balancers at these URLs, and keeps a sample of each.

    async with Client(account.balancers) as client:
        samples = await client.ask_anew(DUAL, 4000)
    """

    def __init__(self, balancers: Mapping[str, str]) -> None:
        self._balancers = balancers
        self._sessions: list[aiohttp.ClientSession] = []

    async def __aenter__(self) -> "Client":
        self._connector = aiohttp.TCPConnector(limit=_AT_ONCE)
        self._anonymous = self._session(aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in self._sessions:
            await session.close()
        await self._connector.close()

    def user(self, target: Target) -> User:
        """A new user with an empty jar."""
        # Addresses take cookies only when asked to; quotes would be part of the value.
        jar = aiohttp.CookieJar(unsafe=True, quote_cookie=False)
        return User(self._session(jar), target)

    async def ask(self, target: Target) -> Sample:
        """Ask once as a client that comes for the first time."""
        return await self._send(self._anonymous, target, returning=False)

    async def ask_again(self, user: User) -> Sample:
        """Ask once as this user."""
        sample = await self._send(user.session, user.target, returning=True)
        user.sides.append(sample.side)
        user.begun = sample.begun
        return sample

    async def ask_anew(self, targets: Iterable[Target], count: int) -> list[Sample]:
        """`count` new clients for each target, the targets in turn."""
        turns = itertools.chain.from_iterable(itertools.repeat(tuple(targets), count))
        return await _at_once(self.ask(target) for target in turns)

    async def ask_all_again(self, users: Iterable[User]) -> list[Sample]:
        """Every user once."""
        return await _at_once(self.ask_again(user) for user in users)

    def _session(self, jar: aiohttp.abc.AbstractCookieJar) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=self._connector, connector_owner=False, cookie_jar=jar, timeout=_TIMEOUT
        )
        self._sessions.append(session)
        return session

    async def _send(
        self, session: aiohttp.ClientSession, target: Target, *, returning: bool
    ) -> Sample:
        begun = time.monotonic()
        status = UNANSWERED
        said: Mapping[str, str] = {}
        try:
            async with session.request(
                target.method,
                self._balancers[target.balancer] + target.path,
                headers={"Host": target.host},
                allow_redirects=False,
            ) as response:
                await response.read()
                status, said = response.status, response.headers
        except (aiohttp.ClientError, TimeoutError):
            pass  # counted as unanswered
        return Sample(
            target,
            begun,
            time.monotonic(),
            status,
            said.get(IMPLEMENTATION_HEADER),
            said.get(FUNCTION_HEADER),
            said.get(GROUP_HEADER),
            said.get(PRIORITY_HEADER),
            returning,
        )


async def _at_once(asks: Iterable[Coroutine[Any, Any, Sample]]) -> list[Sample]:
    """Await them all, a bounded number at a time."""
    samples: list[Sample] = []
    waiting = iter(asks)

    async def work() -> None:
        for ask in waiting:
            sample = await ask
            samples.append(sample)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_AT_ONCE):
            tasks.create_task(work())
    return samples
