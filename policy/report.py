"""`make policy`: the pack on what the real program registers, for both stacks.

Each stack's own file decides the configuration; the percentage is set, at 50 with the tester
rules. A first preview, in which no ARN is known yet, comes with it.
"""

import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from policy.check import Registered, Report, check
from policy.exceptions import ALLOWANCES, Allowance, Kind
from policy.policies import POLICIES
from policy.recording import record

RUNS = (
    *(("staging", 50, False), ("staging", 50, True)),
    *(("production", share, False) for share in (0, 50, 100)),
)
"""Stack, percentage, and whether it is its first preview."""

CANARY = "canary-4f1c9a"
"""The tester header's value: a secret that no message may show."""


@dataclass(frozen=True)
class Run:
    """The pack on one stack at one percentage."""

    stack: str
    rust_percentage: int
    preview: bool
    resources: int
    seconds: float
    report: Report


def recorded(
    stack: str, rust_percentage: int, *, preview: bool
) -> tuple[list[Registered], Mapping[str, str]]:
    """What the program registers, and its configuration."""
    secret = CANARY if rust_percentage == 50 else None
    return record(stack, rust_percentage=rust_percentage, preview=preview, tester_secret=secret)


def judge(stack: str, rust_percentage: int, *, preview: bool) -> Run:
    """Record the program once and run the pack on it."""
    registered, config = recorded(stack, rust_percentage, preview=preview)
    begun = time.perf_counter()
    report = check(registered, config=config)
    seconds = time.perf_counter() - begun
    return Run(stack, rust_percentage, preview, len(registered), seconds, report)


def matches(judged: list[Run]) -> Counter[Allowance]:
    """How often each entry of the table of exceptions was needed."""
    return Counter(
        finding.allowed for run in judged for finding in run.report.excepted if finding.allowed
    )


def main() -> None:
    """Print policies, exceptions and what came out; exit 1 if an update would be refused."""
    console = Console()
    _print_policies(console)
    judged = [judge(stack, share, preview=preview) for stack, share, preview in RUNS]
    _print_exceptions(console, matches(judged))
    _print_runs(console, judged)
    failed = [run for run in judged if not run.report.passes]
    for run in failed:
        _print_findings(console, run)
    if failed:
        console.print(f"The pack refuses {len(failed)} of {len(judged)}.", style="red")
        sys.exit(1)
    console.print(
        f"{len(POLICIES)} policies: nothing to refuse, nothing left undecided.", style="green"
    )


def _print_policies(console: Console) -> None:
    table = Table("policy", "level", "severity", "sees", "ids", title=f"{len(POLICIES)} policies")
    for policy in POLICIES:
        table.add_row(
            policy.name, policy.level, policy.severity, policy.sees, ", ".join(policy.ids)
        )
    console.print(table)


def _print_exceptions(console: Console, counts: Counter[Allowance]) -> None:
    table = Table("kind", "ids", "policies", "used", "reason", title="exceptions")
    for one in ALLOWANCES:
        used = "" if one.kind is Kind.LEFT_OUT else str(counts[one])
        table.add_row(
            one.kind, ", ".join(one.ids), "\n".join(sorted(one.policies)), used, one.reason
        )
    console.print(table)


def _print_runs(console: Console, judged: list[Run]) -> None:
    columns = ("stack", "Rust", "as seen by", "resources", "mandatory", "advisory", "undecided")
    table = Table(*columns, "excepted", "s", title="the program")
    for run in judged:
        report = run.report
        table.add_row(
            run.stack,
            f"{run.rust_percentage} %",
            "a first preview" if run.preview else "an update",
            str(run.resources),
            str(len(report.mandatory)),
            str(len(report.violations) - len(report.mandatory)),
            str(len(report.undecided)),
            str(len(report.excepted)),
            f"{run.seconds:.2f}",
        )
    console.print(table)


def _print_findings(console: Console, run: Run) -> None:
    for finding in (*run.report.violations, *run.report.undecided):
        what = "undecided" if finding in run.report.undecided else finding.policy.level
        console.print(
            f"{run.stack} {run.rust_percentage} %: {what}: {finding.policy.name}: {finding.message}"
        )


if __name__ == "__main__":
    main()
