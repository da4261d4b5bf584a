"""Fixtures: running accounts, and the program deployed into them by an engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.engine.result import EngineName
from tests.engine.support import Deploy, deployments, embedded_deployments


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> EngineName:
    """The embedded engine, unless a test is for another one."""
    return getattr(request, "param", EngineName.EMBEDDED)


@pytest.fixture(scope="module")
def server(engine: EngineName) -> Iterator[AccountServer]:
    """A server that no other engine and no other module uses."""
    with AccountServer() as running:
        yield running


@pytest.fixture(scope="module")
def account(server: AccountServer) -> Account:
    """The staging account, shared by a module's tests."""
    return Account.connect(server.url, "staging")


@pytest.fixture(scope="module")
def deploying(engine: EngineName) -> Callable[[Account, Path], Deploy]:
    """Deployments by the engine into an account, as fast as it can."""
    if engine is EngineName.EMBEDDED:
        return embedded_deployments
    return lambda account, folder: deployments(account, folder, foreseen=False)


@pytest.fixture(scope="module")
def deployment(
    account: Account,
    deploying: Callable[[Account, Path], Deploy],
    tmp_path_factory: pytest.TempPathFactory,
) -> Deploy:
    """Deployments of staging."""
    return deploying(account, tmp_path_factory.mktemp("state"))


@pytest.fixture
def fresh_account(engine: EngineName) -> Iterator[Account]:
    """An account that no other test uses."""
    with AccountServer() as running:
        yield Account.connect(running.url, "staging")


@pytest.fixture
def fresh_deployment(
    fresh_account: Account, deploying: Callable[[Account, Path], Deploy], tmp_path: Path
) -> Deploy:
    return deploying(fresh_account, tmp_path)
