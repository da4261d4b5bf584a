"""Fixtures: running accounts, and the program deployed into them by an engine.

The embedded engine's tests share one server and go back to what its accounts held: empty, or with
the stack deployed at 0 %.
"""

import functools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.engine.result import EngineName, Result
from tests.engine.support import Deploy, deployments, embedded_deployments
from tests.support.in_process import answered_here
from tests.support.snapshot import Snapshot


@dataclass(frozen=True)
class Shared:
    """One server for all modules that restore what they need."""

    server: AccountServer
    empty: Snapshot


@dataclass(frozen=True)
class First:
    """What a first update left of staging."""

    result: Result
    accounts: Snapshot
    folder: Path

    def restore(self, folder: Path) -> None:
        """Have it again, with the engine's state in another folder."""
        self.accounts.restore()
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def shared() -> Iterator[Shared]:
    with AccountServer() as running, answered_here(running):
        yield Shared(running, Snapshot(running))


def _first(shared: Shared, folder: Path, *, watched: bool) -> First:
    shared.empty.restore()
    account = Account.connect(shared.server.url, "staging")
    result = embedded_deployments(account, folder, watched=watched)().up()
    return First(result, Snapshot(shared.server), folder)


@pytest.fixture(scope="session")
def first(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> First:
    return _first(shared, tmp_path_factory.mktemp("first"), watched=True)


@pytest.fixture(scope="session")
def first_unwatched(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> First:
    """The same without alarms."""
    return _first(shared, tmp_path_factory.mktemp("unwatched"), watched=False)


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> EngineName:
    """The embedded engine, unless a test is for another one."""
    return getattr(request, "param", EngineName.EMBEDDED)


@pytest.fixture(scope="module")
def server(engine: EngineName, request: pytest.FixtureRequest) -> Iterator[AccountServer]:
    """A server whose accounts are empty when a module begins, and no other engine uses."""
    if engine is EngineName.EMBEDDED:
        shared: Shared = request.getfixturevalue("shared")
        shared.empty.restore()
        yield shared.server
    else:
        with AccountServer() as running:
            yield running


@pytest.fixture(scope="module")
def account(server: AccountServer) -> Account:
    """The staging account, shared by a module's tests."""
    return Account.connect(server.url, "staging")


@pytest.fixture(scope="module")
def watched(request: pytest.FixtureRequest) -> bool:
    """Whether a module's deployments have alarms: if it is about them, it says so."""
    return getattr(request.module, "WATCHED", False)


@pytest.fixture(scope="module")
def deploying(engine: EngineName, *, watched: bool) -> Callable[[Account, Path], Deploy]:
    """Deployments by the engine into an account, as fast as it can."""
    if engine is EngineName.EMBEDDED:
        return functools.partial(embedded_deployments, watched=watched)
    return functools.partial(deployments, foreseen=False)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a module's states."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def deployment(
    account: Account, deploying: Callable[[Account, Path], Deploy], state: Path
) -> Deploy:
    """Deployments of staging."""
    return deploying(account, state)


@pytest.fixture
def routed(first_unwatched: First, account: Account, tmp_path: Path) -> Deploy:
    """Deployments of staging by the embedded engine, over a first one at 0 %; without alarms."""
    first_unwatched.restore(tmp_path)
    return embedded_deployments(account, tmp_path, watched=False)


@pytest.fixture
def fresh_account(engine: EngineName, request: pytest.FixtureRequest) -> Iterator[Account]:
    """An account with nothing in it, for one test."""
    if engine is EngineName.EMBEDDED:
        shared: Shared = request.getfixturevalue("shared")
        shared.empty.restore()
        yield Account.connect(shared.server.url, "staging")
    else:
        with AccountServer() as running:
            yield Account.connect(running.url, "staging")


@pytest.fixture
def fresh_deployment(
    fresh_account: Account, deploying: Callable[[Account, Path], Deploy], tmp_path: Path
) -> Deploy:
    return deploying(fresh_account, tmp_path)
