"""The recording monitor under the name that the tests know."""

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
]
