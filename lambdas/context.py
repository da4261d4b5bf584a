"""What every declaring module is given, and what the endpoint modules give back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi
from pulumi_aws import lb

from endpoint import Endpoint
from foundation import Foundation
from routing import LambdaTargetGroup, Rule
from settings import Settings


class Place(TypedDict):
    """Where a listener rule hangs, its tags, and what it must wait for."""

    listener_arn: pulumi.Input[str]
    tags: Mapping[str, str]
    depends_on: Sequence[pulumi.Resource]


@dataclass(frozen=True)
class Context:
    """One stack: its name, its configuration and what its foundation provides."""

    stack: str
    settings: Settings
    foundation: Foundation

    def tags(self, name: str) -> dict[str, str]:
        """Tags of a resource whose `Name` is `name` (contract, "Identity")."""
        return {
            "Application": "scorer",
            "Environment": self.stack,
            "ManagedBy": "pulumi",
            "Name": name,
            "PulumiStack": self.stack,
            "Repo": "https://github.com/passportxyz/passport-scorer",
        }

    def place(self, rule: Rule, after: Sequence[pulumi.Resource] = ()) -> Place:
        """Arguments that every listener rule is created with."""
        return {
            "listener_arn": self.foundation.load_balancers[rule.listener].listener_arn,
            "tags": self.tags(rule.name),
            "depends_on": after,
        }


@dataclass(frozen=True)
class DeclaredEndpoint:
    """An endpoint, the rule as it was planned, and what became of both."""

    endpoint: Endpoint
    planned: Rule
    listener_rule: lb.ListenerRule
    python: LambdaTargetGroup | None = None
