"""Accounts for the Pulumi CLI."""

from collections.abc import Iterator

import pytest

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from tests.engine.support import Deploy, deployments


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
    """Deployments of staging."""
    return deployments(account, tmp_path_factory.mktemp("state"))
