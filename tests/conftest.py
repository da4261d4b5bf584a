"""Fixtures for every layer."""

import gc
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.recorder import Program, run_program


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Code packages that exist, as configuration."""
    folder = tmp_path_factory.mktemp("packages")
    for name in ("python", "rust"):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr("bootstrap", "")
    return {
        "pythonPackage": str(folder / "python.zip"),
        "rustPackage": str(folder / "rust.zip"),
    }


@pytest.fixture
def required(packages: Mapping[str, str]) -> dict[str, Any]:
    """The smallest configuration that the program accepts."""
    return {
        "foundationStack": "organization/passport-scorer/staging",
        "scorerImage": "000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:1",
        **packages,
    }


@pytest.fixture
def run(required: dict[str, Any]) -> Callable[..., Program]:
    """Run the program with the required configuration and these keys."""

    def run_with(
        config: Mapping[str, Any] | None = None, /, *, stack: str = "staging", **options: Any
    ) -> Program:
        return run_program({**required, **(config or {})}, stack_name=stack, **options)

    return run_with


ONE_WORKER = {"account", "checklist", "declared", "plugin", "provider", "rollout"}
"""Folders whose tests share what takes long to make: an account, a deployment, recordings."""

LONGEST_FIRST = ("lifecycle", "checklist", "declared", "account", "rollout", "policy")
"""So that no worker is left with one of them at the end."""


class _Shared(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """A worker takes a module, or a folder whose tests share something."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        return folder if folder in ONE_WORKER else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _Shared(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {folder: place for place, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.nodeid.split("/")[1], len(order)))


gc.disable()
"""While modules are imported; a quarter of that would be collections."""


def pytest_collection_finish() -> None:
    """Collect garbage seldom, and not among imported modules; else it takes most of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    gc.enable()
