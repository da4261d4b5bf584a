"""`python -m policy.limits_page`: docs/limits.md, written from `routing/limits.py` itself."""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from routing import limits

PATH = Path(__file__).resolve().parents[1] / "docs" / "limits.md"

_SOURCE = Path(limits.__file__).read_text(encoding="utf-8")
_INTRODUCTION = """\
# Limits of AWS

Written by `make docs` from `routing/limits.py`; do not edit. Validation, the policies and the
sandbox read that file and nothing else: a limit that AWS raises is changed there alone.
"""


def render() -> str:
    """The text of the document."""
    return "\n".join([_INTRODUCTION, _sources(), *_rows(), ""])


def _sources() -> str:
    return (limits.__doc__ or "").partition("\n\n")[2].partition("\n\n")[2].strip()


def _rows() -> Iterator[str]:
    headings, sources = _comments()
    for node in ast.parse(_SOURCE).body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        yield from _heading(headings, node.lineno)
        name, lines = node.target.id, range(node.lineno, (node.end_lineno or node.lineno) + 1)
        source = "; ".join(sources[line] for line in lines if line in sources)
        yield f"| `{name}` | {_text(getattr(limits, name))} | {_cell(source)} |"


def _heading(headings: Mapping[int, str], line: int) -> Iterator[str]:
    """What stands in whole lines above that one."""
    first = line
    while first - 1 in headings:
        first -= 1
    if first < line:
        title, _, more = " ".join(headings[one] for one in range(first, line)).partition(".")
        yield f"\n## {title}\n"
        if more:
            yield f"{more.strip()}\n"
        yield "| limit | value | source |\n|---|---|---|"


def _comments() -> tuple[dict[int, str], dict[int, str]]:
    """By line the comments that fill it, and those that end it."""
    whole: dict[int, str] = {}
    ending: dict[int, str] = {}
    for one in tokenize.generate_tokens(io.StringIO(_SOURCE).readline):
        if one.type == tokenize.COMMENT and one.string != "# fmt: skip":
            line, column = one.start
            (ending if column else whole)[line] = one.string.removeprefix("# ")
    return whole, ending


def _text(value: Any) -> str:
    match value:
        case Mapping():
            return "<br>".join(f"{key}: {_text(one)}" for key, one in value.items())
        case frozenset():
            return ", ".join(_text(one) for one in sorted(value))
        case int():
            return f"{value:,}"
        case _:
            return f"`` {_cell(str(value))} ``" if "`" in str(value) else f"`{_cell(str(value))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
