"""Take over resources that AWS has and the state lacks."""

from collections.abc import Mapping

import pulumi
from pulumi.runtime import register_stack_transformation


def adopt(ids: Mapping[str, str]) -> None:
    """Import the named resources during this update instead of creating them.

    `ids` maps logical names to AWS ids (contract, `adopt`). The engine reads each one and
    then changes it in place to what the program says. Call it before anything is declared;
    with an empty map it does nothing.
    """

    def take_over(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if args.name not in ids:
            return None
        options = pulumi.ResourceOptions.merge(
            args.opts, pulumi.ResourceOptions(import_=ids[args.name])
        )
        return pulumi.ResourceTransformationResult(args.props, options)

    if ids:
        register_stack_transformation(take_over)
