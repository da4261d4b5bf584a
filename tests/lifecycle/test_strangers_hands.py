"""What a stranger does to the state's folder, to the locale, and to where the output goes."""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sandbox import cli
from sandbox.account.server import AccountServer
from sandbox.commands import common
from sandbox.engine.state import State
from sandbox.stackfile import ROOT
from tests.support.engines import First
from tests.support.process import TIMEOUT_S, WITH_FOLDER

Command = Callable[..., Result]
USERS = ["up", "preview", "destroy", "env", "check"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(common, "FOLDER", tmp_path / ".sandbox")
    return tmp_path / ".sandbox"


@pytest.fixture
def command(server: AccountServer, folder: Path) -> Command:
    def invoke(name: str) -> Result:
        variables = {"SANDBOX_URL": server.url, "SANDBOX_ENGINE": "embedded"}
        return CliRunner().invoke(cli.app, [name, "--stack", "staging"], env=variables)

    return invoke


def assert_told(result: Result, code: int, *texts: str) -> None:
    """In one line of its own and no traceback."""
    assert result.exit_code == code
    assert isinstance(result.exception, SystemExit)
    (line,) = [line for line in result.stderr.splitlines() if texts[0] in line]
    for text in texts:
        assert text in line


@pytest.mark.parametrize("name", USERS)
def test_a_file_in_the_folders_place_is_said(command: Command, folder: Path, name: str) -> None:
    folder.write_text("mine")

    result = command(name)

    assert_told(result, common.BAD_INPUT, f"{folder} must be a folder that you may write")
    assert "nothing was changed" in result.stderr
    assert folder.read_text() == "mine"


def test_a_checkout_that_is_read_only_is_said(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)

    result = command("up")

    assert_told(result, common.BAD_INPUT, f"{folder} must be", "Read-only file system")


def test_an_update_after_the_state_was_deleted_says_what_is_lost(
    command: Command, first_unwatched: First
) -> None:
    first_unwatched.accounts.restore()

    result = command("up")

    assert_told(result, common.FAILED, "no state of the stack", "stop sandbox start")
    # Whichever of those that wait for nothing AWS refuses first.
    assert re.search("AlreadyExists|Duplicate|InUse", result.stderr)


def test_a_folder_that_goes_while_it_is_used_is_said(
    command: Command, first_unwatched: First, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_unwatched.restore(folder)
    read = State.__iter__

    def gone(state: State) -> object:
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_text("")
        return read(state)

    monkeypatch.setattr(State, "__iter__", gone)

    result = command("up")

    assert_told(result, common.FAILED, str(folder), "was taken away while it was used")


def test_a_stack_file_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.qa.yaml").write_bytes("config: # für später\n  a: ü\n".encode())
    program = "import sys, pathlib, sandbox.stackfile as s; " + (
        "print(ascii(s.load_stack_file('qa', root=pathlib.Path(sys.argv[1])).values['a']))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("'\\xfc'\n", "")


def test_lines_for_a_file_are_as_long_as_they_are(server: AccountServer, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            WITH_FOLDER,
            str(tmp_path),
            "preview",
            "--stack",
            "staging",
            "--engine",
            "embedded",
            "--config",
            'rustPercentageByEndpoint={"embed-sx": 1}',
        ],
        env={**os.environ, "COLUMNS": "40", "SANDBOX_URL": server.url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert done.returncode == common.BAD_INPUT
    line = next(line for line in done.stderr.splitlines() if "mend:" in line)
    commands = line.removeprefix("    mend:    ").split(", then ")
    assert commands == [
        "pulumi config rm --path 'rustPercentageByEndpoint[\"embed-sx\"]' --stack staging",
        "pulumi config set --path 'rustPercentageByEndpoint[\"embed-st\"]' <0-100> --stack staging",
    ]
