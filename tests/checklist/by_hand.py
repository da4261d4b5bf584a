"""The real program deployed once, then changed rule by rule without it, rightly or wrongly."""

import contextlib
import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.checklist.run import Run
from sandbox.checklist.targets import DUAL, RUST_GROUPS, Route
from sandbox.dataplane.client import ControlClient
from sandbox.dataplane.groups import PYTHON
from sandbox.dataplane.server import DataPlane
from sandbox.deploy import Deployment
from sandbox.engine.result import Operation, Result, Step
from sandbox.routes import LISTENER_OUTPUTS
from sandbox.stackfile import load_stack_file
from tests.account.support import forward, weighted
from tests.support.in_process import answered_here

RULE: Final = "aws:lb/listenerRule:ListenerRule"
HOUR_S: Final = 3600
CLIENTS: Final = 400
USERS_EACH: Final = 5
_NEVER_S: Final = 1e6


class Chance:
    """The load balancers' lottery, or while `even` numbers that leave nothing to it.

    Those are multiples of the golden ratio: any run of them is spread evenly over 0 to 1.
    """

    even = False

    def __init__(self) -> None:
        self._multiples = itertools.count(1)

    def __call__(self) -> float:
        if self.even:
            return next(self._multiples) * (math.sqrt(5) - 1) / 2 % 1
        return random.random()  # noqa: S311 # a lottery, no secret


@contextlib.contextmanager
def deployed(folder: Path) -> Iterator["ByHand"]:
    """Staging at 0 %, behind load balancers that read rules when they are told to."""
    chance = Chance()
    with AccountServer(0) as server, answered_here(server):
        account = Account.connect(server.url, "staging")
        Deployment(account, load_stack_file("staging"), folder, rules=()).up()
        with DataPlane(account, interval_s=_NEVER_S, chance=chance) as plane:
            server.balancers["staging"] = plane.urls
            yield ByHand(Account.connect(server.url, "staging"), chance)


@dataclass
class ByHand:
    """Deploys any percentage as the program would, unless told otherwise, and then as told.

    Everything is as before once `undo` is closed.
    """

    account: Account
    chance: Chance
    share: Callable[[str, int], int] = lambda _endpoint, asked: asked
    """Rust's weight for an endpoint where a percentage is asked for."""
    seconds: Callable[[str], int | None] = lambda _endpoint: HOUR_S
    """How long an endpoint's weighted rule keeps its clients; None for never."""
    plain_at_zero: bool = True
    python: Mapping[str, str] = field(default_factory=dict)
    """Another group for an endpoint than that of its own function, by name."""
    steps: Callable[[Sequence[Step]], Sequence[Step]] = tuple
    """What the update says of itself."""
    undo: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __post_init__(self) -> None:
        groups = self.elb.get_paginator("describe_target_groups").paginate()
        self.groups: dict[str, str] = {
            group["TargetGroupName"]: group["TargetGroupArn"]
            for page in groups
            for group in page["TargetGroups"]
        }
        self.rules: dict[tuple[str, str], Any] = {
            (balancer, rule["Priority"]): rule
            for balancer, output in LISTENER_OUTPUTS.items()
            for rule in self.elb.describe_rules(ListenerArn=self.account.foundation[output])[
                "Rules"
            ]
        }

    @property
    def elb(self) -> Any:
        return self.account.client("elbv2")

    @property
    def control(self) -> ControlClient:
        return ControlClient(self.account.balancers["control"])

    def run(self, clients: int = CLIENTS) -> Run:
        return Run(
            self.account,
            self.control,
            self.deploy,
            clients,
            stickiness_s=HOUR_S,
            users_each=USERS_EACH,
        )

    def but(self, **changes: Any) -> None:
        """Deploy differently from now on."""
        for name, value in changes.items():
            setattr(self, name, value)

    def deploy(self, percentage: int) -> Result:
        for target in DUAL:
            self.elb.modify_rule(
                RuleArn=self.arn(target.route), Actions=[self._action(target.route, percentage)]
            )
        steps = [Step(Operation.UPDATE, RULE, target.route.rule, ("actions",)) for target in DUAL]
        return Result(list(self.steps(steps)))

    def arn(self, route: Route) -> str:
        arn: str = self.rules[route.balancer, str(route.priority)]["RuleArn"]
        return arn

    def modify(self, route: Route, **what: Any) -> None:
        """Change the conditions or the actions of a rule."""
        before = self.rules[route.balancer, str(route.priority)]
        old = {key: before[key] for key in what}
        self.elb.modify_rule(RuleArn=before["RuleArn"], **what)
        self.undo.callback(self.elb.modify_rule, RuleArn=before["RuleArn"], **old)

    def move(self, route: Route, priority: int) -> None:
        """Give a rule another priority."""
        arn = self.arn(route)
        for_now, later = (
            {"RulePriorities": [{"RuleArn": arn, "Priority": number}]}
            for number in (priority, route.priority)
        )
        self.elb.set_rule_priorities(**for_now)
        self.undo.callback(self.elb.set_rule_priorities, **later)

    def _action(self, route: Route, percentage: int) -> Any:
        (_, own, _) = dict(route.answers)[PYTHON]
        python = self.groups[self.python.get(route.name, str(own))]
        share, seconds = self.share(route.name, percentage), self.seconds(route.name)
        if share == 0 and self.plain_at_zero:
            return forward(python)
        rust = self.groups[RUST_GROUPS[route.balancer]]
        keep = {"Enabled": True, "DurationSeconds": seconds} if seconds else {"Enabled": False}
        return weighted((python, 100 - share), (rust, share), **keep)
