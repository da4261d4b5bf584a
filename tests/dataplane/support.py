"""What the tests of the data plane share: an API without an account, a balancer to ask."""

import asyncio
import copy
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from botocore.exceptions import ClientError

from sandbox.changes import Changes
from sandbox.dataplane.actions import FixedResponse
from sandbox.dataplane.asgi import HeaderLines, Message
from sandbox.dataplane.balancer import Balancer, Targets
from sandbox.dataplane.faults import Faults
from sandbox.dataplane.groups import Function, Group
from sandbox.dataplane.invoke import Backend, Call, Invoker
from sandbox.dataplane.lambda_response import STRICT, Strictness
from sandbox.dataplane.metrics import Metrics
from sandbox.dataplane.request import Request
from sandbox.dataplane.responder import Responder, ServiceResponder
from sandbox.dataplane.source import Api, Live, Source
from sandbox.dataplane.stickiness import Stickiness
from sandbox.dataplane.table import Rule, Table, compile_table
from tests.account.support import fixed_response

ACCOUNT = "arn:aws:elasticloadbalancing:us-west-2:111111111111"
BALANCER = "app/public/50dc6c495c0c9188"
LISTENER = f"{ACCOUNT}:listener/{BALANCER}/f2f7dc8efc522ab2"
RUST_FUNCTION = "passport-v2-rust-scorer"


def group_arn(name: str) -> str:
    return f"{ACCOUNT}:targetgroup/{name}/73e2d6bc24d8a067"


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:us-west-2:111111111111:function:{name}"


def lambda_group(
    name: str, function: str | None = None, *, timeout_s: int = 30, **options: Any
) -> Group:
    """A group whose function may be called."""
    settings: dict[str, Any] = {
        "targets": (function_arn(function or name),),
        "function": Function(function or name, timeout_s),
        "permitted": True,
    }
    return Group(group_arn(name), **(settings | options))


PYTHON = lambda_group("python")
RUST = lambda_group("rust", RUST_FUNCTION)


def described_listener(**changes: Any) -> dict[str, Any]:
    return {
        "ListenerArn": LISTENER,
        "LoadBalancerArn": f"{ACCOUNT}:loadbalancer/{BALANCER}",
        "Protocol": "HTTPS",
        "Port": 443,
    } | changes


def rule(priority: int, *conditions: Any, action: Any = None) -> dict[str, Any]:
    """A rule as DescribeRules gives it; without an action it answers with its priority."""
    return {
        "RuleArn": f"rule-{priority}",
        "Priority": str(priority),
        "Conditions": list(conditions),
        "Actions": [action or fixed_response(str(priority), "200")],
        "IsDefault": False,
    }


DEFAULT = {
    "RuleArn": "rule-default",
    "Priority": "default",
    "Conditions": [],
    "Actions": [fixed_response("default", "404")],
    "IsDefault": True,
}


def table(*rules: dict[str, Any], groups: Iterable[Group] = (PYTHON, RUST)) -> Table:
    return compile_table(
        described_listener(), [*rules, DEFAULT], {group.arn: group for group in groups}
    )


def request(
    target: str = "/",
    method: str = "GET",
    host: str = "api.example.com",
    headers: Iterable[tuple[str, str]] = (),
    client: str = "198.51.100.7",
) -> Request:
    return Request(scope(target, method, host, headers, client))


def scope(
    target: str,
    method: str = "GET",
    host: str = "api.example.com",
    headers: Iterable[tuple[str, str]] = (),
    client: str = "198.51.100.7",
) -> dict[str, Any]:
    """The scope as uvicorn makes it: header names in lower case, the path not decoded."""
    path, _, query = target.partition("?")
    lines: HeaderLines = [(b"host", host.encode())]
    lines += [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": lines,
        "client": (client, 40000),
    }


def winner(rules: Table, asked: Request) -> str:
    """The body of the fixed response of the rule that takes the request."""
    action = rules.match(asked).action
    assert isinstance(action, FixedResponse)
    return action.body


class Time:
    """A clock that stands still."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Reply(NamedTuple):
    """What a balancer sent."""

    status: int
    headers: HeaderLines
    body: bytes

    def header(self, name: str) -> str | None:
        return next((v.decode() for n, v in self.headers if n == name.encode()), None)

    @property
    def cookies(self) -> list[str]:
        return [value.decode() for name, value in self.headers if name == b"set-cookie"]


@dataclass
class Says:
    """A backend that gives a prepared response, or raises it, and keeps the calls."""

    response: Any
    immediate: bool = True
    calls: list[Call] = field(default_factory=list)

    async def invoke(self, call: Call) -> object:
        self.calls.append(call)
        if isinstance(self.response, Exception):
            raise self.response
        return copy.deepcopy(self.response)


class Bench:
    """One balancer without a server."""

    def __init__(
        self,
        rules: Table,
        *,
        backend: Backend | None = None,
        strictness: Strictness = STRICT,
        chance: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.time = Time()
        self.faults = Faults()
        self.metrics = Metrics(self.time)
        self.chance = chance
        backends = dict.fromkeys(("python", "rust"), backend or Responder())
        self.balancer = Balancer(
            lambda: rules,
            Stickiness(self.time, chance),
            Targets(
                Invoker(backends, self.faults, self._next_chance),
                lambda _: ServiceResponder(),
                strictness,
            ),
            self.metrics,
            self.time,
        )

    def _next_chance(self) -> float:
        return self.chance()

    def ask(
        self,
        target: str = "/",
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        body: Iterable[bytes] = (),
        *,
        gone: bool = False,
    ) -> Reply:
        """Send one request; `gone`: the client leaves instead of ending its body."""
        return asyncio.run(self.asked(target, method, headers, body, gone=gone))

    async def asked(
        self,
        target: str = "/",
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        body: Iterable[bytes] = (),
        *,
        gone: bool = False,
    ) -> Reply:
        """The same on the event loop that runs."""
        parts = list(body)
        lines = list(headers)
        if parts and not any(name.lower() == "content-length" for name, _ in lines):
            lines.append(("transfer-encoding", "chunked"))
        sent: list[Message] = []

        async def receive() -> Message:
            if parts:
                part = parts.pop(0)
                return {"type": "http.request", "body": part, "more_body": bool(parts) or gone}
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.balancer(scope(target, method, headers=lines), receive, send)
        begin, end = sent
        assert parts == []
        return Reply(begin["status"], begin["headers"], end["body"])

    def counted(self) -> dict[tuple[str, ...], dict[str, int]]:
        """What the minute would publish: metrics by dimension values."""
        (minute,) = self.metrics.drain_closed_minutes(self.time() + 60)
        return {tuple(value for _, value in counts.dimensions): counts.counts for counts in minute}


def only_forward(group: Group) -> Table:
    """A table whose one rule is the default one, a plain forward."""
    default = DEFAULT | {"Actions": [{"Type": "forward", "TargetGroupArn": group.arn}]}
    return compile_table(described_listener(), [default], {group.arn: group})


def matched(rules: Table) -> Rule:
    return rules.match(request())


@dataclass
class StubApi:
    """The part of the API that the data plane reads, for one load balancer."""

    rules: list[dict[str, Any]]
    attached: dict[str, str] = field(default_factory=dict)
    """Group -> function, by name."""
    permitted: set[str] = field(default_factory=set)
    """Functions with a permission."""
    reserved: int | None = None
    """Concurrency that every function has of its own."""
    broken: Exception | None = None
    asked: list[str] = field(default_factory=list)
    """Groups whose targets were read."""

    @property
    def api(self) -> Api:
        return cast("Api", self)

    def changes(self) -> Changes:
        content = (self.attached, self.permitted, self.reserved, self.broken)
        return Changes(hash(repr(self.rules)), hash(repr(content)))

    def client(self, _service: str) -> "StubApi":
        return self

    def get_paginator(self, _operation: str) -> "StubApi":
        return self

    def paginate(self, ListenerArn: str) -> list[dict[str, Any]]:  # noqa: N803 # AWS's name
        assert ListenerArn == LISTENER
        half = len(self.rules) // 2
        return [{"Rules": copy.deepcopy(part)} for part in (self.rules[:half], self.rules[half:])]

    def describe_listeners(self, **_: Any) -> dict[str, Any]:
        if self.broken:
            raise self.broken
        return {"Listeners": [described_listener()]}

    def describe_target_groups(self, **_: Any) -> dict[str, Any]:
        return {"TargetGroups": [{"TargetType": "lambda"}]}

    def describe_target_group_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": []}

    def describe_target_health(self, **arguments: Any) -> dict[str, Any]:
        name = arguments["TargetGroupArn"].split("/")[-2]
        self.asked.append(name)
        found = [self.attached[name]] if name in self.attached else []
        return {"TargetHealthDescriptions": [{"Target": {"Id": function_arn(f)}} for f in found]}

    def get_function_configuration(self, **arguments: Any) -> dict[str, Any]:
        return {"FunctionName": arguments["FunctionName"].split(":")[-1], "Timeout": 3}

    def get_function_concurrency(self, **_: Any) -> dict[str, Any]:
        return {} if self.reserved is None else {"ReservedConcurrentExecutions": self.reserved}

    def get_policy(self, **arguments: Any) -> dict[str, Any]:
        arn = arguments["FunctionName"]
        if arn.split(":")[-1] not in self.permitted:
            raise client_error("ResourceNotFoundException")
        return {"Policy": policy(arn)}


def policy(function: str, **changes: Any) -> str:
    """A function's policy with the one statement that a load balancer needs."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "elasticloadbalancing.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function,
    }
    return json.dumps({"Statement": [statement | changes]})


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Call")


def lambda_response(**changes: Any) -> dict[str, Any]:
    """A response without fault, in both forms of headers."""
    return {
        "statusCode": 200,
        "isBase64Encoded": False,
        "headers": {"content-type": "text/plain"},
        "multiValueHeaders": {"content-type": ["text/plain"]},
        "body": "hello",
    } | changes


HANG_S = 600
"""What takes longer hangs, also on a slow machine with busy cores."""


def wait_for(source: Source, holds: Callable[[Live], bool]) -> Live:
    """What is live once this holds."""
    while not holds(live := source.live):
        threading.Event().wait(0.005)
    return live
