"""The measurements as SVG.

Colours, type and strokes come from the page's style sheet by class. `python` and `rust`
are the same two colours everywhere; what colour says is said by text or shape too.
"""

from typing import Final

from sandbox.checklist.results import Chart, Timeline
from sandbox.checklist.shares_chart import draw_shares
from sandbox.checklist.svg import as_text
from sandbox.checklist.timeline_chart import draw_timeline

WIDE: Final = 660
NARROW: Final = 320


def draw(chart: Chart, *, name: str, width: float) -> str:
    """The chart as an SVG of this width; `name` must be unique in the document."""
    if isinstance(chart, Timeline):
        return as_text(draw_timeline(chart, name, width))
    return as_text(draw_shares(chart, name, width))
