"""What a percentage means. Change it here and nowhere else."""

from dataclasses import dataclass

from routing.model import Forward, G, WeightedForward, WeightedGroup


@dataclass(frozen=True)
class RoutingPercentages:
    """Shares of new clients, in percent; together always 100."""

    python: int
    rust: int


def get_routing_percentages(rust: int) -> RoutingPercentages:
    """Split 100 percent between Python and Rust.

    Raises ValueError when `rust` is not a whole number from 0 to 100.
    """
    if isinstance(rust, bool) or not isinstance(rust, int) or not 0 <= rust <= 100:
        raise ValueError(f"the Rust share must be a whole number from 0 to 100, not {rust!r}")
    return RoutingPercentages(python=100 - rust, rust=rust)


def is_rust_enabled(percentages: RoutingPercentages) -> bool:
    """Whether Rust serves any new client."""
    return percentages.rust > 0


def choose_forward(
    percentages: RoutingPercentages, *, python: G, rust: G, stickiness_seconds: int
) -> Forward[G] | WeightedForward[G]:
    """Decide between a plain and a weighted forward (contract, "Routing").

    At 0 a plain forward to Python: a weighted rule with weight 0 would keep every
    client with a Rust cookie on Rust until the cookie ends. From 1 to 100 both
    groups, Python first, a zero written out, sticky for `stickiness_seconds`.
    """
    if not is_rust_enabled(percentages):
        return Forward(python)
    return WeightedForward(
        (WeightedGroup(python, percentages.python), WeightedGroup(rust, percentages.rust)),
        stickiness_seconds,
    )
