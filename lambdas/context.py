"""What every declaring module is given, and what the endpoint modules give back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi
from pulumi_aws import lb

from deployed import Deployed
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
    """One stack: its name, its configuration, what its foundation provides, what it has."""

    stack: str
    settings: Settings
    foundation: Foundation
    deployed: Deployed
    holds: bool
    """Whether this update moves rules and nothing else."""

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

    def package(self, function: str, path: str) -> str | None:
        """The path of the code that the function is to get, None if it keeps what it has."""
        return path if self.deployed.needs_code(function, path, holds=self.holds) else None

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
