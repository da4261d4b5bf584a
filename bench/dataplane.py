"""The load balancers against a bare ASGI application that answers with the same bytes.

What is counted is the CPU of the whole process that `sandbox start` is: the load balancers of
both stacks, the accounts that they follow, and all that goes on without requests.
"""

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import uvloop
from rich.console import Console
from rich.table import Table

from sandbox.account.client import Account
from sandbox.deploy import Deployment
from sandbox.own_process import resident_mib
from sandbox.stackfile import ROOT, STACKS, load_stack_file

SETTLE_S: Final = 3
"""How long the sandbox has to read what was deployed."""
IDLE_S: Final = 6
"""How long the processes are watched without requests: eight turns of the rules' reader."""
ROUNDS: Final = 5
REQUESTS: Final = 10_000
_AT_ONCE: Final = 32
_PATH: Final = "/v2/stamps/1/score/0x0"
_HEADERS: Final = {"Host": "api.passport.xyz"}
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Round:
    """A number of requests: how fast, and what one cost the server's process.

    All of the process counts, so the slower the requests come, the more of what it does without
    any falls on each of them.
    """

    per_second: float
    microseconds: float
    idle_microseconds: float
    """How much of it the process would have used without requests."""
    mib: float
    """The process's memory afterwards."""


def measure_data_plane(console: Console, folder: Path) -> None:
    """Ask both servers in turn and print the medians."""
    with _serving("sandbox", "start", "--port", "0", "--json", "--until-eof") as (url, pid):
        for stack in STACKS:
            config = load_stack_file(stack).with_values({"rustPercentage": "50"})
            Deployment(Account.connect(url, stack), config, folder).up()
        plane = _Process(Account.connect(url, STACKS[0]).balancers["public"], pid)
        answer = folder / "answer.json"
        answer.write_text(json.dumps(uvloop.run(_answer(plane.url))))
        with _serving("bench.serve", str(answer)) as bare:
            time.sleep(SETTLE_S)
            rounds = _rounds({"sandbox": plane, "bare application": _Process(*bare)})
    table = Table(
        title=f"The sandbox at 50 %, sticky: {REQUESTS} requests of new clients over {_AT_ONCE} "
        f"connections, median of {ROUNDS} rounds"
    )
    for column in (
        "",
        "requests/s",
        "CPU us/request",
        "of it idle",
        "MiB first round",
        "MiB last round",
    ):
        table.add_column(column, justify="right")
    costs = []
    for name, measured in rounds.items():
        whole = statistics.median(one.microseconds for one in measured)
        idle = statistics.median(one.idle_microseconds for one in measured)
        costs.append((whole, whole - idle))
        table.add_row(
            name,
            f"{statistics.median(one.per_second for one in measured):.0f}",
            f"{whole:.1f}",
            f"{idle:.1f}",
            f"{measured[0].mib:.1f}",
            f"{measured[-1].mib:.1f}",
        )
    whole, busy = (balancer / bare for balancer, bare in zip(*costs, strict=True))
    table.add_row("ratio", "", f"{whole:.2f}", f"{busy:.2f} without")
    console.print(table)


class _Process:
    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid

    def cpu_s(self) -> float:
        """Seconds of CPU that the process has used, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S


@contextlib.contextmanager
def _serving(*what: str) -> Iterator[tuple[str, int]]:
    """Run a module that prints its URL; the URL and the process's id."""
    process = subprocess.Popen(
        [sys.executable, "-m", *what],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield json.loads(line)["url"], process.pid
        finally:
            process.terminate()


def _rounds(processes: dict[str, _Process]) -> dict[str, list[Round]]:
    measured: dict[str, list[Round]] = {name: [] for name in processes}
    before = {name: process.cpu_s() for name, process in processes.items()}
    time.sleep(IDLE_S)
    idle = {name: (process.cpu_s() - before[name]) / IDLE_S for name, process in processes.items()}
    for round_ in range(ROUNDS + 1):
        for name, process in processes.items():
            used, begun = process.cpu_s(), time.perf_counter()
            uvloop.run(_ask(process.url))
            seconds, cpu = time.perf_counter() - begun, process.cpu_s() - used
            if round_:  # the first one fills the caches
                one = Round(
                    REQUESTS / seconds,
                    cpu / REQUESTS * 1e6,
                    idle[name] * seconds / REQUESTS * 1e6,
                    resident_mib(process.pid),
                )
                measured[name].append(one)
    return measured


async def _ask(url: str) -> None:
    left = iter(range(REQUESTS))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_AT_ONCE), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def work() -> None:
            for _ in left:
                async with session.get(url + _PATH, headers=_HEADERS) as response:
                    response.raise_for_status()
                    await response.read()

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


async def _answer(url: str) -> dict[str, object]:
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url + _PATH, headers=_HEADERS) as response,
    ):
        body = await response.text()
        headers = [
            (name.lower(), value) for name, value in response.headers.items() if name != "date"
        ]
        return {"status": response.status, "headers": headers, "body": body}
