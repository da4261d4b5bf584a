"""Deploy with the Pulumi CLI into the running account.

The Automation API would ask the CLI three more times after every update and cannot be
interrupted; of it only the form of the events is used.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pulumi.automation.events import EngineEvent

from sandbox.account.client import Account
from sandbox.engine.pulumi_events import Recorder
from sandbox.engine.pulumi_project import FOUNDATION, PulumiProject, stack_name
from sandbox.engine.recovery import find_lost
from sandbox.engine.result import DeploymentError, EngineName, Result, Watcher, unwatched
from sandbox.engine.state import Resource
from sandbox.provider import Provider
from sandbox.stackfile import ROOT, StackConfig

_FLAGS = ("--non-interactive", "--color", "never")
_LOCKED = "the stack is currently locked"
_STREAMED = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
"""A preview prints its events too, as an update does, and not one document at its end."""


@dataclass(frozen=True)
class PulumiDeployment:
    """One stack in one running account. `folder` holds the state of every account."""

    account: Account
    config: StackConfig
    folder: Path
    program: Path = ROOT
    """Folder of the program."""
    judged: bool = True
    """Whether the policies of this repository must allow it."""
    engine: ClassVar[EngineName] = EngineName.PULUMI

    @property
    def project(self) -> PulumiProject:
        """The files that the CLI works with."""
        return PulumiProject(self.account, self.folder)

    def has_resources(self) -> bool:
        """Whether this engine has deployed anything of the stack into the account."""
        return self.project.has_resources()

    def resources(self) -> Iterable[Resource]:
        """What the last update left, as the CLI's state has it."""
        return self.project.resources()

    def preview(self, watch: Watcher = unwatched, *, refresh: bool = False) -> Result:
        """What an update would change; changes nothing.

        Raises DeploymentError when a policy forbids it or it would replace a resource.
        """
        self._prepare()
        lost = self._lost()
        return self._foreseen(watch, refresh=refresh or bool(lost)).result(lost)

    def drift(self) -> Result:
        """What somebody changed or deleted by hand since the last update; changes nothing."""
        if not self.has_resources():
            return Result()
        self.project.prepare(self.program)
        return self._recorded("refresh", "--preview-only", watch=unwatched).look(self._lost())

    def up(
        self, watch: Watcher = unwatched, *, foreseen: bool = False, refresh: bool = False
    ) -> Result:
        """Make the account what the program says.

        A preview comes first and must pass, unless one was `foreseen` just before.

        What was deleted by hand is forgotten before, so that it is made again; what was
        changed by hand is only seen and put right by an update that refreshes.
        """
        self._prepare()
        if lost := self._lost():
            gone = (option for one in lost for option in ("--target", one.urn))
            self._recorded("refresh", "--yes", "--skip-preview", *gone, watch=unwatched)
        if not foreseen:
            self._foreseen(unwatched, refresh=refresh)
        options = ["--refresh"] if refresh else []
        return self._recorded("up", "--yes", "--skip-preview", *options, watch=watch).result(lost)

    def destroy(self, watch: Watcher = unwatched) -> Result:
        """Delete every resource of the stack."""
        self._prepare()
        return self._recorded("destroy", "--yes", "--skip-preview", watch=watch).result()

    def _prepare(self) -> None:
        self.project.prepare(self.program)
        self.project.configure(self.config)
        for key in sorted(self.config.secret_keys):
            # Not as an argument: every user of the machine can read those.
            set_ = _run(self.project, ["config", "set", "--secret", key], self.config.values[key])
            if set_.interrupted:
                raise KeyboardInterrupt
            if set_.code:
                raise DeploymentError(set_.errors)

    def _lost(self) -> list[Resource]:
        return find_lost(Provider(self.account.client), self.project.resources())

    def _foreseen(self, watch: Watcher, *, refresh: bool) -> Recorder:
        policies = ["--policy-pack", str(self.project.policy_pack)] if self.judged else []
        options = ["--refresh"] if refresh else []
        recorder = self._recorded("preview", *policies, *options, watch=watch)
        recorder.refuse()
        return recorder

    def _recorded(self, *arguments: str, watch: Watcher) -> Recorder:
        """Run a command that changes or foresees.

        Raises what it failed with; KeyboardInterrupt when it was interrupted, after the CLI
        has recorded what AWS answered.
        """
        foundation = stack_name(FOUNDATION, self.account.stack)
        recorder = Recorder(watch, [foundation], self.project.edited)

        def take(line: str) -> None:
            if line.startswith("{"):  # anything else is a notice
                recorder(EngineEvent.from_json(json.loads(line)))

        ended = _run(self.project, [*arguments, "--json"], take=take)
        if arguments[0] == "up":
            self.project.remember(recorder.edited)
        if ended.interrupted and (ended.code or arguments[0] == "preview"):
            raise KeyboardInterrupt
        if ended.code:
            recorder.refuse()
            recorder.fail(self._explained(ended))
        return recorder

    def _explained(self, ended: "_Ended") -> str:
        """Why a run failed that has told nothing in its events."""
        text = ended.errors or f"The Pulumi CLI ended with {ended.code}."
        if ended.code < 0 or _LOCKED in text:
            text += (
                "\nWhen no other run is under way, go on after a killed one like this:\n"
                f'  eval "$(sandbox env --stack {self.account.stack} --url {self.account.url})"\n'
                "  pulumi cancel\n"
                "  pulumi refresh\n"
                "and run the same command again."
            )
        return text


@dataclass(frozen=True)
class _Ended:
    """How a command ended; `errors` is what it printed beside its events."""

    code: int
    errors: str
    interrupted: bool


def _run(
    project: PulumiProject,
    arguments: list[str],
    sent: str = "",
    take: Callable[[str], object] = lambda _line: None,
) -> _Ended:
    """Run the CLI to its end; it gets `sent` as input, `take` gets each line as it comes."""
    stack = ["--stack", project.account.stack]
    command = [shutil.which("pulumi") or "pulumi", *_FLAGS, *arguments, *stack]
    # Nothing that the user's own shell says to the CLI must lead elsewhere.
    inherited = {name: value for name, value in os.environ.items() if name[:7] != "PULUMI_"}
    with (
        _interruptions() as interruptions,
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command,
            cwd=project.work_folder,
            env={**inherited, **project.variables, **_STREAMED},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            process_group=0,  # so that Ctrl-C reaches it once, through us
        ) as process,
    ):
        interruptions.pass_to(process)
        if process.stdin and process.stdout:
            process.stdin.write(sent)
            process.stdin.close()
            for line in process.stdout:
                take(line)
        code = process.wait()
        errors.seek(0)
        text = errors.read().strip().removeprefix("error: ")
    return _Ended(code, text, interruptions.happened)


class _Interruptions:
    """Passes Ctrl-C on to a command and lets it end by itself; the second one ends it."""

    def __init__(self) -> None:
        self.happened = False
        self._process: subprocess.Popen[str] | None = None

    def pass_to(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        if self.happened:
            process.send_signal(signal.SIGINT)

    def __call__(self, *_: object) -> None:
        self.happened = True
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)


@contextlib.contextmanager
def _interruptions() -> Iterator[_Interruptions]:
    """Catch Ctrl-C and SIGTERM, where Python lets us."""
    interruptions = _Interruptions()
    if threading.current_thread() is not threading.main_thread():
        yield interruptions
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    saved: dict[signal.Signals, Any] = {
        number: signal.signal(number, interruptions) for number in numbers
    }
    try:
        yield interruptions
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)
