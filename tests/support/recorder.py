"""The recording monitor under the name that the tests know."""

from contextlib import AbstractContextManager, nullcontext
from unittest.mock import patch

from recording import (
    FOUNDATION,
    ROOT,
    SECRET,
    Archive,
    Program,
    Registration,
    configuration,
    invented_arn,
    invented_suffix,
    record,
    run_program,
)

__all__ = [
    "FOUNDATION",
    "ROOT",
    "SECRET",
    "Archive",
    "Program",
    "Registration",
    "alarms_if",
    "configuration",
    "invented_arn",
    "invented_suffix",
    "record",
    "run_program",
]


def alarms_if(*, watched: bool) -> AbstractContextManager[object]:
    """While that is held the program declares its alarms, half of its resources, or none."""
    return nullcontext() if watched else patch("monitoring.declare.declare_monitoring")
