"""One server for all tests of the account; every test takes names of its own."""

import functools
import itertools
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from tests.account.support import World
from tests.support.in_process import answered_here


@pytest.fixture(scope="session")
def server() -> Iterator[AccountServer]:
    with AccountServer() as running:
        yield running


@pytest.fixture(autouse=True)
def answered(server: AccountServer) -> Iterator[None]:
    """What goes over the wire has a module of its own, which replaces this."""
    with answered_here(server):
        yield


@pytest.fixture(scope="session")
def account(server: AccountServer) -> Account:
    return Account.connect(server.url, "staging")


@pytest.fixture(scope="session")
def production(server: AccountServer) -> Account:
    return Account.connect(server.url, "production")


@pytest.fixture(scope="session")
def unchecked(server: AccountServer) -> Callable[[str], Any]:
    """Clients of the staging account without botocore's own validation."""
    staging = server.accounts["staging"]
    session = boto3.Session(staging.access_key_id, staging.secret_access_key)

    @functools.cache
    def client(service: str) -> Any:
        create: Any = session.client
        return create(
            service,
            region_name="us-west-2",
            endpoint_url=server.url,
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )

    return client


@pytest.fixture
def world(account: Account, unchecked: Callable[[str], Any]) -> World:
    test = uuid.uuid4().hex[:10]
    number = itertools.count()
    return World(account, unchecked, lambda prefix: f"{prefix}-{test}-{next(number)}")
