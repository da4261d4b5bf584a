"""`make bench`: the program, a change of percentage and the data plane."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from bench.bare import write_bare_script
from bench.dataplane import measure_data_plane
from recording import run_program
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.deploy import Deployment
from sandbox.stackfile import ROOT, load_stack_file

ROUNDS = 5


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
        "scorerImage": "registry/scorer:1",
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


def _percentage_change(console: Console, folder: Path) -> None:
    with AccountServer(port=0) as server:
        account = Account.connect(server.url, "staging")
        config = load_stack_file("staging")
        Deployment(account, config, folder).up()
        for percentage in ("10", "100", "0"):
            change = Deployment(account, config.with_values({"rustPercentage": percentage}), folder)
            _request(server.url, "DELETE")
            begun = time.perf_counter()
            change.up()
            seconds = time.perf_counter() - begun
            calls = {call["action"]: call["count"] for call in json.loads(_request(server.url))}
            console.print(f"to {percentage} % in {seconds:.2f} s, API calls: {calls}")


def _request(url: str, method: str = "GET") -> str:
    request = urllib.request.Request(f"{url}/sandbox/calls", method=method)  # noqa: S310 loopback
    with urllib.request.urlopen(request) as response:  # noqa: S310 loopback
        return str(response.read().decode())


def main() -> None:
    """Measure the program, a change of percentage and the data plane, and print what came out."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        _program_against_bare(console, Path(folder))
        console.print("A change of percentage in the sandbox, preview included:")
        _percentage_change(console, Path(folder))
        measure_data_plane(console, Path(folder))


if __name__ == "__main__":
    typer.run(main)
