"""Every property that a rule claims, broken on every resource of the real program.

`python -m tests.policy.mutations` prints how many were tried and how many the rule that
claims the property caught.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import catalog
from policy import facts, tokens
from policy.check import Registered, Report, add
from policy.recording import record
from policy.registry import Rule
from policy.report import CANARY
from policy.rules import (
    alarms,
    functions,
    iam,
    listener_rules,
    logs,
    names,
    permissions,
    routing,
    security_groups,
    tags,
    target_groups,
)
from policy.stack import Resource, Stack
from tests.policy.good import GONE, UNKNOWN, edited

Everything = Sequence[Registered]
Change = Callable[[Registered, Everything], Registered | None]


@dataclass(frozen=True)
class Mutation:
    """One way to break a property that a rule claims; the change is None where it has no place."""

    rule: Rule
    property: str
    """Empty when what is broken is a resource as a whole, a dependency or an option."""
    what: str
    change: Change
    removes: Callable[[Registered, Everything], frozenset[str]] | None = None
    """URNs of what goes away because of it, perhaps the resource itself."""


def _edit(rule: Rule, property_: str, path: str, value: Any) -> Mutation:
    def change(one: Registered, _: Everything) -> Registered | None:
        try:
            return edited(one, {path: value})
        except (KeyError, IndexError, TypeError):
            return None

    how = "gone" if value is GONE else "changed" if callable(value) else "set"
    return Mutation(rule, property_, f"{path} is {how}", change)


def _each(rule: Rule, *edits: tuple[str, Any]) -> tuple[Mutation, ...]:
    """Break one path at a time, where the property it begins with is set."""

    def only_if_set(mutation: Mutation) -> Mutation:
        def change(one: Registered, everything: Everything) -> Registered | None:
            return mutation.change(one, everything) if mutation.property in one.props else None

        return replace(mutation, change=change)

    return tuple(only_if_set(mutation) for mutation in _adding(rule, *edits))


def _adding(rule: Rule, *edits: tuple[str, Any]) -> tuple[Mutation, ...]:
    """The same, also where the property is not set."""
    return tuple(
        _edit(rule, path.split(".")[0].split("[")[0], path, value) for path, value in edits
    )


def _instead(value: Any) -> Callable[[Any], Any]:
    """Another value where the path exists, nothing elsewhere."""
    return lambda _: value


def _gone(rule: Rule, token: tuple[str, ...], *, but: frozenset[str] = frozenset()) -> Mutation:
    def change(one: Registered, _: Everything) -> Registered | None:
        return one if one.type in token and one.name not in but else None

    what = f"a {token[0].split(':')[-1]} is gone"
    return Mutation(rule, "", what, change, removes=lambda one, _: frozenset({one.urn}))


def _another(one: Registered, everything: Everything, key: str) -> Any:
    """The same property of another resource of the type, with another value."""
    others = (other.props.get(key) for other in everything if other.type == one.type)
    return next((value for value in others if value not in {None, one.props.get(key)}), None)


def _swapped(rule: Rule, key: str) -> Mutation:
    def change(one: Registered, everything: Everything) -> Registered | None:
        value = _another(one, everything, key)
        return edited(one, {key: value}) if key in one.props and value else None

    return Mutation(rule, key, f"{key} is another's", change)


def _statements(**changes: Any) -> Callable[[str], str]:
    def apply(text: str) -> str:
        document = json.loads(text)
        document["Statement"][0].update(changes)
        return json.dumps(document)

    return apply


def _longer(text: str) -> str:
    return text + 600 * "x"


def _methods(*methods: str) -> Callable[[list[Any]], list[Any]]:
    def change(conditions: list[Any]) -> list[Any]:
        rest = [one for one in conditions if "httpRequestMethod" not in one]
        return [*rest, {"httpRequestMethod": {"values": list(methods)}}]

    return change


def _bare_paths(conditions: list[Any]) -> list[Any]:
    return [
        {"pathPattern": {"values": [text.lstrip("/") for text in one["pathPattern"]["values"]]}}
        if "pathPattern" in one
        else one
        for one in conditions
    ]


def _hidden(one: Registered, everything: Everything) -> Registered | None:
    """The conditions of the rule that comes first on the same listener."""
    mine = _on_the_same_listener(one, everything)
    first = min(mine, key=lambda rule: rule.props["priority"])
    return None if first is one else edited(one, {"conditions": first.props["conditions"]})


def _history_last(one: Registered, everything: Everything) -> Registered | None:
    """The history route behind the stamp score, whose pattern covers it."""
    behind = _HISTORY.get(one.name)
    for rule in _rules(everything):
        if rule.name == behind:
            return edited(one, {"priority": rule.props["priority"] + 1})
    return None


def _same_priority(one: Registered, everything: Everything) -> Registered | None:
    others = [rule for rule in _on_the_same_listener(one, everything) if rule is not one]
    return edited(one, {"priority": others[0].props["priority"]})


def _one_group_twice(one: Registered, _: Everything) -> Registered | None:
    """As a preview sees it: two ARNs that are not known, from one group."""
    if not _is_weighted(one):
        return None
    unknown = edited(one, {f"{_GROUPS}[0].arn": UNKNOWN, f"{_GROUPS}[1].arn": UNKNOWN})
    group = next(urn for urn in one.property_dependencies["actions"] if "TargetGroup" in urn)
    return replace(unknown, property_dependencies={"actions": (group,)})


def _group_of_the_other_balancer(one: Registered, everything: Everything) -> Registered | None:
    foreign = [
        rule.props["actions"]
        for rule in _rules(everything)
        if rule.props["listenerArn"] != one.props["listenerArn"]
        and rule.name not in facts.REGISTRY_RULES
        and _arns(rule)
    ]
    return edited(one, {"actions": foreign[0]}) if _arns(one) else None


def _to_the_other_listener(one: Registered, everything: Everything) -> Registered | None:
    """Seen by this rule where another one keeps the group on the first listener."""
    staying = {
        arn
        for rule in _on_the_same_listener(one, everything)
        if rule is not one and rule.name not in facts.REGISTRY_RULES
        for arn in _arns(rule)
    }
    if staying.isdisjoint(_arns(one)):
        return None
    return edited(one, {"listenerArn": _another(one, everything, "listenerArn")})


def _to_rust(one: Registered, everything: Everything) -> Registered | None:
    """A route of Python's alone, sent to the Rust group of its load balancer."""
    if _is_weighted(one) or one.name in _TESTER_RULES:
        return None
    tester = next(
        rule for rule in _on_the_same_listener(one, everything) if rule.name in _TESTER_RULES
    )
    return edited(one, {"actions": tester.props["actions"]})


def _rust_gets(change: Callable[[list[Any]], list[Any]]) -> Change:
    """Other conditions for a rule that can send requests to Rust."""

    def apply(one: Registered, _: Everything) -> Registered | None:
        if _is_weighted(one) or one.name in _TESTER_RULES:
            return edited(one, {"conditions": change})
        return None

    return apply


def _rules(everything: Everything) -> list[Registered]:
    return [one for one in everything if one.type in tokens.LISTENER_RULE]


def _on_the_same_listener(one: Registered, everything: Everything) -> list[Registered]:
    arn = one.props["listenerArn"]
    return [rule for rule in _rules(everything) if rule.props["listenerArn"] == arn]


def _is_weighted(rule: Registered) -> bool:
    return "forward" in rule.props["actions"][0]


def _arns(rule: Registered) -> list[str]:
    """The target groups that a rule names."""
    action = rule.props["actions"][0]
    weighted = [target["arn"] for target in action.get("forward", {}).get("targetGroups", ())]
    return weighted or [action[key] for key in ("targetGroupArn",) if key in action]


def _without_dependency(token: tuple[str, ...], type_: str) -> Change:
    def change(one: Registered, _: Everything) -> Registered | None:
        if one.type not in token:
            return None
        kept = tuple(urn for urn in one.dependencies if type_ not in urn)
        return replace(one, dependencies=kept) if kept != one.dependencies else None

    return change


def _foreign(arn: str) -> str:
    return arn.replace("targetgroup/", "targetgroup/foreign-")


def _open(first: float, last: float) -> list[dict[str, Any]]:
    return [
        {
            "description": "x",
            "protocol": "tcp",
            "fromPort": first,
            "toPort": last,
            "cidrBlocks": ["0.0.0.0/0"],
        }
    ]


_TESTER_RULES = frozenset(
    endpoint.tester.name for endpoint in catalog.ENDPOINTS if endpoint.tester and endpoint.dual
)
_HISTORY = {
    "passport-v2-lrule-history": "lrule-lambda-passport-v2-stamp-score",
    "lrule-tester-v2-history": "lrule-rust-v2-stamps-score",
}
"""Rule -> the rule that would hide it from a later priority."""

_OTHER_BALANCER = {"app/public/1": "app/internal/2", "app/internal/2": "app/public/1"}
_OTHER_GROUP = {
    f"targetgroup/{one.target_group.physical}/1": f"targetgroup/{other.target_group.physical}/1"
    for one, other in pairwise((*catalog.BACKENDS, catalog.BACKENDS[0]))
}
_ADMIN = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
_GROUPS = "actions[0].forward.targetGroups"
_STICKINESS = "actions[0].forward.stickiness"
_DIMENSIONS = "metricQueries[1].metric.dimensions"
_EVERYTHING_OUT = {"description": "x", "protocol": "-1", "ipv6CidrBlocks": ["::/0"]}

MUTATIONS: tuple[Mutation, ...] = (
    *_each(
        listener_rules.priority_is_explicit,
        ("listenerArn", GONE),
        ("priority", GONE),
        ("priority", 0.0),
        ("priority", 50001.0),
    ),
    *_each(
        listener_rules.conditions_narrow_each_kind_once,
        ("conditions", GONE),
        ("conditions", lambda conditions: conditions * 2),
    ),
    *_each(
        listener_rules.conditions_fit_the_quotas,
        ("conditions", lambda found: [*found, {"sourceIp": {"values": 5 * ["10.0.0.0/8"]}}]),
        ("conditions", lambda found: [*found, {"queryStrings": [{"value": "******"}]}]),
    ),
    *_each(
        listener_rules.condition_values_are_well_formed,
        ("conditions", _bare_paths),
        ("conditions", _methods("get")),
    ),
    *_each(
        listener_rules.action_is_one_of_ours,
        ("actions", GONE),
        ("actions[0].type", "redirect"),
        ("actions[0].targetGroupArn", _instead("")),
        (f"{_GROUPS}[0].arn", GONE),
        ("actions[0].forward", lambda _: {}),
    ),
    *_each(
        listener_rules.weights_are_shares_of_100,
        (f"{_GROUPS}[0].weight", 99.0),
        (f"{_GROUPS}[1].weight", GONE),
        (f"{_GROUPS}[1].weight", -1.0),
        (_GROUPS, lambda groups: groups[:1]),
        (_GROUPS, lambda groups: [groups[0], groups[0]]),
    ),
    *_each(
        listener_rules.python_comes_first,
        (_GROUPS, lambda groups: groups[::-1]),
        (f"{_GROUPS}[0].arn", "arn:aws:x::0:targetgroup/l-passport-v2-rust-scorer/1"),
    ),
    *_each(
        listener_rules.stickiness_is_for_weighted_rules,
        (f"{_STICKINESS}.enabled", False),
        (f"{_STICKINESS}.duration", 0.0),
        (f"{_STICKINESS}.duration", 604801.0),
    ),
    *_each(
        listener_rules.fixed_response_is_well_formed,
        ("actions[0].fixedResponse.statusCode", "302"),
        ("actions[0].fixedResponse.contentType", "text/xml"),
        ("actions[0].fixedResponse.messageBody", _instead(1025 * "x")),
    ),
    *_each(listener_rules.head_goes_with_get, ("conditions", _methods("HEAD"))),
    Mutation(
        listener_rules.weights_have_one_owner,
        "",
        "ignoreChanges covers actions",
        lambda one, _: (
            replace(one, ignore_changes=("actions",)) if one.type in tokens.LISTENER_RULE else None
        ),
    ),
    Mutation(routing.one_rule_per_priority, "priority", "another's", _same_priority),
    Mutation(routing.every_rule_is_reachable, "priority", "history last", _history_last),
    Mutation(routing.every_rule_is_reachable, "conditions", "the first rule's", _hidden),
    Mutation(routing.weighted_groups_are_distinct, "actions", "one group twice", _one_group_twice),
    *_each(
        routing.rules_name_groups_of_this_stack,
        ("actions[0].targetGroupArn", _foreign),
        (f"{_GROUPS}[0].arn", _foreign),
        (f"{_GROUPS}[1].arn", _foreign),
    ),
    _gone(
        routing.no_group_without_rule,
        tokens.LISTENER_RULE,
        but=frozenset({"lrule-no-gitcoin-v2", *facts.REGISTRY_RULES, *_TESTER_RULES}),
    ),
    Mutation(
        routing.group_serves_one_load_balancer,
        "actions",
        "a group of the other load balancer",
        _group_of_the_other_balancer,
    ),
    Mutation(
        routing.group_serves_one_load_balancer,
        "listenerArn",
        "the other listener",
        _to_the_other_listener,
    ),
    Mutation(routing.rust_serves_what_it_gets, "actions", "sent to Rust", _to_rust),
    Mutation(
        routing.rust_serves_what_it_gets,
        "conditions",
        "another method",
        _rust_gets(_methods("PATCH")),
    ),
    Mutation(
        routing.rust_serves_what_it_gets,
        "conditions",
        "another path",
        _rust_gets(_instead([{"pathPattern": {"values": ["/x"]}}])),
    ),
    *_each(
        target_groups.target_group_is_for_lambda_alone,
        ("targetType", GONE),
        ("targetType", "ip"),
    ),
    *_adding(target_groups.target_group_is_for_lambda_alone, ("port", 80.0), ("vpcId", UNKNOWN)),
    _swapped(target_groups.group_may_invoke_its_one_function, "targetGroupArn"),
    _swapped(target_groups.group_may_invoke_its_one_function, "targetId"),
    _swapped(target_groups.group_may_invoke_its_one_function, "function"),
    _swapped(target_groups.group_may_invoke_its_one_function, "sourceArn"),
    _gone(target_groups.group_may_invoke_its_one_function, tokens.PERMISSION),
    _gone(target_groups.group_may_invoke_its_one_function, tokens.ATTACHMENT),
    Mutation(
        target_groups.attachment_waits_for_permission,
        "",
        "no dependency on the permission",
        _without_dependency(tokens.ATTACHMENT, "Permission::"),
    ),
    *_each(
        names.physical_name_is_valid,
        ("name", GONE),
        ("name", _longer),
        ("alarmName", GONE),
        ("alarmName", _longer),
    ),
    _swapped(names.target_group_names_are_unique, "name"),
    *_each(
        permissions.permission_names_its_caller,
        ("principal", "*"),
        ("principal", GONE),
        ("sourceArn", GONE),
        ("sourceArn", "*"),
    ),
    *_each(permissions.permission_is_to_invoke, ("action", "lambda:*"), ("action", GONE)),
    Mutation(
        permissions.function_has_one_calling_service,
        "principal",
        "another service, where there are two permissions",
        lambda one, everything: (
            edited(one, {"principal": "sns.amazonaws.com"})
            if [other.props.get("function") for other in everything].count(one.props["function"])
            > 1
            else None
        ),
    ),
    *_each(
        functions.runtime_is_supported,
        ("runtime", "python3.8"),
        ("runtime", GONE),
    ),
    *_each(
        functions.function_is_in_the_network,
        ("vpcConfig", GONE),
        ("vpcConfig.subnetIds", ["subnet-a"]),
        ("vpcConfig.securityGroupIds", []),
    ),
    *_each(
        functions.function_is_traced, ("tracingConfig", GONE), ("tracingConfig.mode", "PassThrough")
    ),
    *_each(
        functions.environment_holds_no_secret,
        ("environment.variables.DB_PASSWORD", "x"),
        ("environment.variables.TEXT", "AKIA" + "IOSFODNN7EXAMPLE"),
    ),
    *_each(
        functions.environment_is_one_that_lambda_takes,
        ("environment.variables.AWS_REGION", "x"),
        ("environment.variables.TEXT", 4096 * "x"),
    ),
    *_each(
        functions.function_size_is_explicit,
        ("memorySize", GONE),
        ("memorySize", 64.0),
        ("timeout", GONE),
        ("timeout", 901.0),
    ),
    *_each(
        functions.layers_are_from_known_accounts,
        ("layers[0]", "arn:aws:lambda:us-west-2:123456789012:layer:python:3"),
    ),
    *_adding(functions.function_has_the_shape_of_its_package, ("packageType", "Tar")),
    *_each(
        functions.function_has_the_shape_of_its_package,
        ("packageType", lambda kind: "Zip" if kind == "Image" else "Image"),
        ("imageUri", GONE),
        ("handler", GONE),
        ("code", GONE),
        ("runtime", GONE),
        ("role", GONE),
    ),
    Mutation(
        functions.function_has_the_shape_of_its_package,
        "layers",
        "a layer beside an image",
        lambda one, _: edited(one, {"layers": ["x"]}) if "imageUri" in one.props else None,
    ),
    *_each(
        iam.policy_document_is_readable,
        ("policy", "{"),
        ("policy", GONE),
        ("role", GONE),
    ),
    *_each(iam.nobody_is_administrator, ("policy", _ADMIN)),
    *_each(
        iam.actions_are_named,
        ("policy", _statements(Action=["logs:*"])),
    ),
    *_each(
        iam.resources_are_named,
        ("policy", _statements(Resource="*")),
    ),
    *_each(
        iam.no_way_to_more_rights,
        ("policy", _statements(Action=["iam:PassRole"])),
    ),
    *_each(
        iam.role_trusts_lambda_alone,
        ("assumeRolePolicy", _statements(Principal="*")),
        ("assumeRolePolicy", _statements(Principal={"AWS": "1"})),
        ("assumeRolePolicy", GONE),
    ),
    *_adding(iam.policies_are_inline, ("managedPolicyArns", ["arn:aws:iam::aws:policy/X"])),
    *_each(
        logs.log_group_forgets,
        ("retentionInDays", GONE),
        ("retentionInDays", 0.0),
    ),
    *_each(logs.function_waits_for_its_log_group, ("name", _longer)),
    _gone(logs.function_waits_for_its_log_group, tokens.LOG_GROUP),
    Mutation(
        logs.function_waits_for_its_log_group,
        "",
        "no dependency on the log group",
        _without_dependency(tokens.FUNCTION, "LogGroup::"),
    ),
    *_each(
        alarms.alarm_tells_somebody,
        ("alarmActions", GONE),
        ("alarmActions", []),
    ),
    *_adding(alarms.alarm_tells_somebody, ("actionsEnabled", False)),
    *_each(
        alarms.alarm_period_is_valid,
        ("period", _instead(45.0)),
        ("metricQueries[0].metric.period", 45.0),
        ("metricQueries[1].metric.period", GONE),
    ),
    *_each(
        alarms.alarm_can_fire,
        ("threshold", GONE),
        ("evaluationPeriods", GONE),
        ("datapointsToAlarm", 61.0),
        ("comparisonOperator", "LessThanThreshold"),
        ("comparisonOperator", GONE),
        ("period", _instead(604_800.0)),
        ("metricQueries[0].metric.period", 604_800.0),
    ),
    *_each(
        alarms.alarm_metric_exists,
        ("namespace", lambda text: text.lower()),
        ("metricName", lambda text: text.lower()),
        ("statistic", lambda text: text.lower()),
        ("metricQueries[1].metric.namespace", GONE),
        ("metricQueries[1].metric.metricName", GONE),
        ("metricQueries[1].metric.stat", GONE),
    ),
    *_each(
        alarms.alarm_math_is_sound,
        ("metricQueries[0].id", "m2"),
        ("metricQueries[2].expression", "m3 / m1"),
        ("metricQueries[2].returnData", GONE),
        ("metricQueries[1].metric", GONE),
    ),
    *_each(
        alarms.alarm_watches_what_exists,
        ("dimensions", GONE),
        ("dimensions.TargetGroup", _instead("targetgroup/foreign/1")),
        ("dimensions.LoadBalancer", _instead("app/foreign/1")),
        ("dimensions.FunctionName", _instead("foreign")),
        (f"{_DIMENSIONS}.TargetGroup", "targetgroup/foreign/1"),
        (f"{_DIMENSIONS}.TargetGroup", _OTHER_GROUP.get),
        (f"{_DIMENSIONS}.LoadBalancer", _OTHER_BALANCER.get),
        (f"{_DIMENSIONS}.LoadBalancer", GONE),
    ),
    Mutation(
        alarms.every_group_has_a_5xx_alarm,
        "",
        "its 5xx alarms are gone",
        lambda one, _: one if one.type in tokens.TARGET_GROUP else None,
        removes=lambda group, everything: frozenset(
            one.urn
            for one in everything
            if one.type in tokens.METRIC_ALARM
            and group.urn in one.dependencies
            and "5XX" in json.dumps(one.props)
        ),
    ),
    *_each(security_groups.only_the_web_is_open_to_everyone, ("ingress", _open(8443.0, 8443.0))),
    *_each(
        security_groups.risky_ports_are_closed,
        ("ingress", _open(22.0, 22.0)),
        ("ingress", _open(0.0, 65535.0)),
    ),
    *_each(security_groups.ingress_is_written_out, ("ingress", GONE)),
    *_each(
        security_groups.not_everything_goes_out,
        ("egress", GONE),
        ("egress", [_EVERYTHING_OUT]),
    ),
    *_each(security_groups.security_groups_are_described, ("description", GONE)),
    Mutation(
        security_groups.security_group_is_used,
        "",
        "no function has it",
        lambda one, _: (
            replace(
                one,
                property_dependencies={
                    key: urns
                    for key, urns in one.property_dependencies.items()
                    if key != "vpcConfig"
                },
            )
            if any("SecurityGroup" in urn for urn in one.property_dependencies.get("vpcConfig", ()))
            else None
        ),
    ),
    *_each(tags.resource_is_tagged, ("tags", GONE), ("tags.Environment", GONE)),
)
"""Each is tried on every resource of the rule's types, or of all types without a property."""


@dataclass(frozen=True)
class Tried:
    """One mutation of one resource, and whether the rule that claims it saw it."""

    mutation: Mutation
    name: str
    caught: bool


def run(registered: Everything) -> Iterator[Tried]:
    """Break every claimed property of every resource, one at a time."""
    sound = {one.urn: one.as_resource() for one in registered}
    for mutation in MUTATIONS:
        for one in registered:
            if mutation.property and one.type not in mutation.rule.types:
                continue
            broken = mutation.change(one, registered)
            if broken is None:
                continue
            gone = mutation.removes(one, registered) if mutation.removes else frozenset()
            report = _judge(mutation.rule, broken, gone, sound)
            if report.violations or not report.excepted:
                yield Tried(mutation, one.name, bool(report.violations))


def _judge(
    rule: Rule, broken: Registered, gone: frozenset[str], sound: Mapping[str, Resource]
) -> Report:
    report = Report()
    changed = broken.as_resource()
    if rule.on_resource is not None:
        add(report, rule, changed, None)
        return report
    stack = Stack(
        changed if urn == broken.urn else resource
        for urn, resource in sound.items()
        if urn not in gone
    )
    # The resource itself first: most rules see the mistake there.
    for resource in sorted(stack.of(rule.types), key=lambda one: one is not changed):
        add(report, rule, resource, stack)
        if report.violations:
            break
    return report


def main() -> None:
    """Print the counts; exit 1 when something was not caught."""
    registered = record("production", rust_percentage=50, tester_secret=CANARY)
    tried = list(run(registered))
    missed = [one for one in tried if not one.caught]
    for one in missed:
        sys.stdout.write(f"{one.mutation.rule.name}: {one.mutation.what}: {one.name}\n")
    counts = Counter(one.mutation.rule.name for one in tried)
    for name, count in counts.items():
        sys.stdout.write(f"{count:5} {name}\n")
    sys.stdout.write(f"{len(tried)} mutations tried, {len(tried) - len(missed)} caught\n")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
