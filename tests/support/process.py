"""The `sandbox` command in a process of its own."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.recorder import ROOT

TIMEOUT_S = 840
"""A command that takes longer hangs; less than what ends the test itself."""


def deserted_url() -> str:
    """The URL of a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@dataclass
class Running:
    """A command that runs until it is told to stop."""

    process: subprocess.Popen[str]
    first_line: str

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def wait(self) -> int:
        return self.process.wait(TIMEOUT_S)


def completed(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code that runs the command, to its end."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


WITH_FOLDER = """
import pathlib, sys
from sandbox.commands import common
common.FOLDER = pathlib.Path(sys.argv.pop(1))
from sandbox.cli import main
main()
"""


def started(folder: Path, *arguments: str, before: str = "") -> subprocess.Popen[str]:
    """Start the command with a folder of its own, and with nothing but its errors to read.

    `before` is code that runs before anything of the command's is imported.
    """
    return subprocess.Popen(
        [sys.executable, "-c", before + WITH_FOLDER, str(folder), *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    """Start the command and wait for its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Running(process, process.stdout.readline() if process.stdout else "")
        finally:
            process.terminate()
