"""Configuration and a runtime of one run's own."""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, settings

NAMESPACE = "passport-scorer-routing"
_FRAMES = 12
"""So many reach from the SDK's own to the line that makes a resource."""


@contextmanager
def configuration(
    values: Mapping[str, Any], *, secret: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Stack configuration as the CLI hands it to a program, for one run."""
    secret = secret or {}
    texts = {
        _full(key): value if isinstance(value, str) else json.dumps(value)
        for key, value in {"aws:region": "us-west-2", **values, **secret}.items()
    }
    secret_keys = [_full(key) for key in secret]
    before = {key: os.environ.get(key) for key in ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS")}
    config_before = runtime_config.CONFIG.get()
    os.environ["PULUMI_CONFIG"] = json.dumps(texts)
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(secret_keys)
    pulumi.runtime.set_all_config(texts, secret_keys)
    try:
        yield
    finally:
        pulumi.runtime.set_all_config(config_before, [])
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _full(key: str) -> str:
    return key if ":" in key else f"{NAMESPACE}:{key}"


@contextmanager
def unhindered() -> Iterator[None]:
    """Run a program without what costs it most and finds nothing.

    Collections of garbage, and each resource's way through the frames of whoever runs the
    program: with a test runner's that is a quarter of a run.
    """
    enabled, limit = gc.isenabled(), getattr(sys, "tracebacklimit", None)
    gc.disable()
    sys.tracebacklimit = _FRAMES
    try:
        yield
    finally:
        if limit is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = limit
        if enabled:
            gc.enable()


@contextmanager
def fresh_runtime(monitor: mocks.MockMonitor, stack_name: str, *, preview: bool) -> Iterator[None]:
    """An event loop and Pulumi settings of one run's own; nothing of it reaches the next."""
    saved = settings.SETTINGS
    loop = asyncio.new_event_loop()
    # As the language host does: a program that fails leaves outputs that nobody awaits.
    loop.set_exception_handler(lambda *_: None)
    asyncio.set_event_loop(loop)
    try:
        with _workers(loop), unhindered():
            mocks.set_mocks(
                monitor.mocks, project=NAMESPACE, stack=stack_name, preview=preview, monitor=monitor
            )
            settings.ROOT.set(None)
            # What an earlier run in this process left would be awaited on a loop that is closed.
            settings.SETTINGS.outputs.clear()
            yield
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        settings.SETTINGS.rpc_manager.clear()
        settings.SETTINGS.outputs.clear()
        settings.configure(saved)
        loop.close()
        asyncio.set_event_loop(None)


@contextmanager
def _workers(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Threads for the monitor; the SDK wants a loop in each and closes none."""
    theirs: list[asyncio.AbstractEventLoop] = []

    def begin() -> None:
        theirs.append(asyncio.new_event_loop())
        asyncio.set_event_loop(theirs[-1])

    try:
        with ThreadPoolExecutor(4, initializer=begin) as workers:
            loop.set_default_executor(workers)
            yield
    finally:
        for one in theirs:
            one.close()
