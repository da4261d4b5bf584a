"""Running accounts, and the program deployed into them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.deploy import Deployment
from sandbox.stackfile import load_stack_file

Deploy = Callable[..., Deployment]


def deployments(account: Account, folder: Path) -> Deploy:
    """Deployments of the account's stack with some keys set, over one state.

    No policy judges them, which halves the time: tests/policy and the checklist see to that.
    """

    def make(secret: dict[str, str] | None = None, **values: str) -> Deployment:
        config = load_stack_file(account.stack).with_values(values)
        return Deployment(account, config.with_values(secret or {}, secret=True), folder, rules=())

    return make


@pytest.fixture(scope="module")
def server() -> Iterator[AccountServer]:
    with AccountServer() as running:
        yield running


@pytest.fixture(scope="module")
def account(server: AccountServer) -> Account:
    """The staging account, shared by a module's tests."""
    return Account.connect(server.url, "staging")


@pytest.fixture(scope="module")
def deployment(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Deploy:
    """Deployments of staging; each test first deploys what it starts from."""
    return deployments(account, tmp_path_factory.mktemp("state"))


@pytest.fixture
def fresh_account() -> Iterator[Account]:
    """An account that no other test uses."""
    with AccountServer() as running:
        yield Account.connect(running.url, "staging")


@pytest.fixture
def fresh_deployment(fresh_account: Account, tmp_path: Path) -> Deploy:
    return deployments(fresh_account, tmp_path)
