"""One account for the tests of a module."""

from collections.abc import Iterator

import pytest

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from tests.cloudwatch.world import World


@pytest.fixture(scope="module")
def server() -> Iterator[AccountServer]:
    with AccountServer() as running:
        yield running


@pytest.fixture(scope="module")
def account(server: AccountServer) -> Account:
    return Account.connect(server.url, "staging")


@pytest.fixture
def world(account: Account) -> Iterator[World]:
    made = World(account)
    yield made
    made.clear()
