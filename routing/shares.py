"""What a percentage means. Change it here and nowhere else."""

from routing.model import Forward, WeightedForward, WeightedGroup


def is_rust_enabled(rust_share: int) -> bool:
    """Whether Rust serves any new client; the share is in percent."""
    return rust_share > 0


def choose_forward(
    rust_share: int, *, python: str, rust: str, stickiness_seconds: int
) -> Forward | WeightedForward:
    """Decide between a plain and a weighted forward (contract, "Routing").

    At 0 a plain forward to Python: a weighted rule with weight 0 would keep every
    client with a Rust cookie on Rust until the cookie ends. From 1 to 100 both
    groups, Python first, a zero written out, sticky for `stickiness_seconds`.

    Raises ValueError when the share is not a whole number from 0 to 100.
    """
    if (
        isinstance(rust_share, bool)
        or not isinstance(rust_share, int)
        or not 0 <= rust_share <= 100
    ):
        raise ValueError(f"the Rust share must be a whole number from 0 to 100, not {rust_share!r}")
    if not is_rust_enabled(rust_share):
        return Forward(python)
    return WeightedForward(
        (WeightedGroup(python, 100 - rust_share), WeightedGroup(rust, rust_share)),
        stickiness_seconds,
    )
