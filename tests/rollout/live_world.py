"""A stack in the emulated account whose traffic, metrics and time are the test's."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import catalog
from rollout.journal import OVER, State
from rollout.ledger import Ledger
from rollout.observe import Aws
from rollout.operate import Operator, Report
from rollout.settings import Settings
from rollout.stack import Asked, Change
from tests.rollout.stack import DUAL, RUST, Stack

SHORT = Settings(
    steps=(10, 50),
    bake=(1, 1),
    warm_up=0,
    min_requests=50,
    min_requests_per_balancer=20,
    min_latency_minutes=1,
    drain=3,
)
BEGIN = 1_800_000_000 // 60 * 60
RULE = "aws:lb/listenerRule:ListenerRule"
MANY = 120


class FakeEngine:
    """An engine that changes rules by the API, as an update does. A `rollout.stack.Stack`."""

    name = "staging"

    def __init__(self, stack: Stack, clock: Callable[[], float]) -> None:
        self.stack, self.clock = stack, clock
        self.balancers: dict[str, str] = {}
        self.share = 0
        self.fixed: dict[str, int] = {}
        self.last = dict.fromkeys(DUAL, 0)
        self.foreseen: list[Change] = []
        self.updates: list[tuple[int, bool]] = []
        self.trouble: Callable[[str], None] = lambda _doing: None

    def now(self) -> float:
        return self.clock()

    def asked(self) -> Asked:
        self.trouble("asked")
        return Asked(
            share=self.share, fixed=dict(self.fixed), stickiness=3600, last=dict(self.last)
        )

    def ask(self, share: int, *, alone: bool) -> None:
        self.trouble("ask")
        self.share = share
        if alone:
            self.fixed = {}

    def _wanted(self, share: int) -> dict[str, int]:
        own = {self.stack.rule_of(name): percent for name, percent in self.fixed.items()}
        return {rule: own.get(rule, share) for rule in DUAL}

    def foresee(self, share: int) -> Sequence[Change]:
        self.trouble("foresee")
        moves = [rule for rule, to in self._wanted(share).items() if self.last[rule] != to]
        return [*(Change("update", RULE, rule) for rule in sorted(moves)), *self.foreseen]

    def update(self, *, refresh: bool = False) -> None:
        self.updates.append((self.share, refresh))
        for rule, to in sorted(self._wanted(self.share).items()):
            if refresh or self.last[rule] != to:
                self.trouble(f"update {rule}")
                self.set_rule(rule, to)
                self.last[rule] = to
        self.trouble("updated")

    def set_rule(self, rule: str, share: int) -> None:
        if share:
            self.stack.share(share, rule)
        else:
            self.stack.elb.modify_rule(
                RuleArn=self.stack.rules[rule],
                Actions=[{"Type": "forward", "TargetGroupArn": self.stack.python(rule)}],
            )


class LiveWorld:
    """Time, traffic and the hands on the stack."""

    def __init__(self, stack: Stack, *, begun: float = BEGIN) -> None:
        self.stack, self.settings = stack, SHORT
        self.time = float(begun)
        self.requests = 400
        """A minute, on each load balancer."""
        self.errors = dict.fromkeys(("python", "rust"), 0.0)
        self.published = True
        self.engine = FakeEngine(stack, lambda: self.time)
        client = stack.account.client
        self.aws = Aws(stack.elb, client("cloudwatch"), client("dynamodb"))
        self.said: list[str] = []
        self.told: list[Report] = []

    def begin(self) -> None:
        """Table, alarms and some minutes of traffic, as a rollout finds them."""
        keys = ("stack", "HASH"), ("item", "RANGE")
        self.aws.dynamodb.create_table(
            TableName="scorer-rollout",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k, _ in keys],
            KeySchema=[{"AttributeName": k, "KeyType": kind} for k, kind in keys],  # type: ignore[typeddict-item]
        )
        for name in catalog.rust_alarms():
            self.aws.cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace="AWS/ApplicationELB",
                MetricName="RequestCount",
                Period=60,
                EvaluationPeriods=1,
                Statistic="Sum",
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
            )
            self.alarm(name, "OK")
        for _ in range(5):
            self.pass_minute()

    def copy(self) -> "LiveWorld":
        """The same time and the same engine once more, for an account that is as it was."""
        world = LiveWorld(self.stack, begun=self.time)
        for name in ("share", "fixed", "last", "updates"):
            setattr(world.engine, name, copy.copy(getattr(self.engine, name)))
        return world

    def alarm(self, name: str, state: Any) -> None:
        self.aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")

    def operator(self, by: str = "alice") -> Operator:
        """A new hand, as another process would have."""
        return Operator(
            self.engine,
            self.aws,
            self.ledger(),
            say=self.said.append,
            watch=self.told.append,
            by=by,
        )

    def ledger(self) -> Ledger:
        return Ledger(self.aws.dynamodb, "staging", clock=lambda: self.time)

    def pass_minute(self) -> None:
        """A minute of traffic as the rules are, and its metrics."""
        if self.published:
            live = self.stack.dual()
            self.put([datum for listener in RUST for datum in self._served(listener, live)])
        self.time += 60

    def _served(self, listener: str, live: Mapping[str, Any]) -> Iterator[Any]:
        rules = [rule for rule in sorted(DUAL) if self.stack.row(rule)["listener"] == listener]
        arns = {"rust": self.stack.groups[RUST[listener]], "python": self.stack.python(rules[0])}
        weights = [
            one["Weight"]
            for rule in rules
            for one in live[rule][0].get("ForwardConfig", {}).get("TargetGroups", [])
            if one["TargetGroupArn"] == arns["rust"]
        ]
        rust = round(self.requests * sum(weights) / len(rules) / 100)
        balancer = self.stack.listeners[listener].partition(":listener/")[2].rpartition("/")[0]
        for side, count in (("rust", rust), ("python", self.requests - rust)):
            group = {"Name": "TargetGroup", "Value": arns[side].rpartition(":")[2]}
            both = [{"Name": "LoadBalancer", "Value": balancer}, group]
            failed = round(count * self.errors[side])
            times = {"Values": [0.02], "Counts": [count]}
            if count:
                yield {"MetricName": "RequestCount", "Dimensions": both, "Value": count}
                yield {"MetricName": "TargetResponseTime", "Dimensions": both, **times}
            if failed:
                name = "HTTPCode_Target_5XX_Count"
                yield {"MetricName": name, "Dimensions": both, "Value": failed}

    def put(self, data: list[Any]) -> None:
        """Publish data of this minute."""
        at = {"Timestamp": datetime.fromtimestamp(self.time, UTC)}
        full: Any = [{**datum, **at} for datum in data]
        self.aws.cloudwatch.put_metric_data(Namespace="AWS/ApplicationELB", MetricData=full)

    def start(self, to: int = 50) -> Report:
        return self.operator().start(self.settings, to)

    def run(self, *states: State, step: int | None = None) -> Report:
        """Tick, a minute later each time, until a state of a step, or the end."""
        for _ in range(MANY):
            self.pass_minute()
            report = self.operator().tick()
            decision = report.decision
            if decision.state in OVER:
                return report
            if decision.state in states and step in (None, decision.step):
                return report
        raise AssertionError(f"no end: {report.decision}")

    @property
    def events(self) -> list[tuple[str, int]]:
        newest = self.ledger().newest()
        journal = self.ledger().journal(newest.id) if newest else []
        return [(str(entry.event), entry.step) for entry in journal]

    def shares(self) -> dict[str, int | str]:
        """What every dual rule does, by the API."""
        return {rule: share for rule, (_, share) in self.operator().verify().items()}


class Killed(BaseException):
    """The process ended here."""
