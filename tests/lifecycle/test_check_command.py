"""The checklist as one command, with the real program behind real load balancers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import catalog
from rollout.starting import INTERRUPTED
from sandbox import cli
from sandbox.commands import common
from tests.support.process import completed, running

HEADER = "canary-header-4711"
WITH_SECRETS = f"""
import pathlib, sys
from sandbox.cli import main
from sandbox.commands import checking
from tests.engine.support import header_values

known = pathlib.Path(sys.argv.pop(1))
connect, configure, write = checking.Account.connect, checking.walk_config, checking.write_page

def remember(url, stack):
    global account
    account = connect(url, stack)
    return account

def check(page, path):
    assert header_values(account) == [{HEADER!r}] * 7
    arn = account.foundation["scorerSecretArn"]
    secret = account.client("secretsmanager").get_secret_value(SecretId=arn)
    known.write_text(secret["SecretString"])
    write(page, path)

checking.Account.connect, checking.write_page = remember, check
checking.walk_config = lambda stack: configure(stack).with_values(
    {{"testerHeaderValue": {HEADER!r}}}, secret=True
)
main()
"""
"""The command on a stack with a tester header, and what the foundation's secret is."""


def test_the_checklist_is_measured_and_written_and_no_secret_is_in_it(tmp_path: Path) -> None:
    page, foundation = tmp_path / "reports" / "staging.html", tmp_path / "foundation"
    options = ["--clients", "400", "--json", "--report", str(page), "--engine", "embedded"]

    done = completed(WITH_SECRETS, str(foundation), "check", *options)

    told = json.loads(done.stdout)
    failed = [c["text"] for item in told["items"] for c in item["claims"] if not c["passed"]]
    assert failed == []
    assert (done.returncode, told["passed"], len(told["items"])) == (0, True, 7)
    assert told["engine"] == "embedded"
    assert page.read_text().startswith("<!doctype html>")
    assert json.loads(page.with_suffix(".json").read_text()) == told
    for secret in (HEADER, foundation.read_text()):
        assert secret
        assert secret not in done.stdout + done.stderr + page.read_text()


def test_ctrl_c_ends_a_checklist_and_its_account() -> None:
    with running("check", "--clients", "400", "--engine", "embedded") as measuring:
        assert "load balancers" in measuring.first_line
        measuring.interrupt()
        assert measuring.wait() == INTERRUPTED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--clients", "10"], "greater than or equal to 400"),
        (["--stack", "qa"], "qa is not one of staging, production"),
        (["--engine", "terraform"], "terraform"),
        (["--report", "/proc/nowhere/page.html"], "cannot be written"),
        (["--report", "page.json"], "the numbers go beside the page"),
    ],
)
def test_bad_usage_is_one_message_and_measures_nothing(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli.app, ["check", *arguments])

    assert result.exit_code == common.BAD_INPUT
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.output


def test_a_refused_routing_table_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = catalog.ENDPOINTS
    beyond = replace(first, priority=60_000)
    monkeypatch.setattr(catalog, "ENDPOINTS", [beyond, *others])

    result = CliRunner().invoke(
        cli.app, ["check", "--engine", "embedded", "--clients", "400"], catch_exceptions=False
    )

    assert result.exit_code == common.BAD_INPUT
    assert "the routing table has problems" in result.stderr
    assert "60000" in result.stderr.replace(",", "")
    assert "Traceback" not in result.output
