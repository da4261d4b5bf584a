"""Stand-ins for the code packages that the stack files name."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sandbox.stackfile import StackConfig

_CONTENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "pythonPackage": {
        "app_api/lambda_fn.py": "def lambda_handler_account_nonce(event, context): ...\n",
        "embed/lambda_fn.py": "def lambda_handler_get_score(event, context): ...\n",
    },
    "rustPackage": {"bootstrap": "#!/bin/sh\n"},
}


def write_stand_ins(config: StackConfig, folder: Path) -> None:
    """Put an archive for each package with a relative path where a program that runs there looks.

    The folder is outside the repository: in it a stand-in could be deployed for real.
    """
    for key, files in _CONTENTS.items():
        name = config.get(key)
        if name and not Path(name).is_absolute():
            _write_zip(folder / name, files)


def _write_zip(path: Path, files: Mapping[str, str]) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            # A fixed date: the same content must stay the same archive.
            archive.writestr(zipfile.ZipInfo(name), content)
