"""Turn the dual rules of the running account into plain forwards to Python."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import catalog
from endpoint import ROLLED_BACK_AT, TESTER_HEADER
from rollout.live import (
    FAILURES,
    THREADS,
    LiveRule,
    Place,
    describe_action,
    find_place,
    python_group,
    read_action,
    read_rules,
    route,
)
from routing import FixedResponse, Forward, Header, Rule
from routing.matching import winner
from rust_scorer import names

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

PERMISSIONS: Final[Mapping[str, str]] = {
    "DescribeTargetGroups": "finds the target groups by name, and their load balancers",
    "DescribeListeners": "finds the listeners of these load balancers",
    "DescribeRules": "reads the rules, before and after",
    "ModifyRule": "sends a rule's requests back to Python",
    "DescribeTags": "refuses the account of another stack; without it a warning",
    "AddTags": f"leaves the mark {ROLLED_BACK_AT}; without it a warning",
}
"""What it calls of Elastic Load Balancing, and why. The first four must be allowed."""

WATCH_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 1.0
_PAUSES: Final = (0.0, 0.2, 0.5, 1.0, 2.0)
"""Seconds between changing rules and reading them back, round by round."""
_TESTERS: Final = Header(TESTER_HEADER, ())


class NothingFound(LookupError):
    """No load balancer of the account serves target groups of the program."""


class WrongStack(ValueError):
    """The account holds another stack."""


@dataclass(frozen=True, kw_only=True)
class PlainRule(Rule):
    """A rule as a rollback leaves it; tester rules have no witness: a stack may lack them."""

    action: Forward


@dataclass(frozen=True)
class Outcome:
    """A rule as it was found and as it is. `problem` is None unless something stands in the way."""

    rule: str
    listener: str
    priority: int | None
    expected_priority: int
    was: str
    now: str
    wanted: str
    plain: bool
    changed: bool
    problem: str | None


class Rollback:
    """One rollback: `find`, `restore`, `mark`, in this order; `outcomes` at any time after `find`.

    `say` is told what an operator must know at once; `seconds` is the time until every rule was
    read as plain, None while one is not; `sent` has a line per request to AWS.
    """

    def __init__(
        self,
        elb: "ElasticLoadBalancingv2Client",
        stack: str,
        *,
        testers: bool = False,
        watch_seconds: float = WATCH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        say: Callable[[str], None] = print,
    ) -> None:
        self._elb, self._stack, self._testers = elb, stack, testers
        self._watch_seconds, self._clock, self._sleep, self._say = watch_seconds, clock, sleep, say
        self._begin = clock()
        self._pool = ThreadPoolExecutor(THREADS)
        self._place = Place({}, {})
        self._wanted: list[PlainRule] = []
        self._rules: dict[str, LiveRule] = {}
        self._first: dict[str, LiveRule] = {}
        self._changed: set[str] = set()
        self._errors: dict[str, str] = {}
        """By ARN, why a rule was not changed or a listener not read."""
        self.seconds: float | None = None
        self.sent: list[str] = []
        elb.meta.events.register(
            "before-send.elastic-load-balancing-v2",
            lambda event_name, **_: self.sent.append(event_name),
        )

    def close(self) -> None:
        """Begin nothing more; what has begun ends within the client's timeouts."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def find(self) -> None:
        """Read the rules; changes nothing.

        Raises NothingFound, WrongStack, and botocore's errors where nothing can be read.
        """
        self._place = find_place(self._elb)
        if not self._place.listeners:
            raise NothingFound(
                f"No load balancer of this account forwards to a target group of this program "
                f"in {self._elb.meta.region_name}."
            )
        self._wanted = _plain_rules(self._place.groups, testers=self._testers)
        other_stack = self._pool.submit(self._other_stack)
        failures = self._read()
        if not self._rules:
            raise failures[0]
        if stack := other_stack.result():
            raise WrongStack(f"This account holds the stack {stack}, not {self._stack}.")

    def restore(self) -> None:
        """Change and read back until every rule is plain or nothing more helps.

        When a rule changes back, something else is at work: then for `watch_seconds`.
        """
        pauses, until = iter(_PAUSES), None
        while (weighted := self._weighted()) or self._unread() or until is not None:
            again = [wanted.name for wanted, rule in weighted if rule.name in self._changed]
            if again and until is None:
                until = self._clock() + self._watch_seconds
                self._say(
                    f"Something else is changing the rules (an update is running): "
                    f"{', '.join(again)} was changed again. "
                    f"Putting the rules back for {self._watch_seconds:g} s. Let it end or stop it "
                    f"(pulumi cancel {self._stack}), then roll back again."
                )
            pause = next(pauses, None) if until is None else _POLL_SECONDS
            is_last = pause is None or (until is not None and self._clock() >= until)
            list(self._pool.map(lambda pair: self._change(*pair), weighted))
            self._sleep(pause or 0)
            self._read()
            if is_last:
                break

    def mark(self) -> None:
        """Tag the plain dual rules with ROLLED_BACK_AT, if one of them was changed."""
        dual = [(wanted, rule) for wanted, rule in self._found() if wanted.witness]
        if not any(rule.name in self._changed for _, rule in dual):
            return
        plain = [rule.name for wanted, rule in dual if rule.action == wanted.action]
        time_now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            self._elb.add_tags(
                ResourceArns=plain, Tags=[{"Key": ROLLED_BACK_AT, "Value": time_now}]
            )
        except FAILURES as error:
            self._say(f"Warning: the rules carry no new tag {ROLLED_BACK_AT}: {error}")

    def outcomes(self) -> list[Outcome]:
        """Every rule of the rollback; dual rules that are missing too, tester rules are not."""
        outcomes = []
        for wanted in self._wanted:
            rules = [rule for one, rule in self._found() if one is wanted]
            outcomes += [self._outcome(wanted, rule) for rule in rules]
            if not rules and wanted.witness:
                outcomes.append(self._outcome(wanted, None))
        return outcomes

    def strays(self) -> list[str]:
        """Other rules that send requests to Rust, and not those of testers alone."""
        rust = {self._place.groups.get(group.physical) for group in names.TARGET_GROUPS.values()}
        known = {rule.name for _, rule in self._found()}
        return [
            f"{rule}: {describe_action(rule.action)}"
            for rule in self._rules.values()
            if not isinstance(rule.action, FixedResponse)
            and not rust.isdisjoint(rule.action.groups)
            and rule.name not in known
            and not route([_TESTERS]) <= route(rule.conditions)
        ]

    def _other_stack(self) -> str | None:
        """The stack that the account's groups belong to, where that is known and another one."""
        groups = {wanted.action.group for wanted in self._wanted}
        try:
            described = self._elb.describe_tags(
                ResourceArns=sorted(groups.intersection(self._place.groups.values()))
            )
        except FAILURES as error:
            self._say(f"Warning: this may be the account of another stack: {error}")
            return None
        stacks = {
            tag.get("Value", "")
            for one in described["TagDescriptions"]
            for tag in one.get("Tags", ())
            if tag["Key"] == "PulumiStack"
        }
        return None if self._stack in stacks else min(stacks, default=None)

    def _read(self) -> list[Exception]:
        """Read every listener; where that fails, what is known of it stays."""
        futures = {
            arn: self._pool.submit(read_rules, self._elb, arn, listener)
            for arn, listener in self._place.listeners.items()
        }
        failures: list[Exception] = []
        for arn, future in futures.items():
            self._errors.pop(arn, None)
            try:
                rules = {rule.name: rule for rule in future.result()}
            except FAILURES as error:
                self._errors[arn] = str(error)
                failures.append(error)
            else:
                others = [rule for rule in self._rules.values() if rule.listener_arn != arn]
                self._rules = {rule.name: rule for rule in others} | rules
                self._first = rules | self._first
        if self._weighted() or failures:
            self.seconds = None
        elif self.seconds is None:
            self.seconds = self._clock() - self._begin
        return failures

    def _change(self, wanted: PlainRule, rule: LiveRule) -> None:
        self._errors.pop(rule.name, None)
        try:
            answer = self._elb.modify_rule(
                RuleArn=rule.name,
                Actions=[{"Type": "forward", "TargetGroupArn": wanted.action.group}],
            )
        except FAILURES as error:
            self._errors[rule.name] = str(error)
        else:
            self._changed.add(rule.name)
            action = read_action(answer["Rules"][0]["Actions"])
            self._rules[rule.name] = replace(rule, action=action)

    def _found(self) -> list[tuple[PlainRule, LiveRule]]:
        return [
            (wanted, rule)
            for wanted in self._wanted
            for rule in self._rules.values()
            if rule.listener == wanted.listener
            and route(rule.conditions) == route(wanted.conditions)
        ]

    def _weighted(self) -> list[tuple[PlainRule, LiveRule]]:
        return [(wanted, rule) for wanted, rule in self._found() if rule.action != wanted.action]

    def _unread(self) -> bool:
        return not self._errors.keys().isdisjoint(self._place.listeners)

    def _outcome(self, wanted: PlainRule, rule: LiveRule | None) -> Outcome:
        plain = rule is not None and rule.action == wanted.action
        taker = rule or self._taker(wanted)
        now = describe_action(taker.action) if taker else "unknown"
        problem = self._errors.get(taker.listener_arn) if taker else None
        if rule is None:
            problem = problem or "there is no such rule: its requests go where the table says"
            now = f"{taker}: {now}"
        elif wanted.action.group not in self._place.groups.values():
            problem = f"there is no target group {wanted.action.group}"
        elif not plain:
            problem = self._errors.get(rule.name, problem)
        return Outcome(
            rule=wanted.name,
            listener=wanted.listener,
            priority=rule.priority if rule else None,
            expected_priority=wanted.priority,
            was=describe_action(self._first[rule.name].action) if rule else "not found",
            now=now,
            wanted=describe_action(wanted.action),
            plain=plain,
            changed=rule is not None and rule.name in self._changed,
            problem=problem,
        )

    def _taker(self, wanted: PlainRule) -> LiveRule | None:
        """The rule that gets the requests of one that is missing, None where none is known.

        Beside our listener a balancer may have one that only redirects: ours has the most rules.
        """
        near = [rule for rule in self._rules.values() if rule.listener == wanted.listener]
        most = Counter(rule.listener_arn for rule in near).most_common(1)
        ours = [rule for rule in near if rule.listener_arn == most[0][0]]
        return winner(ours, wanted.witness) if wanted.witness else None


def _plain_rules(groups: Mapping[str, str], *, testers: bool) -> list[PlainRule]:
    """The dual rules as they are at 0 %, and their tester rules turned to Python."""
    found = []
    for endpoint in catalog.DUAL:
        group = python_group(endpoint)
        rule = PlainRule(
            name=endpoint.rule,
            listener=endpoint.listener,
            priority=endpoint.priority,
            conditions=endpoint.conditions,
            action=Forward(groups.get(group, group)),
            witness=endpoint.witness,
        )
        found.append(rule)
        if testers and (tester := endpoint.tester):
            name, priority = tester.name, tester.priority
            header = (*rule.conditions, _TESTERS)
            found.append(
                replace(rule, name=name, priority=priority, conditions=header, witness=None)
            )
    return found
