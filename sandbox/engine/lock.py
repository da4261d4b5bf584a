"""One update of a stack at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sandbox.engine.result import DeploymentError


@contextlib.contextmanager
def only_update(path: Path, stack: str) -> Iterator[None]:
    """Hold the lock of a stack, which ends with the process at the latest.

    Raises DeploymentError when another update holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise DeploymentError(
                f"Another update of {stack} is under way ({file.read()}); nothing was changed. "
                "Wait until it has ended, or interrupt it with `kill` and its process id, "
                "and run the same command again."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {datetime.now().astimezone():%H:%M:%S}")
        file.flush()
        yield
