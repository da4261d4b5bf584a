"""The running load balancers and the commands about them, as a stranger uses them."""

import contextlib
import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner, Result

from sandbox import cli
from sandbox.account.client import Account, AccountUnreachable
from sandbox.account.server import AccountServer
from sandbox.commands import common
from sandbox.ports import PORT_STEP, PortTaken
from sandbox.running import Sandbox
from tests.dataplane.conftest import Client, client
from tests.engine.support import embedded_deployments
from tests.support.process import TIMEOUT_S, deserted_url, running

HOST = {"Host": "api.passport.xyz"}
SCORE = "/v2/stamps/1/score/0x0"

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with staging deployed at 50 %."""
    with Sandbox() as served:
        account = Account.connect(served.url, "staging")
        deploy = embedded_deployments(account, tmp_path_factory.mktemp("state"), watched=False)
        deploy(rustPercentage="50").up()
        served.planes["staging"].refresh(TIMEOUT_S)
        yield served


@pytest.fixture
def command(staging: Sandbox) -> Command:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(cli.app, [*arguments], env={"SANDBOX_URL": staging.url})

    return invoke


@pytest.fixture
def browser(staging: Sandbox) -> Iterator[Client]:
    with client(staging.planes["staging"].public_url) as made:
        yield made


def test_the_account_says_where_its_load_balancers_are(staging: Sandbox) -> None:
    for stack, plane in staging.planes.items():
        assert Account.connect(staging.url, stack).balancers == {
            "public": plane.public_url,
            "internal": plane.internal_url,
            "control": plane.urls["control"],
        }


def test_the_answer_says_implementation_function_and_rule(browser: Client) -> None:
    answer = browser.ask(SCORE, headers=HOST)

    functions = {"python": "passport-v2-stamp-score", "rust": "passport-v2-rust-scorer"}
    assert answer.status == 200
    assert answer.json()["function"] == functions[answer.json()["implementation"]]
    assert answer.json()["rulePriority"] == answer.headers["x-sandbox-rule-priority"] == "2023"
    assert answer.side == answer.json()["implementation"]


def test_the_registry_answers_its_routes(browser: Client) -> None:
    answer = browser.ask(f"{SCORE}/history", headers=HOST)

    assert (answer.status, answer.side) == (200, "registry")


def test_a_fault_begins_and_ends(command: Command, browser: Client) -> None:
    begun = command("fault", "rust", "--errors", "100%", "--latency", "1ms", "--stack", "staging")
    command("fault", "python", "--crash", "100", "--stack", "staging")
    during = browser.ask(SCORE, headers=HOST).status
    ended = [command("fault", side, "--off") for side in ("rust", "python")]

    assert begun.exit_code == 0
    assert "staging: rust answers 500 to 100% of the calls" in begun.stdout
    assert during in {500, 502}
    assert [result.exit_code for result in ended] == [0, 0]
    assert browser.ask(SCORE, headers=HOST).status == 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fault", "java", "--off"], "java is not one of python, rust"),
        (["fault", "rust"], "--errors, --crash or --latency, or --off alone"),
        (["fault", "rust", "--off", "--errors", "1%"], "or --off alone"),
        (["fault", "rust", "--errors", "101%"], "101% is not a percentage"),
        (["fault", "rust", "--errors", "-1%"], "-1% is not a percentage"),
        (["fault", "rust", "--latency", "500"], "500 is not a time"),
        (["fault", "rust", "--off", "--stack", "qa"], "qa is not one of staging, production"),
        (["clock", "soon"], "soon is not a time"),
        (["status", "--stack", "qa"], "qa is not one of staging, production"),
        (["start", "--backend", "java=http://127.0.0.1:1"], "is not NAME=URL"),
        (["start", "--backend", "rust=127.0.0.1:1"], "is not NAME=URL"),
        (["start", "--backend", "rust=lambda+127.0.0.1:1"], "is not NAME=URL"),
        (["start", "--backend", "rust=lambda+http://h/a/b"], "with at most a function's name"),
        (["start", "--backend", "rust=http://"], "is not the address of an HTTP service"),
        (["start", "--backend", "registry=lambda+http://h"], "registry is no function"),
        (["start", "--port", "70000"], "less than or equal to 65535"),
    ],
)
def test_bad_usage_is_one_message(command: Command, arguments: list[str], message: str) -> None:
    result = command(*arguments)

    assert result.exit_code == common.BAD_INPUT
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.output


def test_the_clock_moves_for_one_stack(command: Command, staging: Sandbox) -> None:
    before = {stack: plane.clock.ahead for stack, plane in staging.planes.items()}

    result = command("clock", "1.5h", "--stack", "production")

    assert result.exit_code == 0
    assert staging.planes["production"].clock.ahead == before["production"] + 5400
    assert staging.planes["staging"].clock.ahead == before["staging"]


def test_the_status_tells_rules_faults_and_counts(command: Command, browser: Client) -> None:
    browser.ask(f"{SCORE}/history", headers=HOST)
    command("fault", "rust", "--latency", "2s", "--stack", "production")
    try:
        told = command("status")
        found = json.loads(command("status", "--json").stdout)
    finally:
        command("fault", "rust", "--off")

    assert told.exit_code == 0
    assert "200 from registry" in told.stdout
    assert found["production"]["faults"]["rust"]["latency_ms"] == 2000
    assert found["staging"]["version"] >= 1


def test_without_load_balancers_the_commands_say_so() -> None:
    with AccountServer() as alone:
        result = CliRunner().invoke(cli.app, ["status", "--url", alone.url])

    assert result.exit_code == common.UNREACHABLE
    assert "serves no load balancers" in result.stderr


def test_the_environment_of_no_sandbox_leads_nowhere_instead_of_to_the_real_stack() -> None:
    result = CliRunner().invoke(cli.app, ["env", "--stack", "staging", "--url", deserted_url()])

    assert result.exit_code == common.UNREACHABLE
    assert result.stdout == (
        "export PULUMI_BACKEND_URL=file:///the-sandbox-is-not-running; false\n"
    )


@contextlib.contextmanager
def taken(offset: int) -> Iterator[int]:
    """A port such that the one `offset` above it is taken; the lower one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1] - offset


@pytest.mark.parametrize(
    ("make", "offset", "whose"),
    [
        (lambda port: Sandbox(public_port=port), 0, "staging's public load balancer"),
        (
            lambda port: Sandbox(internal_port=port),
            PORT_STEP,
            "production's internal load balancer",
        ),
    ],
)
def test_a_taken_port_says_whose_it_is(
    make: Callable[[int], Sandbox], offset: int, whose: str
) -> None:
    with taken(offset) as port:
        pattern = f"Port {port + offset} of 127.0.0.1 is taken, which is for {whose}"
        with pytest.raises(PortTaken, match=pattern), make(port):
            pass


def test_start_serves_both_stacks_and_ctrl_c_frees_every_port(tmp_path: Path) -> None:
    with running("start", "--port", "0", "--json") as served:
        told = json.loads(served.first_line)
        for balancers in told["balancers"].values():
            for name in ("public", "internal"):
                connection = http.client.HTTPConnection(balancers[name].removeprefix("http://"))
                connection.request("GET", "/")
                assert connection.getresponse().status == 404
                connection.close()
        served.interrupt()
        assert served.wait() == 0
    ports = [url.rpartition(":")[2] for b in told["balancers"].values() for url in b.values()]
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)))
    status = CliRunner().invoke(cli.app, ["status", "--url", told["url"]])
    assert status.exit_code == common.UNREACHABLE


def test_a_sandbox_ends_when_whoever_started_it_was_killed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("signal.signal", Mock())  # this process keeps its own handlers
    with Path(os.devnull).open() as at_its_end:
        monkeypatch.setattr("sys.stdin", at_its_end)
        cli.app(["start", "--port", "0", "--json", "--until-eof"], standalone_mode=False)

    told = json.loads(capsys.readouterr().out)
    with pytest.raises(AccountUnreachable):
        Account.connect(told["url"], "staging")
