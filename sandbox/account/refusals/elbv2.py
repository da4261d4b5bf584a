"""Refusals of Elastic Load Balancing v2: rules, actions, targets."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.utils import get_backend as lambda_backend
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

from routing import limits
from sandbox.account.refusals.awslambda import FUNCTION_ARN
from sandbox.account.refusals.group_attributes import LAMBDA, check_stickiness_of
from sandbox.account.refusals.guard import (
    After,
    Arguments,
    guard,
    invalid,
    refused,
    unsatisfied,
)
from sandbox.permission import UnknownPolicy, may_invoke

_CONFIG = {
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "path-pattern": "PathPatternConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_SINGLE_USE = ("host-header", "path-pattern", "http-request-method", "source-ip")
_WITH_WILDCARDS = ("host-header", "path-pattern", "http-header", "query-string")
_NO_PRIORITY = 0
_ROUTING = ("forward", "fixed-response", "redirect")


@guard(ELBv2Backend, "create_rule")
def _create_rule(backend: Any, call: Arguments) -> After:
    _check_priority(call["priority"])
    if not call["conditions"]:
        raise invalid("A condition must be specified")
    _check_conditions(call["conditions"])
    listener = backend.describe_listeners(None, [call["listener_arn"]])[0]
    _check_actions(backend, listener.load_balancer_arn, call["actions"])
    balancer = backend.load_balancers[listener.load_balancer_arn]
    rules = sum(len(one.rules) - 1 for one in balancer.listeners.values())
    if rules >= limits.RULES_PER_LOAD_BALANCER:
        raise refused(
            "TooManyRules",
            "You've reached the limit on the number of rules per load balancer: "
            f"[{limits.RULES_PER_LOAD_BALANCER}]",
        )
    return lambda _rule: _show_associations(backend)


@guard(ELBv2Backend, "modify_rule")
def _modify_rule(backend: Any, call: Arguments) -> After:
    rule = backend.describe_rules(None, [call["rule_arn"]])[0]
    _check_not_default(rule, "modified")
    _check_conditions(call["conditions"] or [])
    if call["actions"]:
        balancer_arn = _listener_of(backend, rule).load_balancer_arn
        _check_actions(backend, balancer_arn, call["actions"], replaced=rule)
    return lambda _rule: _show_associations(backend)


@guard(ELBv2Backend, "set_rule_priorities")
def _set_rule_priorities(backend: Any, call: Arguments) -> None:
    wanted = [one["Priority"] for one in call["rule_priorities"]]
    rules = [backend.describe_rules(None, [one["RuleArn"]])[0] for one in call["rule_priorities"]]
    for priority, rule in zip(wanted, rules, strict=True):
        _check_priority(priority)
        _check_not_default(rule, "modified")
    others = {
        one.priority
        for rule in rules
        for one in _listener_of(backend, rule).rules.values()
        if one not in rules
    }
    if len(set(wanted)) == len(wanted) and not others.intersection(wanted):
        # AWS judges the new order; moto also what these very rules have now.
        for rule in rules:
            rule.priority = _NO_PRIORITY


@guard(ELBv2Backend, "delete_rule")
def _delete_rule(backend: Any, call: Arguments) -> After:
    rule = backend.describe_rules(None, [call["arn"]])[0]
    _check_not_default(rule, "deleted")
    return lambda _nothing: _show_associations(backend)


@guard(ELBv2Backend, "create_listener")
def _create_listener(backend: Any, call: Arguments) -> After:
    if not call["actions"]:
        raise invalid("A listener must have at least one default action")
    _check_actions(backend, call["load_balancer_arn"], call["actions"], member="defaultActions")
    return lambda _listener: _show_associations(backend)


@guard(ELBv2Backend, "modify_listener")
def _modify_listener(backend: Any, call: Arguments) -> After:
    listener = backend.describe_listeners(None, [call["arn"]])[0]
    if call["actions"]:
        _check_actions(
            backend,
            listener.load_balancer_arn,
            call["actions"],
            replaced=next(rule for rule in listener.rules.values() if rule.is_default),
            member="defaultActions",
        )
    return lambda _listener: _show_associations(backend)


@guard(ELBv2Backend, "delete_listener")
def _delete_listener(backend: Any, _call: Arguments) -> After:
    return lambda _listener: _show_associations(backend)


@guard(ELBv2Backend, "delete_load_balancer")
def _delete_load_balancer(backend: Any, _call: Arguments) -> After:
    return lambda _nothing: _show_associations(backend)


@guard(ELBv2Backend, "register_targets")
def _register_targets(backend: Any, call: Arguments) -> None:
    group = backend.target_groups.get(call["target_group_arn"])
    if group is None or group.target_type != LAMBDA:
        return
    targets = [target["Id"] for target in call["instances"]]
    for target in targets:
        _check_lambda_target(backend, group.arn, target)
    if len({*group.targets, *targets}) > limits.LAMBDAS_PER_TARGET_GROUP:
        raise refused(
            "TooManyTargets",
            "You've reached the limit on the number of targets: a target group of type "
            f"'lambda' can only have '{limits.LAMBDAS_PER_TARGET_GROUP}' target",
        )


@guard(FakeTargetGroup, "health_for")
def _health_for(group: Any, call: Arguments) -> After | None:
    unchecked = group.target_type == LAMBDA and str(group.health_check_enabled).lower() != "true"
    if not unchecked or call["target"]["Id"] not in group.targets:
        return None

    def amend(health: Any) -> None:
        health.status = "unavailable"
        health.reason = "Target.HealthCheckDisabled"
        health.description = "Health checks are disabled for this target"

    return amend


def _check_lambda_target(backend: Any, group_arn: str, target: str) -> None:
    arn = FUNCTION_ARN.fullmatch(target)
    if arn is None or (arn["account"], arn["region"]) != (backend.account_id, backend.region_name):
        raise invalid(
            f"The target ID '{target}' is not the ARN of a Lambda function of this account "
            "and Region"
        )
    try:
        function = lambda_backend(backend.account_id, backend.region_name).get_function(
            arn["name"], arn["qualifier"]
        )
    except UnknownFunctionException:
        raise refused("InvalidTarget", f"The following targets do not exist: '{target}'") from None
    refusal = (
        "elasticloadbalancing principal does not have permission to invoke "
        f"{target} from target group {group_arn}"
    )
    try:
        permitted = may_invoke(function.policy.statements, target, group_arn)
    except UnknownPolicy as problem:
        raise refused("AccessDenied", f"{refusal}: {problem}") from problem
    if not permitted:
        raise refused("AccessDenied", refusal)


def _check_priority(priority: int) -> None:
    if priority > limits.PRIORITY_MAX:
        raise unsatisfied(
            priority, "priority", f"have value less than or equal to {limits.PRIORITY_MAX}"
        )
    if priority < limits.PRIORITY_MIN:
        raise unsatisfied(
            priority, "priority", f"have value greater than or equal to {limits.PRIORITY_MIN}"
        )


def _check_not_default(rule: Any, change: str) -> None:
    if rule.is_default:
        raise refused("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be {change}")


def _check_conditions(conditions: Sequence[Mapping[str, Any]]) -> None:
    for condition in conditions:
        _check_condition(condition)
    fields = Counter(condition["Field"] for condition in conditions)
    for field in _SINGLE_USE:
        if fields[field] > 1:
            raise invalid(f"A rule can only have one '{field}' condition")
    if sum(len(_values(one)) for one in conditions) > limits.CONDITION_VALUES_PER_RULE:
        raise invalid(
            f"A rule can only have '{limits.CONDITION_VALUES_PER_RULE}' condition values "
            "and regex values"
        )
    wildcards = sum(
        value.count("*") + value.count("?")
        for condition in conditions
        if condition["Field"] in _WITH_WILDCARDS
        for value in _values(condition)
    )
    if wildcards > limits.WILDCARDS_PER_RULE:
        raise invalid(f"A rule can only have '{limits.WILDCARDS_PER_RULE}' condition wildcards")


def _check_condition(condition: Mapping[str, Any]) -> None:
    field = condition.get("Field")
    if not field:
        raise invalid("A condition field must be specified")
    config = _CONFIG.get(field)
    if config is None:
        return  # moto refuses the field
    foreign = sorted(set(_CONFIG.values()) & set(condition) - {config})
    if foreign:
        raise invalid(f"The '{foreign[0]}' field is not compatible with '{field}'")
    if condition.get("Values") and condition.get(config):
        raise invalid(
            f"You cannot provide both Values and '{config}' for a condition of type '{field}'"
        )
    values = _values(condition)
    if not values or "" in values:
        raise invalid("A condition value must be specified")
    if field == "http-header":
        _check_header_name(condition[config].get("HttpHeaderName") or "")
    for value in _texts(condition):
        if len(value) > limits.CONDITION_VALUE_LENGTH:
            raise invalid(
                f"Condition value for '{field}' cannot contain more than "
                f"{limits.CONDITION_VALUE_LENGTH} characters"
            )
        if not _is_valid(field, value):
            raise invalid(f"Condition value '{value}' contains a character that is not valid")


def _is_valid(field: str, value: str) -> bool:
    if field != "source-ip":
        return re.fullmatch(limits.CONDITION_PATTERNS[field], value, re.ASCII) is not None
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return "/" in value


def _check_header_name(name: str) -> None:
    if not name:
        raise invalid("A header name must be specified with 'http-header'")
    if len(name) > limits.HEADER_NAME_LENGTH:
        raise invalid(
            f"The 'HttpHeaderName' value is too long; the limit is '{limits.HEADER_NAME_LENGTH}'"
        )
    if not re.fullmatch(limits.HEADER_NAME_PATTERN, name):
        raise invalid(f"The 'HttpHeaderName' value '{name}' contains a character that is not valid")
    if name.lower() == "host":
        raise invalid("The 'HttpHeaderName' value cannot be 'host'; use a 'host-header' condition")


def _values(condition: Mapping[str, Any]) -> list[str]:
    """All values of a condition as text; a query pair counts as one, nothing without its value."""
    return ["".join(value) if value[-1] else "" for value in _split_values(condition)]


def _texts(condition: Mapping[str, Any]) -> list[str]:
    """All that is compared, the keys of query pairs too."""
    return [text for value in _split_values(condition) for text in value if text]


def _split_values(condition: Mapping[str, Any]) -> list[tuple[str, ...]]:
    config = condition.get(_CONFIG.get(condition["Field"], ""), {})
    return [
        (value,) if isinstance(value, str) else (value.get("Key", ""), value.get("Value", ""))
        for value in (*condition.get("Values", ()), *config.get("Values", ()))
    ]


def _check_actions(
    backend: Any,
    balancer_arn: str,
    actions: Sequence[Mapping[str, Any]],
    *,
    replaced: Any = None,
    member: str = "actions",
) -> None:
    routing = [action for action in actions if action.get("Type") in _ROUTING]
    if len(routing) > 1:
        raise refused(
            "InvalidLoadBalancerAction",
            "Each rule must include exactly one of the following types of actions: "
            "forward, fixed-response, or redirect",
        )
    for position, action in enumerate(actions, start=1):
        if action.get("Type") == "forward":
            _check_forward(action)
        elif action.get("Type") == "fixed-response":
            body = action.get("FixedResponseConfig", {}).get("MessageBody") or ""
            if len(body) > limits.FIXED_RESPONSE_BODY_LENGTH:
                raise unsatisfied(
                    body,
                    f"{member}.{position}.member.fixedResponseConfig.messageBody",
                    f"have length less than or equal to {limits.FIXED_RESPONSE_BODY_LENGTH}",
                )
    groups = {group for action in actions for group in _groups(action)}
    if missing := sorted(groups - set(backend.target_groups)):
        raise refused("TargetGroupNotFound", f"Target groups '{', '.join(missing)}' not found")
    for action in actions:
        check_stickiness_of(backend, action.get("ForwardConfig") or {})
    _check_associations(backend, balancer_arn, groups, replaced=replaced)


def _check_forward(action: Mapping[str, Any]) -> None:
    config = action.get("ForwardConfig") or {}
    targets = config.get("TargetGroups") or []
    named = [target.get("TargetGroupArn") for target in targets]
    single = action.get("TargetGroupArn")
    if None in named or not (named or single):
        raise invalid("A target group ARN must be specified")
    if single and named and named != [single]:
        raise invalid(
            "If you specify both ForwardConfig and TargetGroupArn, you can specify only one "
            "target group using ForwardConfig and it must be the same target group specified "
            "in TargetGroupArn"
        )
    if len(named) > limits.TARGET_GROUPS_PER_ACTION:
        raise refused(
            "TooManyTargetGroups",
            "You've reached the limit on the number of target groups per action: "
            f"[{limits.TARGET_GROUPS_PER_ACTION}]",
        )
    if len(set(named)) < len(named):
        raise invalid("A target group can only be specified once in a forward action")
    if any(
        not limits.WEIGHT_MIN <= target.get("Weight", limits.WEIGHT_MIN) <= limits.WEIGHT_MAX
        for target in targets
    ):
        raise invalid(
            f"The weight for each target group must be between {limits.WEIGHT_MIN} and "
            f"{limits.WEIGHT_MAX}, inclusive"
        )
    _check_stickiness(config.get("TargetGroupStickinessConfig") or {})


def _check_stickiness(stickiness: Mapping[str, Any]) -> None:
    seconds = stickiness.get("DurationSeconds")
    if seconds is None:
        if stickiness.get("Enabled"):
            raise invalid("You must specify a duration when you enable target group stickiness")
    elif not limits.STICKINESS_SECONDS_MIN <= seconds <= limits.STICKINESS_SECONDS_MAX:
        raise invalid(
            "The target group stickiness duration must be between "
            f"{limits.STICKINESS_SECONDS_MIN} and {limits.STICKINESS_SECONDS_MAX} seconds, "
            "inclusive"
        )


def _check_associations(
    backend: Any, balancer_arn: str, groups: set[str], *, replaced: Any
) -> None:
    in_use = _groups_by_balancer(backend, replaced=replaced)
    elsewhere = set().union(*(used for arn, used in in_use.items() if arn != balancer_arn))
    if taken := sorted(groups & elsewhere):
        raise refused(
            "TargetGroupAssociationLimit",
            "The following target groups cannot be associated with more than one load "
            f"balancer: {', '.join(taken)}",
        )
    if len(in_use.get(balancer_arn, set()) | groups) > limits.TARGET_GROUPS_PER_LOAD_BALANCER:
        raise refused(
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            "You have reached the maximum number of unique target groups that you can "
            "associate with a load balancer of type 'application': "
            f"[{limits.TARGET_GROUPS_PER_LOAD_BALANCER}]",
        )


def _groups_by_balancer(backend: Any, *, replaced: Any = None) -> dict[str, set[str]]:
    """The target groups that rules forward to now, `replaced` not counted."""
    return {
        balancer.arn: {
            group
            for listener in balancer.listeners.values()
            for rule in listener.rules.values()
            if rule is not replaced
            for action in rule.actions
            for group in _groups(action.data)
        }
        for balancer in backend.load_balancers.values()
    }


def _groups(action: Mapping[str, Any]) -> Iterable[str]:
    if single := action.get("TargetGroupArn"):
        yield single
    for target in (action.get("ForwardConfig") or {}).get("TargetGroups") or []:
        if arn := target.get("TargetGroupArn"):
            yield arn


def _show_associations(backend: Any) -> None:
    """Set `LoadBalancerArns` of every group to what the rules say; moto only ever adds."""
    in_use = _groups_by_balancer(backend)
    for group in backend.target_groups.values():
        group.load_balancer_arns = [arn for arn, used in in_use.items() if group.arn in used]


def _listener_of(backend: Any, rule: Any) -> Any:
    return backend.describe_listeners(None, [rule.listener_arn])[0]
