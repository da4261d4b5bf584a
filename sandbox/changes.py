"""Whether what load balancers obey has changed."""

from typing import NamedTuple


class Changes(NamedTuple):
    """Two numbers, one of which changes with every change of what load balancers obey."""

    rules: int
    others: int
    """Changes of all but rules: listeners, groups, targets, functions, permissions."""
