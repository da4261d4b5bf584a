"""An account with the program's rules as its contract lists them, made through the API."""

import csv
import functools
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from rollout.live import connect
from rollout.rollback import Rollback
from rollout.rollback_command import app
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from tests.account.support import fixed_response, forward, header, host, methods, path, weighted
from tests.support.snapshot import Snapshot

GOLDEN = Path(__file__).parents[1] / "golden" / "endpoints.csv"
RUST = {"public": "l-passport-v2-rust-scorer", "internal": "l-passport-v2-rust-scorer-int"}
SCORE = "lrule-lambda-cc-v1-score-GET-0"
DUAL = {
    SCORE,
    "lrule-lambda-cc-v1-st-bulk-POST-0",
    "lrule-lambda-passport-v2-stamp-score",
    "embed-st-rule-lambda",
    "embed-rl-rule-lambda",
    "embed-gs-rule-lambda",
}
TESTER_PRIORITIES = {
    "cc-v1-st-bulk-POST-0": 990,
    "cc-v1-score-GET-0": 991,
    "passport-v2-stamp-score": 992,
    "embed-st": 2090,
    "embed-rl": 2091,
    "embed-gs": 2093,
}
SECRET = "tester-secret-4711"


_loader = functools.cache(botocore.loaders.create_loader)
"""Reading the descriptions of AWS's services again is most of making a client."""


class Stack:
    """The rules of one stack; `actions` says what is live, by logical name."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.elb = account.client("elbv2")
        with GOLDEN.open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.rows = [row for row in rows if row["rule_logical_name"]]
        self.listeners = {
            "public": account.foundation["publicAlbHttpsListenerArn"],
            "internal": account.foundation["privateAlbHttpListenerArn"],
        }
        names = [row["target_group_name"] for row in self.rows if row["target_group_name"]]
        self.groups = {name: self._group(name) for name in [*names, *RUST.values()]}
        self.groups["registry"] = account.foundation["registryTargetGroupArn"]
        self.rules = {row["rule_logical_name"]: self._create(row) for row in self.rows}

    def _group(self, name: str) -> str:
        created = self.elb.create_target_group(
            Name=name,
            TargetType="lambda",
            Tags=[{"Key": "PulumiStack", "Value": self.account.stack}],
        )
        return created["TargetGroups"][0]["TargetGroupArn"]

    def conditions(self, row: dict[str, str]) -> list[Any]:
        return [
            *([host(row["host"])] if row["host"] else []),
            path(row["path"]),
            *([methods(*row["methods"].split("+"))] if row["methods"] else []),
        ]

    def _create(self, row: dict[str, str]) -> str:
        if row["served_by"].startswith("fixed"):
            action = fixed_response("", "400")
        else:
            action = forward(self.groups[row["target_group_name"] or "registry"])
        return self.add(row["listener"], int(row["priority"]), self.conditions(row), action)

    def add(self, listener: str, priority: int, conditions: list[Any], action: Any) -> str:
        created = self.elb.create_rule(
            ListenerArn=self.listeners[listener],
            Priority=priority,
            Conditions=conditions,
            Actions=[action],
        )
        return created["Rules"][0]["RuleArn"]

    def row(self, rule: str) -> dict[str, str]:
        return next(row for row in self.rows if row["rule_logical_name"] == rule)

    def rule_of(self, endpoint: str) -> str:
        return next(r["rule_logical_name"] for r in self.rows if r["endpoint"] == endpoint)

    def python(self, rule: str) -> str:
        return self.groups[self.row(rule)["target_group_name"]]

    def rust(self, rule: str) -> str:
        return self.groups[RUST[self.row(rule)["listener"]]]

    def change(self, rule: str, *actions: Any) -> None:
        self.elb.modify_rule(RuleArn=self.rules[rule], Actions=list(actions))

    def share(self, percent: int, *rules: str) -> None:
        """A share of Rust as an update writes it."""
        for rule in rules or DUAL:
            both = (self.python(rule), 100 - percent), (self.rust(rule), percent)
            self.change(rule, weighted(*both, Enabled=True, DurationSeconds=3600))

    def add_testers(self) -> dict[str, str]:
        return {
            row["rule_logical_name"]: self.add(
                row["listener"],
                TESTER_PRIORITIES[row["endpoint"]],
                [*self.conditions(row), header("X-Use-Rust-Scorer", SECRET)],
                forward(self.rust(row["rule_logical_name"])),
            )
            for row in self.rows
            if row["endpoint"] in TESTER_PRIORITIES
        }

    def live(self, arn: str) -> Any:
        return self.elb.describe_rules(RuleArns=[arn])["Rules"][0]["Actions"]

    def is_plain(self, rule: str) -> bool:
        """Whether the rule is a plain forward to its Python group, as the API tells it."""
        return is_plain(self.live(self.rules[rule]), self.python(rule))

    def plain(self) -> set[str]:
        return {rule for rule in DUAL if self.is_plain(rule)}

    def tags(self, arn: str) -> dict[str, str]:
        described = self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {tag["Key"]: tag["Value"] for one in described for tag in one["Tags"]}


def is_plain(actions: Any, group: str) -> bool:
    match actions:
        case [{"Type": "forward", "TargetGroupArn": arn}]:
            groups = actions[0].get("ForwardConfig", {}).get("TargetGroups", [])
            return arn == group and len(groups) <= 1
    return False


@pytest.fixture(scope="session")
def running() -> Iterator[AccountServer]:
    with AccountServer() as found:
        yield found


@pytest.fixture(scope="session")
def empty(running: AccountServer) -> Snapshot:
    return Snapshot(running)


@pytest.fixture(scope="session")
def full(running: AccountServer, empty: Snapshot) -> tuple[Stack, Snapshot]:
    """The stack as an update at 0 % leaves it."""
    empty.restore()
    return Stack(Account.connect(running.url, "staging")), Snapshot(running)


@pytest.fixture
def server(running: AccountServer, empty: Snapshot) -> AccountServer:
    """An account without the program."""
    empty.restore()
    return running


@pytest.fixture
def stack(server: AccountServer, full: tuple[Stack, Snapshot]) -> Stack:
    """An account with the program's rules; a test that changes `rules` or `groups` is its last."""
    made, snapshot = full
    snapshot.restore()
    return made


class Clock:
    """Time that passes while somebody sleeps, and only then."""

    def __init__(self) -> None:
        self.now = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.on_sleep()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def elb(server: AccountServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command's own client, on the staging account; botocore's waits pass at once."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    monkeypatch.setattr("botocore.session.create_loader", _loader)
    return connect("us-west-2")


def environment(server: AccountServer, stack: str = "staging") -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": server.accounts[stack].access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.accounts[stack].secret_access_key,
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def begin(elb: Any, clock: Clock) -> Iterator[Callable[..., Rollback]]:
    """A rollback on the fake clock, what it says in its attribute `said`."""
    begun = []

    def make(**options: Any) -> Rollback:
        work = Rollback(elb, "staging", clock=clock, sleep=clock.sleep, **options)
        begun.append(work)
        return work

    yield make
    for work in begun:
        work.close()


@pytest.fixture
def command(server: AccountServer, elb: Any) -> Callable[..., Result]:
    return functools.partial(CliRunner().invoke, app)


def calls(server: AccountServer) -> dict[str, int]:
    """How often each action was called since the server began or was reset."""
    with urllib.request.urlopen(f"{server.url}/sandbox/calls") as answer:
        return {call["action"]: call["count"] for call in json.load(answer)}


def reset_calls(server: AccountServer) -> None:
    request = urllib.request.Request(f"{server.url}/sandbox/calls", method="DELETE")
    urllib.request.urlopen(request).close()


def fail(
    elb: Any, action: str, code: str, *, times: int = 10_000, only: str = ""
) -> Callable[[], int]:
    """Let calls of an action fail before they are sent, those that name `only`; how many did."""
    failed: list[None] = []

    def refuse(params: Any, **_: Any) -> None:
        if only in str(params.get("body")) and len(failed) < times:
            failed.append(None)
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, action)

    elb.meta.events.register(f"before-call.elastic-load-balancing-v2.{action}", refuse)
    return lambda: len(failed)
