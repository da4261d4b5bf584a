"""The `rollback` command as the person on call uses it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from endpoint import ROLLED_BACK_AT
from rollout.rollback_command import policy
from sandbox.account.server import AccountServer
from tests.account.support import forward, path
from tests.rollout.conftest import calls, environment, fail, reset_calls
from tests.rollout.stack import DUAL, SCORE, SECRET, Stack

ROOT = Path(__file__).parents[2]
Command = Callable[..., Result]


@pytest.fixture
def client(elb: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client that the command gets, for tests that let its calls fail."""
    monkeypatch.setattr("rollout.rollback_command.connect", lambda _region: elb)
    monkeypatch.setattr("rollout.rollback._PAUSES", (0.0, 0.0))
    return elb


def test_a_rollback_says_what_each_rule_was_and_is_and_what_pulumi_needs(
    stack: Stack, command: Command
) -> None:
    stack.share(10)

    result = command(["--stack", "staging"])

    assert result.exit_code == 0
    assert stack.plain() == DUAL
    lines = result.stdout.splitlines()
    assert (
        f"public 1001 {SCORE}: was l-cc-v1-score-GET-0 90 %, l-passport-v2-rust-scorer 10 %; "
        "is l-cc-v1-score-GET-0; rolled back" in lines
    )
    assert sum("rolled back" in line for line in lines) == len(DUAL)
    assert "6 of 6 rules are plain Python" in result.stdout
    assert [line.strip() for line in lines if "pulumi" in line] == [
        "pulumi config set rustPercentage 0 --stack staging",
        "pulumi config rm rustPercentageByEndpoint --stack staging",
        "pulumi up --refresh --stack staging",
    ]


def test_json_is_for_programs(server: AccountServer, stack: Stack, command: Command) -> None:
    stack.share(10, SCORE)
    reset_calls(server)

    result = command(["--stack", "staging", "--json"])

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {rule["rule"]: rule["changed"] for rule in told["rules"]} == {
        rule: rule == SCORE for rule in DUAL
    }
    assert told["othersToRust"] == []
    assert told["seconds"] > 0
    assert told["calls"] == sum(calls(server).values())
    assert told["later"][-1] == "pulumi up --refresh --stack staging"


def test_it_calls_exactly_what_its_policy_allows(
    server: AccountServer, stack: Stack, command: Command
) -> None:
    stack.share(10)
    reset_calls(server)

    assert command(["--stack", "staging"]).exit_code == 0

    allowed = [one for s in json.loads(policy())["Statement"] for one in s["Action"]]
    assert {f"elasticloadbalancing:{action}" for action in calls(server)} == set(allowed)
    assert set(allowed) == {
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:AddTags",
    }


def test_the_policy_is_printed_without_a_stack_or_an_account(command: Command) -> None:
    result = command(["--policy"])

    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads(policy())


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(
    server: AccountServer, stack: Stack, command: Command
) -> None:
    stack.share(10, SCORE)
    reset_calls(server)

    result = command(["--stack", "staging", "--dry-run"])

    assert result.exit_code == 0
    assert {"ModifyRule", "AddTags"}.isdisjoint(calls(server))
    assert "would become l-cc-v1-score-GET-0" in result.stdout
    assert result.stdout.count("was plain Python already") == 5
    assert not stack.is_plain(SCORE)


def test_a_rule_at_another_priority_is_told(stack: Stack, command: Command) -> None:
    stack.elb.set_rule_priorities(
        RulePriorities=[{"RuleArn": stack.rules[SCORE], "Priority": 1005}]
    )

    result = command(["--stack", "staging"])

    assert result.exit_code == 0
    assert result.stdout.count("(at priority 1005, not 1001)") == 1
    assert result.stdout.count("(at priority") == 1


def test_a_dry_run_tells_a_deleted_rule(stack: Stack, command: Command) -> None:
    stack.elb.delete_rule(RuleArn=stack.rules[SCORE])

    result = command(["--stack", "staging", "--dry-run"])

    assert result.exit_code == 1
    assert "is default rule of passport-public: answer 404" in result.stdout


def test_the_testers_secret_is_never_printed(stack: Stack, command: Command) -> None:
    stack.add_testers()
    stack.add("public", 5, [path("/x")], forward(stack.rust(SCORE)))

    for more in ([], ["--json"], ["--dry-run"]):
        result = command(["--stack", "staging", "--testers", *more])
        assert "lrule-rust-embed-score" in result.stdout
        assert SECRET not in result.output


@pytest.mark.parametrize("trouble", ["deleted", "denied", "foreign"])
def test_what_is_not_plain_python_ends_with_exit_code_1(
    stack: Stack, client: Any, command: Command, trouble: str
) -> None:
    stack.share(10)
    if trouble == "deleted":
        stack.elb.delete_rule(RuleArn=stack.rules[SCORE])
    elif trouble == "denied":
        fail(client, "ModifyRule", "AccessDenied", only=stack.rules[SCORE])
    else:
        stack.add("public", 5, [path("/ceramic-cache/*")], forward(stack.rust(SCORE)))

    result = command(["--stack", "staging"])

    assert result.exit_code == 1
    said = {"deleted": "NOT DONE", "denied": "AccessDenied", "foreign": "STILL TO RUST"}
    assert said[trouble] in result.stdout
    assert "Traceback" not in result.output


def test_a_stack_without_a_file_is_refused(command: Command) -> None:
    result = command(["--stack", "prodution"])

    assert result.exit_code == 2
    assert "prodution is not one of production, staging" in result.output


def test_the_account_of_another_stack_is_refused(
    server: AccountServer, stack: Stack, command: Command
) -> None:
    stack.share(10)

    result = command(["--stack", "production"])

    assert result.exit_code == 2
    assert "Nothing was changed. This account holds the stack staging" in result.stderr
    assert stack.plain() == set()


def test_an_account_without_load_balancers_of_ours_is_told(command: Command) -> None:
    result = command(["--stack", "staging"])

    assert result.exit_code == 3
    assert "No load balancer of this account" in result.stderr


@pytest.mark.parametrize("action", ["DescribeTargetGroups", "DescribeListeners", "DescribeRules"])
def test_an_account_that_may_not_be_read_is_told(
    stack: Stack, client: Any, command: Command, action: str
) -> None:
    fail(client, action, "AccessDenied")

    result = command(["--stack", "staging"])

    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].startswith("Nothing was changed.")


def test_missing_credentials_are_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    result = command(["--stack", "staging"])

    assert result.exit_code == 3
    assert result.stderr == "Nothing was changed. Unable to locate credentials\n"


def test_an_endpoint_where_nothing_answers_is_told(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")

        result = command(["--stack", "staging"])

    assert result.exit_code == 3
    assert "Nothing was changed. Could not connect" in result.stderr


@pytest.mark.parametrize("region", ["nowhere at all", "-"])
def test_a_region_that_cannot_be_one_is_told(command: Command, region: str) -> None:
    result = command(["--stack", "staging", "--region", region])

    assert result.exit_code == 3
    assert result.stderr.startswith("Nothing was changed.")
    assert "Traceback" not in result.output


def test_an_interruption_says_which_rules_are_plain_so_far(
    stack: Stack, client: Any, command: Command
) -> None:
    stack.share(10)
    reads: list[None] = []

    def interrupt_the_reading_back(**_: Any) -> None:
        reads.append(None)
        if len(reads) > 2:  # both listeners have been read
            raise KeyboardInterrupt

    fail(client, "ModifyRule", "AccessDenied", only=stack.rules[SCORE])
    client.meta.events.register(
        "before-call.elastic-load-balancing-v2.DescribeRules", interrupt_the_reading_back
    )

    result = command(["--stack", "staging"])

    assert result.exit_code == 130
    assert "5 of 6 rules are plain Python" in result.stdout
    assert f"{SCORE}: was l-cc-v1-score-GET-0 90 %, l-passport-v2-rust-scorer 10 %; is l-cc" in (
        result.stdout
    )
    assert "Interrupted" in result.stderr
    assert ROLLED_BACK_AT not in stack.tags(stack.rules["embed-gs-rule-lambda"])


def test_an_interruption_before_anything_was_found_says_that_nothing_was_changed(
    stack: Stack, client: Any, command: Command
) -> None:
    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    stack.share(10)
    client.meta.events.register(
        "before-call.elastic-load-balancing-v2.DescribeTargetGroups", interrupt
    )

    result = command(["--stack", "staging"])

    assert result.exit_code == 130
    assert result.stderr == "Nothing was changed. Interrupted.\n"
    assert stack.plain() == set()


@pytest.mark.parametrize("is_terminal", [False, True], ids=["to a file", "on a terminal"])
def test_the_command_works_from_the_environment_alone(
    server: AccountServer, stack: Stack, tmp_path: Path, is_terminal: bool
) -> None:
    stack.share(10)
    code = "from rollout.rollback_command import main; main()"
    ours, theirs = os.openpty() if is_terminal else os.pipe()
    running = subprocess.Popen(
        [sys.executable, "-c", code, "--stack", "staging"],
        cwd=tmp_path,
        env={**os.environ, **environment(server), "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    told = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while more := os.read(ours, 65536):
            told += more
    os.close(ours)

    assert (running.communicate()[1], running.returncode) == (b"", 0)
    assert stack.plain() == DUAL
    assert told.decode().count("rolled back") == len(DUAL)
    assert ("│" in told.decode()) is is_terminal


def test_the_command_loads_neither_pulumi_nor_the_sandbox() -> None:
    code = (
        "import sys, rollout.rollback_command\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()

    assert {"boto3", "catalog"} <= set(loaded)
    assert {"pulumi", "pulumi_aws", "pydantic", "sandbox", "moto"}.isdisjoint(loaded)
