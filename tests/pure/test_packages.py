"""Code packages that Lambda would refuse or could not run."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from packages import package_problem
from routing import limits

MODULES = ["app_api.lambda_fn", "embed.lambda_fn"]


def a_zip(folder: Path, files: Mapping[str, str]) -> str:
    path = folder / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str(path)


@pytest.mark.parametrize(
    "files",
    [
        {"app_api/lambda_fn.py": "", "embed/lambda_fn.py": ""},
        {"app_api/lambda_fn/__init__.py": "", "embed/lambda_fn.cpython-312-x86_64.so": ""},
        {"bootstrap": "", "other.py": ""},
    ],
    ids=["modules", "a package and a binary module", "a bootstrap of its own"],
)
def test_a_package_with_what_its_handlers_need_is_taken(
    tmp_path: Path, files: Mapping[str, str]
) -> None:
    assert package_problem(a_zip(tmp_path, files), MODULES) is None


@pytest.mark.parametrize(
    ("files", "modules", "problem"),
    [
        ({"app_api/lambda_fn.py": ""}, MODULES, "no embed/lambda_fn.py in it"),
        ({"x/app_api/lambda_fn.py": "", "embed/lambda_fn.py": ""}, MODULES, "no app_api/"),
        ({}, MODULES, "no app_api/lambda_fn.py, embed/lambda_fn.py in it"),
        ({"bin/bootstrap": ""}, [], "no bootstrap in it"),
        ({}, [], "no bootstrap in it"),
    ],
)
def test_a_package_without_it_is_refused(
    tmp_path: Path, files: Mapping[str, str], modules: list[str], problem: str
) -> None:
    told = package_problem(a_zip(tmp_path, files), modules)

    assert told is not None
    assert told.startswith(problem)


def test_what_is_no_zip_file_is_refused(tmp_path: Path) -> None:
    text, empty = tmp_path / "Pulumi.yaml", tmp_path / "empty.zip"
    text.write_text("name: x")
    empty.touch()

    assert package_problem(str(text), MODULES) == "not a zip file"
    assert package_problem(str(empty), MODULES) == "not a zip file"
    assert package_problem(str(tmp_path), MODULES) == "not a file"
    assert package_problem(str(tmp_path / "gone.zip"), MODULES) == "no such file"


@pytest.mark.parametrize(
    ("limit", "words"),
    [("FUNCTION_ZIPPED_BYTES", "a request to Lambda takes"), ("FUNCTION_UNZIPPED_BYTES", "unzip")],
)
def test_a_package_over_a_limit_is_refused_and_one_at_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    path = a_zip(tmp_path, {"bootstrap": "x" * 1000})
    size = Path(path).stat().st_size if "ZIPPED" in limit and "UN" not in limit[9:] else 1000

    monkeypatch.setattr(limits, limit, size)
    assert package_problem(path, []) is None
    monkeypatch.setattr(limits, limit, size - 1)
    assert words in (package_problem(path, []) or "")


def test_the_limits_are_those_of_lambda() -> None:
    assert limits.FUNCTION_ZIPPED_BYTES == 50 * 1024 * 1024
    assert limits.FUNCTION_UNZIPPED_BYTES == 250 * 1024 * 1024
