"""Neither the foundation's secret nor the tester header is anywhere but where it belongs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto.secretsmanager.models import secretsmanager_backends
from typer.testing import CliRunner, Result

from sandbox import cli
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.checklist.load import Load
from sandbox.checklist.targets import DUAL
from sandbox.commands import common
from sandbox.dataplane.client import ControlClient
from sandbox.dataplane.server import DataPlane
from tests.engine.support import header_values
from tests.support.engines import First

CANARY = "canary-header-4711"
FOUNDATION_CANARY = "canary-foundation-4711"
NEVER_S = 1e6

MINUTES = 4

Command = Callable[..., Result]
Commands = list[tuple[str, ...]]


@pytest.fixture
def served(server: AccountServer, first: First, tmp_path: Path) -> Iterator[Account]:
    """Staging at 0 % behind load balancers; the foundation's secret is known."""
    first.restore(tmp_path)
    account = Account.connect(server.url, "staging")
    with DataPlane(account, interval_s=NEVER_S) as plane:
        server.balancers["staging"] = plane.urls
        try:
            yield Account.connect(server.url, "staging")
        finally:
            del server.balancers["staging"]


@pytest.fixture
def planted(served: Account) -> Account:
    backend = secretsmanager_backends[served.account_id][served.region]
    name = served.foundation["scorerSecretArn"]
    backend.put_secret_value(name, FOUNDATION_CANARY, None, None, ["AWSCURRENT"])
    assert backend.get_secret_value(name, None, None)["SecretString"] == FOUNDATION_CANARY
    return served


@pytest.fixture
def told(planted: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr(common, "FOLDER", tmp_path)
    secret = f"testerHeaderValue={CANARY}"

    def command(group: str, *arguments: str) -> Result:
        with_secret = ["--secret", secret] if group in {"up", "preview", "rollout"} else []
        variables = {"SANDBOX_URL": planted.url, "SANDBOX_ENGINE": "embedded"}
        rest = arguments if group == "rollout" else (*arguments, "--stack", "staging")
        return CliRunner().invoke(cli.app, [group, *with_secret, *rest], env=variables)

    return command


def pass_minutes(account: Account) -> None:
    """Let both load balancers have requests in their metrics, without which no rollout begins."""
    control = ControlClient(account.balancers["control"])
    with Load(account.balancers, DUAL, users_each=1) as load:
        for _ in range(MINUTES):
            load.wait_for_every_user()
            control.advance_clock(60)
            control.publish()


def rollout(name: str, *options: str) -> tuple[str, ...]:
    return ("rollout", name, "--stack", "staging", *options)


def test_no_command_file_journal_or_environment_has_a_secret(
    told: Command, planted: Account, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = tmp_path / "rollout.html"
    deploying: Commands = [
        ("preview", "--json"),
        ("up",),
        ("up", "--json"),
        ("routes",),
        ("routes", "--json"),
        ("status", "--json"),
        ("drift", "--json"),
    ]
    rolling: Commands = [
        rollout("start", "--json"),
        rollout("status", "--json"),
        rollout("verify"),
        rollout("history"),
        rollout("history", "--json"),
        rollout("report", "--out", str(page)),
    ]

    results = {" ".join(one): told(*one) for one in deploying}
    pass_minutes(planted)
    results |= {" ".join(one): told(*one) for one in rolling}

    assert header_values(planted) == [CANARY] * 7
    assert {name: one.exit_code for name, one in results.items() if one.exit_code} == {}
    assert {name for name, one in results.items() if not one.output} == set()
    items = planted.client("dynamodb").query(
        TableName="scorer-rollout",
        KeyConditionExpression="#stack = :stack",
        ExpressionAttributeNames={"#stack": "stack"},
        ExpressionAttributeValues={":stack": {"S": "staging"}},
    )["Items"]
    functions = planted.client("lambda").list_functions(MaxItems=50)["Functions"]
    environments = [one.get("Environment") for one in functions]
    assert len(items) > 1
    assert len(functions) == 17
    assert page.exists()
    texts = {
        **{f"what {name} says": one.output + repr(one) for name, one in results.items()},
        **{str(path): path.read_text("latin-1") for path in tmp_path.rglob("*") if path.is_file()},
        "journal": json.dumps(items, default=str),
        "environments": json.dumps(environments),
        "log": caplog.text,
    }
    found = [where for where, text in texts.items() if CANARY in text or FOUNDATION_CANARY in text]
    assert found == []
