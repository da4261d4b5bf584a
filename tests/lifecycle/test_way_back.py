"""The way back to Python, whatever else is the matter: rules plain, and no function touched."""

import contextlib
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from endpoint import ROLLED_BACK_AT
from rollout.rollback import Rollback
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.engine.lock import only_update
from sandbox.engine.result import DeploymentError, EngineName, Result
from sandbox.engine.state import State
from tests.engine.support import BOTH_ENGINES, Deploy, by_hand, calls, changes, weights
from tests.support.engines import First
from tests.support.snapshot import Snapshot

pytestmark = [BOTH_ENGINES, pytest.mark.usefixtures("half")]

PLAIN = {(None,)}
RULE = "embed-st-rule-lambda"
REFUSED = (DeploymentError, pulumi.RunError)
"""As the CLI prints it, and as the embedded engine lets it out."""
EMERGENCY = {"ModifyRule": 6, "AddTags": 1}


def build(path: Path, day: int) -> None:
    """A package of the same contents and, as every build makes them, of other bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("bootstrap", (2026, 1, day, 0, 0, 0)), "the same")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("dist")
    for name in ("python.zip", "rust.zip"):
        build(folder / name, 1)
    return folder


@pytest.fixture(scope="module")
def update(deployment: Deploy, dist: Path) -> Callable[..., Result]:
    """An update to a share, with the packages of `dist`."""

    def up(share: int, **values: str) -> Result:
        packages = {f"{name}Package": str(dist / f"{name}.zip") for name in ("python", "rust")}
        result: Result = deployment(rustPercentage=str(share), **packages | values).up()
        return result

    return up


@pytest.fixture(scope="module")
def halves(
    engine: EngineName, update: Callable[..., Result], server: AccountServer, state: Path
) -> First | None:
    """What a first update to 50 % left, where going back to it is possible."""
    if engine is not EngineName.EMBEDDED:
        return None
    result = update(50)
    kept = state.with_name("halves")
    shutil.copytree(state, kept)
    return First(result, Snapshot(server), kept)


@pytest.fixture
def half(
    halves: First | None,
    update: Callable[..., Result],
    server: AccountServer,
    account: Account,
    state: Path,
) -> None:
    """All six rules at 50 %, by an update that somebody wanted."""
    if halves is None:
        update(50, **accepting(account))
    else:
        halves.restore(state)
    assert weights(account) == {(50, 50)}
    calls(server)


def dual_rule(account: Account) -> str:
    elb = account.client("elbv2")
    listener = account.foundation["privateAlbHttpListenerArn"]
    rules = elb.describe_rules(ListenerArn=listener)["Rules"]
    return next((rule["RuleArn"] for rule in rules if rule["Priority"] == "2100"), "")


def accepting(account: Account) -> dict[str, str]:
    """The setting of somebody who knows of the last rollback."""
    mark = mark_of(account)
    return {"raiseAfterRollback": mark} if mark else {}


def mark_of(account: Account) -> str | None:
    if not (arn := dual_rule(account)):
        return None
    tags = account.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}.get(ROLLED_BACK_AT)


def roll_back(account: Account, meanwhile: Callable[[], object] = lambda: None) -> Rollback:
    """By the emergency command; `meanwhile` happens once the rules were changed."""
    todo = [meanwhile]

    def sleep(_seconds: float) -> None:
        if todo:
            todo.pop()()

    work = Rollback(
        account.client("elbv2"),
        account.stack,
        watch_seconds=0,
        sleep=sleep,
    )
    work.find()
    work.restore()
    work.mark()
    work.close()
    return work


def rebuilt(dist: Path) -> dict[str, str]:
    for name in ("python.zip", "rust.zip"):
        build(dist / name, 2)
    return {}


def without_packages(dist: Path) -> dict[str, str]:
    for name in ("python.zip", "rust.zip"):
        (dist / name).unlink()
    return {}


def bad_release(dist: Path) -> dict[str, str]:
    (dist / "release.zip").write_text("not a zip file")
    return {
        "pythonPackage": str(dist / "release.zip"),
        "scorerImage": "000000000000.dkr.ecr.us-west-2.amazonaws.com/gone:7",
    }


@pytest.mark.parametrize("trouble", [rebuilt, without_packages, bad_release])
def test_an_update_to_0_moves_six_rules_and_nothing_else(
    update: Callable[..., Result],
    server: AccountServer,
    account: Account,
    dist: Path,
    trouble: Callable[[Path], dict[str, str]],
) -> None:
    result = update(0, **trouble(dist))

    assert calls(server) == {"ModifyRule": 6}
    assert {change[2] for change in changes(result)} == {("actions",)}
    assert weights(account) == PLAIN
    for name in ("python.zip", "rust.zip"):
        build(dist / name, 1)


def test_the_emergency_command_needs_no_lease_and_no_update_brings_rust_back(
    update: Callable[..., Result],
    server: AccountServer,
    account: Account,
    deployment: Deploy,
    engine: EngineName,
) -> None:
    with leased(deployment(), engine):
        with pytest.raises(DeploymentError, match=r"(?i)update|locked by"):
            update(0)
        assert weights(account) == {(50, 50)}

        roll_back(account)

    assert calls(server) == EMERGENCY
    assert weights(account) == PLAIN
    mark = mark_of(account)

    with pytest.raises(REFUSED, match="emergency rollback"):
        update(50)
    assert calls(server) == {}

    update(10, raiseAfterRollback=str(mark))
    assert weights(account) == {(90, 10)}
    assert mark_of(account) == mark


def test_the_emergency_command_holds_against_a_running_update(
    update: Callable[..., Result], server: AccountServer, account: Account
) -> None:
    known = accepting(account)

    work = roll_back(account, meanwhile=lambda: update(70, **known))

    assert all(one.plain for one in work.outcomes())
    assert weights(account) == PLAIN
    assert set(calls(server)) == {"ModifyRule", "AddTags"}


@contextlib.contextmanager
def leased(deployed: Any, engine: EngineName) -> Iterator[None]:
    """The stack's lock is held, as by an update that hangs."""
    if engine is EngineName.EMBEDDED:
        with only_update(deployed.state_path.parent / "lock", "staging"):
            yield
        return
    locks = next(deployed.project.root.rglob(".pulumi")) / "locks"
    held = locks / "organization" / "passport-scorer-routing" / "staging" / "hangs.json"
    held.parent.mkdir(parents=True, exist_ok=True)
    held.write_text(
        '{"pid": 1, "username": "x", "hostname": "x", "timestamp": "2026-01-01T00:00:00Z"}'
    )
    try:
        yield
    finally:
        held.unlink()


def test_a_rule_that_was_changed_by_hand_goes_back(
    update: Callable[..., Result], server: AccountServer, account: Account
) -> None:
    update(0)
    elb = account.client("elbv2")
    plain = elb.describe_rules(RuleArns=[dual_rule(account)])["Rules"][0]["Actions"][0]
    groups = elb.describe_target_groups(Names=["l-passport-v2-rust-scorer-int"])["TargetGroups"]
    weighted: list[Any] = [
        {"TargetGroupArn": plain["TargetGroupArn"], "Weight": 1},
        {"TargetGroupArn": groups[0]["TargetGroupArn"], "Weight": 99},
    ]
    elb.modify_rule(
        RuleArn=dual_rule(account),
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}],
    )
    calls(server)

    roll_back(account)

    assert calls(server) == {"ModifyRule": 1, "AddTags": 1}
    assert weights(account) == PLAIN
    assert changes(update(0)) == []


def test_a_rule_that_the_state_lacks_goes_back_and_is_adopted(
    update: Callable[..., Result],
    server: AccountServer,
    account: Account,
    deployment: Deploy,
    engine: EngineName,
) -> None:
    forget(deployment(), engine)

    roll_back(account)

    assert calls(server) == EMERGENCY
    assert weights(account) == PLAIN
    arn = dual_rule(account)
    with pytest.raises(DeploymentError, match=f"{RULE}: priority 2100: PriorityInUse"):
        update(0)
    update(0, adopt=f'{{"{RULE}": "{arn}"}}')
    assert weights(account) == PLAIN
    assert mark_of(account)


def forget(deployed: object, engine: EngineName) -> None:
    """Lose the rule from the state, as an update does that is killed before AWS answers."""
    if engine is EngineName.EMBEDDED:
        state = State(deployed.state_path)  # type: ignore[attr-defined]  # the embedded one's
        state.remove(next(one.urn for one in state if one.name == RULE))
        return
    project = deployed.project  # type: ignore[attr-defined]  # the CLI's
    listed = by_hand(project, "stack", "--show-urns", "--stack", "staging").stdout
    urn = next(word for word in listed.split() if word.endswith(f"::{RULE}"))
    deleted = by_hand(project, "state", "delete", urn, "--yes", "--stack", "staging")
    assert deleted.returncode == 0, deleted.stderr
