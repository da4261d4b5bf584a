"""A secret is none the less deployed, and nowhere in clear."""

import re
from pathlib import Path

import catalog
from sandbox.account.client import Account
from sandbox.engine.result import Operation
from sandbox.routes import read_routes
from tests.engine.support import NEEDS_CLI, Deploy, by_hand, changes

pytestmark = NEEDS_CLI

CANARY = "canary-4711"


def test_the_tester_header_is_a_secret_from_its_first_update_to_its_last(
    account: Account, deployment: Deploy
) -> None:
    tested = deployment(secret={"testerHeaderValue": CANARY})
    before = read_routes(account)

    created = tested.up()

    assert {step.name for step in created.steps} == set(
        catalog.logical_names(with_tester_rules=True)
    )
    assert CANARY not in repr(created)
    assert in_aws(account) == [CANARY] * 7
    refreshed = by_hand(tested.project, "refresh", "--yes", "--skip-preview", "--diff")
    assert re.search(r"^Resources:\n +\d+ unchanged\n\n", refreshed.stdout, re.MULTILINE)
    assert changes(tested.preview()) == []
    assert [
        path for path in files(tested.project.root) if CANARY in path.read_text("latin-1")
    ] == []
    assert CANARY not in refreshed.stdout

    destroyed = tested.destroy()

    assert len(destroyed.of(Operation.DELETE)) == len(created.steps)
    assert read_routes(account) == before
    assert not tested.has_resources()


def in_aws(account: Account) -> list[str]:
    """Values that a header must have, of all rules."""
    elb = account.client("elbv2")
    return [
        value
        for listener in ("publicAlbHttpsListenerArn", "privateAlbHttpListenerArn")
        for rule in elb.describe_rules(ListenerArn=account.foundation[listener])["Rules"]
        for condition in rule["Conditions"]
        for value in condition.get("HttpHeaderConfig", {}).get("Values", [])
    ]


def files(root: Path) -> list[Path]:
    """All that the CLI and the sandbox wrote: state, history, logs, configuration."""
    found = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert {"state", "home", "project"} <= {path.relative_to(root).parts[0] for path in found}
    return found
