"""Which engine runs a deployment."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from sandbox.account.client import Account
from sandbox.deploy import Deployment
from sandbox.engine.pulumi_cli import PulumiDeployment
from sandbox.engine.pulumi_project import PulumiProject
from sandbox.engine.result import EngineName, Result, Watcher, unwatched
from sandbox.engine.state import Resource
from sandbox.stackfile import StackConfig

_INSTALL = "https://www.pulumi.com/docs/install/"


class EngineRefused(Exception):
    """The engine that was asked for cannot be used here; the message says what can."""


class AnyDeployment(Protocol):
    """One stack in one running account, whichever engine deploys it."""

    @property
    def engine(self) -> EngineName: ...
    @property
    def account(self) -> Account: ...
    @property
    def config(self) -> StackConfig: ...
    def has_resources(self) -> bool: ...
    def resources(self) -> Iterable[Resource]: ...
    def preview(self, watch: Watcher = unwatched, *, refresh: bool = False) -> Result: ...
    def drift(self) -> Result: ...
    def up(
        self, watch: Watcher = unwatched, *, foreseen: bool = False, refresh: bool = False
    ) -> Result: ...
    def destroy(self, watch: Watcher = unwatched) -> Result: ...


def default_engine() -> EngineName:
    """The real engine where the Pulumi CLI is on PATH, else the embedded one."""
    return EngineName.PULUMI if shutil.which("pulumi") else EngineName.EMBEDDED


def open_deployment(
    engine: EngineName, account: Account, config: StackConfig, folder: Path
) -> AnyDeployment:
    """The deployment of a stack by an engine; `folder` holds the state of every account.

    Raises EngineRefused when the CLI is missing or the other engine has deployed the stack.
    """
    if engine is EngineName.PULUMI and not shutil.which("pulumi"):
        raise EngineRefused(
            f"The Pulumi CLI is not on PATH. Install it ({_INSTALL}) or use --engine embedded."
        )
    embedded = Deployment(account, config, folder)
    real = PulumiDeployment(account, config, folder)
    if engine is EngineName.PULUMI:
        _refuse_second(real, embedded)
        return real
    _refuse_second(embedded, real)
    return embedded


def open_project(account: Account, config: StackConfig, folder: Path) -> PulumiProject:
    """The files for using the CLI by hand on a stack. A configuration that is there stays.

    Raises EngineRefused when the embedded engine has deployed the stack.
    """
    deployment = PulumiDeployment(account, config, folder)
    _refuse_second(deployment, Deployment(account, config, folder))
    project = deployment.project
    project.prepare()
    if not project.configuration.exists():
        project.configure(config)
    return project


def _refuse_second(chosen: AnyDeployment, other: AnyDeployment) -> None:
    if other.has_resources():
        stack = other.config.stack
        raise EngineRefused(
            f"The engine `{other.engine}` deployed {stack} into this account; "
            f"`{chosen.engine}` would know nothing of it. Use --engine {other.engine}, or first: "
            f"sandbox destroy --stack {stack} --engine {other.engine}"
        )
