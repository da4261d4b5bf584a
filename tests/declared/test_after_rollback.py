"""An update names what the load balancers do, and does not bring Rust back by mistake."""

import pytest

from live import LiveRule
from recording.monitor import FunctionFailed
from tests.declared.golden import DUAL_RULES, Again
from tests.support.recorder import Program
from traffic import Share, refuse_raise_after_rollback

MARK = "2026-11-01T03:00:00+00:00"
LATER = "2026-11-02T03:00:00+00:00"
PYTHON = "arn:aws:x:us-west-2:1:targetgroup/python/1"
RUST = "arn:aws:x:us-west-2:1:targetgroup/l-passport-v2-rust-scorer-int/1"


def live_rule(rust: int, *, mark: str | None = None) -> dict[str, object]:
    weights = [{"arn": PYTHON, "weight": 100 - rust}, {"arn": RUST, "weight": rust}]
    return {
        "actions": [{"forwards": [{"targetGroups": weights}]}],
        "tags": {"RolledBackAt": mark} if mark else {},
    }


ROLLED_BACK = LiveRule(0, MARK)


@pytest.mark.parametrize(
    ("was", "asked", "live", "accepted", "refused"),
    [
        pytest.param(50, 50, ROLLED_BACK, None, True, id="the old file, which changes nothing yet"),
        pytest.param(50, 60, ROLLED_BACK, None, True, id="another share"),
        pytest.param(0, 1, ROLLED_BACK, None, True, id="one percent"),
        pytest.param(None, 1, ROLLED_BACK, None, True, id="an adopted rule"),
        pytest.param(0, 1, ROLLED_BACK, LATER, True, id="accepted for another rollback"),
        pytest.param(0, 1, ROLLED_BACK, MARK, False, id="accepted"),
        pytest.param(50, 0, ROLLED_BACK, None, False, id="the rollback's own update"),
        pytest.param(0, 0, ROLLED_BACK, None, False, id="staying at 0"),
        pytest.param(5, 10, LiveRule(5, MARK), None, False, id="up from 5 after it was accepted"),
        pytest.param(0, 10, LiveRule(0), None, False, id="no rollback"),
        pytest.param(50, 50, LiveRule(10), None, False, id="by hand, without a rollback"),
        pytest.param(0, 10, LiveRule(problem="denied"), None, True, id="up, unread"),
        pytest.param(50, 60, LiveRule(problem="denied"), MARK, True, id="up from 50, unread"),
        pytest.param(50, 0, LiveRule(problem="denied"), None, False, id="down to 0, unread"),
        pytest.param(50, 50, LiveRule(problem="denied"), None, False, id="no change, unread"),
    ],
)
def test_a_share_is_raised_after_a_rollback_only_if_somebody_says_so(
    was: int | None, asked: int, live: LiveRule, accepted: str | None, *, refused: bool
) -> None:
    found = [Share("embed-rl", was, asked, live), Share("embed-st", 0, 0, LiveRule(0))]

    if refused:
        with pytest.raises(Exception, match=f"embed-rl .* -> {asked} %") as error:
            refuse_raise_after_rollback(found, accepted)
        assert "Nothing was registered or changed" in str(error.value)
    else:
        refuse_raise_after_rollback(found, accepted)


def test_the_latest_mark_counts_also_for_a_rule_that_lost_its_own() -> None:
    found = [Share("embed-rl", 0, 5, LiveRule(0)), Share("embed-st", 0, 0, LiveRule(0, LATER))]

    with pytest.raises(Exception, match=f"raiseAfterRollback {LATER.replace('+', '.')}"):
        refuse_raise_after_rollback(found, MARK)


def test_the_program_registers_nothing_that_it_refuses(again: Again) -> None:
    program = Program()
    marked = {rule: live_rule(0, mark=MARK) for rule in DUAL_RULES}

    with pytest.raises(Exception, match=rf"emergency rollback .* {MARK.replace('+', '.')}"):
        again(50, live=marked, into=program)

    assert program.registrations == []


def test_the_configuration_accepts_the_mark(again: Again, caplog: pytest.LogCaptureFixture) -> None:
    marked = {rule: live_rule(0, mark=MARK) for rule in DUAL_RULES}

    program = again(50, live=marked, raiseAfterRollback=MARK)

    assert "all 6 dual endpoints 50 % (live 0 %) -> 50 %" in caplog.text
    assert "actions" not in program.named("embed-rl-rule-lambda").ignore_changes
    assert program.named("embed-rl-lambda-function").ignore_changes[-1] == "*"


def test_a_rule_that_was_changed_by_hand_is_named(
    again: Again, caplog: pytest.LogCaptureFixture
) -> None:
    again(10, live={"embed-rl-rule-lambda": live_rule(99)})

    assert "embed-rl 50 % (live 99 %) -> 10 %" in caplog.text
    assert "embed-st 50 % -> 10 %" in caplog.text


def test_a_rule_that_cannot_be_read_does_not_stop_the_way_back(
    again: Again, caplog: pytest.LogCaptureFixture
) -> None:
    program = again(0, live={"embed-rl-rule-lambda": FunctionFailed("denied")})

    assert "embed-rl" in caplog.text
    assert "denied" in caplog.text
    assert "forward" not in program.named("embed-rl-rule-lambda").inputs["actions"][0]
