"""When a process that serves others ends."""

import os
import signal
import sys
import threading


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
