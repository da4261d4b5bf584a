"""What a terminal shows, with and without colour."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pages.model import Claim, Item
from sandbox.checklist.terminal import print_checklist, print_item

from .samples import TITLES, failed, hostile, passed

PAGE = Path("/tmp") / ("deep/" * 40) / "checklist-staging.html"  # noqa: S108 # never written


def shown(item: Item, *, number: int = 3, width: int = 120) -> str:
    out = io.StringIO()
    print_item(Console(file=out, width=width), number, item)
    return out.getvalue()


def closing(*, page: Path | None = PAGE, colour: bool = False, broken: bool = True) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=120, force_terminal=colour, color_system="standard" if colour else None
    )
    print_checklist(console, failed() if broken else passed(), page)
    return out.getvalue()


def test_an_item_is_a_heading_and_its_claims_each_with_a_mark() -> None:
    lines = [line.rstrip() for line in shown(failed().items[2]).splitlines()]

    assert lines == [
        "3  FAILED Test weighted routing at 50/50 split, 3.2 s",
        "          ok     0 of 1732 requests of item 3 failed.",
        "          ok     The update changed 6 rules in place and nothing else.",
        "          FAILED Rust got 65 %.",
    ]


def test_what_is_modelled_is_said_beside_the_claims() -> None:
    (*_, last) = shown(passed().items[3]).splitlines()

    assert last.rstrip() == (
        "          model  Not verified against AWS: Whether activity renews the cookie is not "
        "documented."
    )


def test_long_claims_are_wrapped_below_themselves_and_never_cut() -> None:
    words = [f"word-{index}" for index in range(60)]
    text = shown(Item("title", (Claim(" ".join(words), passed=True),)), width=60)

    first, *rest = text.splitlines()[1:]
    assert first.startswith("          ok     word-0")
    assert all(line.startswith(" " * 17 + "word-") for line in rest)
    assert text.split()[-60:] == words
    unbroken = "x" * 300
    assert shown(Item("title", (Claim(unbroken, passed=True),)), width=60).count("x") == 300


def test_an_item_without_claims_failed() -> None:
    assert shown(Item("title", ())).startswith("3  FAILED title")


def test_the_end_is_a_line_for_each_item_and_every_failure_once_more() -> None:
    lines = [line.rstrip() for line in closing().splitlines()]

    headings = [line for line in lines if line[:1].isdigit() and line[1:3] == "  "]
    assert [line.split(maxsplit=2)[1] for line in headings] == [
        "FAILED" if index in (3, 7) else "ok" for index in range(1, 8)
    ]
    for title, line in zip(TITLES, headings, strict=True):
        assert title in line
    assert "          FAILED Rust got 65 %." in lines
    assert "          FAILED 3 strays went to Rust." in lines
    assert "2 of 7 items FAILED" in lines
    assert "staging: 57,112 requests in 45 s, deployed by the embedded engine" in lines
    assert "Clients per share: 4000" in lines


def test_a_good_end_says_so_and_nothing_of_failures() -> None:
    text = closing(broken=False)

    assert "All 7 items passed" in text.splitlines()
    assert "FAILED" not in text


def test_the_path_of_the_page_is_in_one_piece() -> None:
    assert closing().splitlines()[-1] == f"The page: {PAGE}"
    assert "The page" not in closing(page=None)


def test_colour_only_repeats_what_the_words_say() -> None:
    plain, coloured = closing(), closing(colour=True)

    assert "\x1b" not in plain
    assert "\x1b[1;37;41mFAILED\x1b[0m" in coloured
    assert f"The page: {PAGE}" in coloured


def test_hostile_text_does_not_steer_the_terminal() -> None:
    (item,) = hostile().items
    bold = replace(item, title="[red]not red[/red]", claims=(Claim("[/]\x1b[2J", passed=False),))

    for text in (shown(item), shown(bold)):
        assert not {"\x1b", "\x00", "\ud800"} & set(text)
    assert "[red]not red[/red]" in shown(bold)
    assert "[/]\N{REPLACEMENT CHARACTER}[2J" in shown(bold)


def test_lines_of_an_error_stay_lines() -> None:
    text = shown(Item("title", (Claim("The update failed:\nPriorityInUse", passed=False),)))

    assert [line.split() for line in text.splitlines()[1:]] == [
        ["FAILED", "The", "update", "failed:"],
        ["PriorityInUse"],
    ]
