"""The simulation that docs/rollout.md quotes, in small."""

from functools import partial

from typer.testing import CliRunner

from rollout import simulation
from rollout.journal import State
from rollout.settings import Settings

RUN = partial(simulation.run, Settings())


def test_the_same_seed_gives_the_same_run() -> None:
    release = simulation.RELEASES[1]

    assert RUN(50, release, (1, 2, 3)) == RUN(50, release, (1, 2, 3))
    assert len({RUN(50, release, (1, 2, seed)) for seed in range(10)}) > 1


def test_a_healthy_release_arrives_and_a_bad_one_is_stopped_early() -> None:
    healthy, failing, slow = simulation.RELEASES

    assert RUN(500, healthy, (1, 1)).state is State.DONE
    for release in (failing, slow):
        for seed in range(10):
            found = RUN(50, release, (1, seed))
            assert found.state is State.ROLLING_BACK
            assert found.percent <= 25


def test_the_table_has_a_row_for_each_release_at_each_rate() -> None:
    result = CliRunner().invoke(simulation.app, ["--healthy", "1", "--faulty", "1"])

    assert result.exit_code == 0
    for rate in (*(f"{rate}/s" for rate in simulation.RATES), "any"):
        assert rate in result.stdout
