"""The page in Chromium: narrow and wide, light and dark."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pages.page import write_page

from .browser import MISSING, Browser, browser
from .samples import failed, hostile

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

WIDTHS = (360, 800, 1400)
SCHEMES = ("light", "dark")

OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true);"
OVERLAPS = """
const found = [];
for (const svg of document.querySelectorAll('svg')) {
  const outer = svg.getBoundingClientRect();
  if (!outer.width) continue;
  const texts = [...svg.querySelectorAll('text')].filter(one => one.textContent);
  const boxes = texts.map(one => one.getBoundingClientRect());
  const name = one => one.firstChild.textContent;
  boxes.forEach((a, i) => {
    if (a.left < outer.left - 1 || a.right > outer.right + 1 || a.top < outer.top - 1 ||
        a.bottom > outer.bottom + 1) found.push(`${name(texts[i])} leaves the drawing`);
    boxes.slice(i + 1).forEach((b, j) => {
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
        found.push(`${name(texts[i])} on ${name(texts[i + j + 1])}`);
    });
  });
}
return found;
"""
CONTRASTS = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = text => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = text;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = text => {
  const [r, g, b] = rgba(text).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const below = element => {
  for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (rgba(colour)[3] === 255) return colour;
  }
  return 'white';
};
const found = {};
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].some(one => one.nodeType === 3 && one.data.trim());
  const box = element.getBoundingClientRect();
  if (!own || !box.width || ['title', 'desc'].includes(element.tagName)) continue;
  const style = getComputedStyle(element);
  const [a, b] = [element instanceof SVGElement ? style.fill : style.color, below(element)]
    .map(light).sort();
  const where = `${element.tagName}.${element.getAttribute('class') ?? ''}`;
  found[where] = Math.min(found[where] ?? 21, (b + 0.05) / (a + 0.05));
}
return found;
"""
COLOURS = """
const [paper, ink] = ['html', 'body'].map(name => getComputedStyle(document.querySelector(name)));
const fill = side => getComputedStyle(document.querySelector(`svg [fill="var(--${side})"]`)).fill;
return [paper.backgroundColor, ink.color, fill('python'), fill('rust')];
"""
SMALLEST_TEXT = """
return Math.min(...[...document.querySelectorAll('svg text')].map(
  one => one.getScreenCTM().a * parseFloat(getComputedStyle(one).fontSize)));
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "checklist.html"
    write_page(failed().page, path)
    return path


@pytest.mark.parametrize(("width", "scheme"), list(product(WIDTHS, SCHEMES)))
def test_the_page_fits_its_window_and_loads_nothing(
    window: Browser, page: Path, width: int, scheme: str
) -> None:
    window.open(page, width=width, scheme=scheme)

    assert window.messages() == []
    assert window.run("return performance.getEntriesByType('resource').length") == 0
    wide = window.run(OPEN_ALL + "return document.documentElement.scrollWidth")
    assert wide == window.run("return innerWidth") == width


@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_of_a_chart_hides_another(window: Browser, page: Path, width: int) -> None:
    window.open(page, width=width, scheme="light")

    assert window.run(OVERLAPS) == []


def test_the_text_of_charts_is_as_large_on_a_telephone_as_a_footnote(
    window: Browser, page: Path
) -> None:
    window.open(page, width=390, scheme="light")

    assert window.run(SMALLEST_TEXT) >= 10.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_text_has_contrast(window: Browser, page: Path, scheme: str) -> None:
    window.open(page, width=1400, scheme=scheme)

    contrasts: dict[str, Any] = window.run(OPEN_ALL + CONTRASTS)

    assert {"H1.", "text.", "SPAN.mark failed"} <= {*contrasts}
    assert {where: value for where, value in contrasts.items() if value < 4.5} == {}


def test_both_schemes_have_colours_of_their_own(window: Browser, page: Path) -> None:
    seen = []
    for scheme in SCHEMES:
        window.open(page, width=1400, scheme=scheme)
        seen.append(window.run(COLOURS))

    light, dark = seen
    assert all(one != other for one, other in zip(light, dark, strict=True))
    for _, _, python, rust in seen:
        assert python != rust


def test_hostile_text_is_only_text(window: Browser, tmp_path: Path) -> None:
    path = tmp_path / "checklist.html"
    write_page(hostile().page, path)

    window.open(path, width=360, scheme="light")

    assert window.messages() == []
    assert window.run("return typeof hostile") == "undefined"
    assert "</title></style><script>" in window.run("return document.title")
    assert window.run("return document.documentElement.scrollWidth") == 360
