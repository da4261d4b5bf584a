"""Any configuration is an error that names every bad key, or a stack that every policy passes."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import catalog
from deployed import Deployed
from policy.check import Registered, check
from policy.recording import record_config
from routing.checks import table_problems
from sandbox.stackfile import StackConfig, load_stack_file
from settings import ConfigurationError, load_settings
from tests.declared.golden import DUAL, RULE, Row, endpoint
from tests.support.recorder import configuration

REFUSED: Final = 60
ACCEPTED: Final = 6
"""Each runs the whole program and all policies, which takes two seconds."""

CANARY: Final = "canary-51c0"
"""In every value that no message may show."""

DUAL_NAMES: Final = [endpoint(row) for row in DUAL]
PERCENT: Final = st.integers(0, 100)
NO_NUMBER: Final = st.sampled_from(
    ["", "half", "50.5", "1e1", "true", "null", "[5]", " 5", "\uff15", "-1"]
)
NO_PERCENT: Final = st.one_of(
    NO_NUMBER,
    st.integers(min_value=101).map(str),
    st.integers(max_value=-1).map(str),
)
NO_MAP: Final = st.sampled_from(["5", "[]", "null", "{", "", '"text"'])
SECRET: Final = "testerHeaderValue"


def one_map(keys: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> Any:
    return st.dictionaries(keys, values, min_size=1, max_size=3).map(json.dumps)


RIGHT: Final[Mapping[str, st.SearchStrategy[str]]] = {
    "rustPercentage": PERCENT.map(str),
    "rustPercentageByEndpoint": one_map(st.sampled_from(DUAL_NAMES), PERCENT),
    "stickinessSeconds": st.integers(1, 604_800).map(str),
    "environment": one_map(
        st.from_regex(r"X[A-Z0-9_]{1,20}", fullmatch=True), st.text(max_size=20)
    ),
    SECRET: st.from_regex(r"[A-Za-z0-9._~-]{1,100}", fullmatch=True).map(lambda v: CANARY + v),
    "adopt": one_map(
        st.sampled_from(catalog.logical_names(with_tester_rules=False)), st.just("an-id")
    ),
}
WRONG: Final[Mapping[str, st.SearchStrategy[str]]] = {
    "rustPercentage": NO_PERCENT,
    "rustPercentageByEndpoint": st.one_of(
        NO_MAP,
        one_map(st.sampled_from(["cc-nonce", "passport-v2-history", "nonsense"]), PERCENT),
        one_map(st.sampled_from(DUAL_NAMES), NO_PERCENT),
        st.just('{"embed-st": 1, "embed-st": 100}'),
    ),
    "stickinessSeconds": st.one_of(NO_NUMBER, st.sampled_from(["0", "604801"])),
    "environment": st.one_of(
        st.just(f"SECRET={CANARY}"),
        one_map(st.sampled_from(["DEBUG", "AWS_REGION", "1A", "A-B", ""]), st.just(CANARY)),
        one_map(st.just("GOOD"), st.sampled_from([None, True, [CANARY], {"a": CANARY}])),
        st.just(json.dumps({"BIG": CANARY * 400})),
    ),
    SECRET: st.sampled_from(["", f"{CANARY} x", f"{CANARY}*", f"{CANARY}é", CANARY * 12]),
    "adopt": st.one_of(
        NO_MAP,
        one_map(st.sampled_from(["nonsense", "lrule-tester-embed-st", ""]), st.just("an-id")),
        one_map(st.just("lambdaRole"), st.sampled_from(["", "two words", 5, None])),
    ),
}
KEYS: Final = sorted(RIGHT)


@st.composite
def configurations(draw: st.DrawFn, wrong: st.SearchStrategy[set[str]]) -> dict[str, str]:
    """Values of any keys; those of the `wrong` ones are none that such a key takes."""
    bad = draw(wrong)
    keys = draw(st.sets(st.sampled_from(KEYS))) | bad
    return {key: draw((WRONG if key in bad else RIGHT)[key]) for key in sorted(keys)}


def stack(values: Mapping[str, str], packages: Mapping[str, str]) -> StackConfig:
    plain = {key: value for key, value in values.items() if key != SECRET}
    config = load_stack_file("staging").with_values({**packages, **plain})
    return config.with_values({SECRET: values[SECRET]} if SECRET in values else {}, secret=True)


def share(row: Row, registered: Mapping[str, Registered]) -> tuple[int, int | None]:
    """Of Rust in the dual rule's weights, and how long a client stays."""
    (action,) = registered[row["rule_logical_name"]].props["actions"]
    if "forward" not in action:
        return 0, None
    _, rust = action["forward"]["targetGroups"]
    return int(rust["weight"]), int(action["forward"]["stickiness"]["duration"])


def expected(values: Mapping[str, str]) -> dict[str, tuple[int, int | None]]:
    """The contract: an endpoint's own share goes before the common one; 0 is a plain forward."""
    own = json.loads(values.get("rustPercentageByEndpoint", "{}"))
    common, seconds = int(values.get("rustPercentage", 0)), values.get("stickinessSeconds", 3600)
    shares = {name: own.get(name, common) for name in DUAL_NAMES}
    return {name: (percent, int(seconds) if percent else None) for name, percent in shares.items()}


def named(message: str) -> set[str]:
    """The keys that a problem of the message begins with."""
    _, *problems = message.split("\n\n")
    return {re.split(r"[ \[]", problem.strip(), maxsplit=1)[0] for problem in problems}


EXAMINED: Final = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@settings(EXAMINED, max_examples=REFUSED)
@given(wrong=st.sets(st.sampled_from(KEYS), min_size=1), data=st.data())
def test_a_wrong_configuration_is_one_message_that_names_every_wrong_key_and_no_other(
    packages: Mapping[str, str], wrong: set[str], data: st.DataObject
) -> None:
    values = data.draw(configurations(st.just(wrong)))

    with pytest.raises(ConfigurationError) as refused:
        record_config(stack(values, packages))

    assert named(str(refused.value)) == wrong
    assert CANARY not in str(refused.value)


@settings(EXAMINED, max_examples=ACCEPTED, phases=[Phase.generate])
@given(values=configurations(st.just(set())), preview=st.booleans())
def test_any_other_configuration_passes_every_policy_and_routes_as_it_says(
    packages: Mapping[str, str], values: Mapping[str, str], *, preview: bool
) -> None:
    config = stack(values, packages)

    registered = record_config(config, preview=preview)

    report = check(registered, config=config.values)
    assert [one.message for one in (*report.violations, *report.undecided)] == []
    assert CANARY not in repr(report)
    rules = {one.name: one for one in registered if one.type == RULE}
    assert {endpoint(row): share(row, rules) for row in DUAL} == expected(values)
    secret = {key: config.values[key] for key in config.secret_keys}
    with configuration(config.values, secret=secret):
        table = catalog.routing_table(load_settings(Deployed(), {}))
    assert table_problems([*table.values()]) == []
    assert {name: one.props["priority"] for name, one in rules.items()} == {
        name: rule.priority for name, rule in table.items()
    }
