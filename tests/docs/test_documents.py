"""No document names a command, an option, a key or a file that is not there."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import typer.main
from botocore import xform_name

import rollout.rollback_command
import rollout.rollout_command
import sandbox.cli
import takeover.takeover_command
from policy import limits_page
from routing import limits
from sandbox.account.client import Account
from settings import Settings
from tests.engine.support import CLI, Deploy, by_hand, weights

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = {
    "rollback": typer.main.get_command(rollout.rollback_command.app),
    "rollout": typer.main.get_command(rollout.rollout_command.app),
    "sandbox": typer.main.get_command(sandbox.cli.app),
    "takeover": typer.main.get_command(takeover.takeover_command.app),
}
KEYS = {field.alias for field in Settings.model_fields.values()}


def blocks(document: Path) -> list[list[str]]:
    """The fenced blocks, without comments and loops of the shell."""
    found = re.findall(r"^```\w*\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)
    return [[line.split("  #")[0].strip() for line in block.splitlines()] for block in found]


def commands(document: Path) -> Iterator[list[str]]:
    """Every command of the document: in a block, or between backticks."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", document.read_text(), flags=re.S))
    for text in [*(line for block in blocks(document) for line in block), *spans]:
        for part in re.split(r"&& |; do |; ", text):
            words = part.removeprefix(".venv/bin/").split()
            if words and words[0] in {"make", "pulumi", "aws", "python", *COMMANDS}:
                yield shlex.split(part.removeprefix(".venv/bin/").replace("…", "x"))


def problem(words: list[str]) -> str | None:
    """What of the command is not there."""
    match words:
        case ["make", target, *_] if not target.startswith("."):
            makefile = (ROOT / "Makefile").read_text()
            return None if re.search(rf"^{target}:", makefile, re.MULTILINE) else target
        case ["python", "-m", module, *_]:
            return None if importlib.util.find_spec(module) else module
        case ["pulumi", "config", "set" | "rm", *rest]:
            named = [word for word in rest if not word.startswith("-")][:1]
            keys = {re.split(r"[\[:]", name)[0] for name in named}
            return None if keys <= KEYS else f"{keys}"
        case ["aws", service, operation, *rest] if not operation.startswith("-"):
            return _unknown_to_aws(service, operation, rest)
        case [name, *rest] if name in COMMANDS:
            return _unknown(COMMANDS[name], rest)
    return None


def _unknown_to_aws(service: str, operation: str, words: list[str]) -> str | None:
    client: Any = boto3.client
    model = client(service, region_name="us-west-2").meta.service_model
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return operation
    shape = model.operation_model(names[operation]).input_shape
    known = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
    given = {word for word in words if word.startswith("--")}
    return ", ".join(given - known - {"--query", "--output", "--region"}) or None


def _unknown(command: Any, words: list[str]) -> str | None:
    if hasattr(command, "commands") and words and not words[0].startswith("-"):
        inner = command.commands.get(words[0])
        return _unknown(inner, words[1:]) if inner else words[0]
    known = {"--help"} | {
        name for one in command.params for name in (*one.opts, *one.secondary_opts)
    }
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    return ", ".join(options - known) or None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_it_names_is_there(document: Path) -> None:
    wrong = [(" ".join(words), found) for words in commands(document) if (found := problem(words))]

    assert wrong == []


def test_commands_are_found_and_judged() -> None:
    found = [" ".join(words) for words in commands(ROOT / "docs" / "runbook.md")]

    assert "rollback --stack production" in found
    assert "make demo" in found
    assert len(found) > 15
    for wrong in (
        "make nothing",
        "python -m tests.nothing",
        "pulumi config set rustPercent 1",
        "aws elbv2 describe-rulez",
        "aws elbv2 describe-rules --rules x",
        "rollback --stak x",
        "rollout strat --stack x",
        "rollout start --too 5",
        "sandbox upp",
        "sandbox up --rusty 5",
    ):
        assert problem(wrong.split())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)\s]+)\)", document.read_text()):
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}
            assert anchor in slugs, target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_it_names_is_there(document: Path) -> None:
    spans = re.findall(r"`([^`\n]+)`", document.read_text())
    named = {
        span for span in spans if re.fullmatch(r"[\w./-]+/[\w.-]+\.(py|ya?ml|csv|md|j2)", span)
    }

    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_limit_is_in_its_page_as_the_code_has_it() -> None:
    page = limits_page.PATH.read_text()

    assert page == limits_page.render(), "run `make docs`"
    for name in vars(limits):
        assert not name.isupper() or f"| `{name}` | " in page
    assert "\n## Actions\n\n| limit | value | source |\n|---|---|---|\n" in page
    assert "| `WEIGHT_MAX` | 999 | [API] TargetGroupTuple |" in page


@CLI
def test_the_runbooks_steps_do_what_it_says(account: Account, deployment: Deploy) -> None:
    """Every block of the runbook that runs as it stands, in its order."""
    stack = deployment()
    stack.up()
    ran = []
    for block in blocks(ROOT / "docs" / "runbook.md"):
        for line in block:
            words = shlex.split(line.replace("production", "staging"))
            if words[:1] == ["pulumi"] and "<" not in line:
                words += ["--yes"] if words[1] == "up" and "--yes" not in words else []
                done = by_hand(stack.project, *words[1:])
                assert done.returncode == 0, (line, done.stdout, done.stderr)
                ran.append(line)
                if "rustPercentage 10" in " ".join(ran) and words[1] == "up" and len(ran) == 3:
                    assert weights(account) == {(90, 10)}

    assert "pulumi up -s production --refresh --yes --skip-preview" in ran
    assert weights(account) == {(None,)}
