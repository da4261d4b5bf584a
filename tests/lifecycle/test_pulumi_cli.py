"""How the CLI is run; a script stands in for it."""

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pytest

from sandbox.account.client import Account
from sandbox.engine.pulumi_cli import PulumiDeployment
from sandbox.engine.result import DeploymentError, Operation, Step
from sandbox.stackfile import load_stack_file

RULE = "aws:lb/listenerRule:ListenerRule"
METADATA = {
    "op": "update",
    "urn": f"urn:pulumi:staging::passport-scorer-routing::{RULE}::one",
    "type": RULE,
    "diffs": ["actions"],
}
UPDATED = f"print({json.dumps({'resOutputsEvent': {'metadata': METADATA}})!r}, flush=True)"
SCRIPT = """#!{python}
import json, os, signal, sys, time
call = {{
    "arguments": sys.argv[1:],
    "input": sys.stdin.read(),
    "variables": {{name: value for name, value in os.environ.items() if name[:7] == "PULUMI_"}},
}}
with open({calls!r}, "a") as file:
    file.write(json.dumps(call) + "\\n")
command = sys.argv[4]
{answer}
"""


@dataclass
class Cli:
    """Stands where the CLI would; every call of it is written down."""

    folder: Path

    def answer(self, program: str) -> None:
        """What it does, as lines of Python; `command` is `preview`, `up` and so on."""
        calls = str(self.folder / "calls")
        text = SCRIPT.format(python=sys.executable, calls=calls, answer=program)
        (self.folder / "pulumi").write_text(text)
        (self.folder / "pulumi").chmod(0o755)

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]

    @property
    def commands(self) -> list[str]:
        """What it was told, but for the flags that every call has."""
        return [" ".join(call["arguments"][3:-2]) for call in self.calls]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Cli(tmp_path)


@pytest.fixture
def deployment(account: Account, tmp_path: Path) -> PulumiDeployment:
    return PulumiDeployment(account, load_stack_file("staging"), tmp_path)


def test_an_update_comes_after_a_preview_with_the_policies(
    cli: Cli, deployment: PulumiDeployment
) -> None:
    cli.answer(f"if command == 'up': {UPDATED}")
    seen: list[Step] = []

    result = deployment.up(seen.append)

    pack = deployment.project.policy_pack
    assert cli.commands == [
        f"preview --policy-pack {pack} --json",
        "up --yes --skip-preview --json",
    ]
    assert result.steps == seen == [Step(Operation.UPDATE, RULE, "one", ("actions",))]


def test_what_a_held_update_left_edited_may_be_replaced_by_the_next_one_alone(
    cli: Cli, deployment: PulumiDeployment
) -> None:
    found, done = (
        {"resOutputsEvent": {"metadata": {**METADATA, "op": op, "diffs": ["listenerArn"]}}}
        for op in ("refresh", "replace")
    )
    foreseen = {
        "resourcePreEvent": {"metadata": {**METADATA, "op": "replace", "keys": ["listenerArn"]}}
    }
    cli.answer(f"if command == 'up': print({json.dumps(found)!r})")
    deployment.up(refresh=True)
    cli.answer(f"print({json.dumps(done)!r} if command == 'up' else {json.dumps(foreseen)!r})")

    deployment.up()

    with pytest.raises(DeploymentError, match="a change of listenerArn would replace it"):
        deployment.up()


def test_a_preview_that_fails_is_followed_by_nothing(
    cli: Cli, deployment: PulumiDeployment
) -> None:
    errors = ["1 problem", "an unhandled error occurred: program exited with non-zero exit code"]
    events = [{"diagnosticEvent": {"severity": "error", "message": error}} for error in errors]
    cli.answer(f"print({json.dumps(events[0])!r}); print({json.dumps(events[1])!r}); sys.exit(1)")

    with pytest.raises(pulumi.RunError, match=r"^1 problem$"):
        deployment.up()

    assert [command.split()[0] for command in cli.commands] == ["preview"]


def test_a_secret_is_sent_as_input_and_never_as_an_argument(
    cli: Cli, account: Account, tmp_path: Path
) -> None:
    config = load_stack_file("staging").with_values({"testerHeaderValue": "canary"}, secret=True)
    cli.answer("")

    PulumiDeployment(account, config, tmp_path).destroy()

    assert cli.commands[0] == "config set --secret passport-scorer-routing:testerHeaderValue"
    assert [call["input"] for call in cli.calls] == ["canary", ""]
    assert not any(
        "canary" in str(call["arguments"]) + str(call["variables"]) for call in cli.calls
    )


def test_nothing_of_the_users_own_setup_reaches_the_cli(
    cli: Cli, deployment: PulumiDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK"):
        monkeypatch.setenv(name, "of the user")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://of-the-user")
    cli.answer("")

    deployment.destroy()

    (call,) = cli.calls
    assert "of the user" not in call["variables"].values()
    assert call["variables"].items() >= deployment.project.variables.items()


def test_an_interruption_reaches_the_cli_and_it_ends_by_itself(
    cli: Cli, deployment: PulumiDeployment, tmp_path: Path
) -> None:
    ended = tmp_path / "ended"
    cli.answer(
        "def end(*_):\n"
        f"    open({str(ended)!r}, 'w').close()\n"
        "    sys.exit(255)\n"
        f"signal.signal(signal.SIGINT, end)\n{UPDATED}\nsignal.pause()"
    )
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        deployment.preview(lambda _step: os.kill(os.getpid(), signal.SIGINT))

    assert ended.exists()
    assert signal.getsignal(signal.SIGINT) is before


ENDS_WELL = f"signal.signal(signal.SIGINT, lambda *_: sys.exit(0))\n{UPDATED}\nsignal.pause()"


def test_an_interruption_that_came_too_late_for_a_change_is_none(
    cli: Cli, deployment: PulumiDeployment
) -> None:
    cli.answer(ENDS_WELL)

    result = deployment.destroy(lambda _step: os.kill(os.getpid(), signal.SIGINT))

    assert len(result.steps) == 1


def test_an_interrupted_preview_is_followed_by_no_update(
    cli: Cli, deployment: PulumiDeployment
) -> None:
    cli.answer(ENDS_WELL)

    with pytest.raises(KeyboardInterrupt):
        deployment.preview(lambda _step: os.kill(os.getpid(), signal.SIGINT))


@pytest.mark.parametrize(
    "end",
    ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit('the stack is currently locked by 1 lock')"],
)
def test_a_killed_run_says_how_to_go_on(cli: Cli, deployment: PulumiDeployment, end: str) -> None:
    cli.answer(end)

    with pytest.raises(DeploymentError) as failed:
        deployment.destroy()

    url = deployment.account.url
    assert f'eval "$(sandbox env --stack staging --url {url})"\n  pulumi cancel' in str(
        failed.value
    )


def test_what_the_cli_says_beside_its_events_is_told(
    cli: Cli, deployment: PulumiDeployment
) -> None:
    cli.answer("print('a notice'); sys.exit('error: no space left on device')")

    with pytest.raises(DeploymentError, match=r"^no space left on device$"):
        deployment.destroy()
