"""A sandbox with the program deployed once; the tests change its rules by hand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

import catalog
from sandbox.account.client import Account
from sandbox.checklist.run import DUAL_RULES, Run
from sandbox.dataplane.client import ControlClient
from sandbox.deploy import Deployment
from sandbox.engine.result import Operation, Result, Step
from sandbox.routes import LISTENER_OUTPUTS
from sandbox.running import Sandbox
from sandbox.stackfile import load_stack_file
from tests.account.support import weighted

CLIENTS = 400
USERS_EACH = 8
HOUR_S = 3600
RULE = "aws:lb/listenerRule:ListenerRule"


@dataclass
class ByHand:
    """Brings the dual rules to a percentage without the program, rightly or wrongly.

    `weights` says what rules get instead of the percentage asked for.
    """

    account: Account
    weights: dict[int, int] = field(default_factory=dict)
    plain_at_zero: bool = True
    more_steps: tuple[Step, ...] = ()
    rules: dict[str, tuple[str, str]] = field(default_factory=dict)
    """ARN -> ARNs of the Python and of the Rust group."""

    def __post_init__(self) -> None:
        elb = self.account.client("elbv2")
        groups = {
            group["TargetGroupName"]: group["TargetGroupArn"]
            for page in elb.get_paginator("describe_target_groups").paginate()
            for group in page["TargetGroups"]
        }
        suffix = {"public": "", "internal": "-int"}
        dual = {(e.listener.value, str(e.priority)): e for e in catalog.ENDPOINTS if e.dual}
        for listener, output in LISTENER_OUTPUTS.items():
            rust = groups[f"l-passport-v2-rust-scorer{suffix[listener]}"]
            found = elb.describe_rules(ListenerArn=self.account.foundation[output])["Rules"]
            for rule in found:
                if endpoint := dual.get((listener, rule["Priority"])):
                    python = groups[endpoint.backend.target_group.physical]  # type: ignore[union-attr]
                    self.rules[rule["RuleArn"]] = (python, rust)

    def __call__(self, percentage: int) -> Result:
        for arn, (python, rust) in self.rules.items():
            self.account.client("elbv2").modify_rule(
                RuleArn=arn, Actions=[self._action(python, rust, percentage)]
            )
        steps = [Step(Operation.UPDATE, RULE, name, ("actions",)) for name in DUAL_RULES]
        return Result([*steps, *self.more_steps])

    def _action(self, python: str, rust: str, percentage: int) -> Any:
        if percentage == 0 and self.plain_at_zero:
            return {"Type": "forward", "TargetGroupArn": python}
        share = self.weights.get(percentage, percentage)
        return weighted((python, 100 - share), (rust, share), Enabled=True, DurationSeconds=HOUR_S)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Staging, deployed at 0 %, behind its load balancers."""
    with Sandbox() as sandbox:
        found = Account.connect(sandbox.url, "staging")
        Deployment(found, load_stack_file("staging"), tmp_path_factory.mktemp("state")).up()
        sandbox.planes["staging"].refresh()
        yield found


@pytest.fixture
def by_hand(account: Account) -> ByHand:
    return ByHand(account)


@pytest.fixture
def run(account: Account, by_hand: ByHand) -> Run:
    return Run(account, ControlClient(account.balancers["control"]), by_hand, CLIENTS, USERS_EACH)
