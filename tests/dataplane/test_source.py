"""The poller against an API that the test changes; no account, no server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from sandbox.dataplane.actions import Forward
from sandbox.dataplane.source import Live, ReadFailed, Source
from sandbox.dataplane.table import UnsupportedRule
from tests.account.support import forward, path, weighted
from tests.dataplane.support import (
    DEFAULT,
    LISTENER,
    StubApi,
    client_error,
    group_arn,
    request,
    rule,
    wait_for,
    winner,
)

FAST_S = 0.02
NEVER_S = 3600


@contextmanager
def running(api: StubApi, interval_s: float = FAST_S) -> Iterator[Source]:
    source = Source(api.api, {"public": LISTENER}, interval_s)
    source.start()
    try:
        yield source
    finally:
        source.close()


def to(live: Live, target: str) -> str:
    return winner(live.tables["public"], request(target))


def test_the_first_table_is_live_after_start() -> None:
    with running(StubApi([rule(1, path("/a")), DEFAULT]), NEVER_S) as source:
        assert source.live.version == 1
        assert to(source.live, "/a") == "1"
        assert source.status()["balancers"] == {"public": {"listener": LISTENER, "rules": 2}}


def test_a_change_goes_live_by_itself() -> None:
    api = StubApi([rule(1, path("/a")), DEFAULT])
    with running(api) as source:
        api.rules = [rule(5, path("/a")), DEFAULT]
        live = wait_for(source, lambda live: live.version == 2)

        assert to(live, "/a") == "5"


def test_the_version_stays_while_nothing_changes() -> None:
    api = StubApi([rule(1, path("/a")), DEFAULT])
    with running(api, NEVER_S) as source:
        before = source.live
        assert source.refresh() is before
        api.rules.reverse()
        assert to(source.refresh(), "/a") == "1"


def test_the_same_content_has_the_same_digest() -> None:
    rules = [rule(1, path("/a")), DEFAULT]
    api = StubApi(rules)
    with running(api, NEVER_S) as source:
        first = source.live
        api.rules = [DEFAULT]
        second = source.refresh()
        api.rules = rules
        third = source.refresh()

    assert [live.version for live in (first, second, third)] == [1, 2, 3]
    assert first.digest == third.digest != second.digest


def test_what_was_there_before_a_refresh_is_live_after_it() -> None:
    api = StubApi([DEFAULT])
    with running(api, NEVER_S) as source:
        for number in range(1, 30):
            api.rules = [rule(number, path("/a")), DEFAULT]
            assert to(source.refresh(), "/a") == str(number)


UNSUPPORTED = rule(7, path("/a")) | {"Transforms": [{"Type": "url-rewrite"}]}


def test_an_unsupported_rule_at_the_start_is_refused() -> None:
    with (
        pytest.raises(UnsupportedRule, match=r"Transforms \(rule rule-7\)"),
        running(StubApi([UNSUPPORTED, DEFAULT])),
    ):
        pass


def test_an_unsupported_rule_later_is_loud_and_the_rules_from_before_stay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    api = StubApi([rule(1, path("/a")), DEFAULT])
    with running(api, NEVER_S) as source:
        api.rules.insert(0, UNSUPPORTED)
        for _ in range(3):
            with pytest.raises(UnsupportedRule):
                source.refresh()
        assert to(source.live, "/a") == "1"
        assert "Transforms (rule rule-7)" in source.status()["error"]
        assert caplog.text.count("Transforms (rule rule-7)") == 1  # said once, not every turn

        api.rules.pop(0)
        assert source.refresh().version == 1
        assert source.status()["error"] is None


@pytest.mark.parametrize(
    "broken",
    [client_error("ListenerNotFound"), EndpointConnectionError(endpoint_url="u"), OSError()],
)
def test_an_error_keeps_the_rules_from_before(broken: Exception) -> None:
    api = StubApi([rule(1, path("/a")), DEFAULT])
    with running(api, NEVER_S) as source:
        api.broken = broken
        with pytest.raises(ReadFailed):
            source.refresh()
        assert to(source.live, "/a") == "1"
        assert source.status()["error"]

        api.broken = None
        api.rules = [rule(2, path("/a")), DEFAULT]
        assert to(source.refresh(), "/a") == "2"


def test_a_change_of_rules_does_not_wait_for_the_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    action = forward(group_arn("python"))
    api = StubApi([rule(1, path("/g"), action=action), DEFAULT])

    def broken(*_: Any, **__: Any) -> Any:
        raise client_error("Throttling")

    with running(api, NEVER_S) as source:
        monkeypatch.setattr(StubApi, "describe_target_health", broken)
        api.attached["python"] = "f"
        api.rules.insert(0, rule(2, path("/a")))
        with pytest.raises(ReadFailed):
            source.refresh()

        assert to(source.live, "/a") == "2"


def test_without_an_api_nothing_starts() -> None:
    api = StubApi([DEFAULT], broken=EndpointConnectionError(endpoint_url="u"))
    with pytest.raises(ReadFailed), running(api):
        pass


def target(live: Live) -> object:
    action = live.tables["public"].match(request("/a")).action
    assert isinstance(action, Forward)
    return action.targets[0].group.function


def test_a_target_and_its_permission_go_live_though_no_rule_changes() -> None:
    api = StubApi([rule(1, path("/a"), action=forward(group_arn("python"))), DEFAULT])
    with running(api) as source:
        assert target(source.live) is None
        api.attached["python"] = "f"
        live = wait_for(source, lambda live: target(live) is not None)
        action = live.tables["public"].match(request("/a")).action
        assert isinstance(action, Forward)
        assert not action.targets[0].group.permitted
        api.permitted.add("f")
        wait_for(source, lambda live: live.version > 2)


NAMES = ["a", "b", "c", "d"]


def unready_api() -> StubApi:
    """One rule with four groups, of which the last has no target yet."""
    weights = ((group_arn(name), 1) for name in NAMES)
    return StubApi(
        [rule(1, path("/a"), action=weighted(*weights)), DEFAULT],
        attached=dict.fromkeys(NAMES[:-1], "f"),
        permitted={"f"},
    )


def asked(api: StubApi, source: Source, *, at_once: bool = False) -> list[str]:
    """The groups that a turn reads."""
    api.asked.clear()
    source._turn(at_once=at_once)  # a turn without the thread
    return sorted(api.asked)


def test_a_turn_reads_nothing_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    api = unready_api()
    source = Source(api.api, {"public": LISTENER}, NEVER_S)
    assert asked(api, source, at_once=True) == NAMES
    monkeypatch.setattr(StubApi, "paginate", None)  # the rules cannot be read

    assert [asked(api, source), asked(api, source, at_once=True)] == [[], []]
    assert source.status()["error"] is None


def test_after_a_change_of_rules_only_groups_that_are_not_ready_are_read() -> None:
    api = unready_api()
    source = Source(api.api, {"public": LISTENER}, NEVER_S)
    source._turn(at_once=True)
    api.rules.insert(0, rule(2, path("/b")))

    assert asked(api, source) == ["d"]
    assert to(source.live, "/b") == "2"
    assert asked(api, source) == []


def test_after_another_change_all_is_read_when_nothing_changes_any_more_or_at_once() -> None:
    api = unready_api()
    source = Source(api.api, {"public": LISTENER}, NEVER_S)
    source._turn(at_once=True)

    api.permitted.clear()
    assert asked(api, source) == ["d"]
    api.reserved = 7
    assert asked(api, source) == ["d"]
    assert asked(api, source) == NAMES
    assert asked(api, source) == []
    api.reserved = 8
    assert asked(api, source, at_once=True) == NAMES


def test_after_an_error_all_is_read_again() -> None:
    api = unready_api()
    source = Source(api.api, {"public": LISTENER}, NEVER_S)
    source._turn(at_once=True)
    api.broken = OSError()
    source._turn(at_once=True)
    assert source.status()["error"]
    api.broken = None

    assert asked(api, source, at_once=True) == NAMES
    assert source.status()["error"] is None


def test_groups_that_no_rule_uses_are_forgotten() -> None:
    api = StubApi([rule(1, path("/a"), action=forward(group_arn("python"))), DEFAULT])
    source = Source(api.api, {"public": LISTENER}, NEVER_S)
    source._turn(at_once=True)
    api.rules = [DEFAULT]
    source._turn(at_once=False)
    api.attached["python"] = "f"

    assert asked(api, source, at_once=True) == []
