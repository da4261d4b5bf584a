"""What a recorded run is spared, and that nothing of it is left."""

import gc
import sys

from pulumi_aws import cloudwatch

from tests.support.recorder import Program, record


def test_a_resource_is_not_traced_through_whoever_runs_the_program() -> None:
    def recorded(depth: int) -> Program:
        return recorded(depth - 1) if depth else record(lambda: log_group() and None)

    def log_group() -> cloudwatch.LogGroup:
        return cloudwatch.LogGroup("one")

    near, far = recorded(0), recorded(40)

    (one,), (other,) = near.registrations, far.registrations
    assert 0 < len(one.request.stackTrace.frames) == len(other.request.stackTrace.frames) < 12
    assert gc.isenabled()
    assert not hasattr(sys, "tracebacklimit")
