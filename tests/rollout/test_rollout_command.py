"""The `rollout` command as people and schedulers use it."""

import functools
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from rollout import rollout_command
from rollout.journal import State
from rollout.operate import Operator
from rollout.rollout_command import app
from rollout.stack import StackFailed
from tests.rollout.live_world import LiveWorld
from tests.rollout.stack import DUAL, SCORE, SECRET


@pytest.fixture
def rollout(world: LiveWorld, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command on the world's stack, with its settings."""
    monkeypatch.setattr(rollout_command, "read_settings", lambda *_, **__: world.settings)
    return functools.partial(run, world)


def run(world: LiveWorld, name: str, *options: str) -> Result:
    """The command on a world's stack."""
    return CliRunner().invoke(
        app, [name, "--stack", "staging", *options], obj=lambda _stack: world.operator()
    )


def test_the_exit_code_says_how_a_rollout_stands(
    world: LiveWorld, rollout: Callable[..., Result]
) -> None:
    assert rollout("tick").exit_code == 2
    assert rollout("start", "--to", "50").exit_code == 0
    assert rollout("start", "--to", "50").exit_code == 2
    assert rollout("pause").exit_code == 0
    world.run(State.PAUSED)
    assert rollout("tick").exit_code == 5
    assert rollout("resume").exit_code == 0


def test_the_exit_code_says_that_a_rollout_went_back(last: LiveWorld) -> None:
    last.errors["rust"] = 0.4
    last.run(State.ROLLING_BACK)
    assert run(last, "status").exit_code == 6
    assert run(last, "abort").exit_code == 0
    last.run()
    assert run(last, "tick").exit_code == 6


def test_a_refused_start_ends_with_4_and_the_reason(
    world: LiveWorld, rollout: Callable[..., Result]
) -> None:
    world.alarm("rust-scorer-health", "ALARM")

    result = rollout("start")

    assert result.exit_code == 4
    assert "rust-scorer-health in alarm" in result.stdout


def test_a_tick_beside_another_one_is_none_and_no_error(
    world: LiveWorld, rollout: Callable[..., Result]
) -> None:
    rollout("start", "--to", "50")

    with world.operator().ledger.lease():
        result = rollout("tick")

    assert result.exit_code == 0
    assert "is at work on staging" in result.stderr


def test_a_stack_that_cannot_be_read_is_one_sentence(
    world: LiveWorld, rollout: Callable[..., Result]
) -> None:
    def trouble(_doing: str) -> None:
        raise StackFailed("The Pulumi CLI cannot be run: no such file")

    world.engine.trouble = trouble

    result = rollout("verify")

    assert (result.exit_code, result.stderr) == (1, "The Pulumi CLI cannot be run: no such file\n")


@pytest.mark.parametrize("options", [["--steps", "50,10"], ["--bake", "x"], ["--to", "101"]])
def test_bad_settings_change_nothing(
    world: LiveWorld, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    arguments = ["start", "--stack", "staging", *options]

    result = CliRunner().invoke(app, arguments, obj=lambda _stack: world.operator())

    assert result.exit_code == 2
    assert world.ledger().newest() is None


def test_an_interrupt_leaves_traffic_and_says_how_to_go_on(
    world: LiveWorld, rollout: Callable[..., Result]
) -> None:
    def interrupt(doing: str) -> None:
        if doing == "foresee":
            raise KeyboardInterrupt

    world.engine.trouble = interrupt

    result = rollout("start", "--to", "50")

    assert result.exit_code == 130
    assert "rollout abort" in result.stderr


def test_verify_names_the_rule_that_is_not_as_asked(
    world: LiveWorld, rollout: Callable[..., Result]
) -> None:
    assert rollout("verify").exit_code == 0
    world.engine.set_rule(SCORE, 20)

    result = rollout("verify", "--json")

    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert {one["rule"]: one["live"] for one in found} == dict.fromkeys(DUAL, 0) | {SCORE: 20}


def test_json_is_a_line_a_decision_with_what_a_program_needs(
    world: LiveWorld, rollout: Callable[..., Result]
) -> None:
    result = rollout("start", "--to", "50", "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["state"] for one in lines] == ["apply", "verify"]
    assert lines[-1]["rules"] == dict.fromkeys(sorted(DUAL), 10)
    assert lines[-1]["percent"] == 10
    assert {"rollout", "stack", "step", "reason", "error", "verdicts", "balancers"} <= set(lines[0])


def test_the_history_has_every_entry_of_the_newest(finished: LiveWorld) -> None:
    result = run(finished, "history")

    for word in ("apply", "verify", "bake", "done", "alice"):
        assert word in result.stdout


def test_the_report_is_a_page_with_charts(finished: LiveWorld, tmp_path: Path) -> None:
    path = tmp_path / "page.html"

    result = run(finished, "report", "--out", str(path))

    text = path.read_text()
    assert result.exit_code == 0
    assert "Rollout of staging, 0 % to 50 %" in text
    assert text.count("<svg") == 3
    assert "every gate passes" in text


def test_a_plan_has_a_row_for_each_step(world: LiveWorld, rollout: Callable[..., Result]) -> None:
    result = rollout("plan")

    assert result.exit_code == 0
    assert "10 %" in result.stdout
    assert "50 %" in result.stdout
    assert world.engine.updates == []


def test_a_webhook_is_told_of_every_transition_and_a_dead_one_stops_nothing(
    world: LiveWorld, rollout: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/secret"
        monkeypatch.setenv("ROLLOUT_WEBHOOK", url)
        first = rollout("start", "--to", "50")
        server.shutdown()
        thread.join()
    second = rollout("abort")

    assert [one["state"] for one in told] == ["apply", "verify"]
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "the webhook was not told" in second.stderr
    assert "secret" not in second.stderr
    assert world.stack.plain() == DUAL


def test_a_comparison_without_a_door_to_rust_is_none(
    world: LiveWorld, rollout: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both answers would come from Python, and be the same."""
    urls = ["--public", "http://127.0.0.1:9", "--internal", "http://127.0.0.1:9"]
    assert "TESTER_HEADER_VALUE is not set" in rollout("compare", *urls).stderr
    monkeypatch.setenv("TESTER_HEADER_VALUE", SECRET)
    shut = rollout("compare", *urls)
    world.stack.add_testers()
    opened = rollout("compare", *urls)
    monkeypatch.setenv("TESTER_HEADER_VALUE", "another-value")
    wrong = rollout("compare", *urls)

    assert (shut.exit_code, wrong.exit_code, opened.exit_code) == (2, 2, 1)
    assert "deploy testerHeaderValue first" in shut.stderr
    assert "another-value" not in wrong.stderr + wrong.stdout
    assert opened.stdout.count("DIFFERS GET") == 4
    assert world.ledger().compared() is None


def test_a_start_may_ask_for_a_fresh_comparison(
    world: LiveWorld, rollout: Callable[..., Result]
) -> None:
    world.settings = world.settings.model_copy(update={"compared_within": 30})
    refused = rollout("start")
    world.ledger().write_compared(world.time - 29 * 60)
    begun = rollout("start")

    assert (refused.exit_code, begun.exit_code) == (4, 0)
    assert "were not compared within 30 minutes" in refused.stdout


def test_a_watch_outlives_what_passes_and_ends_when_it_does_not(
    world: LiveWorld, rollout: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = iter([StackFailed("no network")] * 3)

    tick = Operator.tick

    def pass_minute(_seconds: float) -> None:
        world.pass_minute()
        monkeypatch.setattr(Operator, "tick", fails(next(troubles, None), tick))

    monkeypatch.setattr("rollout.rollout_command.time.sleep", pass_minute)
    result = rollout("start", "--to", "50", "--watch")

    assert result.exit_code == 0
    assert result.stderr.count("no network") == 3
    assert world.events[-1] == ("done", 1)


def fails(error: Exception | None, tick: Any) -> Any:
    def attempt(operator: Operator) -> Any:
        if error:
            raise error
        return tick(operator)

    return attempt
