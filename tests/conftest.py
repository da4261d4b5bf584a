"""Fixtures for every layer."""

import gc
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest

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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long modules, so that no worker is left with one at the end."""
    items.sort(key=lambda item: not {"lifecycle", "checklist"} & set(item.path.parts))


def pytest_collection_finish() -> None:
    """Collect garbage seldom, and not among imported modules; else it takes most of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
