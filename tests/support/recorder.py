"""The recording monitor under the name that the tests know."""

from typing import Any
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
    "configuration",
    "invented_arn",
    "invented_suffix",
    "record",
    "run_program",
    "without_alarms",
]


def without_alarms() -> Any:
    """While that is held the program declares no alarms, which are half of its resources."""
    return patch("monitoring.declare.declare_monitoring")
