"""Listener rules: where a load balancer sends the requests that match."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from recording import looked_up
from routing import limits
from sandbox.provider.base import Created, Handler, Inputs, Read, found, tagged, words
from sandbox.provider.elbv2 import change_tags, tags_of
from sandbox.provider.rule_forms import (
    read_action,
    read_condition,
    send_action,
    send_condition,
    simplest_action,
)
from sandbox.provider.schema import (
    TAGS,
    Block,
    block,
    flag,
    has_unknown,
    is_unknown,
    list_of,
    set_of,
    text,
    whole,
)
from sandbox.provider.validators import ARN, between, cidr, length, matches, one_of

_DEFAULT_PRIORITY: Final = 99_999
"""What the real provider calls the place of a listener's default rule."""
IN_RUNBOOK: Final = frozenset({"PriorityInUse", "RuleNotFound"})
"""Refusals that have a row in docs/runbook.md."""


def _values() -> Block:
    return block(
        values=set_of(
            text(length(1, limits.CONDITION_VALUE_LENGTH)),
            low=1,
            required=True,
        )
    )


_CONDITION: Final = block(
    hostHeader=_values(),
    pathPattern=_values(),
    httpHeader=block(
        httpHeaderName=text(
            matches(
                rf"[0-9A-Za-z_!#$%&'*+,.^`|~-]{{1,{limits.HEADER_NAME_LENGTH}}}",
                "invalid value for {path}",
            ),
            required=True,
        ),
        values=set_of(text(length(1, limits.CONDITION_VALUE_LENGTH)), required=True),
    ),
    httpRequestMethod=block(
        # Small letters pass here and are refused by AWS.
        values=set_of(text(matches(r"[A-Za-z_-]{1,40}", "invalid value for {path}")), required=True)
    ),
    queryStrings=set_of(block(key=text(), value=text(required=True))),
    sourceIp=block(values=set_of(text(cidr()), required=True)),
)

_ACTION: Final = block(
    type=text(one_of("forward", "fixed-response"), required=True),
    order=whole(between(1, 50_000)),
    targetGroupArn=text(ARN),
    forward=block(
        targetGroups=set_of(
            block(
                arn=text(ARN, required=True),
                weight=whole(between(limits.WEIGHT_MIN, limits.WEIGHT_MAX)),
            ),
            low=1,
            high=limits.TARGET_GROUPS_PER_ACTION,
            required=True,
        ),
        stickiness=block(
            enabled=flag(),
            duration=whole(
                between(limits.STICKINESS_SECONDS_MIN, limits.STICKINESS_SECONDS_MAX),
                required=True,
            ),
        ),
    ),
    fixedResponse=block(
        contentType=text(one_of(*limits.FIXED_RESPONSE_CONTENT_TYPES), required=True),
        messageBody=text(length(0, limits.FIXED_RESPONSE_BODY_LENGTH)),
        statusCode=text(matches(limits.FIXED_RESPONSE_STATUS_PATTERN, "invalid value for {path}")),
    ),
)


class ListenerRule(Handler):
    """A rule; its actions are forwards and fixed responses."""

    type_name = "aws:lb/listenerRule:ListenerRule"
    service = "elbv2"
    schema = block(
        listenerArn=text(ARN),
        priority=whole(
            (
                lambda value: (
                    limits.PRIORITY_MIN <= value <= limits.PRIORITY_MAX
                    or value == _DEFAULT_PRIORITY
                ),
                f'"{{path}}" must be in the range {limits.PRIORITY_MIN}-{limits.PRIORITY_MAX} '
                f"for normal rule or {_DEFAULT_PRIORITY} for the default rule",
            )
        ),
        actions=list_of(_ACTION),
        conditions=set_of(_CONDITION),
        tags=TAGS,
    )
    replaces = frozenset({"listenerArn"})
    computed = frozenset({"priority"})

    def check(self, inputs: Inputs) -> list[str]:
        actions = inputs.get("actions")
        if not isinstance(actions, list):
            return []
        return [
            problem
            for index, action in enumerate(actions)
            if isinstance(action, Mapping)
            for problem in _action_problems(f"actions[{index}]", action)
        ]

    def normal(self, inputs: Inputs) -> dict[str, Any]:
        normal = super().normal(inputs)
        if isinstance(actions := normal.get("actions"), list):
            normal["actions"] = [
                simplest_action(action, place)
                if isinstance(action, Mapping) and not has_unknown(action)
                else action
                for place, action in enumerate(actions, 1)
            ]
        return normal

    def id_of(self, inputs: Inputs) -> str | None:
        priority = str(inputs.get("priority"))
        rules = self._rules(inputs["listenerArn"])
        return next((rule["RuleArn"] for rule in rules if rule["Priority"] == priority), None)

    def create(self, inputs: Inputs) -> Created:
        listener = inputs["listenerArn"]
        rule = self.api.create_rule(
            ListenerArn=listener,
            Priority=inputs.get("priority") or self._next_priority(listener),
            **_lists(inputs, {"actions", "conditions"}),
            **tagged(inputs),
        )["Rules"][0]
        return Created(rule["RuleArn"], _outputs(rule))

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        answer = found(lambda: self.api.describe_rules(RuleArns=[id_]), "RuleNotFound")
        if answer is None:
            return None
        rule = answer["Rules"][0]
        inputs_found = {
            "listenerArn": id_.rpartition("/")[0].replace(":listener-rule/", ":listener/"),
            "priority": _outputs(rule)["priority"],
            "actions": [
                read_action(action)
                for action in sorted(rule["Actions"], key=lambda action: action.get("Order", 1))
            ],
            "conditions": [read_condition(condition) for condition in rule["Conditions"]],
            "tags": tags_of(self.api, id_),
        }
        return Read(id_, self.as_written(inputs_found, inputs), _outputs(rule))

    def look_up(self, arn: str) -> dict[str, Any]:
        """What the function `getListenerRule` says, as far as this program asks."""
        read = self.read(arn, None)
        if read is None:
            raise ValueError(f"RuleNotFound: there is no listener rule {arn}")
        return {"id": arn, "arn": arn, **looked_up(read.inputs)}

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        outputs = {}
        if "priority" in changed:
            outputs = {"priority": new["priority"]}
            self.api.set_rule_priorities(
                RulePriorities=[{"RuleArn": id_, "Priority": new["priority"]}]
            )
        if lists := _lists(new, changed):
            self.api.modify_rule(RuleArn=id_, **lists)
        if "tags" in changed:
            change_tags(self.api, id_, old, new)
        return outputs

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_rule(RuleArn=id_), "RuleNotFound")

    @staticmethod
    def explain(inputs: Inputs, error: Exception) -> str:
        text = words(error)
        if not isinstance(error, ClientError):
            return text
        text = f"priority {ListenerRule.schema.clean(inputs).get('priority')}: {text}"
        code = error.response["Error"]["Code"]
        return f"{text} (docs/runbook.md, row {code})" if code in IN_RUNBOOK else text

    def lost(self, known: Mapping[str, Inputs]) -> set[str]:
        listed = {
            rule["RuleArn"]
            for listener in {inputs["listenerArn"] for inputs in known.values()}
            for rule in self._rules(listener)
        }
        return known.keys() - listed

    def _rules(self, listener: str) -> Iterator[Mapping[str, Any]]:
        try:
            pages = self.api.get_paginator("describe_rules").paginate(ListenerArn=listener)
            for page in pages:
                yield from page["Rules"]
        except self.api.exceptions.ListenerNotFoundException:
            return

    def _next_priority(self, listener: str) -> int:
        taken = [int(rule["Priority"]) for rule in self._rules(listener) if not rule["IsDefault"]]
        return max(taken, default=0) + 1


def _outputs(rule: Mapping[str, Any]) -> dict[str, Any]:
    priority = rule["Priority"]
    return {
        "arn": rule["RuleArn"],
        "priority": _DEFAULT_PRIORITY if priority == "default" else int(priority),
    }


def _action_problems(path: str, action: Mapping[str, Any]) -> Iterator[str]:
    arn, forward = action.get("targetGroupArn"), action.get("forward")
    if arn is not None and isinstance(forward, Mapping):
        groups = forward.get("targetGroups")
        arns = [group.get("arn") for group in groups] if isinstance(groups, list) else []
        if any(other != arn and not is_unknown(other) for other in arns) and not is_unknown(arn):
            yield (
                f'You can specify both a top-level target group ARN ("{path}.targetGroupArn") and, '
                f'with "{path}.forward", a target group list with ARNs, only if the ARNs match.'
            )
    if action.get("type") == "forward" and arn is None and forward is None:
        yield (
            f'Either "{path}.targetGroupArn" or "{path}.forward" must be specified '
            f'when "{path}.type" is "forward".'
        )
    if action.get("type") == "fixed-response" and action.get("fixedResponse") is None:
        yield (
            f'Attribute "{path}.fixedResponse" must be specified '
            f'when "{path}.type" is "fixed-response".'
        )


def _lists(inputs: Inputs, names: frozenset[str] | set[str]) -> dict[str, Any]:
    lists: dict[str, Any] = {}
    if "actions" in names:
        lists["Actions"] = [
            send_action(simplest_action(action, place), place)
            for place, action in enumerate(inputs["actions"], 1)
        ]
    if "conditions" in names:
        lists["Conditions"] = [send_condition(condition) for condition in inputs["conditions"]]
    return lists
