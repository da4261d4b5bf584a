"""The accounts and the load balancers in a process of their own."""

import contextlib
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sandbox.stackfile import ROOT
from sandbox.stopping import ended_soon

_PATIENCE_S: Final = 10


class SandboxNotStarted(RuntimeError):
    """The sandbox's own process ended before it answered."""


def resident_mib(pid: int) -> float:
    """The memory that a process of this machine holds. Raises OSError."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except FileNotFoundError:  # not Linux
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        return int(subprocess.check_output(command)) / 1024
    return pages * resource.getpagesize() / 2**20


@contextlib.contextmanager
def sandbox_process() -> Iterator[tuple[str, int]]:
    """A sandbox on free ports in a process of its own, so that nobody shares its core.

    Its URL, and the id of the process.

    Ctrl-C ends all of it within seconds: the account goes with whoever started it. Raises
    SandboxNotStarted.
    """
    with (
        ended_soon(),
        subprocess.Popen(
            [sys.executable, "-m", "sandbox", "start", "--port", "0", "--json", "--until-eof"],
            cwd=ROOT,
            stdin=subprocess.PIPE,  # whose end it sees when this process was killed
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # a Ctrl-C is for this process, which still needs the account then
        ) as process,
    ):
        try:
            first_line = process.stdout.readline() if process.stdout else ""
            if not first_line:
                raise SandboxNotStarted("The sandbox did not start; its message stands above.")
            yield json.loads(first_line)["url"], process.pid
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
