"""Actions and conditions of a listener rule, as programs write them and as the API has them."""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.provider.base import camel, pascal

_FIELDS: Final = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "httpHeader": ("http-header", "HttpHeaderConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "queryStrings": ("query-string", "QueryStringConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}


def simplest_action(action: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The action without what says nothing; a forward to one group as its ARN alone."""
    simple = dict(action)
    if simple.get("order") == place:
        del simple["order"]
    forward = simple.get("forward")
    if not forward or "targetGroups" not in forward:
        return simple
    sticky = forward.get("stickiness", {})
    is_sticky = sticky.get("enabled")
    groups = [{"weight": 1, **group} for group in forward["targetGroups"]]
    if len(groups) == 1 and not is_sticky:
        del simple["forward"]
        return {**simple, "targetGroupArn": groups[0]["arn"]}
    simple["forward"] = {"targetGroups": groups} | ({"stickiness": sticky} if is_sticky else {})
    return simple


def send_action(action: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The action as the API takes it."""
    sent = {"Type": action["type"], "Order": action.get("order", place)}
    if forward := action.get("forward"):
        sent["ForwardConfig"] = {
            "TargetGroups": [
                {"TargetGroupArn": group["arn"], "Weight": group["weight"]}
                for group in forward["targetGroups"]
            ]
        }
        if sticky := forward.get("stickiness"):
            sent["ForwardConfig"]["TargetGroupStickinessConfig"] = {
                "Enabled": True,
                "DurationSeconds": sticky["duration"],
            }
    elif arn := action.get("targetGroupArn"):
        sent["TargetGroupArn"] = arn
    if fixed := action.get("fixedResponse"):
        sent["FixedResponseConfig"] = pascal(fixed)
    return sent


def read_action(action: Mapping[str, Any]) -> dict[str, Any]:
    """The action as a program writes it."""
    read = {"type": action["Type"], "order": action.get("Order", 1)}
    if forward := action.get("ForwardConfig"):
        sticky = forward.get("TargetGroupStickinessConfig", {})
        read["forward"] = {
            "targetGroups": [
                {"arn": group["TargetGroupArn"], "weight": group.get("Weight", 1)}
                for group in forward["TargetGroups"]
            ],
            "stickiness": {
                "enabled": sticky.get("Enabled", False),
                "duration": sticky.get("DurationSeconds"),
            },
        }
    elif "TargetGroupArn" in action:
        read["targetGroupArn"] = action["TargetGroupArn"]
    if fixed := action.get("FixedResponseConfig"):
        read["fixedResponse"] = camel(fixed)
    return read


def send_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    """The condition as the API takes it.

    Raises ValueError when it says nothing or two things.
    """
    names = [name for name in _FIELDS if condition.get(name)]
    if len(names) != 1:
        raise ValueError(f"Exactly one of {', '.join(_FIELDS)} must be set in a condition")
    field, config = _FIELDS[names[0]]
    value = condition[names[0]]
    if names[0] == "queryStrings":
        return {"Field": field, config: {"Values": [pascal(pair) for pair in value]}}
    return {"Field": field, config: pascal(value)}


def read_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    """The condition as a program writes it."""
    name, config = next(
        (name, config) for name, (field, config) in _FIELDS.items() if field == condition["Field"]
    )
    value = condition.get(config) or {"Values": condition.get("Values", [])}
    if name == "queryStrings":
        return {name: [camel(pair) for pair in value["Values"]]}
    return {name: camel(value)}
