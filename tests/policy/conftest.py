"""Prints what the tests counted with `record_property`, from whichever process."""

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = Counter[str]()
    for report in terminalreporter.getreports("passed"):
        if "tests/policy/" in report.nodeid and report.when == "call":
            counts.update({name: int(count) for name, count in report.user_properties})
    if counts:
        text = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        terminalreporter.write_line(f"policy pack: {text}")
