"""The `rollback` command as the person on call uses it."""

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

from rollout.rollback import MARK
from rollout.rollback_command import policy
from sandbox.account.server import AccountServer
from tests.account.support import forward, path
from tests.rollout.conftest import (
    DUAL,
    SCORE,
    SECRET,
    Stack,
    calls,
    environment,
    fail,
    reset_calls,
)

ROOT = Path(__file__).parents[2]
Command = Callable[..., Result]


@pytest.fixture
def client(elb: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client that the command gets, for tests that let its calls fail."""
    monkeypatch.setattr("rollout.rollback_command.connect", lambda _region: elb)
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


def test_missing_credentials_are_told(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    stack: Stack, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.share(10)

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rollout.rollback.Rollback.restore.__kwdefaults__", None, raising=False)
    monkeypatch.setattr("rollout.rollback._PAUSES", (0.0,))
    monkeypatch.setattr("rollout.rollback.time.sleep", interrupt)

    result = command(["--stack", "staging"])

    assert result.exit_code == 130
    assert "6 of 6 rules are plain Python" in result.stdout
    assert "Interrupted" in result.stderr
    assert MARK not in stack.tags(stack.rules[SCORE])


def test_the_installed_command_works_from_the_environment_alone(
    server: AccountServer, stack: Stack, tmp_path: Path
) -> None:
    stack.share(10)
    code = "from rollout.rollback_command import main; main()"
    variables = {**os.environ, **environment(server), "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", code, "--stack", "staging"],
        cwd=tmp_path,
        env=variables,
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert stack.plain() == DUAL


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
