"""A running account, and a plugin over it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import grpc  # type: ignore[import-untyped]  # it ships no types
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.plugin.servicer import ProviderServicer
from sandbox.provider import Provider
from tests.plugin.support import Engine

_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[AccountServer]:
    with AccountServer() as running:
        yield running


@pytest.fixture(scope="module")
def account(server: AccountServer) -> Account:
    return Account.connect(server.url, "staging")


@pytest.fixture(scope="module")
def engine(server: AccountServer) -> Iterator[Engine]:
    """An engine that talks to a plugin in this process, over the network as always."""

    def connect(stack: str) -> Provider:
        return Provider(Account.connect(server.url, stack).client)

    plugin = grpc.server(ThreadPoolExecutor(4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(ProviderServicer(connect), plugin)
    port = plugin.add_insecure_port("127.0.0.1:0")
    plugin.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Engine(provider_pb2_grpc.ResourceProviderStub(channel))
    plugin.stop(None).wait()


@pytest.fixture
def name() -> str:
    """A name that no other test of the account uses."""
    return f"thing-{next(_numbers)}"
