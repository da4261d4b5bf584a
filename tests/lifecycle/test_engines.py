"""Which engine deploys, and what the Pulumi CLI finds; without the CLI."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pulumi_aws import cloudwatch
from typer.testing import CliRunner, Result

from sandbox import cli
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.commands import common
from sandbox.deploy import Deployment
from sandbox.engine.choice import EngineRefused, default_engine, open_deployment, open_project
from sandbox.engine.result import EngineName
from sandbox.stackfile import ROOT, StackConfig, load_stack_file

Command = Callable[..., Result]


@pytest.fixture
def config() -> StackConfig:
    return load_stack_file("staging")


@pytest.fixture
def command(server: AccountServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr(common, "FOLDER", tmp_path)
    # Nothing of it is a CLI.
    monkeypatch.setenv("PATH", str(tmp_path))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(cli.app, [*arguments], env={"SANDBOX_URL": server.url})

    return invoke


def one_log_group() -> None:
    """A program that is deployed at once."""
    cloudwatch.LogGroup("one", name="one")


def write_cli(folder: Path) -> None:
    """Something that is called as the CLI is."""
    (folder / "pulumi").write_text("#!/bin/sh\n")
    (folder / "pulumi").chmod(0o755)


def test_the_real_engine_is_the_default_where_the_cli_is_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert default_engine() is EngineName.EMBEDDED

    write_cli(tmp_path)

    assert default_engine() is EngineName.PULUMI


@pytest.mark.parametrize("name", ["up", "preview", "destroy"])
def test_asking_for_a_cli_that_is_not_there_is_bad_input(command: Command, name: str) -> None:
    result = command(name, "--stack", "staging", "--engine", "pulumi")

    assert result.exit_code == common.BAD_INPUT
    assert "The Pulumi CLI is not on PATH" in result.stderr
    assert "--engine embedded" in result.stderr


def test_an_unknown_engine_is_bad_usage(command: Command) -> None:
    result = command("up", "--stack", "staging", "--engine", "terraform")

    assert result.exit_code == common.BAD_INPUT


def test_a_stack_of_the_embedded_engine_is_not_for_the_cli(
    account: Account, config: StackConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cli(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    embedded = Deployment(account, config, tmp_path, program=one_log_group, rules=())
    embedded.up()

    for refused in (
        lambda: open_deployment(EngineName.PULUMI, account, config, tmp_path),
        lambda: open_project(account, config, tmp_path),
    ):
        with pytest.raises(EngineRefused, match="The engine `embedded` deployed staging"):
            refused()

    embedded.destroy()
    assert open_deployment(EngineName.PULUMI, account, config, tmp_path).config is config


def test_a_stack_of_the_cli_is_not_for_the_embedded_engine(
    account: Account, config: StackConfig, tmp_path: Path
) -> None:
    project = open_project(account, config, tmp_path)
    assert open_deployment(EngineName.EMBEDDED, account, config, tmp_path)
    (path,) = project.root.rglob("passport-scorer-routing/staging.json")
    latest = {"resources": [{"urn": "urn:pulumi:staging::p::t::n"}]}
    path.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))

    with pytest.raises(EngineRefused, match="The engine `pulumi` deployed staging"):
        open_deployment(EngineName.EMBEDDED, account, config, tmp_path)


def test_env_is_for_a_shell_and_makes_what_the_cli_needs(
    command: Command, account: Account, tmp_path: Path
) -> None:
    result = command("env", "--stack", "staging")

    assert result.exit_code == 0
    assert "pulumi config set rustPercentage 10" in result.stderr
    script = f"{result.stdout}\nenv -0"
    answer = subprocess.run(
        ["/bin/sh", "-c", script],
        env={"PULUMI_CONFIG_PASSPHRASE": "of another stack"},
        capture_output=True,
        text=True,
        check=True,
    )
    variables = dict(line.split("=", 1) for line in answer.stdout.split("\0") if "=" in line)
    assert "PULUMI_CONFIG_PASSPHRASE" not in variables
    assert variables["PULUMI_OPTION_STACK"] == "staging"
    assert variables["SANDBOX_URL"] == account.url
    assert stat.S_IMODE(Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"]).stat().st_mode) == 0o600
    project = Path(variables["PULUMI_OPTION_CWD"])
    assert f"{ROOT}" in (project / "__main__.py").read_text()
    assert (project / "policy" / "PulumiPolicy.yaml").exists()
    plugins = list((Path(variables["PULUMI_HOME"]) / "plugins").glob("resource-aws-v7.*/*"))
    assert [os.access(plugin, os.X_OK) for plugin in plugins] == [True]
    state = Path(variables["PULUMI_BACKEND_URL"].removeprefix("file://").partition("?")[0])
    foundation = json.loads((state / ".pulumi/stacks/passport-scorer/staging.json").read_text())[
        "checkpoint"
    ]
    assert foundation["stack"] == "organization/passport-scorer/staging"
    assert foundation["latest"]["resources"][0]["outputs"] == account.foundation


def test_env_twice_keeps_what_was_configured_by_hand(command: Command, tmp_path: Path) -> None:
    first = command("env", "--stack", "staging").stdout
    (configuration,) = tmp_path.rglob("Pulumi.staging.yaml")
    passphrase = next(tmp_path.rglob("passphrase")).read_text()
    written = configuration.read_text()
    assert "rustPercentage: '0'" in written
    configuration.write_text(written.replace("'0'", "'10'"))

    assert command("env", "--stack", "staging").stdout == first

    assert "rustPercentage: '10'" in configuration.read_text()
    assert next(tmp_path.rglob("passphrase")).read_text() == passphrase


def test_the_packages_are_stand_ins_outside_the_repository(
    account: Account, config: StackConfig, tmp_path: Path
) -> None:
    project = open_project(account, config, tmp_path)

    values = yaml.safe_load(project.configuration.read_text())["config"]

    for key in ("pythonPackage", "rustPackage"):
        assert (project.work_folder / values[f"passport-scorer-routing:{key}"]).exists()


def test_a_configuration_keeps_its_salt_and_gets_no_secret(
    account: Account, config: StackConfig, tmp_path: Path
) -> None:
    project = open_project(account, config, tmp_path)
    with project.configuration.open("a") as file:
        file.write("encryptionsalt: v1:salt\n")

    project.configure(config.with_values({"testerHeaderValue": "canary-4711"}, secret=True))

    written = project.configuration.read_text()
    assert yaml.safe_load(written)["encryptionsalt"] == "v1:salt"
    assert "canary" not in written
    assert "testerHeaderValue" not in written


def test_nothing_is_left_of_an_account_that_has_ended(
    account: Account, config: StackConfig, tmp_path: Path
) -> None:
    open_project(account, config, tmp_path)

    shutil.rmtree(tmp_path / account.instance)

    assert (ROOT / "policy" / "pack.py").exists()
