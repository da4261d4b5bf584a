"""The `sandbox` command as a stranger uses it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sandbox import cli
from sandbox.account.server import AccountServer
from sandbox.commands import common, deploying
from sandbox.deploy import Deployment
from tests.support.engines import First
from tests.support.process import deserted_url
from tests.support.recorder import alarms_if

Command = Callable[..., Result]

BAD_CONFIGURATIONS = {
    "101": (["--rust", "101"], 'rustPercentage is "101"'),
    "-1": (["--rust", "-1"], 'rustPercentage is "-1"'),
    "a fraction": (["--rust", "50.5"], 'rustPercentage is "50.5"'),
    "a word": (["--rust", "abc"], 'rustPercentage is "abc"'),
    "an unknown key": (["--config", "rustPercent=1"], "rustPercent is not a key"),
    "an unknown endpoint": (
        ["--config", 'rustPercentageByEndpoint={"embed-xx": 1}'],
        'rustPercentageByEndpoint["embed-xx"] is 1',
    ),
    "a Python-only endpoint": (
        ["--config", 'rustPercentageByEndpoint={"cc-nonce": 1}'],
        'rustPercentageByEndpoint["cc-nonce"] is 1',
    ),
    "a tester header in clear": (
        ["--config", "testerHeaderValue=canary-4711"],
        "testerHeaderValue is not a secret",
    ),
    "no foundation": (["--config", "foundationStack="], 'foundationStack is ""'),
}


@pytest.fixture
def command(
    server: AccountServer, state: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """The command that deploys without alarms, which no policy judges then."""
    monkeypatch.setattr(common, "FOLDER", state)
    monkeypatch.setattr(
        deploying,
        "open_deployment",
        lambda _engine, account, config, folder: Deployment(account, config, folder, rules=()),
    )

    def invoke(*arguments: str) -> Result:
        variables = {"SANDBOX_URL": server.url, "SANDBOX_ENGINE": "embedded"}
        return CliRunner().invoke(cli.app, [*arguments], env=variables)

    with alarms_if(watched=False):
        yield invoke


@pytest.mark.parametrize(
    ("arguments", "message"), BAD_CONFIGURATIONS.values(), ids=BAD_CONFIGURATIONS
)
def test_bad_configuration_ends_in_one_message_and_registers_nothing(
    command: Command, state: Path, arguments: list[str], message: str
) -> None:
    before = [path.read_text() for path in state.rglob("state.jsonl")]

    result = command("up", "--stack", "staging", *arguments)

    assert result.exit_code == common.BAD_INPUT
    assert message in result.stderr
    assert "nothing was registered" in result.stderr
    assert "Traceback" not in result.output
    assert "canary" not in result.output
    assert [path.read_text() for path in state.rglob("state.jsonl")] == before


def test_all_problems_stand_in_the_same_message(command: Command) -> None:
    every = [part for arguments, _ in BAD_CONFIGURATIONS.values() for part in arguments]
    every += ["--config", "rustPackage=/nowhere/rust.zip"]

    result = command("preview", "--stack", "staging", *every)

    assert result.exit_code == common.BAD_INPUT
    for text in ("rustPercentage is", "rustPercent is not", "cc-nonce", "no such file", "secret"):
        assert text in result.stderr


def test_an_unknown_stack_is_bad_usage(command: Command) -> None:
    result = command("up", "--stack", "qa")

    assert result.exit_code == common.BAD_INPUT
    assert "qa is not one of staging, production" in result.stderr.replace("\n", " ")


@pytest.mark.parametrize("pair", ["rustPercentage", "=1"])
def test_a_pair_without_a_key_or_a_value_is_bad_usage(command: Command, pair: str) -> None:
    assert command("up", "--stack", "staging", "--config", pair).exit_code == common.BAD_INPUT


def test_a_command_without_an_account_says_so() -> None:
    result = CliRunner().invoke(cli.app, ["routes", "--stack", "staging", "--url", deserted_url()])

    assert result.exit_code == common.UNREACHABLE
    assert "No account server answers" in result.stderr


def test_a_taken_port_is_one_line(server: AccountServer) -> None:
    result = CliRunner().invoke(cli.app, ["start", "--port", str(server.port)])

    assert result.exit_code == common.UNREACHABLE
    assert f"Port {server.port}" in result.stderr
    assert "Traceback" not in result.output


def test_json_tells_programs_what_was_done_and_what_aws_holds(
    command: Command, first_unwatched: First, state: Path
) -> None:
    first_unwatched.restore(state)
    done = json.loads(command("up", "--stack", "staging", "--rust", "10", "--json").stdout)

    assert done["engine"] == "embedded"
    assert done["counts"]["replaced"] == done["counts"]["deleted"] == 0
    assert done["outputs"]["rustPercentage"] == 10
    dual = [route for route in done["routes"] if route["stickiness_seconds"] == 3600]
    assert len(dual) == 6
    assert json.loads(command("routes", "--stack", "staging", "--json").stdout) == done["routes"]

    # Scripts can ask for no changes.
    same = command("preview", "--stack", "staging", "--rust", "10", "--expect-no-changes")
    other = command("preview", "--stack", "staging", "--rust", "11", "--expect-no-changes")
    assert same.exit_code == 0
    assert "did not look" not in same.stdout  # there is nothing that it did not see
    assert other.exit_code == common.UNEXPECTED_CHANGES
