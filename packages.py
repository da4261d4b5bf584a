"""Whether Lambda can take and run a code package. No Pulumi."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from routing import limits

BOOTSTRAP = "bootstrap"
"""What a custom runtime starts; an archive that has one runs without a handler's module."""


def package_problem(path: str, modules: Iterable[str]) -> str | None:
    """Why Lambda would refuse the archive or could not run it, None if it can.

    `modules` are the Python modules of the handlers that the archive must hold; without
    any it must hold a `bootstrap`.
    """
    file = Path(path)
    if not file.is_file():
        return "not a file" if file.exists() else "no such file"
    if (size := file.stat().st_size) > limits.FUNCTION_ZIPPED_BYTES:
        return f"{size} bytes, a request to Lambda takes {limits.FUNCTION_ZIPPED_BYTES} zipped"
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError):
        return "not a zip file"
    if (size := sum(entry.file_size for entry in entries)) > limits.FUNCTION_UNZIPPED_BYTES:
        return f"{size} bytes unzipped, Lambda takes {limits.FUNCTION_UNZIPPED_BYTES}"
    return _missing({entry.filename for entry in entries}, modules)


def _missing(names: set[str], modules: Iterable[str]) -> str | None:
    if BOOTSTRAP in names:
        return None
    paths = sorted({module.replace(".", "/") for module in modules})
    found = {name.split(".")[0].removesuffix("/__init__") for name in names}
    lacking = [f"{path}.py" for path in paths if path not in found]
    if not paths:
        lacking = [BOOTSTRAP]
    return f"no {', '.join(lacking)} in it" if lacking else None
