"""Elements of an SVG, and text whose room is known before a browser has drawn it."""

import unicodedata
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from sandbox.checklist.wording import printable

FONT_PX: Final = 11
"""Size of all text in charts, in units of the drawing."""

_ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
# Of the widest sans-serif in common use, so that text never needs more room than it got.
_EM_WIDE, _EM_BROAD, _EM_CAPITAL, _EM = 1.1, 1.0, 0.79, 0.64


def drawing(*, name: str, title: str, description: str, width: float, height: float) -> Element:
    """An image that tells its title and description to whoever cannot see it.

    `name` must be unique in the document.
    """
    svg = Element("svg", {"role": "img", "aria-labelledby": f"{name}-title {name}-description"})
    svg.set("viewBox", f"0 0 {_said(width)} {_said(height)}")
    add(svg, "title", id=f"{name}-title").text = printable(title)
    add(svg, "desc", id=f"{name}-description").text = printable(description)
    return svg


def add(parent: Element, tag: str, **attributes: float | str) -> Element:
    """An element; `class_` is its class, and an underscore stands for a hyphen."""
    said = {key.rstrip("_").replace("_", "-"): _said(value) for key, value in attributes.items()}
    return SubElement(parent, tag, said)


def add_text(
    parent: Element,
    x: float,
    y: float,
    text: str,
    *,
    class_: str,
    anchor: str = "start",
    room: float | None = None,
) -> None:
    """A line of text, cut to `room` if it must be; its tooltip then has the whole."""
    shown = text if room is None else fitted(text, room)
    element = add(parent, "text", x=x, y=y, class_=class_, text_anchor=anchor)
    element.text = printable(shown)
    if shown != text:
        add_tooltip(element, text)


def add_tooltip(parent: Element, text: str) -> None:
    """What a pointer on the element shows."""
    add(parent, "title").text = printable(text)


def as_text(svg: Element) -> str:
    """Well-formed XML that is also valid inside HTML."""
    return tostring(svg, encoding="unicode")


def width_of(text: str) -> float:
    """The most room that the text may need."""
    return FONT_PX * sum(map(_em, text))


def fitted(text: str, room: float) -> str:
    """The text, or as much of its begin as has room, and an ellipsis."""
    if width_of(text) <= room:
        return text
    end = len(text)
    while end and width_of(text[:end] + _ELLIPSIS) > room:
        end -= 1
    return text[:end].rstrip() + _ELLIPSIS


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return _EM_WIDE
    if character in "MWmw@%\N{HORIZONTAL ELLIPSIS}\N{REPLACEMENT CHARACTER}":
        return _EM_BROAD
    return _EM_CAPITAL if character.isupper() else _EM


def _said(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
