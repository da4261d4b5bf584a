"""Which rules of one listener can win a request: decided for all requests, not sampled.

A rule is a product: host x path x method x headers, where a missing condition
means everything and the values of one condition are alternatives. So each
dimension is split into classes of requests that no rule can tell apart, each with
one example, and the classes are crossed. The first rule by priority wins a cell;
a rule that wins none is unreachable, even if it takes several rules to cover it.

Host, path and method are exact. Header conditions are opaque: two of them are the
same condition or are independent of each other. That errs to one side only:
nothing is called unreachable that some request reaches, while a rule that only
overlapping header values hide (`a` behind `*`) gets no witness but is not called
unreachable either.

A winner and a loser are all that is asked for, so a class that shows no two rules
together with fewer others than known classes do is left out. That keeps globs such
as `/users/*/a/*`, `/users/*/b/*` ... from having a class for every subset of them.
"""

import re
import string
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, combinations, count, product
from typing import Any, Final, TypeVar

from routing.model import Condition, Header, Host, Methods, Path, Rule

T = TypeVar("T")

Line = tuple[str, str]  # the name and the value of one request header
Atom = tuple[str, frozenset[str]]  # a header condition without case and order
Needs = list[list[frozenset[T]]]  # per rule, per condition: one of these must hold
Classes = dict[int, T]  # the rules that match, as bits -> the first example

FILLER: Final = "x"
COMMON_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")


@dataclass(frozen=True)
class Request:
    """One request, as far as a rule can see it. Headers hold a secret: not in `repr`."""

    host: str
    path: str
    method: str
    headers: tuple[Line, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Reachability:
    """What `analyse` found; rules are named by their logical name."""

    witnesses: Mapping[str, Request]
    """Rule -> a request it wins. Complete but for rules hidden by header values alone."""

    unreachable: tuple[str, ...]
    """Rules that no request can reach, by priority."""

    overlaps: frozenset[tuple[str, str]]
    """(winner, loser) where some request matches both and the earlier rule gets it.

    None is missing; header conditions taken as independent can add some.
    """


def matches(rule: Rule[Any], request: Request) -> bool:
    """Whether every condition of the rule holds, whatever other rules there are."""
    return all(_holds(condition, request) for condition in rule.conditions)


def analyse(rules: Sequence[Rule[Any]]) -> Reachability:
    """Find a request for every rule of one listener, or that there is none.

    The order of `rules` is of no importance, their priority is. Names must be unique.
    """
    if len({rule.listener for rule in rules}) > 1:
        raise ValueError("rules of several listeners: analyse one listener at a time")
    ordered = sorted(rules, key=lambda rule: rule.priority)
    cells = _cells(ordered)

    won: set[int] = set()
    witnesses: dict[int, Request] = {}
    overlaps: set[tuple[int, int]] = set()
    for by_headers, lines in _header_classes(ordered):
        for by_rest, (host, path, method) in cells.items():
            if matched := _indices(by_headers & by_rest):
                winner, *losers = matched
                won.add(winner)
                overlaps.update((winner, loser) for loser in losers)
                if lines is not None and winner not in witnesses:
                    witnesses[winner] = _usable(Request(host, path, method, lines), ordered)

    names = [rule.name for rule in ordered]
    return Reachability(
        witnesses={names[index]: witnesses[index] for index in sorted(witnesses)},
        unreachable=tuple(name for index, name in enumerate(names) if index not in won),
        overlaps=frozenset((names[winner], names[loser]) for winner, loser in overlaps),
    )


def _holds(condition: Condition, request: Request) -> bool:
    match condition:
        case Host(values):
            return _any_glob(_lower(values), request.host.lower())
        case Path(values):
            return _any_glob(values, request.path)
        case Methods(values):
            return request.method in values
        case Header(name, values):
            sent = [value for key, value in request.headers if key.lower() == name.lower()]
            return any(_any_glob(_lower(values), value.lower()) for value in sent)


def _any_glob(globs: Iterable[str], text: str) -> bool:
    return any(_pattern(glob).fullmatch(text) for glob in globs)


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    tokens = ({"*": ".*", "?": "."}.get(token, re.escape(token)) for token in glob)
    return re.compile("".join(tokens), re.DOTALL)


def _lower(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.lower() for value in values)


def _cells(rules: Sequence[Rule[Any]]) -> Classes[tuple[str, ...]]:
    """Sets of rules that some (host, path, method) matches together, with that example."""
    cells: Classes[tuple[str, ...]] = {(1 << len(rules)) - 1: ()}
    for dimension in (
        _glob_classes(_needs(rules, Host, _lower), first=""),
        _glob_classes(_needs(rules, Path, tuple), first="/"),
        _method_classes(_needs(rules, Methods, tuple)),
    ):
        cells = _first_each(
            (matched & more, (*texts, text))
            for (matched, texts), (more, text) in product(cells.items(), dimension.items())
        )
    return cells


def _first_each(pairs: Iterable[tuple[int, T]]) -> Classes[T]:
    """The pairs as a mapping in which the first of equal keys counts, not the last."""
    classes: Classes[T] = {}
    for key, example in pairs:
        classes.setdefault(key, example)
    return classes


def _needs(
    rules: Iterable[Rule[Any]],
    kind: type[Host | Path | Methods],
    fold: Callable[[tuple[str, ...]], tuple[str, ...]],
) -> Needs[str]:
    return [
        [frozenset(fold(found.values)) for found in rule.conditions if isinstance(found, kind)]
        for rule in rules
    ]


def _matching(needs: Needs[T], holding: Collection[T]) -> int:
    """The rules, as bits, whose conditions are all met by what holds."""
    return sum(
        1 << index
        for index, conditions in enumerate(needs)
        if all(not condition.isdisjoint(holding) for condition in conditions)
    )


def _indices(bits: int) -> list[int]:
    return [index for index in range(bits.bit_length()) if bits >> index & 1]


def _method_classes(needs: Needs[str]) -> Classes[str]:
    """The named methods and one more: custom methods exist, so no list of them is complete."""
    named = frozenset(chain.from_iterable(chain.from_iterable(needs)))
    candidates = chain(COMMON_METHODS, (FILLER.upper() * length for length in count(1)))
    other = next(method for method in candidates if method not in named)
    methods = (*(method for method in COMMON_METHODS if method in named), *sorted(named), other)
    return _first_each((_matching(needs, {method}), method) for method in methods)


def _glob_classes(needs: Needs[str], *, first: str) -> Classes[str]:
    """Non-empty texts by the rules they match, each class with a short example.

    Every text begins with the letter `first`, or with any letter if that is empty.
    """
    globs = sorted(frozenset(chain.from_iterable(chain.from_iterable(needs))))
    used = {*"".join(globs), *first} - {"*", "?"}
    spare = chain(FILLER, string.ascii_lowercase, string.digits, "_-!~", map(chr, count(0xA1)))
    letters = (next(letter for letter in spare if letter not in used), *sorted(used))

    automaton = _Globs(globs, together=2 * max(map(len, needs), default=0))
    reached: dict[int, str] = {}
    level = {automaton.start: ""}
    while level:
        following: dict[int, str] = {}
        for state, text in level.items():
            for letter in letters if text else first or letters:
                after = automaton.step(state, letter)
                if after not in reached and automaton.adds_to_known(after):
                    reached[after] = following[after] = text + letter
        level = following
    examples: dict[frozenset[str], str] = {}
    for state, text in reached.items():
        examples.setdefault(automaton.ended(state), text)
    return _first_each((_matching(needs, ended), text) for ended, text in examples.items())


class _Globs:
    """Many globs read in parallel; a state is a set of positions in them, one bit each."""

    def __init__(self, globs: Iterable[str], *, together: int) -> None:
        """`together` is how many globs a winner and a loser can need at once, mostly two."""
        self.start = 0
        self._ends: dict[int, str] = {}
        self._spans: list[int] = []  # per glob: its positions
        self._stars: dict[int, int] = {}  # star -> the positions that it implies
        self._all_stars = 0
        self._accepting: defaultdict[str, int] = defaultdict(int)  # letter -> positions
        self._together = together
        self._known: defaultdict[int, list[int]] = defaultdict(list)
        bit = 1
        for glob in globs:
            begin = bit
            for letter in glob:
                if letter == "*":
                    self._stars[bit] = bit << 1 | bit - begin  # the next one, the earlier ones
                    self._all_stars |= bit
                else:
                    self._accepting[letter] |= bit
                bit <<= 1
            self._ends[bit] = glob
            bit <<= 1
            self._spans.append(bit - begin)
            self.start |= begin
        self.start = self._settle(self.start)

    def step(self, state: int, letter: str) -> int:
        accepting = self._accepting.get(letter, 0) | self._accepting.get("?", 0)
        return self._settle((state & accepting) << 1 | (state & self._all_stars))

    def ended(self, state: int) -> frozenset[str]:
        """The globs that match the text read so far."""
        return frozenset(glob for bit, glob in self._ends.items() if state & bit)

    def adds_to_known(self, state: int) -> bool:
        """Whether this state shows some globs `together` with fewer others than seen so far.

        If not, a known state has the same positions in these globs and no others that
        this one has not, now and after any further text: that one is the better example.
        """
        alive = [state & span for span in self._spans if state & span]
        chosen = combinations([0] * self._together + alive, self._together)
        new = [
            positions
            for positions in {sum(spans) for spans in chosen}
            if all(known & ~state for known in self._known[positions])
        ]
        for positions in new:
            self._known[positions].append(state)
        return bool(new)

    def _settle(self, state: int) -> int:
        """Let `*` match nothing; what matches from before it also matches from it.

        The stars come in their order, so that `**` is passed at once too.
        """
        for star, implied in self._stars.items():
            if state & star:
                state |= implied
        return state


def _header_classes(rules: Sequence[Rule[Any]]) -> list[tuple[int, tuple[Line, ...] | None]]:
    """Rules that can match together by their headers, with example lines where known.

    A further true condition only adds rules. So to see a rule win, it is enough that
    its own conditions are true, and to see two overlap, those of both.
    """
    conditions: dict[Atom, Header] = {}
    needs: Needs[Atom] = []
    for rule in rules:
        headers = [found for found in rule.conditions if isinstance(found, Header)]
        atoms = [(found.name.lower(), frozenset(_lower(found.values))) for found in headers]
        needs.append([frozenset({atom}) for atom in atoms])
        for atom, header in zip(atoms, headers, strict=True):
            conditions.setdefault(atom, header)

    own = list(dict.fromkeys(frozenset[Atom]().union(*need) for need in needs))
    together = dict.fromkeys(one | two for one, two in product(own, own))
    classes: Classes[tuple[Line, ...] | None] = {}
    for true in sorted(together, key=len):
        assumed = _matching(needs, true)
        options = [_lines(header) for atom, header in conditions.items() if atom in true]
        for lines in product(*options):
            request = Request("", "", "", lines)
            really = [atom for atom, header in conditions.items() if _holds(header, request)]
            if classes.get(_matching(needs, really)) is None:
                classes[_matching(needs, really)] = lines
            if classes.get(assumed) is not None:
                break
        classes.setdefault(assumed, None)
    return list(classes.items())


def _lines(header: Header) -> list[Line]:
    """Header lines that fulfil the condition, the plainest first."""
    texts = (
        value.replace("*", star).replace("?", FILLER)
        for star in ("", FILLER)
        for value in header.values
    )
    return [(header.name, text) for text in dict.fromkeys(texts)]


def _usable(request: Request, rules: Sequence[Rule[Any]]) -> Request:
    """The request without empty labels in its host, if the same rule still wins it."""
    labels = request.host.split(".")
    better = replace(request, host=".".join(label or FILLER for label in labels))
    return better if _winner(better, rules) == _winner(request, rules) else request


def _winner(request: Request, rules: Iterable[Rule[Any]]) -> str | None:
    return next((rule.name for rule in rules if matches(rule, request)), None)
