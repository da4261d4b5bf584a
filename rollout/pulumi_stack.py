"""The stack of the running folder, by the Pulumi CLI."""

import json
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import catalog
from endpoint import STICKINESS_S
from rollout.stack import Asked, Change, StackFailed

_DIAGNOSTICS: Final = re.compile(r"^Diagnostics:\n(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_READ_S: Final = 120
_UPDATE_S: Final = 600
"""Seconds until a command is stopped; an update of six rules takes half a minute."""
_NO_CHANGE: Final = frozenset({"same", "read"})
_RULES: Final = {endpoint.name: endpoint.rule for endpoint in catalog.DUAL}


@dataclass(frozen=True)
class PulumiStack:
    """A stack; `folder` holds the program and the stack files. A `rollout.stack.Stack`."""

    name: str
    folder: Path

    @property
    def balancers(self) -> dict[str, str]:
        return {}

    def now(self) -> float:
        return time.time()

    def asked(self) -> Asked:
        try:
            return self._asked()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StackFailed(f"The configuration of {self.name} is unreadable: {error}") from error

    def _asked(self) -> Asked:
        found = json.loads(self._run("config", "--json"))
        values = {
            key.removeprefix(f"{catalog.PROJECT}:"): one.get("value") for key, one in found.items()
        }
        fixed = values.get("rustPercentageByEndpoint") or "{}"
        return Asked(
            share=int(values.get("rustPercentage") or 0),
            fixed={name: int(share) for name, share in json.loads(fixed).items()},
            stickiness=int(values.get("stickinessSeconds") or STICKINESS_S),
            last=self._last(),
        )

    def ask(self, share: int, *, alone: bool) -> None:
        self._run("config", "set", "rustPercentage", str(share))
        if alone:
            self._run("config", "rm", "rustPercentageByEndpoint")

    def foresee(self, share: int) -> Sequence[Change]:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write((self.folder / f"Pulumi.{self.name}.yaml").read_text())
            file.flush()
            self._run("config", "set", "rustPercentage", str(share), "--config-file", file.name)
            told = json.loads(self._run("preview", "--json", "--config-file", file.name))
        return [
            Change(step["op"], _type(step["urn"]), step["urn"].rpartition("::")[2])
            for step in told["steps"]
            if step["op"] not in _NO_CHANGE
        ]

    def update(self, *, refresh: bool = False) -> None:
        self._run("up", "--yes", "--skip-preview", *(["--refresh"] if refresh else []))

    def _last(self) -> Mapping[str, int]:
        outputs = json.loads(self._run("stack", "output", "--json"))
        return {
            _RULES[one["endpoint"]]: int(one["rustWeight"] or 0)
            for one in outputs.get("routes", ())
            if one["endpoint"] in _RULES
        }

    def _run(self, *arguments: str) -> str:
        """What the CLI prints. A Ctrl-C reaches it too, and it ends in order before this does."""
        command = ["pulumi", *arguments, "--stack", self.name]
        limit = _UPDATE_S if arguments[0] in ("up", "preview") else _READ_S
        try:
            with subprocess.Popen(  # noqa: S603 # no part of it comes from elsewhere
                [*command, "--non-interactive", "--color", "never"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                printed, errors = _ended(process, limit)
        except OSError as error:
            raise StackFailed(f"The Pulumi CLI cannot be run: {error}") from error
        except subprocess.TimeoutExpired as error:
            raise StackFailed(f"pulumi {arguments[0]} was stopped after {limit:.0f} s") from error
        if process.returncode:
            told = _errors(printed) if arguments[0] in ("up", "preview") else ""
            raise StackFailed(f"pulumi {arguments[0]}: {errors.strip()} {told}".strip())
        return printed


def _ended(process: subprocess.Popen[str], limit: float) -> tuple[str, str]:
    """What a command printed; one that is interrupted, or takes too long, ends in order."""
    try:
        return process.communicate(timeout=limit)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=_READ_S)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _errors(printed: str) -> str:
    """The diagnostics of an update, as text, or the errors among those of a preview, as JSON."""
    try:
        found: Any = json.loads(printed).get("diagnostics", [])
    except ValueError:
        told = _DIAGNOSTICS.search(printed)
        return told[1].strip() if told else ""
    return "\n".join(one["message"].strip() for one in found if one["severity"] == "error")
