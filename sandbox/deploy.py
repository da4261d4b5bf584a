"""Deploy the program of this repository into the running account, by the embedded engine."""

import contextlib
import io
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from policy.check import Report, check
from policy.policies import POLICIES
from policy.registry import Policy
from policy.wire import from_request
from sandbox.account.client import Account
from sandbox.engine.embedded import Engine, run
from sandbox.engine.lock import only_update
from sandbox.engine.recovery import catch_up, look_at_all
from sandbox.engine.result import (
    DeploymentError,
    Drift,
    EngineName,
    Result,
    Watcher,
    forbidden,
    unwatched,
)
from sandbox.engine.state import Resource, State
from sandbox.packages import write_stand_ins
from sandbox.provider import Provider
from sandbox.stackfile import PROJECT, ROOT, StackConfig


@dataclass(frozen=True)
class _Look:
    """What a look at AWS found before a run: what is gone, what was changed by hand.

    `before` is the state without what is gone, as the last update left it.
    """

    lost: list[str]
    drift: list[Drift]
    before: list[Resource]

    def told(self, result: Result) -> Result:
        """The result of the run that came after."""
        return replace(result, lost=self.lost, drift=self.drift)


def program_of_this_repository() -> None:
    """Run `__main__.py`."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    runpy.run_path(str(ROOT / "__main__.py"))


@dataclass(frozen=True)
class Deployment:
    """One stack in one running account. `folder` holds the state of every account."""

    account: Account
    config: StackConfig
    folder: Path
    program: Callable[[], Any] = program_of_this_repository
    rules: Sequence[Policy] = POLICIES
    """Policies that a deployment must keep."""
    engine: ClassVar[EngineName] = EngineName.EMBEDDED

    @property
    def state_path(self) -> Path:
        """The state belongs to the running account: another one starts with none."""
        return self._stack_folder / "state.jsonl"

    @property
    def _stack_folder(self) -> Path:
        return self.folder / self.account.instance / self.config.stack

    def has_resources(self) -> bool:
        """Whether this engine has deployed anything of the stack into the account."""
        state = State(self.state_path)
        return bool(state.begun) or any(state)

    def resources(self) -> Iterable[Resource]:
        """What the last update left, as this engine remembers it."""
        return State(self.state_path, read_only=True)

    def preview(self, watch: Watcher = unwatched, *, refresh: bool = False) -> Result:
        """What an update would change; changes nothing.

        Raises DeploymentError when a policy forbids it or cannot decide.
        """
        state = State(self.state_path, read_only=True)
        look = self._look(state, refresh=refresh)
        return look.told(self._foreseen(state, look, watch))

    def drift(self) -> Result:
        """What somebody changed or deleted by hand since the last update; changes nothing."""
        return self._look(State(self.state_path, read_only=True), refresh=True).told(Result())

    def _foreseen(self, state: State, look: "_Look", watch: Watcher = unwatched) -> Result:
        engine = self._run(self.program, state, look.before, preview=True, watch=watch)
        report = check(
            (from_request(urn, request) for urn, request in engine.requests),
            self.rules,
            config=self.config.values,
        )
        if not report.passes:
            raise DeploymentError(_policy_message(report))
        return engine.result

    def up(
        self, watch: Watcher = unwatched, *, foreseen: bool = False, refresh: bool = False
    ) -> Result:
        """Make the account what the program says.

        Where policies judge, a preview comes first and must pass, unless one was `foreseen`
        just before. What was deleted by hand is made again; what was changed by hand is only
        seen and put right by an update that refreshes. Raises DeploymentError also while
        another update is under way.
        """
        with self._locked() as state:
            look = self._look(state, refresh=refresh)
            if self.rules and not foreseen:
                with contextlib.redirect_stderr(io.StringIO()):  # the update says it again
                    self._foreseen(state, look)
            done = self._run(self.program, state, look.before, preview=False, watch=watch)
        return look.told(done.result)

    def destroy(self, watch: Watcher = unwatched) -> Result:
        """Delete every resource of the stack."""
        with self._locked() as state:
            catch_up(self._provider, state)
            return self._run(lambda: None, state, (), preview=False, watch=watch).result

    @contextlib.contextmanager
    def _locked(self) -> Iterator[State]:
        with only_update(self._stack_folder / "lock", self.config.stack):
            yield State(self.state_path)

    def _look(self, state: State, *, refresh: bool) -> "_Look":
        """Let a state say what AWS has, as far as it was asked to look."""
        lost = sorted(one.name for one in catch_up(self._provider, state))
        before = list(state)
        drift = look_at_all(self._provider, state, self.account.instance) if refresh else []
        return _Look(lost, drift, before)

    @property
    def _provider(self) -> Provider:
        return Provider(self.account.client)

    def _run(
        self,
        program: Callable[[], Any],
        state: State,
        before: Iterable[Resource],
        *,
        preview: bool,
        watch: Watcher,
    ) -> Engine:
        engine = Engine(
            self._provider,
            state,
            {f"organization/passport-scorer/{self.config.stack}": self.account.foundation},
            before=before,
            key=self.account.instance,
            preview=preview,
            watch=watch,
        )
        with self._packages(), self.config.applied():
            run(engine, program, project=PROJECT, stack_name=self.config.stack)
        return engine

    @contextlib.contextmanager
    def _packages(self) -> Iterator[None]:
        """Run where the stack file's relative paths lead to stand-ins."""
        write_stand_ins(self.config, self._stack_folder)
        self._stack_folder.mkdir(parents=True, exist_ok=True)
        with contextlib.chdir(self._stack_folder):
            yield


def _policy_message(report: Report) -> str:
    problems = [f"{one.policy.name}: {one.message}" for one in report.mandatory]
    undecided = [
        f"{one.policy.name}: {one.name}: cannot decide {one.text}" for one in report.undecided
    ]
    return forbidden([*problems, *undecided])
