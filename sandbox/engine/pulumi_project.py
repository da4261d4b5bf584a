"""What the Pulumi CLI needs to work on the sandbox, in a folder of the running account.

    home/        PULUMI_HOME; its only plugin is the sandbox's provider, under the name `aws`
    state/       the CLI's own file backend, with the foundation as a stack of its own
    project/     Pulumi.yaml, a program that runs the one of the repository, stand-ins for the
                 code packages beside it, and the stack's configuration: the repository's own
                 stack files are never written
    passphrase   what the secrets in state and configuration are encrypted with
    edited.json  what updates saw changed by hand and held, which the CLI's state does not tell

A stack has a folder of its own, so that nobody deploys one into the other's account. Each
file is put in place at once: an interruption leaves none half written.
"""

import datetime
import json
import secrets
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import yaml

from sandbox.account.client import Account
from sandbox.engine.state import Resource
from sandbox.packages import write_stand_ins
from sandbox.stackfile import PROJECT, ROOT, StackConfig
from yamlfile import read_yaml

FOUNDATION: Final = "passport-scorer"
"""The project of the foundation stacks."""

_PROJECT_FILE: Final = {
    "name": PROJECT,
    "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}},
}
_PROGRAM: Final = """import runpy, sys
sys.path.insert(0, {0!r})
runpy.run_path({0!r} + "/__main__.py", run_name="__main__")
"""
_SALT: Final = "encryptionsalt"
_OWN_EYES: Final = 0o600
_EXECUTABLE: Final = 0o700


def stack_name(project: str, stack: str) -> str:
    """The full name of a stack in a file backend, which has one organization."""
    return f"organization/{project}/{stack}"


@dataclass(frozen=True)
class PulumiProject:
    """The files of one stack in its account; `folder` holds those of every account."""

    account: Account
    folder: Path

    @property
    def root(self) -> Path:
        """Where everything lies."""
        return self.folder.absolute() / self.account.instance / self.account.stack / "pulumi"

    @property
    def work_folder(self) -> Path:
        """Where the CLI runs."""
        return self.root / "project"

    @property
    def policy_pack(self) -> Path:
        """The policies, as `--policy-pack` takes them."""
        return self.work_folder / "policy"

    @property
    def variables(self) -> dict[str, str]:
        """What the CLI needs to know, as environment variables.

        PULUMI_OPTION_* stand for flags, so that every command works from any folder (since
        3.208 of the CLI).
        """
        state = quote(str(self.root / "state"))
        return {
            "PULUMI_BACKEND_URL": f"file://{state}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.root / "passphrase"),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_ERROR_OUTPUT_STRING": "true",
            # A real provider on PATH would otherwise be preferred to ours.
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_OPTION_CWD": str(self.work_folder),
            "PULUMI_OPTION_STACK": self.account.stack,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def prepare(self, program: Path = ROOT) -> None:
        """Make what is missing; `program` is the folder of the program to run."""
        for name in ("home", "state", "project"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        _write_once(self.root / "passphrase", secrets.token_urlsafe(32), _OWN_EYES)
        _write(self._plugin, self._start_plugin(), _EXECUTABLE)
        _write_once(self.root / "state/.pulumi/meta.yaml", "version: 1\n")
        self._write_state(FOUNDATION, self._foundation())
        self._write_state(PROJECT, {})
        declared = {"config": read_yaml(ROOT / "Pulumi.yaml")["config"]}
        _write(self.work_folder / "Pulumi.yaml", yaml.safe_dump({**_PROJECT_FILE, **declared}))
        _write(self.work_folder / "__main__.py", _PROGRAM.format(str(program)))
        # `--policy-pack policy` works as in the repository; the pack says `../.venv` itself.
        _link(self.policy_pack, ROOT / "policy")
        _link(self.work_folder / ".venv", Path(sys.prefix))

    @property
    def configuration(self) -> Path:
        """The file with the stack's configuration."""
        return self.work_folder / f"Pulumi.{self.account.stack}.yaml"

    def configure(self, config: StackConfig) -> None:
        """Write the stack's configuration but for the secrets, which the CLI must encrypt."""
        write_stand_ins(config, self.work_folder)
        values = config.values
        plain = {key: value for key, value in values.items() if key not in config.secret_keys}
        before = {}
        if self.configuration.exists():
            before = yaml.safe_load(self.configuration.read_text())
        salt = {_SALT: before[_SALT]} if _SALT in before else {}
        _write(self.configuration, yaml.safe_dump({"config": plain, **salt}))

    def has_resources(self) -> bool:
        """Whether the CLI has deployed anything of the stack into the account."""
        return bool(self._latest())

    def resources(self) -> list[Resource]:
        """What the CLI has deployed of the stack; secrets as it encrypted them."""
        return [
            Resource(
                one["urn"],
                one["type"],
                one["urn"].split("::", 3)[3],
                one["id"],
                one.get("inputs", {}),
                one.get("outputs", {}),
            )
            for one in self._latest()
            if one.get("id") and not one.get("delete")
        ]

    @property
    def edited(self) -> dict[str, list[str]]:
        """Properties by URN that somebody changed by hand and no update has put right yet."""
        return json.loads(self._edited.read_text()) if self._edited.exists() else {}

    def remember(self, edited: Mapping[str, Sequence[str]]) -> None:
        """Keep what is changed by hand now."""
        _write(self._edited, json.dumps(edited))

    @property
    def _edited(self) -> Path:
        return self.root / "edited.json"

    def _latest(self) -> list[dict[str, Any]]:
        path = self._state(PROJECT)
        if not path.exists():
            return []
        checkpoint = json.loads(path.read_text())["checkpoint"]
        return (checkpoint.get("latest") or {}).get("resources") or []

    @property
    def _plugin(self) -> Path:
        folder = f"resource-aws-v{version('pulumi_aws')}"
        return self.root / "home" / "plugins" / folder / "pulumi-resource-aws"

    def _start_plugin(self) -> str:
        variables = {
            "PYTHONPATH": str(ROOT),
            "SANDBOX_URL": self.account.url,
            "SANDBOX_INSTANCE": self.account.instance,
        }
        lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        python = shlex.quote(sys.executable)
        return "\n".join(["#!/bin/sh", *lines, f"exec {python} -m sandbox.plugin", ""])

    def _state(self, project: str) -> Path:
        return self.root / "state/.pulumi/stacks" / project / f"{self.account.stack}.json"

    def _write_state(self, project: str, latest: dict[str, Any]) -> None:
        """Begin the state of a stack in the form that every version of the CLI must read.

        Source: github.com/pulumi/pulumi, sdk/go/common/apitype, CheckpointV3.
        """
        checkpoint = {"stack": stack_name(project, self.account.stack), **latest}
        document = {"version": 3, "checkpoint": checkpoint}
        _write_once(self._state(project), json.dumps(document))

    def _foundation(self) -> dict[str, Any]:
        stack, kind = self.account.stack, "pulumi:pulumi:Stack"
        resource = {
            "urn": f"urn:pulumi:{stack}::{FOUNDATION}::{kind}::{FOUNDATION}-{stack}",
            "type": kind,
            "custom": False,
            "outputs": dict(self.account.foundation),
        }
        now = datetime.datetime.now(datetime.UTC).isoformat()
        manifest = {"time": now, "magic": "", "version": ""}
        return {"latest": {"manifest": manifest, "resources": [resource]}}


def _write_once(path: Path, text: str, mode: int = 0o644) -> None:
    if not path.exists():
        _write(path, text, mode)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    """Put a file in place at once, never readable by more people than the mode says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    new.touch(mode, exist_ok=False)
    new.write_text(text)
    new.replace(path)


def _link(path: Path, target: Path) -> None:
    if not path.is_symlink():
        path.symlink_to(target)
