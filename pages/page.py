"""The report as one page that needs nothing but a browser."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pages import charts
from pages.model import Chart, Item, Page, Shares
from pages.tables import Table, table
from pages.wording import OUTCOME, printable

_TEMPLATE: Final = "page.html.j2"


@dataclass(frozen=True)
class Figure:
    """A chart and its numbers."""

    chart: Chart
    kind: Literal["shares", "split", "sums", ""]
    """What a reader must be told to read it; `split`: the line divides Rust from Python."""
    svg: str
    table: Table


@dataclass(frozen=True)
class Section:
    """An item with its figures."""

    number: int
    item: Item
    figures: tuple[Figure, ...]


def write_page(page: Page, path: Path) -> None:
    """Put the page in place whole or not at all; a page that was there is replaced."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.write_text(render(page), encoding="utf-8")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def render(page: Page) -> str:
    """The page as HTML; it loads nothing and runs nothing."""
    sections = [
        Section(number_, item, tuple(map(_figure, item.charts)))
        for number_, item in enumerate(page.items, 1)
    ]
    return (
        _environment()
        .get_template(_TEMPLATE)
        .render(page=page, sections=sections, date=_date(page.started), outcome=OUTCOME)
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("pages", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: object) -> object:
    """No control characters but in the SVG, which has none."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _figure(chart: Chart) -> Figure:
    kind: Literal["shares", "split", "sums", ""] = ""
    if isinstance(chart, Shares):
        kind = "shares"
    elif chart.sums:
        kind = "sums"
    elif chart.unit == charts.SHARE_OF_RUST:
        kind = "split"
    return Figure(chart, kind, charts.draw(chart), table(chart))


def _date(started: str) -> str:
    return f"{datetime.fromisoformat(started).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
