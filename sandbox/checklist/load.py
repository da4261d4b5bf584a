"""Clients that keep asking in the background while something else happens."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import uvloop

from sandbox.checklist.client import Client, Sample, User
from sandbox.checklist.targets import Target
from sandbox.lifetime import LongLived

_PATIENCE_S: Final = 300
_PAUSE_S: Final = 0.04
"""Between two requests of a target, one of a new client and one of a returning one."""


class Load(LongLived):
    """Asks for every target about fifty times a second, half of it as returning users.

    The first request of each user comes before it has started. What made it fail is raised when
    it starts or closes.

    with Load(account.balancers, DUAL, users_each=50) as load:
        change_something()
    load.samples
    """

    def __init__(
        self, balancers: Mapping[str, str], targets: Iterable[Target], *, users_each: int
    ) -> None:
        self.samples: list[Sample] = []
        self.users: list[User] = []
        self._balancers = balancers
        self._targets = tuple(targets)
        self._users_each = users_each
        self._begun = threading.Event()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        self._thread.start()
        try:
            self._begun.wait()
            self._raise()
            yield
        finally:
            self._ended.set()
            self._thread.join()
        self._raise()

    def wait_for_every_user(self) -> None:
        """Wait until every user has asked at least once more, from begin to end.

        Raises TimeoutError.
        """
        now = time.monotonic()
        while self._thread.is_alive() and any(user.begun <= now for user in self.users):
            if time.monotonic() > now + _PATIENCE_S:
                raise TimeoutError(f"some users got no answer within {_PATIENCE_S} s")
            self._ended.wait(_PAUSE_S)
        self._raise()

    def take(self) -> list[Sample]:
        """What was asked since the last call, which `samples` then forgets."""
        count = len(self.samples)  # more may come meanwhile
        taken, self.samples[:count] = self.samples[:count], []
        return taken

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            uvloop.run(self._ask_on())
        except BaseException as error:  # told to whoever waits
            self._error = error
        finally:
            self._begun.set()

    async def _ask_on(self) -> None:
        async with Client(self._balancers) as client:
            users = {
                target: [client.user(target) for _ in range(self._users_each)]
                for target in self._targets
            }
            self.users = [user for some in users.values() for user in some]
            self.samples += await client.ask_all_again(self.users)
            self._begun.set()
            async with asyncio.TaskGroup() as tasks:
                for target, some in users.items():
                    tasks.create_task(self._ask_for(client, target, some))

    async def _ask_for(self, client: Client, target: Target, users: Sequence[User]) -> None:
        turn = 0
        while not self._ended.is_set():
            self.samples.append(await client.ask(target))
            self.samples.append(await client.ask_again(users[turn % len(users)]))
            turn += 1
            await asyncio.sleep(_PAUSE_S)
