"""The dual rules as the load balancers have them now, through the provider of the stack."""

from dataclasses import dataclass

import pulumi_aws as aws

import catalog
import rust_scorer.names
from deployed import Deployed, percent_to
from endpoint import ROLLED_BACK_AT


@dataclass(frozen=True)
class LiveRule:
    """What AWS has of a dual rule, or why that is not known.

    `share` is what it sends to Rust, in percent; `rolled_back_at` the mark of an emergency
    rollback, if it carries one.
    """

    share: int | None = None
    rolled_back_at: str | None = None
    problem: str = ""


UNREAD = LiveRule()
"""Of a rule that AWS does not have yet."""


def read_live(deployed: Deployed) -> dict[str, LiveRule]:
    """Every dual rule that the state has, by endpoint; changes nothing.

    Lowering a share must not depend on it: what cannot be read has a `problem`.
    """
    live = {}
    for endpoint in catalog.DUAL:
        if arn := deployed.arn_of(endpoint.rule):
            rust = rust_scorer.names.TARGET_GROUPS[endpoint.listener]
            live[endpoint.name] = _read(arn, rust.physical)
    return live


def _read(arn: str, rust_group: str) -> LiveRule:
    try:
        rule = aws.lb.get_listener_rule(arn=arn)
    except Exception as error:  # the SDK raises nothing narrower
        return LiveRule(problem=str(error))
    weights = {
        group.arn: group.weight
        for action in rule.actions or ()
        for forward in action.forwards or ()
        for group in forward.target_groups or ()
    }
    return LiveRule(percent_to(rust_group, weights), rule.tags.get(ROLLED_BACK_AT))
