"""What the last update left behind: Pulumi's own state of this stack, read before anything else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from catalog import RULE_TYPE

_READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"
_READ = "pulumi:pulumi:readStackResourceOutputs"
_FUNCTION = "aws:lambda/function:Function"


@dataclass(frozen=True)
class Deployed:
    """The outputs of every resource of the stack, by type and logical name."""

    resources: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def has(self, type_: str, name: str) -> bool:
        return (type_, name) in self.resources

    def package_of(self, function: str) -> str | None:
        """The path that a function's code came from; None where there is none."""
        code = self.resources.get((_FUNCTION, function), {}).get("code")
        return code.path if isinstance(code, pulumi.FileArchive) else None

    def needs_code(self, function: str, path: str, *, holds: bool) -> bool:
        """Whether this update gives the function the package at the path.

        The path is the reference: a function gets it when it is made, and when the stack
        file names another one than it came from; never while the update holds all but rules.
        """
        if not self.has(_FUNCTION, function):
            return True
        return not holds and self.package_of(function) != path

    def arn_of(self, rule: str) -> str | None:
        """The ARN of a listener rule; None when the state has no such rule."""
        return self.resources.get((RULE_TYPE, rule), {}).get("arn")

    def share_of(self, rule: str, target_group: str) -> int | None:
        """What a rule sends to the target group with that physical name, in percent.

        None when the state has no such rule.
        """
        actions = self.resources.get((RULE_TYPE, rule), {}).get("actions")
        if not actions:
            return None
        forward = actions[0].get("forward") or {}
        weights = {group["arn"]: int(group["weight"]) for group in forward.get("targetGroups", [])}
        return percent_to(target_group, weights or {actions[0].get("targetGroupArn") or "": 1})


def percent_to(target_group: str, weights: Mapping[str, int]) -> int:
    """What weights by ARN send to the target group with that physical name; above 0 at least 1."""
    share = sum(weight for arn, weight in weights.items() if f":targetgroup/{target_group}/" in arn)
    return max(round(100 * share / (sum(weights.values()) or 1)), min(share, 1))


def read_deployed() -> Deployed:
    """Ask the engine for the state that this run is about to change; reads nothing from AWS."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    # The CLI crashes on the resources of a stack that was never updated; one that was has outputs.
    if not pulumi.runtime.invoke(_READ_OUTPUTS, {"name": stack}).value["outputs"]:
        return Deployed()
    outputs = pulumi.runtime.invoke(_READ, {"stackName": stack}).value["outputs"]
    found = {}
    for urn, resource in outputs.items():
        _, _, _, name = urn.split("::", maxsplit=3)
        found[resource["type"], name] = resource["outputs"]
    return Deployed(found)
