"""Settings of a stack's rollouts, and the plan that is made of them."""

from pathlib import Path

import numpy as np
import pytest

from rollout.gates import Counts, Minute, evidence, log_limit, log_ratios
from rollout.plan import Plan, estimates, make_plan, smallest_excess
from rollout.settings import BadSettings, Settings, read_settings
from routing import Listener
from tests.rollout.stack import DUAL, SCORE


def plan(to: int = 100, begin: int = 0, settings: Settings | None = None) -> Plan:
    return make_plan("staging", settings or Settings(), to=to, begin=begin, fixed={})


@pytest.mark.parametrize(
    ("to", "begin", "steps"),
    [
        (100, 0, [(5, 10), (10, 15), (25, 30), (50, 60), (100, 60)]),
        (25, 0, [(5, 10), (10, 15), (25, 30)]),
        (30, 10, [(25, 30), (30, 60)]),
        (3, 0, [(3, 10)]),
        (100, 60, [(100, 60)]),
    ],
)
def test_a_plan_has_the_steps_between_what_is_live_and_what_is_wanted(
    to: int, begin: int, steps: list[tuple[int, int]]
) -> None:
    assert [tuple(step) for step in plan(to, begin).steps] == steps


def test_the_last_step_may_be_above_all_that_are_set() -> None:
    settings = Settings(steps=(5, 50), bake=(10, 20))

    assert [tuple(step) for step in plan(80, settings=settings).steps] == [
        (5, 10),
        (50, 20),
        (80, 20),
    ]


@pytest.mark.parametrize("begin", [50, 60])
def test_a_plan_that_leads_nowhere_is_refused(begin: int) -> None:
    with pytest.raises(BadSettings, match=f"staging is at {begin} % already"):
        plan(50, begin)


def test_a_plan_knows_the_share_of_every_rule() -> None:
    made = make_plan(
        "staging", Settings(), to=100, begin=0, fixed={"cc-v1-score-GET-0": 7, "embed-st": 0}
    )

    assert made.shares(-1) == dict.fromkeys(DUAL, 0) | {SCORE: 7}
    assert made.shares(1) == dict.fromkeys(DUAL, 10) | {SCORE: 7, "embed-st-rule-lambda": 0}
    assert sorted(made.served(1)[Listener.PUBLIC]) == [7, 10, 10]
    assert made.served(1)[Listener.INTERNAL] == [10, 10]


def test_a_plan_survives_the_journal() -> None:
    made = plan(25, 5)

    assert Plan.model_validate_json(made.model_dump_json()) == made


def traffic(per_minute: int, errors: int = 0) -> list[Minute]:
    side = (Counts(per_minute // 2, errors / 2), Counts())
    return [Minute(60 * index, (side, side)) for index in range(30)]


def test_an_estimate_says_what_each_step_needs() -> None:
    found = estimates(plan(), traffic(3000, 15))

    assert [round(one.rust_requests) for one in found] == [1500, 4500, 22500, 90000, 180000]
    assert [one.minutes for one in found] == [10, 15, 30, 60, 60]
    assert found[0].finish == 0.5 + 3 + 10 + 3
    assert found[-1].finish == 5 * 6.5 + 175
    assert 0.5 < found[0].detectable < 3
    assert found[1].detectable <= found[0].detectable


def test_a_quiet_service_needs_longer_to_have_requests_enough() -> None:
    found = estimates(plan(), traffic(60))

    assert found[0].minutes == 100  # 300 at 3 a minute
    assert found[-1].minutes == 60


def test_without_traffic_no_step_ever_ends() -> None:
    assert estimates(plan(), [])[0].minutes == float("inf")


@pytest.mark.parametrize(("rust", "python"), [(150, 2850), (750, 2250), (3000, 3000)])
def test_what_a_step_is_said_to_detect_it_detects(rust: int, python: int) -> None:
    settings, length, base = Settings(), 15, 0.005
    excess = smallest_excess(settings, rust, python, base, length)
    random = np.random.default_rng(3)
    share = np.full(length, rust / (rust + python))
    found = 0
    for _ in range(200):
        ours = random.poisson(rust * (base + excess / 100) / 2, length)
        theirs = random.poisson(python * base / 2, length)
        total = evidence(log_ratios(ours, theirs, share)).max()
        found += bool(total >= log_limit(settings, 3))

    assert found >= 170


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_settings("staging", tmp_path) == Settings()


def test_a_file_has_the_names_of_the_options_and_options_outrank_it(tmp_path: Path) -> None:
    (tmp_path / "rollout.staging.yaml").write_text(
        "steps: [10, 100]\nbake: [5, 5]\nwarm-up: 1\non-fail: hold\n"
    )

    found = read_settings("staging", tmp_path, bake=(7, 8), warm_up=None)

    assert (found.steps, found.bake, found.warm_up, found.on_fail) == ((10, 100), (7, 8), 1, "hold")
    assert read_settings("production", tmp_path) == Settings()


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "rollout.staging.yaml").write_text(
        "steps: [10, 101]\nwarmup: 1\nmin_requests: 5\np95-ratio: 0.5\nfalse-rollbacks: x\n"
    )

    with pytest.raises(BadSettings) as told:
        read_settings("staging", tmp_path)

    text = str(told.value)
    assert "steps[1]: Input should be less than or equal to 100" in text
    assert "warmup is not a setting; there are steps, bake, warm-up" in text
    assert "min_requests is not a setting" in text
    assert "p95-ratio: " in text
    assert "(allowed: times Python's p95 that matter, above 1)" in text
    assert "false-rollbacks: " in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps: [10, 5]\nbake: [1, 1]", "steps must rise, unlike 10, 5"),
        ("steps: [10, 50]", "bake has 5 entries for 2 steps"),
        ("- 1", "not a map"),
        ("a: [", "not YAML"),
        ("steps: []\nbake: []", "steps: "),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "rollout.staging.yaml").write_text(text)

    with pytest.raises(BadSettings, match=r"rollout\.staging\.yaml") as raised:
        read_settings("staging", tmp_path)
    assert told in str(raised.value)
