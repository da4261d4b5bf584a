"""The report as one page that needs nothing but a browser."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sandbox.checklist import charts
from sandbox.checklist.results import Chart, Checklist, Item, Shares, Timeline
from sandbox.checklist.tables import Table, table
from sandbox.checklist.timeline_chart import splits
from sandbox.checklist.wording import OUTCOME, number, printable, verdict

_TEMPLATE: Final = "page.html.j2"


@dataclass(frozen=True)
class Figure:
    """A chart drawn for a wide and for a narrow window, and its numbers."""

    title: str
    note: str
    shares: bool
    split: bool
    """Whether a line divides Rust from Python."""
    wide: str
    narrow: str
    table: Table


@dataclass(frozen=True)
class Section:
    """An item with its figures."""

    number: int
    item: Item
    figures: tuple[Figure, ...]


def write_page(checklist: Checklist, path: Path) -> None:
    """Put the page in place whole or not at all; a page that was there is replaced."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.write_text(page(checklist), encoding="utf-8")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def page(checklist: Checklist) -> str:
    """The page as HTML; it loads nothing and runs nothing."""
    sections = [
        Section(
            number_,
            item,
            tuple(
                _figure(chart, f"chart-{number_}-{index}")
                for index, chart in enumerate(item.charts, 1)
            ),
        )
        for number_, item in enumerate(checklist.items, 1)
    ]
    return (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            checklist=checklist,
            sections=sections,
            verdict=verdict(checklist),
            date=_date(checklist.started),
            outcome=OUTCOME,
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sandbox", "checklist"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment


def _finalize(value: object) -> object:
    """No control characters but in our own SVG, which has none."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _figure(chart: Chart, name: str) -> Figure:
    return Figure(
        title=chart.title,
        note=chart.note,
        shares=isinstance(chart, Shares),
        split=isinstance(chart, Timeline) and splits(chart),
        wide=charts.draw(chart, name=f"{name}-wide", width=charts.WIDE),
        narrow=charts.draw(chart, name=f"{name}-narrow", width=charts.NARROW),
        table=table(chart),
    )


def _date(started: str) -> str:
    return f"{datetime.fromisoformat(started).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
