"""When a process ends that serves others, or that is interrupted."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

from rollout.starting import INTERRUPTED

_GRACE_S: Final = 5
_AGAIN_S: Final = 0.01


def stop_asked(*, with_input: bool) -> threading.Event:
    """An event that Ctrl-C and SIGTERM set and, if wanted, the end of standard input.

    The end of its input tells a process that whoever started it is gone, also when it was
    killed. To be called from the main thread.
    """
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    if with_input:
        threading.Thread(target=_wait_for_end_of_input, args=(stopped,), daemon=True).start()
    return stopped


def _wait_for_end_of_input(stopped: threading.Event) -> None:
    # Not through sys.stdin: its lock would still be held when the interpreter ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stopped.set()


@contextlib.contextmanager
def ended_soon(grace_s: float = _GRACE_S) -> Iterator[None]:
    """Ctrl-C interrupts the block, and ends the process when the block has not ended in time.

    Python drops an interruption that comes in the callback of a weak reference, of which every
    task of asyncio has one: it comes again. What is interrupted may still wait for something.
    To be called from the main thread, around what may be left half done.
    """
    lost = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        if not signal.getitimer(signal.ITIMER_REAL)[0]:
            signal.setitimer(signal.ITIMER_REAL, grace_s)
        signal.default_int_handler(number, frame)

    def ignored(dropped: "sys.UnraisableHookArgs") -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(dropped)
            return
        lost.set()
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)

    def on_alarm(*_: object) -> None:
        if lost.is_set():
            lost.clear()
            signal.raise_signal(signal.SIGINT)
        os.write(2, b"Interrupted.\n")
        os._exit(INTERRUPTED)

    saved = {signal.SIGINT: signal.signal(signal.SIGINT, interrupt)}
    saved[signal.SIGALRM] = signal.signal(signal.SIGALRM, on_alarm)
    hook, sys.unraisablehook = sys.unraisablehook, ignored
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = hook
        for number, handler in saved.items():
            signal.signal(number, handler)
