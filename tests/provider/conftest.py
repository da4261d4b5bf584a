"""An empty account for every test."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID

from sandbox.account.server import forget
from sandbox.provider import Provider
from tests.provider.support import REGION, Account


@pytest.fixture(scope="session")
def client() -> Callable[[str], Any]:
    """Clients, made once: making one costs more than most tests."""
    session = boto3.Session("testing", "testing", region_name=REGION)
    return cache(session.client)


@pytest.fixture
def account(client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    account = Account(client, Provider(client))

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        account.log.append((model.name, params))

    services = ("cloudwatch", "dynamodb", "ec2", "elbv2", "iam", "lambda", "logs")
    mock = mock_aws(config={"lambda": {"use_docker": False}})
    # moto's own reset would also empty the account servers of this process.
    mock.start(reset=False)
    for service in services:
        client(service).meta.events.register("before-parameter-build", record)
    yield account
    for service in services:
        client(service).meta.events.unregister("before-parameter-build", record)
    mock.stop(remove_data=False)
    forget(DEFAULT_ACCOUNT_ID)
