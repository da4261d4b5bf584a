"""Deploy the program of this repository into the running account."""

import contextlib
import json
import runpy
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sandbox.account.client import Account
from sandbox.engine.embedded import Engine, Result, Step, run
from sandbox.engine.state import State
from sandbox.provider import Provider
from sandbox.stackfile import PROJECT, ROOT, StackConfig

_STAND_INS = {
    "pythonPackage": {
        "app_api/lambda_fn.py": "def lambda_handler_account_nonce(event, context): ...\n",
        "embed/lambda_fn.py": "def lambda_handler_get_score(event, context): ...\n",
    },
    "rustPackage": {"bootstrap": "#!/bin/sh\n"},
}


class Deployment:
    """One stack in one running account."""

    def __init__(self, account: Account, config: StackConfig, folder: Path) -> None:
        self.account = account
        self.config = config
        self._folder = folder / account.instance / config.stack

    def preview(self, on_step: Callable[[Step], None] = lambda step: None) -> Result:
        """What an update would change; changes nothing."""
        return self._run(_program, preview=True, on_step=on_step)

    def up(self, on_step: Callable[[Step], None] = lambda step: None) -> Result:
        """Make the account what the program says. A preview comes first and must pass."""
        self.preview()
        return self._run(_program, preview=False, on_step=on_step)

    def destroy(self, on_step: Callable[[Step], None] = lambda step: None) -> Result:
        """Delete every resource of the stack."""
        return self._run(lambda: None, preview=False, on_step=on_step)

    def _run(
        self, program: Callable[[], Any], *, preview: bool, on_step: Callable[[Step], None]
    ) -> Result:
        engine = Engine(
            Provider(self.account.client),
            State(self._folder / "state.jsonl"),
            {f"organization/passport-scorer/{self.config.stack}": self.account.foundation},
            key=self.account.instance,
            preview=preview,
            on_step=on_step,
        )
        with self._packages() as config, config.applied():
            run(engine, program, project=PROJECT, stack_name=self.config.stack)
        return engine.result

    @contextlib.contextmanager
    def _packages(self) -> Iterator[StackConfig]:
        """Put stand-ins where the stack file looks for code, but outside the repository.

        In the repository a stand-in could be deployed for real.
        """
        for key, files in _STAND_INS.items():
            name = self.config.get(key)
            if name and not Path(name).is_absolute():
                _write_zip(self._folder / name, files)
        self._folder.mkdir(parents=True, exist_ok=True)
        with contextlib.chdir(self._folder):
            yield self.config


def _program() -> None:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    runpy.run_path(str(ROOT / "__main__.py"))


def _write_zip(path: Path, files: dict[str, str]) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            # A fixed date: the same content must stay the same archive.
            archive.writestr(zipfile.ZipInfo(name), content)
