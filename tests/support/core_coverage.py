"""Prints which lines and branches of the core its own tests do not run.

Tracing makes everything slower, moto and the SDK too: so it is on while the core is imported and
in the tests named here, and off in all others.
"""

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from coverage.exceptions import NoDataError

ROOT = Path(__file__).parents[2]
DATA = ROOT / ".pytest_cache" / "coverage"
TRACED = ("tests/pure/", "tests/declared/")
CORE = (
    "adoption",
    "foundation",
    "outputs",
    "packages",
    "rollout_table",
    "traffic",
    "embed.declare",
    "monitoring.declare",
    "rust_scorer.declare",
    "scorer.declare",
)
"""What imports everything else of it."""

_coverage = Coverage(config_file=str(ROOT / "pyproject.toml"), data_suffix=True)


def pytest_configure(config: pytest.Config) -> None:
    if _distributes(config):
        shutil.rmtree(DATA, ignore_errors=True)
        return
    _coverage.start()
    for name in CORE:
        importlib.import_module(name)
    _coverage.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if not item.nodeid.startswith(TRACED):
        return (yield)
    _coverage.start()
    try:
        return (yield)
    finally:
        _coverage.stop()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not _distributes(session.config):
        DATA.mkdir(parents=True, exist_ok=True)
        _coverage.save()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Once all workers have ended; a run of a few tests measures nothing worth telling."""
    if not _distributes(config) or config.args != config.getini("testpaths"):
        return
    terminalreporter.section("branch coverage of the core by its own tests")
    whole = Coverage(config_file=str(ROOT / "pyproject.toml"))
    try:
        whole.combine([str(DATA)])
        whole.report(file=terminalreporter._tw._file)
    except NoDataError as nothing:
        terminalreporter.write_line(str(nothing))


def _distributes(config: pytest.Config) -> bool:
    """Whether this process runs no test itself."""
    return bool(config.getoption("numprocesses", 0)) and not hasattr(config, "workerinput")
