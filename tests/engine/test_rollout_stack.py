"""A stack as `rollout` reads and changes it, by the Pulumi CLI and by the embedded engine."""

from dataclasses import replace
from pathlib import Path

import pytest

from rollout.pulumi_stack import PulumiStack
from rollout.stack import Change, Stack, StackFailed
from sandbox.account.client import Account
from sandbox.rollouts import SandboxStack
from sandbox.stackfile import load_stack_file
from tests.engine.support import CLI, Deploy, environment, weights
from tests.rollout.stack import DUAL

RULE = "aws:lb/listenerRule:ListenerRule"
OWN = {"rustPercentageByEndpoint": '{"embed-gs": 3}'}


@pytest.fixture
def by_cli(account: Account, deployment: Deploy, monkeypatch: pytest.MonkeyPatch) -> PulumiStack:
    """Staging at 0 % but for an endpoint's own share, in a shell that has `sandbox env`."""
    stack = deployment(**OWN)
    stack.up()
    for name, value in environment(stack.project).items():
        monkeypatch.setenv(name, value)
    return PulumiStack(account.stack, stack.project.work_folder)


@pytest.fixture
def embedded(account: Account, routed: Deploy, tmp_path: Path) -> SandboxStack:
    routed(**OWN).up()
    config = load_stack_file("staging").with_values(OWN)

    return SandboxStack(
        account, config, tmp_path / "rollout.json", lambda new: replace(routed(), config=new)
    )


def tell(stack: Stack, account: Account) -> None:
    """Up, and back with the endpoint's own share."""
    before = stack.asked()
    assert (before.share, before.fixed, before.stickiness) == (0, {"embed-gs": 3}, 3600)
    assert before.last == dict.fromkeys(DUAL, 0) | {"embed-gs-rule-lambda": 3}
    movers = sorted(DUAL - {"embed-gs-rule-lambda"})

    assert sorted(stack.foresee(25)) == [Change("update", RULE, rule) for rule in movers]
    assert stack.asked() == before

    stack.ask(25, alone=False)
    stack.update()
    assert stack.asked().last == dict.fromkeys(DUAL, 25) | {"embed-gs-rule-lambda": 3}
    assert stack.foresee(25) == []

    stack.ask(0, alone=True)
    stack.update()
    assert not stack.asked().rust
    assert weights(account) == {(None,)}


def test_the_embedded_engine_moves_what_it_was_asked_to(
    account: Account, embedded: SandboxStack
) -> None:
    tell(embedded, account)


def test_what_the_program_refuses_is_said_in_its_words(embedded: SandboxStack) -> None:
    embedded.ask(101, alone=False)

    with pytest.raises(StackFailed, match="rustPercentage"):
        embedded.update()


@CLI
def test_the_cli_moves_what_it_was_asked_to(account: Account, by_cli: PulumiStack) -> None:
    tell(by_cli, account)
    by_cli.ask(101, alone=False)
    with pytest.raises(StackFailed, match="rustPercentage"):
        by_cli.foresee(101)
    with pytest.raises(StackFailed, match="rustPercentage"):
        by_cli.update()


def test_without_a_cli_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackFailed, match="The Pulumi CLI cannot be run"):
        PulumiStack("staging", tmp_path).asked()
