from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.model import (
    Condition,
    Forward,
    Header,
    Host,
    Listener,
    Methods,
    Path,
    Rule,
    conditions,
)
from routing.reachability import Reachability, Request, analyse, matches

SECRET = "k3y-of-the-testers"
TESTER = Header("X-Tester", (SECRET,))


def a_rule(
    priority: int, *listed: Condition, name: str = "", listener: Listener = Listener.PUBLIC
) -> Rule[Any]:
    return Rule(
        name=name or str(priority),
        listener=listener,
        priority=priority,
        conditions=listed,
        action=Forward("group"),
    )


def route(
    priority: int, path: str, *methods: str, host: str | None = None, header: Header | None = None
) -> Rule[Any]:
    return a_rule(priority, *conditions(path=path, host=host, methods=methods, header=header))


def winner(rules: Iterable[Rule[Any]], request: Request) -> str | None:
    by_priority = sorted(rules, key=lambda rule: rule.priority)
    return next((rule.name for rule in by_priority if matches(rule, request)), None)


def winners_of_witnesses(rules: Iterable[Rule[Any]], found: Reachability) -> dict[str, str | None]:
    return {name: winner(rules, request) for name, request in found.witnesses.items()}


def all_won(rules: Iterable[Rule[Any]]) -> dict[str, str | None]:
    return {rule.name: rule.name for rule in rules}


HISTORY = route(2022, "/v2/stamps/*/score/*/history", "GET", host="*.passport.xyz")
SCORE = route(2023, "/v2/stamps/*/score/*", "GET", host="*.passport.xyz")

PUBLIC = [
    route(1000, "/registry/submit-passport", "POST"),
    route(1001, "/ceramic-cache/score/*", "GET"),
    route(1002, "/ceramic-cache/stamps/bulk", "POST"),
    route(1003, "/ceramic-cache/stamps/bulk", "PATCH"),
    route(1004, "/ceramic-cache/stamps/bulk", "DELETE"),
    route(1006, "/ceramic-cache/score/*", "POST"),
    route(1010, "/ceramic-cache/stamp", "GET"),
    route(1012, "/passport/analysis/*", "GET"),
    route(1015, "/ceramic-cache/weights", "GET"),
    route(2000, "/v2/*", host="*.gitcoin.co"),
    route(2021, "/v2/models/score/*", "GET", host="*.passport.xyz"),
    HISTORY,
    SCORE,
    route(2060, "/v2/*", host="*.passport.xyz"),
    route(5010, "/account/nonce", "GET", "OPTIONS"),
    route(5020, "/ceramic-cache/authenticate", "POST", "OPTIONS"),
]


def test_every_upstream_rule_is_reached_by_its_witness() -> None:
    found = analyse(PUBLIC)

    assert found.unreachable == ()
    assert winners_of_witnesses(PUBLIC, found) == all_won(PUBLIC)


def test_upstream_overlaps_are_known_and_no_more() -> None:
    assert analyse(PUBLIC).overlaps == {
        ("2022", "2023"),
        ("2021", "2060"),
        ("2022", "2060"),
        ("2023", "2060"),
    }


def test_swapped_priorities_kill_exactly_the_history_rule() -> None:
    swapped = [rule for rule in PUBLIC if rule not in (HISTORY, SCORE)]
    swapped += [
        replace(HISTORY, name="history", priority=2023),
        replace(SCORE, name="score", priority=2022),
    ]

    found = analyse(swapped)

    assert found.unreachable == ("history",)
    assert ("score", "history") in found.overlaps
    assert winners_of_witnesses(swapped, found) == {
        name: name for name in all_won(swapped) if name != "history"
    }


def test_priority_decides_and_not_the_order_given() -> None:
    assert analyse(PUBLIC[::-1]) == analyse(PUBLIC)
    assert analyse([route(3, "/a"), route(2, "/a"), route(1, "/*")]).unreachable == ("2", "3")


def test_a_loser_is_no_winner_of_the_next() -> None:
    rules = [route(1, "/*"), route(2, "/a*"), route(3, "/a")]

    assert analyse(rules).overlaps == {("1", "2"), ("1", "3")}


def test_witnesses_are_as_plain_as_can_be() -> None:
    rules = [
        route(1, "/a/*", header=TESTER),
        route(2, "/a/*", "POST", "GET"),
        route(3, "/b?/*/c", host="*.co"),
        route(4, "/*"),
    ]

    assert analyse(rules).witnesses == {
        "1": Request("x", "/a/", "GET", (("X-Tester", SECRET),)),
        "2": Request("x", "/a/", "GET"),
        "3": Request("x.co", "/bx//c", "GET"),
        "4": Request("x", "/", "GET"),
    }


def test_there_is_always_a_letter_that_no_rule_uses() -> None:
    rules = [route(1, "/x*"), route(2, "//*"), route(3, "/"), route(4, "/*")]

    assert analyse(rules).unreachable == ()


def test_no_rules_are_no_problem() -> None:
    assert analyse([]) == Reachability({}, (), frozenset())


def test_rules_of_two_listeners_are_refused() -> None:
    with pytest.raises(ValueError, match="several listeners"):
        analyse([route(1, "/a"), a_rule(2, Path(("/a",)), listener=Listener.INTERNAL)])


def test_several_rules_together_cover_one() -> None:
    cover = [route(1, "/a*", "GET"), route(2, "/?*", "GET"), route(3, "/", "GET")]
    covered = route(4, "/*", "GET")

    assert analyse([*cover, covered]).unreachable == ("4",)
    for left_out in (1, 2):
        rest = cover[:left_out] + cover[left_out + 1 :]
        assert analyse([*rest, covered]).unreachable == ()


def test_a_path_begins_with_a_slash() -> None:
    assert analyse([route(1, "/*"), route(2, "*")]).unreachable == ("2",)
    assert analyse([route(1, "a*")]).unreachable == ("1",)


def test_a_star_also_eats_slashes() -> None:
    assert analyse([route(1, "/v2/*"), route(2, "/v2/*/score")]).unreachable == ("2",)


def test_paths_keep_their_case() -> None:
    assert analyse([route(1, "/A"), route(2, "/a")]).unreachable == ()


def test_values_of_one_condition_are_alternatives() -> None:
    either = a_rule(2, Path(("/a", "/b")))

    assert analyse([route(1, "/a"), either]).witnesses["2"].path == "/b"
    assert analyse([either, route(3, "/a"), route(4, "/b")]).unreachable == ("3", "4")


def test_no_list_of_methods_is_complete() -> None:
    standard = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
    listed = [route(priority, "/*", method) for priority, method in enumerate(standard)]

    found = analyse([*listed, route(10, "/*")])

    assert found.unreachable == ()
    assert found.witnesses["10"].method not in standard
    assert analyse([route(1, "/*"), route(2, "/*", *standard)]).unreachable == ("2",)


def test_hosts_are_folded() -> None:
    first = route(1, "/*", host="API.Passport.XYZ")

    assert analyse([first, route(2, "/*", host="api.passport.xyz")]).unreachable == ("2",)
    assert matches(first, Request("api.PASSPORT.xyz", "/", "GET"))


def test_a_host_is_not_empty() -> None:
    assert analyse([route(1, "/*", host="?*"), route(2, "/*")]).unreachable == ("2",)


def test_witness_hosts_have_no_empty_label() -> None:
    wild = route(2, "/*", host="*.passport.xyz")

    assert analyse([wild]).witnesses["2"].host == "x.passport.xyz"
    taken = route(1, "/*", host="x.passport.xyz")
    assert analyse([taken, wild]).witnesses["2"].host == ".passport.xyz"


def test_a_tester_rule_in_front_of_a_route_leaves_it_reachable() -> None:
    rules = [route(1, "/score/*", header=TESTER), route(2, "/score/*")]

    found = analyse(rules)

    assert found.unreachable == ()
    assert winners_of_witnesses(rules, found) == all_won(rules)
    assert found.witnesses["1"].headers == (("X-Tester", SECRET),)
    assert found.witnesses["2"].headers == ()
    assert found.overlaps == {("1", "2")}


def test_a_tester_rule_behind_its_own_route_is_unreachable() -> None:
    rules = [route(1, "/score/*"), route(2, "/score/*", header=TESTER)]

    assert analyse(rules).unreachable == ("2",)


def test_the_same_header_on_a_wider_path_kills_a_narrower_one() -> None:
    same = Header("x-tester", (SECRET.upper(),))
    rules = [
        route(1, "/score/*", header=TESTER),
        route(2, "/score/a", header=same),
        route(3, "/other", header=same),
    ]

    assert analyse(rules).unreachable == ("2",)


def test_the_order_of_header_values_is_of_no_importance() -> None:
    rules = [
        route(1, "/*", header=Header("X", ("a", "b"))),
        route(2, "/*", header=Header("X", ("b", "a"))),
    ]

    assert analyse(rules).unreachable == ("2",)


def test_different_headers_do_not_kill_each_other() -> None:
    other = Header("X-Other", (SECRET,))
    rules = [route(1, "/*", header=TESTER), route(2, "/*", header=other)]

    found = analyse(rules)

    assert found.unreachable == ()
    assert winners_of_witnesses(rules, found) == all_won(rules)
    assert found.overlaps == {("1", "2")}


def test_a_rule_may_need_two_headers() -> None:
    both = a_rule(1, Path(("/a",)), TESTER, Header("X-Other", ("y?s*",)))

    found = analyse([both, route(2, "/*", header=TESTER), route(3, "/a", header=TESTER)])

    assert found.witnesses["1"].headers == (("X-Tester", SECRET), ("X-Other", "yxs"))
    assert found.unreachable == ("3",)


@pytest.mark.parametrize(("front", "behind"), [("a", "a*"), ("a?", "*"), ("", "*")])
def test_a_wider_header_value_is_reached_behind_a_narrow_one(front: str, behind: str) -> None:
    rules = [
        route(1, "/*", header=Header("X", (front,))),
        route(2, "/*", header=Header("X", (behind,))),
    ]

    found = analyse(rules)

    assert found.unreachable == ()
    assert winners_of_witnesses(rules, found) == all_won(rules)


def test_a_further_header_value_is_reached_behind_the_first() -> None:
    rules = [
        route(1, "/*", header=Header("X", ("a",))),
        route(2, "/*", header=Header("X", ("a", "b"))),
    ]

    assert analyse(rules).witnesses["2"].headers == (("X", "b"),)


def test_a_rule_hidden_by_overlapping_header_values_gets_no_witness_and_no_verdict() -> None:
    rules = [
        route(1, "/*", header=Header("X", ("*",))),
        route(2, "/*", header=Header("X", ("a",))),
    ]

    found = analyse(rules)

    assert list(found.witnesses) == ["1"]
    assert found.unreachable == ()


def test_the_secret_of_the_testers_is_in_no_repr() -> None:
    found = analyse([route(1, "/score/*", header=TESTER)])

    assert found.witnesses["1"].headers
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("/a*", "/a", True),
        ("/a*", "/a/b", True),
        ("/a?", "/a", False),
        ("/a?", "/a/", True),
        ("/a", "/a/", False),
        ("/a", "/A", False),
        ("/[ab]", "/a", False),  # no character classes, unlike fnmatch
        ("/[ab]", "/[ab]", True),
        ("/a.b", "/axb", False),
        ("/a*", "/a\n", True),
        ("/a***b", "/ab", True),
    ],
)
def test_globs_match_whole_paths(glob: str, path: str, expected: bool) -> None:
    assert matches(route(1, glob), Request("h", path, "GET")) is expected
    assert (analyse([route(1, path), route(2, glob)]).overlaps == {("1", "2")}) is expected


def test_headers_match_without_case_and_methods_with() -> None:
    rule = route(1, "/*", "GET", header=Header("X-Tester", ("Ab*",)))

    assert matches(rule, Request("h", "/", "GET", (("y", "ab"), ("x-TESTER", "aBc"))))
    assert not matches(rule, Request("h", "/", "get", (("x-tester", "abc"),)))
    assert not matches(rule, Request("h", "/", "GET", (("x-tester", "cab"),)))
    assert not matches(rule, Request("h", "/", "GET"))


def test_two_conditions_of_one_kind_must_both_hold() -> None:
    both = a_rule(3, Path(("/*a",)), Path(("/b*",)))

    assert analyse([both]).witnesses["3"].path == "/ba"
    assert analyse([route(1, "/b*"), both]).unreachable == ("3",)
    four = [
        a_rule(1, Path(("/*a*",)), Path(("/*b*",))),
        a_rule(2, Path(("/*c*",)), Path(("/*d*",))),
    ]
    assert analyse(four).overlaps == {("1", "2")}


def test_twenty_rules_that_any_path_can_combine_are_decided() -> None:
    rules = [route(number, f"/users/*/{number:02}/*") for number in range(20)]

    found = analyse([*rules, route(20, "/users/*/0?/*"), route(21, "/users/*/2?/*")])

    assert found.unreachable == ()
    assert len(found.overlaps) == 22 * 21 // 2
    assert analyse([route(-1, "/users/*/*"), *rules]).unreachable == tuple(all_won(rules))


def test_a_hundred_rules_with_many_stars_are_decided() -> None:
    rules = [route(number, f"/{number:02}/*/a/*/b/*/c/*") for number in range(100)]

    assert analyse(rules).unreachable == ()
    assert analyse([*rules, route(100, "/5?/*")]).unreachable == ()
    assert len(analyse([*rules, route(-1, "/5?/*")]).unreachable) == 10


def texts(letters: str, longest: int) -> Iterator[str]:
    for length in range(longest + 1):
        yield from map("".join, product(letters, repeat=length))


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, min_size=1, max_size=2).map(tuple)


PATHS = some(st.text("ab*?", max_size=4).map("/".__add__))
HOSTS = some(st.text("aB*?.", min_size=1, max_size=3))
METHODS = some(st.sampled_from(["GET", "POST"]))
HEADERS = st.sampled_from([Header("X", ("a",)), Header("x", ("A*",)), Header("Y", ("?",))])


def rule_sets(*parts: st.SearchStrategy[Condition | None]) -> st.SearchStrategy[list[Rule[Any]]]:
    drawn = st.lists(st.tuples(*parts), min_size=1, max_size=5)
    return drawn.map(
        lambda drawn: [
            a_rule(priority, *(condition for condition in listed if condition is not None))
            for priority, listed in enumerate(drawn)
        ]
    )


def assert_true_of(rules: list[Rule[Any]], requests: Iterable[Request]) -> None:
    found = analyse(rules)
    assert winners_of_witnesses(rules, found) == {name: name for name in found.witnesses}
    assert not set(found.witnesses) & set(found.unreachable)
    for request in requests:
        hit = [rule.name for rule in rules if matches(rule, request)]
        assert not hit[:1] or hit[0] not in found.unreachable
        assert found.overlaps.issuperset((hit[0], loser) for loser in hit[1:])


@given(rule_sets(st.builds(Path, PATHS), st.none() | st.builds(Path, PATHS)))
def test_verdicts_hold_for_every_short_path(rules: list[Rule[Any]]) -> None:
    assert_true_of(rules, [Request("h", f"/{rest}", "GET") for rest in texts("abx", 5)])
    found = analyse(rules)
    assert set(found.witnesses) | set(found.unreachable) == {rule.name for rule in rules}


@given(
    rule_sets(
        st.none() | st.builds(Host, HOSTS),
        st.none() | st.builds(Path, PATHS),
        st.none() | st.builds(Methods, METHODS),
        st.none() | HEADERS,
    )
)
def test_verdicts_hold_for_every_small_request(rules: list[Rule[Any]]) -> None:
    requests = product(
        [host for host in texts("ab.", 2) if host],
        [f"/{rest}" for rest in texts("ab", 2)],
        ["GET", "POST", "PUT"],
        [(), (("X", "a"),), (("x", "ab"), ("y", "b")), (("Y", "a"),)],
    )
    assert_true_of(rules, [Request(*request) for request in requests])
    found = analyse(rules)
    undecided = {rule.name for rule in rules} - set(found.witnesses) - set(found.unreachable)
    headers = {rule.name for rule in rules if any(isinstance(c, Header) for c in rule.conditions)}
    assert undecided <= headers
