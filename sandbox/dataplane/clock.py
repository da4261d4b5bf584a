"""Wall time that can be moved forward."""

import math
import time
from collections.abc import Callable


class Clock:
    """What the load balancers take for the time: stickiness and metrics go by it.

    Response times do not; they are measured.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._now() + self._ahead

    @property
    def ahead(self) -> float:
        """Seconds by which the clock was moved."""
        return self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        Raises ValueError for a negative or infinite time: minutes that were counted are closed.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"the clock moves forward only, not by {seconds} s")
        self._ahead += seconds
