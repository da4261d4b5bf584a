"""The workflows may do what they need and no more; zizmor looks at the rest in `make check`."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_documents import ROOT, problem
from yamlfile import read_yaml

GITHUB = ROOT / ".github"
FILES = [*sorted(GITHUB.glob("workflows/*.yml")), *sorted(GITHUB.glob("actions/*/action.yml"))]
WORKFLOWS = {path.stem: read_yaml(path) for path in FILES if path.parent.name == "workflows"}
JOBS = {
    f"{workflow}.{name}": job
    for workflow, content in WORKFLOWS.items()
    for name, job in content["jobs"].items()
}
COMMAND = re.compile(r"(?:\.venv/bin/|^)((?:make|pulumi|python|rollout) .*)$")
LOCAL = re.compile(r"\./\.github/(workflows/[a-z]+\.yml|actions/[a-z]+)")


def steps(content: Any) -> list[dict[str, Any]]:
    jobs = [content["runs"]] if "runs" in content else content["jobs"].values()
    return [step for job in jobs for step in job.get("steps", ())]


def lines(job: dict[str, Any]) -> Iterator[str]:
    for step in job.get("steps", ()):
        yield from step.get("run", "").splitlines()


def changes_a_stack(job: dict[str, Any]) -> bool:
    return any(re.search(r"pulumi up|rollout tick", line) for line in lines(job))


def test_an_action_is_pinned_to_one_commit_and_says_which_version_that_is() -> None:
    pins: dict[str, set[str]] = {}
    for path in FILES:
        for uses in re.findall(r"uses: (.+)", path.read_text()):
            if local := LOCAL.fullmatch(uses.split(" #")[0]):
                assert (GITHUB / local[1]).exists()
                continue
            found = re.fullmatch(r"([\w-]+/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)", uses)
            assert found, uses
            pins.setdefault(found[1], set()).add(found[2])

    assert {name: len(commits) for name, commits in pins.items()} == dict.fromkeys(
        (
            "actions/checkout",
            "actions/setup-python",
            "aws-actions/configure-aws-credentials",
            "pulumi/actions",
        ),
        1,
    )


def test_only_who_talks_to_aws_gets_a_token_for_it() -> None:
    assert [name for name, content in WORKFLOWS.items() if content["permissions"] != {}] == []
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "test.test": {"contents": "read"},
        "preview.preview": {"contents": "read", "id-token": "write", "pull-requests": "write"},
        "deploy.test": {"contents": "read"},
        "deploy.staging": {"contents": "read", "id-token": "write"},
        "deploy.production": {"contents": "read", "id-token": "write"},
        "up.up": {"contents": "read", "id-token": "write"},
        "rollout.tick": {"contents": "write", "id-token": "write"},
    }


def test_a_forks_program_never_runs_with_our_credentials() -> None:
    (guard,) = {job.get("if") for name, job in JOBS.items() if name.startswith("preview")}

    assert guard == "github.event.pull_request.head.repo.full_name == github.repository"
    assert not any("pull_request_target" in path.read_text() for path in FILES)


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [
        step
        for path in FILES
        for step in steps(read_yaml(path))
        if step.get("uses", "").startswith("actions/checkout@")
    ]

    assert len(checkouts) == 4
    assert {step["with"]["persist-credentials"] for step in checkouts} == {False}


def test_one_at_a_time_changes_a_stack_and_nobody_cuts_it_off() -> None:
    changing = {name: job["concurrency"] for name, job in JOBS.items() if changes_a_stack(job)}

    assert changing == {
        "up.up": {"group": "up-${{ inputs.stack }}", "cancel-in-progress": False},
        "rollout.tick": {"group": "rollout-${{ matrix.stack }}", "cancel-in-progress": False},
    }


def test_production_follows_staging_and_waits_for_its_environment() -> None:
    assert JOBS["deploy.staging"]["needs"] == "test"
    assert JOBS["deploy.production"]["needs"] == "staging"
    assert JOBS["deploy.production"]["with"] == {"stack": "production"}
    assert JOBS["up.up"]["environment"] == "${{ inputs.stack }}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_it_runs_is_there(path: Path) -> None:
    found = []
    for step in steps(read_yaml(path)):
        for line in step.get("run", "").splitlines():
            for command in re.findall(
                r"(?:\.venv/bin/|^)((?:make|pulumi|python|rollout) .*)", line
            ):
                words = shlex.split(re.split(r"\) >| > | \|", command)[0])
                found.append(words[0])
                assert problem(words) is None, line

    assert bool(found) == (path.stem != "deploy")


def test_the_versions_of_python_are_the_makefiles_everywhere() -> None:
    makefile = (ROOT / "Makefile").read_text()
    versions = re.findall(r"^PYTHONS := (.+)", makefile, re.MULTILINE)[0].split()
    minors = [int(version.removeprefix("3.")) for version in versions]
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    prepare = read_yaml(GITHUB / "actions" / "prepare" / "action.yml")

    assert minors == list(range(minors[0], minors[-1] + 1))
    assert pyproject["project"]["requires-python"] == f">={versions[0]},<3.{minors[-1] + 1}"
    assert pyproject["tool"]["mypy"]["python_version"] == versions[0]
    assert pyproject["tool"]["ruff"]["target-version"] == f"py3{minors[0]}"
    assert prepare["inputs"]["python"]["default"] == versions[0]
    assert JOBS["test.test"]["strategy"]["matrix"]["python"] == versions
    said = f"Python {', '.join(versions[:-1])} or {versions[-1]} and make"
    for name in ("README.md", "CONTRIBUTING.md"):
        assert said in (ROOT / name).read_text()


def test_the_hooks_before_a_commit_are_those_of_make_check() -> None:
    (repository,) = read_yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    makefile = (ROOT / "Makefile").read_text()
    recipes = re.findall(r"^(?:check|lint):.*\n((?:\t.+\n)+)", makefile, re.MULTILINE)
    wanted = re.findall(r"\$\(BIN\)/(.+)", "".join(recipes))

    assert len(recipes) == 2
    entries = [hook["entry"] for hook in repository["hooks"]]
    assert sorted(entries) == sorted(f".venv/bin/{one}" for one in wanted)
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
