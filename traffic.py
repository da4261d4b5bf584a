"""A change of percentage moves rules and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi.runtime import register_stack_transformation

import catalog
import rust_scorer.names
from deployed import Deployed
from endpoint import Traffic

_RULE = "aws:lb/listenerRule:ListenerRule"
_ALL_BUT_ACTIONS = ["conditions", "listenerArn", "priority", "tags"]


@dataclass(frozen=True)
class ShareChange:
    """What an endpoint sends to Rust by the last update, and what is asked of this one."""

    endpoint: str
    was: int
    asked: int

    def __str__(self) -> str:
        return f"{self.endpoint} {self.was} % -> {self.asked} %"


def share_changes(
    rust_percentage: int, by_endpoint: Mapping[str, int], deployed: Deployed
) -> list[ShareChange]:
    """The deployed dual endpoints whose share is to change."""
    changes = []
    for endpoint in catalog.ENDPOINTS:
        if endpoint.dual:
            rust = rust_scorer.names.TARGET_GROUPS[endpoint.listener].physical
            was = deployed.share_of(endpoint.rule, rust)
            asked = by_endpoint.get(endpoint.name, rust_percentage)
            if was is not None and was != asked:
                changes.append(ShareChange(endpoint.name, was, asked))
    return changes


def announce_changes(traffic: Traffic, deployed: Deployed) -> list[ShareChange]:
    """Name every share that this update changes, before anything else is printed."""
    changes = share_changes(traffic.rust_percentage, traffic.rust_percentage_by_endpoint, deployed)
    if changes:
        pulumi.log.warn(
            f"This update moves traffic: {', '.join(map(str, changes))}. It changes these "
            "listener rules and holds everything else that is deployed; the next update "
            "brings the rest."
        )
    return changes


def hold_everything_else(deployed: Deployed) -> None:
    """Let this update change actions of listener rules and nothing else that is deployed.

    So that no function, alarm or role can fail before the traffic has moved, whatever else
    the working copy holds; it comes with the next update. What is not deployed yet is
    created as ever. Call it before anything is declared.
    """

    def hold(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if not deployed.has(args.type_, args.name):
            return None
        held = _ALL_BUT_ACTIONS if args.type_ == _RULE else ["*"]
        options = pulumi.ResourceOptions.merge(
            args.opts, pulumi.ResourceOptions(ignore_changes=held)
        )
        return pulumi.ResourceTransformationResult(args.props, options)

    register_stack_transformation(hold)
