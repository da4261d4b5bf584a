"""The page as text."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pages import page
from pages.model import Line, Mark, Share, Shares, Timeline
from pages.tables import table
from pages.wording import counted, number

from .samples import COLUMNS, HOSTILE, TITLES, failed, hostile, passed, shares


@pytest.fixture(scope="module")
def sound() -> str:
    return page.render(passed().page)


@pytest.fixture(scope="module")
def broken() -> str:
    return page.render(failed().page)


def order(text: str, *parts: str) -> list[int]:
    return [text.index(part) for part in parts]


def test_the_page_begins_with_the_verdict_and_what_was_run(sound: str) -> None:
    places = order(
        sound,
        "<h1>All 7 items passed</h1>",
        "2026-10-09 15:29 UTC",
        "<dd>staging</dd>",
        "<dd>embedded</dd>",
        "<dd>45 s</dd>",
        "<dd>57,112</dd>",
        "<dt>Clients per share</dt><dd>4000</dd>",
        'id="item-1"',
    )

    assert places == sorted(places)
    assert "FAILED" not in sound


def test_every_item_has_its_claims_and_charts_in_the_order_of_the_checklist(sound: str) -> None:
    sections = sound.split("<section ")[1:]

    assert [section.split('"')[1] for section in sections] == [
        *(f"item-{index}" for index in range(1, 8)),
        "modelled",
    ]
    for item, section in zip(passed().items, sections, strict=False):
        assert item.title.replace(">", "&gt;") in section
        for claim in item.claims:
            assert claim.text in section
        assert section.count("<svg ") == len(item.charts)
        assert section.count("<details>") == len(item.charts)


def test_what_is_modelled_comes_last_and_says_of_which_item(sound: str) -> None:
    last = sound[sound.index('id="modelled"') :]

    assert "Item 4</a>: Whether activity renews the cookie is not documented." in last
    assert sound.count('href="#modelled"') == 1


def test_failures_are_said_in_words_at_every_level(broken: str) -> None:
    assert "<h1>2 of 7 items FAILED</h1>" in broken
    overview = broken[broken.index('<ol class="overview">') : broken.index("</ol>")]
    assert [">FAILED<" in line for line in overview.splitlines()[1:]] == [
        title in (TITLES[2], TITLES[6]) for title in TITLES
    ]
    assert overview.count("2 of 3 claims") == 2
    assert '>FAILED</span> <span class="text">Rust got 65 %.</span>' in broken
    assert "3 of 1000 on Rust (0.3 %), 0 to 0 allowed, FAILED" in broken


def test_every_share_is_in_the_table_behind_the_chart(sound: str) -> None:
    chart = shares()
    section = sound[sound.index('id="item-7"') :]

    for label, row in chart.rows:
        for column, share in zip(COLUMNS, row, strict=True):
            cells = [label, column, str(share.total), str(share.rust)]
            assert "".join(f"<td>{cell}</td>" for cell in cells) in section


def test_nothing_is_loaded_and_nothing_runs(sound: str, broken: str) -> None:
    for text in (sound, broken, page.render(hostile().page)):
        assert "default-src 'none'; style-src 'unsafe-inline'" in text
        tags = re.findall(r"<[a-z][^>]*>", text)
        for tag in tags:
            assert not re.match(r"<(script|link|img|iframe|object|base|form)\b", tag)
            assert not re.search(r"\s(src|srcset|on\w+)=", tag)
        assert not re.search(r"https?://|@import|url\(|javascript:", text)


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    text = page.render(hostile().page)

    assert "<script" not in text
    assert not {"\x00", "\x1b", "\ud800"} & set(text)
    assert "{{ 7 * 7 }}" in text
    assert text.count("&lt;script&gt;hostile = 1&lt;/script&gt;") > 10


def test_charts_have_no_colours_but_those_of_both_schemes(sound: str, broken: str) -> None:
    _, light, dark = [
        set(re.findall(r"(--[a-z-]+): #", part)) for part in sound.split(":root {")[:3]
    ]
    drawings = "".join(re.findall(r"<svg .*?</svg>", broken))

    used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawings)) - {"none", "transparent"}

    assert {"var(--ink)", "var(--python)", "var(--rust)", "var(--failed)"} <= used
    assert used <= {f"var({name})" for name in light & dark}


def test_ids_are_unique(sound: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', sound)

    assert len(ids) == len(set(ids))


def test_the_page_is_small(sound: str) -> None:
    assert len(sound.encode()) < 500_000


def test_the_page_is_written_whole_twice_in_a_row(sound: str, tmp_path: Path) -> None:
    path = tmp_path / "checklist-staging.html"

    page.write_page(failed().page, path)
    page.write_page(passed().page, path)

    assert path.read_text() == sound
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_the_page_that_was_there(
    sound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checklist-staging.html"
    page.write_page(passed().page, path)

    def half(self: Path, text: str, **_: object) -> None:
        self.write_bytes(text[:1000].encode())
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(KeyboardInterrupt):
        page.write_page(failed().page, path)

    assert path.read_text() == sound
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_without_items_did_not_pass() -> None:
    assert replace(passed(), items=()).verdict == "FAILED: nothing was measured"


def test_the_table_of_a_short_timeline_has_every_point_and_every_mark() -> None:
    lines = (Line("plain", ((0, 100), (60, 0))), Line("weighted", ((0, 100), (90, 99.5))))
    chart = Timeline("", "% Rust", lines, (Mark(75, "live"),))

    found = table(chart)

    assert found.head == ("time in s", "plain", "weighted")
    assert found.rows == (("0", "100", "100"), ("60", "0", ""), ("90", "", "99.5"))
    assert found.note == "live at 75 s"


def test_the_table_of_a_long_timeline_keeps_the_extremes_of_each_period() -> None:
    points = [(float(x), 50.0) for x in range(14_400)]
    points[7000] = (7000, 3)

    found = table(Timeline("", "", (Line("all", tuple(points)),)))

    assert len(found.rows) <= 61
    assert found.note == "each row is 5 min, lowest to highest"
    assert found.rows[23] == ("115", "3 to 50")
    assert {value for _, value in found.rows} == {"50", "3 to 50"}


def test_numbers_are_short_and_exact() -> None:
    assert [number(value) for value in (12_345, 0.5, -0.001, 1 / 3, 100.0)] == [
        "12,345",
        "0.5",
        "0",
        "0.33",
        "100",
    ]
    assert counted(Share(0, 0, 0, 0)).startswith("0 of 0 on Rust (none asked)")
    assert HOSTILE not in page.render(hostile().page)
    assert table(Shares("", (), ())).rows == ()
