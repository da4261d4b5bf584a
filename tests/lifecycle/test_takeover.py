"""The update from what runs today."""

import csv
import json
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import catalog
import rust_scorer.names
from sandbox.account.client import Account
from sandbox.engine.pulumi_project import PulumiProject
from sandbox.engine.result import DeploymentError, EngineName, Operation
from sandbox.engine.state import State
from sandbox.routes import read_routes
from takeover.commands import PROJECT
from takeover.inventory import Existing, adopted, existing
from takeover.takeover_command import app
from tests.engine.support import (
    BOTH_ENGINES,
    CLI,
    HANG_S,
    Deploy,
    embedded_deployments,
    environment,
    state_of,
)
from tests.support.engines import First, Shared
from tests.support.snapshot import Snapshot

WATCHED = True
TESTS = Path(__file__).parents[1]
IMAGE_FUNCTIONS = [
    *(backend.function_name for backend in catalog.IMAGE_BACKENDS),
    rust_scorer.names.FUNCTION,
]
ADOPT_LOG_GROUPS = json.dumps(
    {f"{name}-log-group": f"/aws/lambda/{name}" for name in IMAGE_FUNCTIONS}
)


def inventory(mark: str) -> set[str]:
    with (TESTS / "golden" / "existing_resources.csv").open() as file:
        return {
            row["logical_name"]
            for row in csv.DictReader(file)
            if row["in_the_port"].startswith(mark)
        }


def deploy_today(account: Account, deploy: Deploy) -> Any:
    """What runs today, in AWS and in the state."""
    result = deploy(program=TESTS / "support" / "today").up()
    for function in IMAGE_FUNCTIONS:
        account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{function}")
    return result


@pytest.fixture(scope="module")
def todays(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> First:
    """The same by the embedded engine, once for all tests."""
    shared.empty.restore()
    folder = tmp_path_factory.mktemp("today")
    account = Account.connect(shared.server.url, "staging")
    result = deploy_today(account, embedded_deployments(account, folder))
    return First(result, Snapshot(shared.server), folder)


@pytest.fixture
def today(
    engine: EngineName,
    request: pytest.FixtureRequest,
    fresh_account: Account,
    fresh_deployment: Deploy,
    tmp_path: Path,
) -> None:
    if engine is EngineName.EMBEDDED:
        todays: First = request.getfixturevalue("todays")
        todays.restore(tmp_path)
    else:
        deploy_today(fresh_account, fresh_deployment)


@BOTH_ENGINES
@pytest.mark.usefixtures("today")
def test_todays_resources_are_taken_over_in_one_update_also_after_a_failed_one(
    fresh_account: Account, fresh_deployment: Deploy
) -> None:
    priorities = {route.path: route.priority for route in read_routes(fresh_account)}
    assert priorities["/registry/submit-passport"] == 1001
    assert priorities["/ceramic-cache/score/0x*"] == 1007
    with pytest.raises(DeploymentError, match="log-group: ResourceAlreadyExistsException"):
        fresh_deployment().up()

    done = {
        step.name: step.operation for step in fresh_deployment(adopt=ADOPT_LOG_GROUPS).up().steps
    }

    assert {name for name in done if done[name] is Operation.DELETE} == inventory("goes")
    assert inventory("keep") <= {
        name for name in done if done[name] in (Operation.SAME, Operation.UPDATE)
    }
    by_route = {(r.path, r.methods): r.priority for r in read_routes(fresh_account)}
    assert by_route["/registry/submit-passport", ("POST",)] == 1000
    assert by_route["/ceramic-cache/score/*", ("GET",)] == 1001
    retention = fresh_account.client("logs").describe_log_groups()["logGroups"]
    assert {group["logGroupName"]: group.get("retentionInDays") for group in retention} == {
        f"/aws/lambda/{name}": 14
        for name in [*IMAGE_FUNCTIONS, *(b.function_name for b in catalog.ZIP_BACKENDS)]
    }
    assert fresh_deployment().up().changes == []


@pytest.mark.usefixtures("today")
def test_todays_tester_rules_keep_their_names_when_the_header_is_set(
    fresh_deployment: Deploy,
) -> None:
    result = fresh_deployment(
        adopt=ADOPT_LOG_GROUPS, secret={"testerHeaderValue": "canary-4711"}
    ).up()

    assert result.of(Operation.DELETE) == []
    assert inventory("goes") <= {step.name for step in result.of(Operation.UPDATE)}
    assert {step.name for step in result.of(Operation.IMPORT)} == set(json.loads(ADOPT_LOG_GROUPS))
    assert "lrule-tester-v2-history" in {step.name for step in result.of(Operation.CREATE)}


TYPESCRIPT = "passport-scorer"
"""The project that owns everything today."""
COMPONENT = f"urn:pulumi:staging::{TYPESCRIPT}::my:index:Scorer::it"
RULE = "aws:lb/listenerRule:ListenerRule"

Export = dict[str, Any]


@pytest.fixture
def export(todays: First) -> Export:
    """What `pulumi stack export` says of today's stack."""
    (path,) = todays.folder.rglob("state.jsonl")
    stack = f"urn:pulumi:staging::{TYPESCRIPT}::pulumi:pulumi:Stack::{TYPESCRIPT}-staging"
    resources: list[Export] = [{"urn": stack, "type": "pulumi:pulumi:Stack", "custom": False}]
    resources += [
        {
            "urn": f"urn:pulumi:staging::{TYPESCRIPT}::{one.type}::{one.name}",
            "type": one.type,
            "custom": True,
            "parent": stack,
            "id": one.id,
            "inputs": dict(one.inputs),
            "outputs": {**one.inputs, **one.outputs},
        }
        for one in State(path, read_only=True)
    ]
    return {"version": 3, "deployment": {"resources": resources}}


def named(export: Export, name: str, type_: str = "") -> Export:
    found: Export
    (found,) = [
        one
        for one in export["deployment"]["resources"]
        if one["urn"].endswith(f"::{name}") and one["type"].endswith(type_)
    ]
    return found


def printed(export: Export, *options: str) -> Any:
    return CliRunner().invoke(app, ["-", *options], input=json.dumps(export))


def commands(text: str) -> list[list[str]]:
    """The commands of a script."""
    lines = [line for line in text.replace("\\\n", "").splitlines() if not line.startswith("#")]
    return [words for line in lines if (words := shlex.split(line))]


def moves(text: str) -> list[tuple[str, str, list[str]]]:
    """From where to where which URNs go."""
    return [
        (words[4], words[6], words[7:])
        for words in commands(text)
        if words[:4] == ["pulumi", "state", "move", "--source"] and words[5] == "--dest"
    ]


def test_the_catalog_says_what_the_inventory_says() -> None:
    with (TESTS / "golden" / "existing_resources.csv").open() as file:
        rows = list(csv.DictReader(file))

    assert {*existing()} == {
        Existing(
            row["type"],
            row["logical_name"],
            None if row["physical_name"] == "(auto-named)" else row["physical_name"],
            int(row["priority"]) if row["priority"] else None,
            row["in_the_port"].startswith("goes"),
        )
        for row in rows
    }
    assert len(existing()) == len(rows)
    assert adopted() == json.loads(ADOPT_LOG_GROUPS)


def test_the_commands_move_what_the_inventory_names_there_and_back(export: Export) -> None:
    result = printed(export, "--organization", "passport")

    assert (result.exit_code, result.stderr) == (0, "")
    old, new = "passport/passport-scorer/staging", "passport/passport-scorer-routing/staging"
    there, back = moves(result.stdout)
    assert there[:2] == (old, new)
    assert back[:2] == (new, old)
    with (TESTS / "golden" / "existing_resources.csv").open() as file:
        rows = [(row["type"], row["logical_name"]) for row in csv.DictReader(file)]
    for (_, _, urns), project in ((there, TYPESCRIPT), (back, "passport-scorer-routing")):
        assert sorted(urns) == sorted(
            f"urn:pulumi:staging::{project}::{type_}::{name}" for type_, name in rows
        )


def test_the_commands_come_in_order_and_say_what_the_update_does(export: Export) -> None:
    text = printed(export).stdout

    order = [
        " ".join(words[:3] if words[1] in {"stack", "state", "config"} else words[:2])
        for words in commands(text)
    ]
    assert order == [
        "pulumi stack --show-urns",
        "pulumi stack init",
        "pulumi state move",
        "aws logs",
        *["pulumi config set"] * 13,
        "pulumi preview",
        "pulumi up",
        "pulumi preview",
        "pulumi config rm",
        "pulumi state move",
    ]
    assert text.index("Freeze the pipeline") < text.index("pulumi stack init")
    adopts = [words for words in commands(text) if "--path" in words]
    assert {(words[5], words[6]) for words in adopts} == {
        (f'adopt["{name}"]', id_) for name, id_ in json.loads(ADOPT_LOG_GROUPS).items()
    }
    for said in (
        "177 kept: none of them replaced or deleted",
        "12 imported: the log groups",
        "6 deleted, or updated where testerHeaderValue is set: lrule-rust-ceramic-cache-score, ",
        "priority 1001 -> 1000: lrule-lambda-submit-passport-0",
        "priority 1007 -> 1001: lrule-lambda-cc-v1-score-GET-0",
    ):
        assert said in text


@pytest.mark.usefixtures("today")
def test_the_update_does_what_the_commands_say(export: Export, fresh_deployment: Deploy) -> None:
    text = printed(export).stdout

    result = fresh_deployment(adopt=ADOPT_LOG_GROUPS).preview()

    # Not in an export of the real stack: today's program stands for role policies by six of ours.
    created = len(result.of(Operation.CREATE)) + 6
    assert f"{created} created" in text
    assert f"{len(result.of(Operation.IMPORT))} imported" in text
    assert f"{len(result.of(Operation.DELETE))} deleted" in text


def remove(export: Export, name: str) -> None:
    export["deployment"]["resources"].remove(named(export, name))


def pulumi(project: PulumiProject, *words: str) -> str:
    """Run the CLI on whichever stack the words say; returns what it prints."""
    asks = words[0] == "up" or words[:2] in {("state", "move"), ("stack", "rm")}
    done = subprocess.run(
        [shutil.which("pulumi") or "", *words, *["--yes"] * asks, "--non-interactive"],
        cwd=project.work_folder,
        env={**environment(project), "PULUMI_OPTION_STACK": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert done.returncode == 0, (words[:6], done.stdout, done.stderr)
    return done.stdout


def move_to_typescript(stack: Any) -> None:
    """Make the state of today's stack that of the old project, and leave none of the new one."""
    project = stack.project
    old, new = (f"organization/{name}/staging" for name in (TYPESCRIPT, PROJECT))
    document = json.loads(state_of(stack))["checkpoint"]["latest"]
    path = next(project.root.rglob(f"{TYPESCRIPT}/staging.json"))
    outside = json.loads(path.read_text())
    outside["checkpoint"]["latest"]["secrets_providers"] = document["secrets_providers"]
    path.write_text(json.dumps(outside))
    urns = [one["urn"] for one in document["resources"] if one["type"].startswith("aws:")]
    pulumi(project, "state", "move", "--source", new, "--dest", old, *urns)
    pulumi(project, "stack", "rm", "--force", "--preserve-config", "--stack", new)


@CLI
@pytest.mark.usefixtures("today")
def test_the_cli_does_what_is_printed_there_and_back(
    fresh_deployment: Deploy, fresh_account: Account, tmp_path: Path
) -> None:
    """Followed to the letter, with the way back in between."""
    stack = fresh_deployment()
    ids = {(one.type, one.name): one.id for one in stack.resources()}
    stack.project.prepare()  # from here on it is our program, not today's
    move_to_typescript(stack)
    old = f"organization/{TYPESCRIPT}/staging"
    file = tmp_path / "export.json"
    pulumi(stack.project, "stack", "export", "--stack", old, "--file", str(file))

    script = CliRunner().invoke(app, [str(file)])

    assert (script.exit_code, script.stderr) == (0, "")
    words = [one[1:] for one in commands(script.stdout) if one[0] == "pulumi"]
    place = next(at for at, one in enumerate(words) if one[:2] == ["state", "move"])
    there, back = words[place], words.pop()
    words[place + 1 : place + 1] = [back, there]
    for one in words:
        pulumi(stack.project, *one)

    after = {(one.type, one.name): one.id for one in stack.resources()}
    kept = {(one.type, one.name) for one in existing() if not one.goes}
    assert {key: after[key] for key in kept} == {key: ids[key] for key in kept}
    by_route = {(r.path, r.methods): r.priority for r in read_routes(fresh_account)}
    assert by_route["/registry/submit-passport", ("POST",)] == 1000
    assert by_route["/ceramic-cache/score/*", ("GET",)] == 1001


def rename(export: Export, name: str, new: str) -> None:
    named(export, name)["urn"] = named(export, name)["urn"].removesuffix(name) + new


def add(export: Export, name: str) -> None:
    like = named(export, "lrule-no-gitcoin-v2")
    urn = like["urn"].replace("lrule-no-gitcoin-v2", name)
    export["deployment"]["resources"].append({**like, "urn": urn})


def retype(export: Export, name: str) -> None:
    one = named(export, name)
    one["type"] = "aws:alb/targetGroup:TargetGroup"
    one["urn"] = one["urn"].replace("aws:lb/", "aws:alb/")


def hang(export: Export, name: str) -> None:
    named(export, name)["parent"] = COMPONENT


REFUSED: Mapping[str, tuple[Callable[[Export], object], list[str]]] = {
    "missing": (
        lambda export: remove(export, "cc-nonce-lambda-tg"),
        ["cc-nonce-lambda-tg: 0 of type aws:lb/targetGroup:TargetGroup instead of one"],
    ),
    "renamed": (
        lambda export: rename(export, "passport-v2-lrule", "lrule-new"),
        [
            f"passport-v2-lrule: 0 of type {RULE} instead of one",
            f"lrule-new: {RULE} is not in the inventory; --leave it if it stays",
        ],
    ),
    "foreign": (
        lambda export: add(export, "by-hand"),
        [f"by-hand: {RULE} is not in the inventory; --leave it if it stays"],
    ),
    "of another type": (
        lambda export: retype(export, "embed-st-lambda-tg"),
        [
            "embed-st-lambda-tg: 0 of type aws:lb/targetGroup:TargetGroup instead of one, "
            "under its name there is aws:alb/targetGroup:TargetGroup"
        ],
    ),
    "named otherwise in AWS": (
        lambda export: named(export, "embed-gs-lambda-function")["outputs"].update(name="other"),
        ["embed-gs-lambda-function: its name in AWS is other, not embed-gs-lambda"],
    ),
    "of another priority": (
        lambda export: named(export, "cc-auth-rule-lambda")["outputs"].update(priority=7),
        ["cc-auth-rule-lambda: its priority is 7, not 5020"],
    ),
    "below a component": (
        lambda export: hang(export, "embed-st-lambda-tg"),
        [f"embed-st-lambda-tg: hangs on {COMPONENT}, not on the stack, so its URN would change"],
    ),
    "half deleted": (
        lambda export: named(export, "embed-st-lambda-tg").update(delete=True),
        ["embed-st-lambda-tg: an update was cut off before it was deleted"],
    ),
    "cut off": (
        lambda export: export["deployment"].update(pending_operations=[{}]),
        ["an update was cut off; first: pulumi refresh"],
    ),
    "not one stack's": (
        lambda export: named(export, "cc-auth-rule-lambda").update(
            urn="urn:pulumi:production::passport-scorer::aws:a:B::c"
        ),
        ["this is no export of a stack: pulumi stack export -s <stack>"],
    ),
    "no export": (
        lambda export: export.pop("deployment"),
        ["this is no export of a stack: pulumi stack export -s <stack>"],
    ),
    "of resources without URNs": (
        lambda export: named(export, "cc-auth-rule-lambda").update(urn="cc"),
        ["this is no export of a stack: pulumi stack export -s <stack>"],
    ),
}


@pytest.mark.parametrize(("change", "problems"), REFUSED.values(), ids=REFUSED)
def test_an_export_that_is_not_what_the_inventory_says_is_refused(
    export: Export, change: Callable[[Export], object], problems: list[str]
) -> None:
    change(export)

    result = printed(export)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "Nothing is taken over, and nothing was changed:",
        *(f"  {problem}" for problem in problems),
    ]


def test_every_problem_is_listed(export: Export) -> None:
    for name in ("missing", "foreign", "of another priority", "cut off"):
        REFUSED[name][0](export)

    assert len(printed(export).stderr.splitlines()) == 5


def test_what_stays_must_be_named(export: Export) -> None:
    add(export, "by-hand")

    left = printed(export, "--leave", "by-hand")
    too_much = printed(export, "--leave", "by-hand", "--leave", "cc-auth-rule-lambda")

    assert left.exit_code == 0
    assert "Left where they are: by-hand." in left.stdout
    assert "::by-hand" not in left.stdout
    assert too_much.exit_code == 2
    assert "cc-auth-rule-lambda: --leave names nothing that could stay" in too_much.stderr


@pytest.mark.parametrize("text", [b"", b"\xff\xfe{", b"[]", b"null", b'{"deployment": {}}'])
def test_what_is_no_export_is_refused_in_one_sentence(text: bytes, tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_bytes(text)

    result = CliRunner().invoke(app, [str(file)])

    assert result.exit_code == 2
    assert "this is no export of a stack" in result.stderr
    assert "Traceback" not in result.output
