r"""The wildcards of listener rules: `*` is any text, also none, `?` is exactly one character.

Not `fnmatch`: there `[` is special too. The texts between the stars have a fixed length, so
the first place where one fits is as good as any later one. The atomic groups say so, and
no path makes a match slower than the product of its length and the glob's.
"""

import re
from typing import Final

WILDCARDS: Final = frozenset("*?")


def compile_glob(glob: str) -> re.Pattern[str]:
    """A pattern for `fullmatch`; case is the caller's business."""
    return _compile([letter if letter in WILDCARDS else re.escape(letter) for letter in glob])


def compile_query_glob(glob: str) -> re.Pattern[str]:
    r"""The same for query strings, where `\*`, `\?` and `\\` stand for the character itself."""
    return _compile(
        [
            part if part in WILDCARDS else re.escape(re.sub(r"\\([*?\\])", r"\1", part))
            for part in re.findall(r"\\[*?\\]|.", glob, re.DOTALL)
        ]
    )


def _compile(parts: list[str]) -> re.Pattern[str]:
    pieces = [""]  # what stands between the stars
    for part in parts:
        if part == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if part == "?" else part
    first, *rest = pieces
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    found = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return re.compile(f"{first}{found}.*{last}", re.DOTALL)
