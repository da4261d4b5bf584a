"""Ctrl-C at moments when Python itself would lose it or print a traceback."""

import subprocess
import sys

import pytest

from rollout.starting import INTERRUPTED
from tests.support.process import TIMEOUT_S
from tests.support.recorder import ROOT

IN_IMPORTS = """
import signal, sys
class Pressed:
    @staticmethod
    def find_spec(name, *_):
        if name == "typer":
            try:
                signal.raise_signal(signal.SIGINT)
            except BaseException:
                pass
sys.meta_path.insert(0, Pressed)
from {module} import main
main()
"""
DROPPED = """
import signal, sys, threading, weakref
from sandbox.stopping import ended_soon
class Task: pass
task = Task()
watched = weakref.ref(task, lambda _: signal.raise_signal(signal.SIGINT))
with ended_soon(1000):
    try:
        del task
        threading.Event().wait()
    except KeyboardInterrupt:
        print("came again")
"""
LOST = """
import signal, threading
from sandbox.stopping import ended_soon
with ended_soon(0.01):
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        pass
    threading.Event().wait()
"""

IN_BACKGROUND = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
from sandbox import cli
def app():
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        print("interrupted")
cli.app = app
cli.main()
"""


def ended(code: str) -> tuple[int, str]:
    """How a process ends that runs the code, and what it says."""
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        ("sandbox.cli", "Interrupted.\n"),
        ("rollout.rollback_command", "Nothing was changed. Interrupted.\n"),
    ],
)
def test_ctrl_c_while_modules_are_imported_is_one_sentence(module: str, sentence: str) -> None:
    assert ended(IN_IMPORTS.format(module=module)) == (INTERRUPTED, sentence)


def test_an_interruption_that_python_drops_comes_again() -> None:
    assert ended(DROPPED) == (0, "came again\n")


def test_a_process_ends_also_when_its_interruption_was_lost() -> None:
    assert ended(LOST) == (INTERRUPTED, "Interrupted.\n")


def test_sigterm_ends_also_what_a_shell_runs_in_the_background() -> None:
    assert ended(IN_BACKGROUND) == (0, "interrupted\n")


def test_only_the_command_that_serves_an_account_waits_for_the_emulator() -> None:
    assert ended("import sys, sandbox.cli; print('moto' in sys.modules)") == (0, "False\n")
