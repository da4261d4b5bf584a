"""Accounts with the program's rules, clients and clocks."""

import functools
import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import botocore.loaders
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from rollout.journal import State
from rollout.live import connect
from rollout.rollback import Rollback
from rollout.rollback_command import app
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from tests.rollout.live_world import LiveWorld
from tests.rollout.stack import Stack
from tests.support.in_process import answered_here
from tests.support.snapshot import Snapshot

_loader = functools.cache(botocore.loaders.create_loader)
"""Reading the descriptions of AWS's services again is most of making a client."""
Kept = tuple[LiveWorld, Snapshot]


@pytest.fixture(scope="session")
def running() -> Iterator[AccountServer]:
    with AccountServer() as found, answered_here(found):
        yield found


@pytest.fixture(scope="session")
def empty(running: AccountServer) -> Snapshot:
    return Snapshot(running)


@pytest.fixture(scope="session")
def full(running: AccountServer, empty: Snapshot) -> tuple[Stack, Snapshot]:
    """The stack as an update at 0 % leaves it."""
    empty.restore()
    return Stack(Account.connect(running.url, "staging")), Snapshot(running)


@pytest.fixture
def server(running: AccountServer, empty: Snapshot) -> AccountServer:
    """An account without the program."""
    empty.restore()
    return running


@pytest.fixture
def stack(server: AccountServer, full: tuple[Stack, Snapshot]) -> Stack:
    """An account with the program's rules; a test that changes `rules` or `groups` is its last."""
    made, snapshot = full
    snapshot.restore()
    return made


@pytest.fixture(scope="session")
def begun(running: AccountServer, full: tuple[Stack, Snapshot]) -> Kept:
    """The stack under traffic, as a rollout finds it."""
    made, snapshot = full
    snapshot.restore()
    world = LiveWorld(made)
    world.begin()
    return world, Snapshot(running)


@pytest.fixture(scope="session")
def at_first_step(running: AccountServer, begun: Kept) -> Kept:
    world = again(begun)
    world.start()
    world.run(State.BAKE, step=0)
    return world, Snapshot(running)


@pytest.fixture(scope="session")
def at_last_step(running: AccountServer, at_first_step: Kept) -> Kept:
    world = again(at_first_step)
    world.run(State.BAKE, step=1)
    return world, Snapshot(running)


@pytest.fixture(scope="session")
def at_end(running: AccountServer, at_last_step: Kept) -> Kept:
    world = again(at_last_step)
    assert world.run().decision.state is State.DONE
    return world, Snapshot(running)


def again(kept: Kept) -> LiveWorld:
    """A world as it was kept."""
    world, snapshot = kept
    snapshot.restore()
    return world.copy()


@pytest.fixture
def world(begun: Kept) -> LiveWorld:
    """A stack whose traffic, metrics and time are the test's."""
    return again(begun)


@pytest.fixture
def baking(at_first_step: Kept) -> LiveWorld:
    """A world whose rollout to 50 % has just begun to bake its first step, 10 %."""
    return again(at_first_step)


@pytest.fixture
def last(at_last_step: Kept) -> LiveWorld:
    """A world whose rollout has just begun to bake its last step."""
    return again(at_last_step)


@pytest.fixture
def finished(at_end: Kept) -> LiveWorld:
    """A world whose rollout is done."""
    return again(at_end)


class Clock:
    """Time that passes while somebody sleeps, and only then."""

    def __init__(self) -> None:
        self.now = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.on_sleep()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def elb(server: AccountServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command's own client, on the staging account; botocore's waits pass at once."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    monkeypatch.setattr("botocore.session.create_loader", _loader)
    return connect("us-west-2")


def environment(server: AccountServer, stack: str = "staging") -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": server.accounts[stack].access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.accounts[stack].secret_access_key,
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def begin(elb: Any, clock: Clock) -> Iterator[Callable[..., Rollback]]:
    """A rollback on the fake clock, what it says in its attribute `said`."""
    begun = []

    def make(**options: Any) -> Rollback:
        work = Rollback(elb, "staging", clock=clock, sleep=clock.sleep, **options)
        begun.append(work)
        return work

    yield make
    for work in begun:
        work.close()


@pytest.fixture
def command(server: AccountServer, elb: Any) -> Callable[..., Result]:
    return functools.partial(CliRunner().invoke, app)


def calls(server: AccountServer) -> dict[str, int]:
    """How often each action was called since the server began or was reset."""
    with urllib.request.urlopen(f"{server.url}/sandbox/calls") as answer:
        return {call["action"]: call["count"] for call in json.load(answer)}


def reset_calls(server: AccountServer) -> None:
    request = urllib.request.Request(f"{server.url}/sandbox/calls", method="DELETE")
    urllib.request.urlopen(request).close()


def fail(
    elb: Any, action: str, code: str, *, times: int = 10_000, only: str = ""
) -> Callable[[], int]:
    """Let calls of an action fail before they are sent, those that name `only`; how many did."""
    failed: list[None] = []

    def refuse(params: Any, **_: Any) -> None:
        if only in str(params.get("body")) and len(failed) < times:
            failed.append(None)
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, action)

    elb.meta.events.register(f"before-call.elastic-load-balancing-v2.{action}", refuse)
    return lambda: len(failed)
