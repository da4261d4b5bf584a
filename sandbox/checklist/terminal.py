"""The report in a terminal: item by item while it is measured, and all of it at the end."""

from pathlib import Path
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pages.model import Claim, Item
from pages.wording import OUTCOME, number, printable
from sandbox.checklist.results import Checklist

_STYLE: Final = {True: "green", False: "bold white on red"}
_NUMBER: Final = 3
_MARK: Final = len(OUTCOME[False]) + 1
_INDENT: Final = _NUMBER + _MARK
"""Claims stand below the title of their item."""


def print_item(console: Console, number_: int, item: Item) -> None:
    """One item with all its claims, as soon as it is done."""
    _print_heading(console, number_, item)
    table = _grid()
    for claim in item.claims:
        _add_claim(table, claim)
    for note in item.modelled:
        table.add_row(
            Text("model", style="dim"),
            Text(f"Not verified against AWS: {printable(note)}", style="dim"),
        )
    console.print(Padding(table, (0, 0, 0, _INDENT), expand=False))


def print_checklist(console: Console, checklist: Checklist, page: Path | None) -> None:
    """All items in a line each, what failed once more, and where the page is."""
    passed = checklist.passed
    console.print()
    for number_, item in enumerate(checklist.items, 1):
        _print_heading(console, number_, item)
        failed = _grid()
        for claim in item.claims:
            if not claim.passed:
                _add_claim(failed, claim)
        if failed.row_count:
            console.print(Padding(failed, (0, 0, 0, _INDENT), expand=False))
    console.print(Text(checklist.verdict, style="bold green" if passed else _STYLE[False]))
    console.print(
        f"{checklist.stack}: {number(checklist.requests)} requests in {checklist.seconds:.0f} s, "
        f"deployed by the {checklist.engine} engine",
        highlight=False,
        markup=False,
    )
    for name, value in checklist.facts:
        console.print(f"{printable(name)}: {printable(value)}", highlight=False, markup=False)
    if page:
        # In one piece, so that it can be copied or clicked.
        console.print("The page:", page, highlight=False, markup=False, soft_wrap=True)


def _print_heading(console: Console, number_: int, item: Item) -> None:
    console.print(
        Text.assemble(
            (f"{number_:<{_NUMBER}}", "bold"),
            (OUTCOME[item.passed], _STYLE[item.passed]),
            " " * (_MARK - len(OUTCOME[item.passed])),
            (printable(item.title), "bold"),
            (f", {item.seconds:.1f} s", "dim"),
        )
    )


def _grid() -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=len(OUTCOME[False]), no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _add_claim(table: Table, claim: Claim) -> None:
    passed = claim.passed
    table.add_row(
        Text(OUTCOME[passed], style=_STYLE[passed]),
        Text(printable(claim.text), style="" if passed else "bold"),
    )
