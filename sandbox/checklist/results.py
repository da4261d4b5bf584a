"""What a run of the checklist came to, in all."""

from dataclasses import dataclass, field

from pages.model import Item, Page
from pages.wording import number

_MODELLED = (
    "All of this was measured in the sandbox: an emulated account and load balancers that obey "
    "its rules. Where AWS does not document what it does, they follow a model."
)


@dataclass(frozen=True)
class Checklist:
    """A whole run on one stack."""

    stack: str
    engine: str
    started: str
    """Date and time in UTC, ISO 8601."""
    items: tuple[Item, ...]
    seconds: float
    requests: int
    facts: tuple[tuple[str, str], ...] = field(default=())
    """Name and value of whatever else a reader wants to know of the run."""

    @property
    def passed(self) -> bool:
        return bool(self.items) and all(item.passed for item in self.items)

    @property
    def verdict(self) -> str:
        """The whole run in one sentence."""
        count = len(self.items)
        failed = sum(not item.passed for item in self.items)
        if not count:
            return "FAILED: nothing was measured"
        return f"{failed} of {count} items FAILED" if failed else f"All {count} items passed"

    @property
    def page(self) -> Page:
        """The run as a page."""
        return Page(
            subject=f"Testing checklist of the weighted routing, measured on {self.stack}",
            verdict=self.verdict,
            passed=self.passed,
            started=self.started,
            facts=(
                ("Stack", self.stack),
                ("Engine", self.engine),
                ("Took", f"{self.seconds:.0f} s"),
                ("Requests sent", number(self.requests)),
                *self.facts,
            ),
            items=self.items,
            aside=_MODELLED,
        )
