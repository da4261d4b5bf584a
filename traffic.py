"""A change of percentage: named first, not raised by mistake, and moving rules alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi.runtime import register_stack_transformation

import catalog
import rust_scorer.names
from deployed import Deployed
from endpoint import ROLLED_BACK_AT
from live import UNREAD, LiveRule

_ALL_BUT_ACTIONS = ["conditions", "listenerArn", "priority", "tags"]
_DUAL_RULES = frozenset(endpoint.rule for endpoint in catalog.DUAL)
_MARK = f"tags.{ROLLED_BACK_AT}"


@dataclass(frozen=True)
class Share:
    """What a dual endpoint sends to Rust, in percent.

    `was` is what the last update made it, None where there was none; `asked` is for this one.
    """

    endpoint: str
    was: int | None
    asked: int
    live: LiveRule = UNREAD

    @property
    def moves(self) -> bool:
        """Whether this update changes a rule that is deployed."""
        return self.was is not None and self.was != self.asked

    @property
    def strays(self) -> bool:
        """Whether the load balancer sends another share than the last update said."""
        return None not in (self.was, self.live.share) and self.was != self.live.share

    @property
    def holds(self) -> bool:
        """Whether this update is about traffic: it moves the share, or may put it right."""
        return self.moves or self.strays

    @property
    def change(self) -> str:
        """What was, what is live where that differs, and what is asked."""
        live = f" (live {self.live.share} %)" if self.strays else ""
        was = "new" if self.was is None else f"{self.was} %"
        return f"{was}{live} -> {self.asked} %"


def shares(
    rust_percentage: int,
    by_endpoint: Mapping[str, int],
    deployed: Deployed,
    live: Mapping[str, LiveRule],
) -> list[Share]:
    """The share of every dual endpoint."""
    return [
        Share(
            endpoint.name,
            was=deployed.share_of(
                endpoint.rule, rust_scorer.names.TARGET_GROUPS[endpoint.listener].physical
            ),
            asked=endpoint.rust_share(rust_percentage, by_endpoint),
            live=live.get(endpoint.name, UNREAD),
        )
        for endpoint in catalog.DUAL
    ]


def announce(found: Sequence[Share]) -> None:
    """Name every share that is not as it was, before anything else is printed."""
    for one in found:
        if one.live.problem:
            pulumi.log.warn(f"The rule of {one.endpoint} cannot be read: {one.live.problem}")
    said = []
    if strays := [one for one in found if one.strays and not one.moves]:
        said.append(
            f"The load balancers differ from the last update: {_list(strays)}. Only with "
            "--refresh does this update put them right."
        )
    if moves := [one for one in found if one.moves]:
        said.append(f"This update moves traffic: {_list(moves)}.")
    if said:
        pulumi.log.warn(
            " ".join(said) + " It changes listener rules and holds everything else that is "
            "deployed; the next update brings the rest."
        )


def refuse_raise_after_rollback(found: Sequence[Share], accepted: str | None) -> None:
    """Keep an update from bringing Rust back after an emergency rollback.

    Raises RunError when an endpoint would go from 0 % up, its rules carry the mark of a
    rollback, and `accepted` is not that mark; and when a share other than 0 is to be set where
    the mark cannot be read. Call it before anything is declared.
    """
    unread = [one for one in found if one.live.problem and one.was != one.asked > 0]
    if unread:
        raise pulumi.RunError(
            f"{_list(unread)}: not raised, because the rule cannot be read, so nobody knows "
            "whether an emergency rollback came before. Nothing was registered or changed."
        )
    mark = max((one.live.rolled_back_at or "" for one in found), default="")
    raised = [one for one in found if one.asked and not one.live.share and not one.live.problem]
    if mark and mark != accepted and raised:
        stack = f"--stack {pulumi.get_stack()}"
        raise pulumi.RunError(
            f"An emergency rollback sent all traffic to Python at {mark}. This would bring Rust "
            f"back: {_list(raised)}. Nothing was registered or changed.\n\n"
            f"  to stay on Python:  pulumi config set rustPercentage 0 {stack}\n"
            f"                      pulumi config rm rustPercentageByEndpoint {stack}\n"
            f"  if Rust may return: pulumi config set raiseAfterRollback {mark} {stack}"
        )


def _list(found: Sequence[Share]) -> str:
    """Every share by name; in one word where all dual endpoints change alike."""
    changes = {one.change for one in found}
    if len(changes) == 1 and len(found) == len(_DUAL_RULES):
        return f"all {len(found)} dual endpoints {changes.pop()}"
    return ", ".join(f"{one.endpoint} {one.change}" for one in found)


def keep_marks() -> None:
    """Leave the mark of an emergency rollback on the rules, also after a refresh."""

    def keep(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        return _ignoring(args, [_MARK]) if args.name in _DUAL_RULES else None

    register_stack_transformation(keep)


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
        return _ignoring(args, _ALL_BUT_ACTIONS if args.type_ == catalog.RULE_TYPE else ["*"])

    register_stack_transformation(hold)


def _ignoring(
    args: pulumi.ResourceTransformationArgs, inputs: list[str]
) -> pulumi.ResourceTransformationResult:
    options = pulumi.ResourceOptions(ignore_changes=inputs)
    return pulumi.ResourceTransformationResult(
        args.props, pulumi.ResourceOptions.merge(args.opts, options)
    )
