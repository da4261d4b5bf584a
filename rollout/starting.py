"""Ctrl-C while the modules of a command are imported, which takes a second or more."""

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Final

INTERRUPTED: Final = 130


@contextlib.contextmanager
def starting(sentence: str) -> Iterator[None]:
    """An interruption in the block ends the process with a sentence; nothing has begun yet.

    Not by an exception: Python drops those raised in the callbacks of its imports.
    """

    def end(*_: object) -> None:
        os.write(2, f"{sentence}\n".encode())
        os._exit(INTERRUPTED)

    saved = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, saved)
