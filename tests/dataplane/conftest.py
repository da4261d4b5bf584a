"""One account and one data plane for the tests of a module; every test has rules of its own."""

import http.client
import itertools
import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.dataplane.server import DataPlane
from sandbox.dataplane.source import Live
from tests.account.support import package, path, trust, weighted
from tests.dataplane.support import HANG_S, wait_for

FAST_S = 0.1
SIDE_HEADER = "x-sandbox-implementation"
RUST_FUNCTION = "passport-v2-rust-scorer"


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with AccountServer() as server:
        yield Account.connect(server.url, "staging")


@pytest.fixture(scope="module")
def plane(account: Account) -> Iterator[DataPlane]:
    with DataPlane(account, interval_s=FAST_S) as running:
        yield running


@dataclass
class Stack:
    """Functions, groups and rules in the account, and what is needed to change them."""

    account: Account
    listener: str
    role: str
    prefix: str = field(default_factory=lambda: f"/{uuid.uuid4().hex[:8]}")
    """Begins the paths of one test."""
    _priorities: Iterator[int] = field(default_factory=lambda: itertools.count(100))
    _rules: list[str] = field(default_factory=list)

    def function(self, name: str) -> str:
        """A function; its ARN. There is one Rust function, so it may be there already."""
        client = self.account.client("lambda")
        try:
            found = client.get_function_configuration(FunctionName=name)
            return found["FunctionArn"]
        except client.exceptions.ResourceNotFoundException:
            created = client.create_function(
                FunctionName=name,
                Role=self.role,
                Runtime="python3.11",
                Handler="app.handler",
                Timeout=5,
                Code={"ZipFile": package()},
            )
            return created["FunctionArn"]

    def group(self, function: str | None = None, *, target: bool = True) -> str:
        """A target group that may call its function; its ARN."""
        name = f"g-{uuid.uuid4().hex[:12]}"
        elbv2 = self.account.client("elbv2")
        created = elbv2.create_target_group(Name=name, TargetType="lambda")
        group = created["TargetGroups"][0]["TargetGroupArn"]
        if target:
            self.attach(group, function or name)
        return group

    def attach(self, group: str, function: str) -> str:
        """Register the function with its permission; the permission's id."""
        arn = self.function(function)
        statement = f"s-{uuid.uuid4().hex[:12]}"
        self.account.client("lambda").add_permission(
            FunctionName=arn,
            StatementId=statement,
            Action="lambda:InvokeFunction",
            Principal="elasticloadbalancing.amazonaws.com",
            SourceArn=group,
        )
        self.account.client("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": arn}])
        return statement

    def rule(self, action: Any, *conditions: Any) -> str:
        """A rule for the test's own paths; its ARN."""
        created = self.account.client("elbv2").create_rule(
            ListenerArn=self.listener,
            Priority=next(self._priorities),
            Conditions=list(conditions) or [path(f"{self.prefix}/*")],
            Actions=[action],
        )
        self._rules.append(created["Rules"][0]["RuleArn"])
        return self._rules[-1]

    def modify(self, rule: str, action: Any) -> None:
        self.account.client("elbv2").modify_rule(RuleArn=rule, Actions=[action])

    def clear(self) -> None:
        for rule in self._rules:
            self.account.client("elbv2").delete_rule(RuleArn=rule)


@pytest.fixture(scope="module")
def role(account: Account) -> str:
    created = account.client("iam").create_role(
        RoleName="functions", AssumeRolePolicyDocument=trust()
    )
    return created["Role"]["Arn"]


@pytest.fixture
def stack(account: Account, role: str) -> Iterator[Stack]:
    made = Stack(account, account.foundation["publicAlbHttpsListenerArn"], role)
    yield made
    made.clear()


@dataclass
class Sides:
    """A rule between a Python and a Rust group."""

    stack: Stack
    python: str
    rust: str
    rule: str = ""

    def share(self, rust: int, seconds: int = 3600) -> Any:
        return weighted(
            (self.python, 100 - rust),
            (self.rust, rust),
            Enabled=True,
            DurationSeconds=seconds,
        )

    @property
    def plain(self) -> Any:
        return {"Type": "forward", "TargetGroupArn": self.python}


@pytest.fixture
def sides(stack: Stack) -> Sides:
    return Sides(stack, stack.group(), stack.group(RUST_FUNCTION))


class Answered:
    """A response, read to its end."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def side(self) -> str | None:
        return self.headers[SIDE_HEADER]

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A client with a connection and a cookie jar of its own."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=HANG_S)
        self.jar: dict[str, str] = {}

    def ask(
        self,
        target: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answered:
        sent = dict(headers or {})
        if self.jar:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        self._connection.request(method, target, body, sent)
        answered = Answered(self._connection.getresponse())
        for line in answered.headers.get_all("set-cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.jar[name] = value
        return answered

    def forget(self) -> None:
        self.jar.clear()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def client(url: str) -> Iterator[Client]:
    made = Client(url)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def browser(plane: DataPlane) -> Iterator[Client]:
    with client(plane.public_url) as made:
        yield made


def raw(url: str, request: bytes) -> bytes:
    """Send bytes, read until the server closes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=HANG_S) as connection:
        connection.sendall(request)
        received = b""
        while part := connection.recv(65_536):
            received += part
    return received


def version(plane: DataPlane) -> int:
    return plane.source.live.version


def newer(plane: DataPlane, than: int) -> Live:
    """What is live after the next change, which nobody asks for."""
    return wait_for(plane.source, lambda live: live.version > than)
