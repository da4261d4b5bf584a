"""Run the program under Pulumi mocks and keep what it registered.

For the tests, the policies and the benchmark. Knows Pulumi and nothing of the program, which
never knows it.
"""

import asyncio
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi.runtime import stack

from recording.monitor import (
    SECRET,
    Archive,
    Invent,
    Inventor,
    Live,
    Program,
    RecordingMonitor,
    Registration,
    invented,
    invented_arn,
    invented_suffix,
    looked_up,
)
from recording.runtime import configuration, fresh_runtime

ROOT = Path(__file__).parents[1]

FOUNDATION = {
    "vpcId": "vpc-1",
    "privateSubnetIds": ["subnet-a", "subnet-b"],
    "privateSubnetSecurityGroupId": "sg-private",
    "publicAlbArnSuffix": "app/public/1",
    "publicAlbHttpsListenerArn": "arn:aws:elasticloadbalancing:us-west-2:1:listener/app/public/1/1",
    "privateAlbArnSuffix": "app/internal/2",
    "privateAlbHttpListenerArn": (
        "arn:aws:elasticloadbalancing:us-west-2:1:listener/app/internal/2/2"
    ),
    "registryTargetGroupArn": "arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/registry/9",
    "scorerSecretArn": "arn:aws:secretsmanager:us-west-2:1:secret:scorer-abc",
    "alertTopicArn": "arn:aws:sns:us-west-2:1:alerts",
    "pythonLayerArn": "arn:aws:lambda:us-west-2:1:layer:python:3",
}
"""Outputs of a foundation stack."""


def run_program(
    values: Mapping[str, Any],
    *,
    stack_name: str = "staging",
    secret: Mapping[str, str] | None = None,
    foundation: Mapping[str, Any] | None = None,
    preview: bool = False,
    script: str | Path = ROOT / "__main__.py",
    into: Program | None = None,
    invent: Invent = invented,
    deployed: Program | None = None,
    live: Live | None = None,
) -> Program:
    """Run the program once; whatever it raises comes out, and what it did until then is `into`."""
    return record(
        lambda: runpy.run_path(str(script)),
        values,
        stack_name=stack_name,
        secret=secret,
        foundation=foundation,
        preview=preview,
        into=into,
        invent=invent,
        deployed=deployed,
        live=live,
    )


def record(
    body: Callable[[], object],
    values: Mapping[str, Any] | None = None,
    *,
    stack_name: str = "staging",
    secret: Mapping[str, str] | None = None,
    foundation: Mapping[str, Any] | None = None,
    preview: bool = False,
    into: Program | None = None,
    invent: Invent = invented,
    deployed: Program | None = None,
    live: Live | None = None,
) -> Program:
    """Run any declarations as a program of their own."""
    program = Program() if into is None else into

    def main() -> None:
        body()

    provided = FOUNDATION if foundation is None else foundation
    monitor = RecordingMonitor(
        Inventor(provided, invent, preview=preview, deployed=deployed, live=live), program
    )
    with (
        configuration(values or {}, secret=secret),
        fresh_runtime(monitor, stack_name, preview=preview),
    ):
        asyncio.get_event_loop().run_until_complete(stack.run_in_stack(main))
    return program


__all__ = [
    "FOUNDATION",
    "ROOT",
    "SECRET",
    "Archive",
    "Program",
    "Registration",
    "configuration",
    "invented_arn",
    "invented_suffix",
    "looked_up",
    "record",
    "run_program",
]
