"""`python -m policy.routes STACK`: the rules that the stack's file asks for, one a line.

Two commits compare by `diff`; no account is needed.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import catalog
from policy.check import Registered
from policy.recording import record


def lines(registered: Iterable[Registered]) -> list[str]:
    """The rules by listener and priority, without what a tester's header must be."""
    rules = [one.props for one in registered if one.type == catalog.RULE_TYPE]
    return [_line(rule) for rule in sorted(rules, key=lambda rule: (_listener(rule), _at(rule)))]


def _line(rule: Mapping[str, Any]) -> str:
    conditions = " ".join(part for one in rule["conditions"] for part in _condition(one))
    actions = " ".join(part for one in rule["actions"] for part in _action(one))
    return f"{_listener(rule)} {_at(rule):5} {conditions} -> {actions}"


def _listener(rule: Mapping[str, Any]) -> str:
    return str(rule["listenerArn"]).split("/")[-3]


def _at(rule: Mapping[str, Any]) -> int:
    return int(rule["priority"])


def _condition(condition: Mapping[str, Any]) -> Iterator[str]:
    for kind, one in condition.items():
        yield one["httpHeaderName"] if kind == "httpHeader" else "+".join(map(str, one["values"]))


def _action(action: Mapping[str, Any]) -> Iterator[str]:
    if action["type"] != "forward":
        yield f"{action['type']} {action.get('fixedResponse', {}).get('statusCode', '')}".rstrip()
    if "targetGroupArn" in action:
        yield _group(action["targetGroupArn"])
    for group in action.get("forward", {}).get("targetGroups", ()):
        yield f"{_group(group['arn'])} {int(group['weight'])} %"
    if stickiness := action.get("forward", {}).get("stickiness"):
        yield f"sticky {int(stickiness['duration'])} s"


def _group(arn: str) -> str:
    return arn.split("/")[-2]


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in lines(record(sys.argv[1])[0]))
