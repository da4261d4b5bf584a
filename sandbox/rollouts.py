"""A stack of the running sandbox as a rollout changes it, whichever engine deploys."""

import contextlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

import catalog
import rust_scorer.names
from deployed import Deployed
from endpoint import STICKINESS_S
from rollout.observe import Aws
from rollout.stack import Asked, Change, StackFailed
from sandbox.account.client import Account
from sandbox.dataplane.client import ControlClient
from sandbox.engine.choice import AnyDeployment, open_deployment
from sandbox.engine.result import DeploymentError, EngineName
from sandbox.stackfile import StackConfig

_SHARE, _FIXED = "rustPercentage", "rustPercentageByEndpoint"


@dataclass(frozen=True)
class SandboxStack:
    """A stack; what a rollout asks for is kept in a file of its own. A `rollout.stack.Stack`.

    `config` is the rest of the configuration, and `file` lies in the running account's folder.
    """

    account: Account
    config: StackConfig
    file: Path
    opened: Callable[[StackConfig], AnyDeployment]

    @property
    def name(self) -> str:
        return self.account.stack

    @property
    def balancers(self) -> dict[str, str]:
        return dict(self.account.balancers)

    @property
    def aws(self) -> Aws:
        """Clients of the account."""
        client = self.account.client
        return Aws(client("elbv2"), client("cloudwatch"), client("dynamodb"))

    def now(self) -> float:
        return float(ControlClient(self.account.balancers["control"]).status()["clock"]["now"])

    def asked(self) -> Asked:
        config = self._configuration()
        state = Deployed(
            {(one.type, one.name): one.inputs for one in self.opened(config).resources()}
        )
        last = {
            one.rule: state.share_of(
                one.rule, rust_scorer.names.TARGET_GROUPS[one.listener].physical
            )
            for one in catalog.DUAL
        }
        return Asked(
            share=int(config.get(_SHARE) or 0),
            fixed=json.loads(config.get(_FIXED) or "{}"),
            stickiness=int(config.get("stickinessSeconds") or STICKINESS_S),
            last={rule: share for rule, share in last.items() if share is not None},
        )

    def ask(self, share: int, *, alone: bool) -> None:
        values = self._kept() | {_SHARE: str(share)} | ({_FIXED: "{}"} if alone else {})
        new = self.file.with_suffix(".new")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps(values))
        new.replace(self.file)

    def foresee(self, share: int) -> Sequence[Change]:
        config = self._configuration().with_values({_SHARE: str(share)})
        with contextlib.redirect_stderr(io.StringIO()):  # the update says it again
            result = self._told(self.opened(config).preview)
        return [Change(one.operation, one.type, one.name) for one in result.changes]

    def update(self, *, refresh: bool = False) -> None:
        deployment = self.opened(self._configuration())
        self._told(lambda: deployment.up(foreseen=True, refresh=refresh))

    def _configuration(self) -> StackConfig:
        return self.config.with_values(self._kept())

    def _kept(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self.file.read_text())
        except FileNotFoundError:
            return {}
        return found

    def _told(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (DeploymentError, pulumi.RunError) as error:
            raise StackFailed(str(error)) from error


def open_stack(
    account: Account, config: StackConfig, folder: Path, engine: EngineName
) -> SandboxStack:
    """The stack in a running account; `folder` holds the state of every account."""
    return SandboxStack(
        account,
        config,
        folder / account.instance / account.stack / "rollout.json",
        lambda wanted: open_deployment(engine, account, wanted, folder),
    )
