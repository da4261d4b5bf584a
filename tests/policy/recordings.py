"""The program recorded once per configuration."""

from functools import cache

from policy.check import Registered
from policy.recording import record
from policy.report import CANARY


@cache
def recorded(stack: str, rust_percentage: int, *, preview: bool = False) -> tuple[Registered, ...]:
    """What the program registers: with the tester rules at 50 %."""
    secret = CANARY if rust_percentage == 50 else None
    return tuple(
        record(stack, rust_percentage=rust_percentage, preview=preview, tester_secret=secret)
    )
