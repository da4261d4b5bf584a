"""`make bench`: the program, the ways back and the data plane."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

import catalog
from bench.bare import write_bare_script
from bench.dataplane import measure_data_plane
from recording import run_program
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.engine.choice import open_deployment
from sandbox.engine.result import EngineName
from sandbox.stackfile import ROOT, load_stack_file

ROUNDS = 5
_POLL_S = 0.02


@dataclass(frozen=True)
class Cost:
    """One process: wall time and peak memory, and the phases it reported."""

    seconds: float
    mib: float
    phases: dict[str, float]


def _measure(what: str, config: str) -> Cost:
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.run_once", what, config],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    printed = process.stdout.read() if process.stdout else ""
    if process.wait():
        raise SystemExit(f"{what} failed")
    phases = json.loads(printed)
    return Cost(time.perf_counter() - begun, phases.pop("peak MiB"), phases)


def _program_against_bare(console: Console, folder: Path) -> None:
    for name in ("python", "rust"):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr("bootstrap", "")
    config = {
        "rustPercentage": "50",
        "foundationStack": "organization/passport-scorer/staging",
        "scorerImage": f"000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer@sha256:{'0' * 64}",
        "pythonPackage": str(folder / "python.zip"),
        "rustPackage": str(folder / "rust.zip"),
    }
    registrations = run_program(config).registrations
    bare = folder / "bare.py"
    bare.write_text(write_bare_script(registrations))
    costs: dict[str, list[Cost]] = {"program": [], str(bare): []}
    for round_ in range(ROUNDS + 1):
        for what, measured in costs.items():
            cost = _measure(what, json.dumps(config))
            if round_:  # the first round fills the caches
                measured.append(cost)
    table = Table(title=f"{len(registrations)} resources under mocks, median of {ROUNDS} processes")
    phases = list(costs["program"][0].phases)
    for column in ("", "whole process s", "peak MiB", *(f"{phase} s" for phase in phases)):
        table.add_column(column, justify="right")
    medians = {}
    for what, measured in costs.items():
        row = [
            statistics.median(cost.seconds for cost in measured),
            statistics.median(cost.mib for cost in measured),
            *(statistics.median(cost.phases[phase] for cost in measured) for phase in phases),
        ]
        medians[what] = row
        name = "program" if what == "program" else "bare script"
        table.add_row(name, *(f"{value:.2f}" for value in row))
    ratios = [a / b for a, b in zip(*medians.values(), strict=True) if b > 0.01][:2]
    table.add_row("ratio", *(f"{ratio:.2f}" for ratio in ratios))
    console.print(table)


def _ways_back(console: Console, folder: Path) -> None:
    table = Table(title="From 100 % back to Python, as whole commands")
    for column in ("", "sixth rule changed after s", "ended after s", "API calls"):
        table.add_column(column, justify="right" if column.endswith(" s") else "left")
    engines = [EngineName.EMBEDDED, *([EngineName.PULUMI] if shutil.which("pulumi") else [])]
    for engine in engines:
        with AccountServer(port=0) as server:
            account = Account.connect(server.url, "staging")
            config = load_stack_file("staging")
            at = {
                percent: open_deployment(
                    engine, account, config.with_values({"rustPercentage": percent}), folder
                )
                for percent in ("100", "0")
            }
            at["100"].up()
            table.add_row(f"up, {engine} engine, preview included", *_timed(server, at["0"].up))
            if engine is EngineName.EMBEDDED:
                at["100"].up()
                table.add_row("rollback", *_timed(server, lambda: _roll_back(server)))
    console.print(table)


def _timed(server: AccountServer, way: Callable[[], object]) -> tuple[str, str, str]:
    _request(server.url, "DELETE")
    begun = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(way)
        while _calls(server.url).get("ModifyRule", 0) < len(catalog.DUAL_ENDPOINTS):
            if wait([done], timeout=_POLL_S).done:
                break
        plain = time.perf_counter() - begun
        done.result()
    ended = time.perf_counter() - begun
    calls = ", ".join(f"{count} {name}" for name, count in sorted(_calls(server.url).items()))
    return f"{plain:.1f}", f"{ended:.1f}", calls


def _roll_back(server: AccountServer) -> None:
    key = server.accounts["staging"]
    subprocess.run(
        [Path(sys.executable).with_name("rollback"), "--stack", "staging"],
        cwd=ROOT,
        env={
            **os.environ,
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _calls(url: str) -> dict[str, int]:
    return {call["action"]: call["count"] for call in json.loads(_request(url))}


def _request(url: str, method: str = "GET") -> str:
    request = urllib.request.Request(f"{url}/sandbox/calls", method=method)  # noqa: S310 loopback
    with urllib.request.urlopen(request) as response:  # noqa: S310 loopback
        return str(response.read().decode())


def main() -> None:
    """Measure the program, the ways back and the data plane, and print what came out."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        _program_against_bare(console, Path(folder))
        _ways_back(console, Path(folder))
        measure_data_plane(console, Path(folder))


if __name__ == "__main__":
    typer.run(main)
