"""Listener rules by themselves: priority, conditions, actions."""

import re
from collections.abc import Iterator

from policy import facts
from policy.registry import Problems, Severity, resource_policy
from policy.stack import Resource
from policy.tokens import LISTENER_RULE
from policy.values import Value
from routing import (
    FixedResponse,
    Header,
    Host,
    Methods,
    Path,
    WeightedForward,
    WeightedGroup,
    checks,
    limits,
)
from routing.model import Condition

_CONDITION_KINDS = (
    "hostHeader",
    "pathPattern",
    "httpRequestMethod",
    "httpHeader",
    "queryStrings",
    "sourceIp",
)
_PLAIN: dict[str, type[Host | Path | Methods]] = {
    "hostHeader": Host,
    "pathPattern": Path,
    "httpRequestMethod": Methods,
}
_AT_MOST_ONCE = frozenset({"hostHeader", "pathPattern", "httpRequestMethod", "sourceIp"})


def targets(rule: Resource) -> Iterator[Value]:
    """Every place in the actions that names a target group."""
    for action in rule["actions"]:
        if action["targetGroupArn"].given:
            yield action["targetGroupArn"]
        for target in action["forward"]["targetGroups"]:
            yield target["arn"]


def conditions(rule: Resource) -> Iterator[tuple[str, Value]]:
    """The kind and the body of every condition."""
    for condition in rule["conditions"]:
        for kind in _CONDITION_KINDS:
            if condition[kind].given:
                yield kind, condition[kind]


def condition_values(kind: str, body: Value) -> Iterator[Value]:
    """The alternatives of one condition, the parts of a query string each by itself."""
    if kind == "queryStrings":
        for pair in body:
            yield from (pair[name] for name in ("key", "value") if pair[name].given)
    else:
        yield from body["values"]
        yield from body["regexValues"]


def plain_conditions(rule: Resource) -> Iterator[Condition]:
    """The conditions as `routing` judges them; it has no query strings and addresses.

    Those and regular expressions come as headers of their own, whose values count too.
    """
    for kind, body in conditions(rule):
        values = tuple(value.text or "" for value in condition_values(kind, body))
        plain = _PLAIN.get(kind)
        if plain is not None and not body["regexValues"].given:
            yield plain(values)
        elif kind == "httpHeader" and not body["regexValues"].given:
            yield Header(body["httpHeaderName"].text or "", values)
        else:
            yield Header(kind, values)


@resource_policy(
    {LISTENER_RULE: ("listenerArn", "priority")},
    ids=("D1",),
    severity=Severity.HIGH,
    why="Without a priority the provider takes the next free one, so the order of the rules "
    "depends on the order of their creation.",
)
def priority_is_explicit(rule: Resource) -> Problems:
    """A listener rule names its listener and its own priority, a whole number that AWS takes."""
    if not rule["listenerArn"].given:
        yield "listenerArn is not set"
    priority = rule["priority"].whole
    if priority is None:
        yield "priority is not a whole number"
    else:
        yield from checks.priority_problems(priority)


@resource_policy(
    {LISTENER_RULE: ("conditions",)},
    ids=("D3",),
    severity=Severity.HIGH,
    why="A rule without path and host would take every request of its listener; a second "
    "condition of a kind is refused by AWS and taken by mocks.",
)
def conditions_narrow_each_kind_once(rule: Resource) -> Problems:
    """A rule has a path or a host, and at most one condition each of host, path, method, source."""
    kinds = [kind for kind, _ in conditions(rule)]
    for kind in sorted(_AT_MOST_ONCE):
        if kinds.count(kind) > 1:
            yield f"conditions has more than one {kind}"
    if not {"hostHeader", "pathPattern"} & set(kinds):
        yield "conditions has neither a pathPattern nor a hostHeader"


@resource_policy(
    {LISTENER_RULE: ("conditions",)},
    ids=("D3",),
    severity=Severity.HIGH,
    why="Quotas of AWS that cannot be raised; mocks and emulators accept more.",
)
def conditions_fit_the_quotas(rule: Resource) -> Problems:
    """The conditions of a rule are what AWS takes: together 5 values and 5 wildcards, each well
    formed.
    """
    yield from checks.condition_problems([*plain_conditions(rule)])


@resource_policy(
    {LISTENER_RULE: ("conditions",)},
    ids=("D3", "elbv2:RuleCondition"),
    severity=Severity.HIGH,
    why="AWS takes such a path for a rule that nothing matches. A host has no case: the load "
    "balancer ignores it, so two rules that differ in it alone look like two and are one.",
)
def condition_values_are_well_formed(rule: Resource) -> Problems:
    """A path begins with / or a wildcard, a host is in small letters."""
    for kind, body in conditions(rule):
        for value in body["values"]:
            if kind == "pathPattern" and not (value.text or "").startswith(("/", "*", "?")):
                yield f"{value.key} does not begin with /"
            if kind == "hostHeader" and (value.text or "") != (value.text or "").lower():
                yield f"{value.key} has capitals"


@resource_policy(
    {LISTENER_RULE: ("conditions",)},
    ids=("contract: tester header",),
    severity=Severity.HIGH,
    why="In clear it stands in the state, in its backups and in every preview. pulumi-policy "
    "hands secrets over in clear and says nothing of it (its issue 241), so under the CLI "
    "nothing is seen; make policy, the tests and sandbox up see it, and the program refuses a "
    "plain configuration value.",
)
def tester_header_is_a_secret(rule: Resource) -> Problems:
    """The value of the tester header is a secret."""
    for kind, body in conditions(rule):
        if kind != "httpHeader" or rule.secrets is None:
            continue
        if (body["httpHeaderName"].text or "").lower() == facts.SECRET_HEADER:
            for value in body["values"]:
                if not any(value.key.startswith(key) for key in rule.secrets):
                    yield f"{value.key} is not a secret"


@resource_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("contract: routing", "elbv2:Action"),
    severity=Severity.HIGH,
    why="Several actions, or a forward without a target, are refused by AWS in the middle of "
    "an update.",
)
def action_is_one_of_ours(rule: Resource) -> Problems:
    """A rule has one action: a forward to named target groups, or a fixed response."""
    actions = list(rule["actions"])
    if len(actions) != 1:
        yield "actions does not have exactly one action"
    for action in actions:
        if action["type"].text == "forward":
            plain = action["targetGroupArn"].given
            if plain == action["forward"].given:
                yield f"{action.key} needs either a targetGroupArn or a forward block"
            if not plain and not all(target.given for target in targets(rule)):
                yield f"{action.key}.forward has a target group without an arn"
        elif action["type"].text != "fixed-response":
            yield f"{action.key}.type is neither forward nor fixed-response"


@resource_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("D4", "D5"),
    severity=Severity.HIGH,
    why="AWS takes 0-999 and any sum, so a slip shifts the shares without an error. With a "
    "sum of 100 a weight is a percentage.",
)
def weights_are_shares_of_100(rule: Resource) -> Problems:
    """A weighted forward has 2-5 distinct target groups with whole weights that sum to 100."""
    for action in rule["actions"]:
        if not action["forward"].given:
            continue
        groups = list(action["forward"]["targetGroups"])
        weights = [target["weight"].whole for target in groups]
        if None in weights:
            yield f"{action.key}.forward has a weight that is not a whole number"
            continue
        arns = [target["arn"] for target in groups]
        yield from checks.action_problems(
            WeightedForward(
                tuple(
                    # A group that is not known yet is nobody's twin.
                    WeightedGroup(arn.key if arn.unknown else arn.text or "", weight or 0)
                    for arn, weight in zip(arns, weights, strict=True)
                ),
                limits.STICKINESS_SECONDS_MIN,
            )
        )


@resource_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("contract: routing",),
    severity=Severity.CRITICAL,
    why="Stickiness outranks weights: at weight 0 a group keeps every client that has its "
    "cookie, so a rollback to it is none until the cookies end. A plain rule keeps nobody.",
)
def rollback_is_a_plain_rule(rule: Resource) -> Problems:
    """A weighted rule gives every group after Python's at least 1; at 0 the rule is plain."""
    for action in rule["actions"]:
        for index, target in enumerate(action["forward"]["targetGroups"]):
            if index and target["weight"].number == 0:
                yield f"{target['weight'].key} is 0, a plain rule is not sticky"


@resource_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("D6",),
    severity=Severity.HIGH,
    why="The order is how people and programs read the weights: the first is Python's share. "
    "The provider treats the list as a set, so only the inputs can be judged.",
)
def python_comes_first(rule: Resource) -> Problems:
    """In a weighted rule the first target group is Python's and the second is Rust's."""
    for action in rule["actions"]:
        for index, target in enumerate(action["forward"]["targetGroups"]):
            parts = re.split(r"[:/]", target["arn"].text or "")
            is_rust = not facts.RUST_GROUP_NAMES.isdisjoint(parts)
            if is_rust is not (index == 1):
                yield f"{target['arn'].key} is not a {'Rust' if index == 1 else 'Python'} group"


@resource_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("D7",),
    severity=Severity.HIGH,
    why="Without stickiness a client changes sides between two requests. With one group AWS "
    "drops the block, and the next change sends two that differ.",
)
def stickiness_is_for_weighted_rules(rule: Resource) -> Problems:
    """A weighted forward keeps its clients for 1-604800 seconds; a plain one has no stickiness."""
    for action in rule["actions"]:
        forward = action["forward"]
        if not forward.given:
            continue
        stickiness = forward["stickiness"]
        if len(list(forward["targetGroups"])) < 2:
            if stickiness.given:
                yield f"{stickiness.key} is set for a single target group"
            continue
        if stickiness["enabled"].flag is not True:
            yield f"{stickiness.key}.enabled is not true"
        seconds = stickiness["duration"].whole
        allowed = (limits.STICKINESS_SECONDS_MIN, limits.STICKINESS_SECONDS_MAX)
        if seconds is None or not allowed[0] <= seconds <= allowed[1]:
            yield f"{stickiness.key}.duration is not in {allowed[0]}-{allowed[1]}"


@resource_policy(
    {LISTENER_RULE: ("actions",)},
    ids=("elbv2:FixedResponseActionConfig",),
    severity=Severity.MEDIUM,
    why="AWS refuses other values during the update, mocks do not.",
)
def fixed_response_is_well_formed(rule: Resource) -> Problems:
    """A fixed response has a status 2xx, 4xx or 5xx, a content type AWS knows and a short body."""
    for action in rule["actions"]:
        if action["type"].text != "fixed-response":
            continue
        response = action["fixedResponse"]
        status = response["statusCode"].text or ""
        yield from checks.action_problems(
            FixedResponse(
                int(status) if status.isdecimal() else 0,
                response["contentType"].text or "",
                response["messageBody"].text or "",
            )
        )


@resource_policy(
    {LISTENER_RULE: ()},
    ids=("D15",),
    severity=Severity.HIGH,
    why="An ignored action is not left alone: the next update of anything else in the rule "
    "resends the old weights.",
)
def weights_have_one_owner(rule: Resource) -> Problems:
    """The actions of a rule are never covered by ignoreChanges."""
    for path in rule.ignore_changes:
        if re.split(r"[.\[]", path, maxsplit=1)[0] in {"actions", "*"}:
            yield "ignoreChanges covers actions"


@resource_policy(
    {LISTENER_RULE: ("conditions",)},
    ids=("D17",),
    severity=Severity.LOW,
    mandatory=False,
    why="A client may ask for the head of what it may get; AWS advises to route both alike.",
)
def head_goes_with_get(rule: Resource) -> Problems:
    """A rule for GET also takes HEAD, and the reverse."""
    for kind, body in conditions(rule):
        methods = {value.text for value in body["values"]}
        if kind == "httpRequestMethod" and len(methods & {"GET", "HEAD"}) == 1:
            yield f"{body['values'].key} has only one of GET and HEAD"
