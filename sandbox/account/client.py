"""A client's view of one stack's account; needs no moto."""

import http.client
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

from sandbox.changes import Changes

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient

_TIMEOUT_SECONDS = 60  # where nothing listens, the refusal comes at once
_LOADER = botocore.loaders.create_loader()
"""Shared, so a second account does not read the service models again."""

_CONFIG = Config(
    connect_timeout=2,
    max_pool_connections=32,
    parameter_validation=True,
    proxies={},  # the loopback interface, whatever HTTP_PROXY says
    # AWS throttles whoever makes many functions at once; the waits double.
    retries={"mode": "standard", "total_max_attempts": 4},
    user_agent="sandbox",  # boto3's own, of a dozen parts, is put together twice for each call
)


class AccountUnreachable(ConnectionError):
    """Nothing answers at the URL, or something that is not an account server."""


@dataclass(frozen=True)
class Account:
    """One stack's account on a running server."""

    url: str
    stack: str
    instance: str
    """Changes with every start of the server: what is known of another one is void."""
    region: str
    account_id: str
    foundation: Mapping[str, Any]
    """The outputs of the foundation stack."""
    balancers: Mapping[str, str]
    """URLs of the load balancers and of their control; empty where none are served."""
    _session: boto3.Session = field(repr=False, compare=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def connect(cls, url: str, stack: str) -> "Account":
        """Find the account of a stack.

        Raises AccountUnreachable, and ValueError for a stack that the server does not have.
        """
        server = _ask(url, "/sandbox")
        try:
            stacks, region, instance = server["stacks"], server["region"], server["instance"]
        except (TypeError, KeyError):
            raise _foreign(url) from None
        if stack not in stacks:
            raise ValueError(f"there is no stack {stack}; the server has {', '.join(stacks)}")
        account = stacks[stack]
        return cls(
            url=url,
            stack=stack,
            instance=instance,
            region=region,
            account_id=account["accountId"],
            foundation=account["foundation"],
            balancers=account["balancers"],
            _session=_session(account["accessKeyId"], account["secretAccessKey"], region),
        )

    @overload
    def client(self, service: Literal["cloudwatch"]) -> "CloudWatchClient": ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> "DynamoDBClient": ...
    @overload
    def client(self, service: Literal["ec2"]) -> "EC2Client": ...
    @overload
    def client(self, service: Literal["elbv2"]) -> "ElasticLoadBalancingv2Client": ...
    @overload
    def client(self, service: Literal["iam"]) -> "IAMClient": ...
    @overload
    def client(self, service: Literal["lambda"]) -> "LambdaClient": ...
    @overload
    def client(self, service: Literal["logs"]) -> "CloudWatchLogsClient": ...
    @overload
    def client(self, service: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
    @overload
    def client(self, service: Literal["sns"]) -> "SNSClient": ...
    @overload
    def client(self, service: str) -> Any: ...
    def client(self, service: str) -> Any:
        """The boto3 client of a service, always the same one. Threads may share it."""
        with self._lock:
            if service not in self._clients:
                create: Any = self._session.client
                self._clients[service] = create(service, endpoint_url=self.url, config=_CONFIG)
            return self._clients[service]

    def changes(self) -> Changes:
        """Whether what load balancers obey has changed. Raises AccountUnreachable."""
        changed = _ask(self.url, f"/sandbox/changes?account={self.account_id}")
        if changed is None:
            raise _foreign(self.url)
        return Changes(**changed)


def _session(access_key_id: str, secret_access_key: str, region: str) -> boto3.Session:
    """A session that knows nothing of this machine's AWS profiles."""
    nothing = (None, None, os.devnull, None)
    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nothing,
            "credentials_file": nothing,
        }
    )
    session.register_component("data_loader", _LOADER)
    return boto3.Session(
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        region_name=region,
        botocore_session=session,
    )


def _ask(url: str, path: str) -> Any:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=_TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read()
    except OSError as error:
        raise AccountUnreachable(
            f"No account server answers at {url} ({error}). Is it running?"
        ) from None
    except http.client.HTTPException:
        raise _foreign(url) from None
    finally:
        connection.close()
    try:
        return json.loads(text) if response.status == http.HTTPStatus.OK else None
    except ValueError:
        raise _foreign(url) from None


def _foreign(url: str) -> AccountUnreachable:
    return AccountUnreachable(f"What answers at {url} is not an account server.")
