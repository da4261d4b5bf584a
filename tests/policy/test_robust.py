"""No policy throws on missing, odd or unknown input, and none shows a value."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.check import Registered, check
from policy.policies import POLICIES
from policy.registry import Policy
from tests.policy.recordings import UNKNOWN, as_resource, config, edited, extra, judge, small

EXAMPLES = 60
CANARY = "canary-7e1d"

GOOD = dict(small())
_CLAIMED = {key for policy in POLICIES for keys in policy.claims.values() for key in keys}
_INSIDE = {"values", "arn", "weight", "forward", "targetGroups", "metric", "Statement", "Action"}
KEYS = sorted(_CLAIMED | _INSIDE)
TYPES = sorted({token for policy in POLICIES for token in policy.types})


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """Every place in the properties, from the top down."""
    if path:
        yield path
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, f"{path}[{index}]")


PLACES = [(name, path) for name, one in GOOD.items() for path in _paths(one.props)]

texts = st.one_of(
    st.sampled_from(["", "*", "/", "?", "/**/?*", "arn:", "{}", "[]", '{"Statement": 1}', UNKNOWN]),
    st.text(max_size=6).map(lambda text: text + CANARY),
    st.just('{"Statement": [{"Action": ["' + CANARY + '*"], "Resource": "*", "Principal": []}]}'),
)
numbers = st.one_of(st.floats(), st.integers(min_value=-(10**20), max_value=10**20))
odd = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)
edits = st.lists(st.tuples(st.sampled_from(PLACES), odd), min_size=1, max_size=4)
strangers = st.lists(
    st.builds(
        lambda token, props: extra((token,), **props),
        st.sampled_from(TYPES),
        st.dictionaries(st.sampled_from(KEYS), odd, max_size=6),
    ),
    max_size=2,
)


def _apply(changes: list[tuple[tuple[str, str], Any]]) -> dict[str, Registered]:
    stack: dict[str, Registered] = {}
    for (name, path), value in changes:
        try:
            stack[name] = edited(stack.get(name, GOOD[name]), {path: value})
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return stack


def test_no_input_makes_a_policy_throw_or_tell_a_value(
    record_property: Callable[[str, object], None],
) -> None:
    examples = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(changes=edits, strangers=strangers, forgotten=st.sets(st.sampled_from(sorted(GOOD))))
    def examine(
        changes: list[tuple[tuple[str, str], Any]], strangers: list[Registered], forgotten: set[str]
    ) -> None:
        nonlocal examples
        examples += 1
        changed = _apply(changes)
        for name in forgotten:
            one = changed.get(name, GOOD[name])
            changed[name] = replace(one, property_dependencies={}, dependencies=())
        sound = [as_resource(one) for name, one in GOOD.items() if name not in changed]
        report = judge(POLICIES, [*changed.values(), *strangers], sound, config())
        for finding in (*report.violations, *report.undecided, *report.excepted):
            assert CANARY not in finding.text
            assert CANARY not in repr(finding)

    examine()
    record_property("hypothesis examples", examples)


ODDITIES: Mapping[str, Any] = {
    "null": None,
    "a text": "x",
    "an empty text": "",
    "a number": 1.0,
    "a list": [],
    "a list of null": [None],
    "a map": {},
    "a map of lists": {"values": [[]], "Statement": [[]], "targetGroups": [None]},
    "not known yet": UNKNOWN,
    "a list of what is not known yet": [UNKNOWN],
    "a map of what is not known yet": dict.fromkeys(KEYS, UNKNOWN),
}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_absent_empty_and_unknown_properties(policy: Policy) -> None:
    sound = [as_resource(one) for one in GOOD.values()]
    for token in policy.types:
        for value in ({}, *(dict.fromkeys(KEYS, value) for value in ODDITIES.values())):
            report = judge([policy], [extra((token,), **value)], sound, config())
            assert all(finding.policy is policy for finding in report.violations)


def test_secrets_in_clear_stay_out_of_every_message() -> None:
    """Every text of every property at once, so that every policy that can complain does."""

    def marked(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: marked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [marked(item) for item in value]
        return f"{value}{CANARY}" if isinstance(value, str) else value

    report = check(
        [replace(one, props=marked(one.props)) for one in GOOD.values()], config=config()
    )
    assert len({finding.policy.name for finding in report.violations}) > 15
    assert CANARY not in repr(report)
