import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import Header, Host, Listener, Path, Rule
from routing import Request as PlainRequest
from routing.matching import matches
from routing.model import Condition, FixedResponse
from sandbox.dataplane.globs import compile_glob, compile_query_glob
from tests.account.support import header, host, path
from tests.dataplane.support import request, rule, table, winner

GLOBS = st.text("ab/*?[].^$\\", min_size=1, max_size=9)
TEXTS = st.text("abB/[].^$\\\n", max_size=12)


@settings(deadline=None)  # the machine may be busy
@given(glob=GLOBS, text=TEXTS)
def test_a_glob_is_what_the_program_takes_it_for(glob: str, text: str) -> None:
    plain: Rule = Rule(
        name="r",
        listener=Listener.PUBLIC,
        priority=1,
        conditions=(Path((glob,)),),
        action=FixedResponse(200, "text/plain", ""),
    )
    expected = matches(plain, PlainRequest(host="", path=text, method="GET"))

    assert bool(compile_glob(glob).fullmatch(text)) is expected


@settings(deadline=None)  # the machine may be busy
@given(
    globs=st.lists(st.text("aB.*?", min_size=1, max_size=6), min_size=1, max_size=3),
    text=st.text("abAB.", max_size=8),
    kind=st.sampled_from(["path", "host", "header"]),
)
def test_a_rule_takes_what_the_program_says_it_takes(
    globs: list[str], text: str, kind: str
) -> None:
    ours: Condition
    match kind:
        case "path":
            ours, theirs = Path(tuple(globs)), path(*globs)
            asked, plain = request(text), PlainRequest("GET", "", text)
        case "host":
            ours, theirs = Host(tuple(globs)), host(*globs)
            asked, plain = request(host=text), PlainRequest("GET", text, "/")
        case _:
            ours, theirs = Header("X-Pin", tuple(globs)), header("X-Pin", *globs)
            lines = (("x-PIN", text), ("X-Pin", "zzz"))
            asked, plain = request(headers=lines), PlainRequest("GET", "", "/", lines)
    expected = matches(
        Rule(
            name="r",
            listener=Listener.PUBLIC,
            priority=1,
            conditions=(ours,),
            action=FixedResponse(200, "text/plain", ""),
        ),
        plain,
    )

    assert winner(table(rule(1, theirs)), asked) == ("1" if expected else "default")


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("/v2/*", "/v2/a/b/c", True),
        ("/v2/*", "/v2/", True),
        ("/v2/*", "/v2", False),
        ("/a?c", "/abc", True),
        ("/a?c", "/a\nc", True),
        ("/a?c", "/ac", False),
        ("/a?c", "/abbc", False),
        ("/[ab]", "/a", False),
        ("/[ab]", "/[ab]", True),
        ("*.passport.xyz", "passport.xyz", False),
        ("*", "", True),
        ("**", "", True),
        ("a*a", "a", False),
        ("*ab*ab", "ab", False),
        ("*ab*ab", "abab", True),
        ("/x*\n", "/xy\n", True),
    ],
)
def test_wildcards(glob: str, text: str, *, expected: bool) -> None:
    assert bool(compile_glob(glob).fullmatch(text)) is expected


def test_no_path_is_slow_to_match() -> None:
    pattern = compile_glob("*a*a*a*a*b")

    # Backtracking over every way to place the stars would take years.
    assert not pattern.fullmatch("a" * 20_000)


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        (r"\*", "*", True),
        (r"\*", "a", False),
        (r"a\?", "a?", True),
        (r"a\?", "ab", False),
        (r"a\\", "a\\", True),
        (r"a\b", r"a\b", True),
        (r"\**", "*anything", True),
        (r"\**", "anything", False),
        ("v?", "v1", True),
    ],
)
def test_a_query_value_may_escape_wildcards(glob: str, text: str, *, expected: bool) -> None:
    assert bool(compile_query_glob(glob).fullmatch(text)) is expected


@settings(deadline=None)  # the machine may be busy
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12))
def test_an_escaped_text_matches_itself_only(text: str) -> None:
    pattern = compile_query_glob(re.sub(r"([*?\\])", r"\\\1", text))

    assert pattern.fullmatch(text)
    assert not pattern.fullmatch(f"{text}x")
