"""Code and traffic are two decisions: a change of percentage moves rules and nothing else."""

import copy
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.declared.golden import DUAL_RULES, FUNCTION, RULE, Declared
from tests.support.recorder import Archive, Program, run_program

ZIP_FUNCTIONS = {
    "cc-nonce-lambda-function",
    "cc-auth-lambda-function",
    "embed-st-lambda-function",
    "embed-rl-lambda-function",
    "embed-gs-lambda-function",
    "passport-v2-rust-scorer",
}

Again = Callable[..., Program]


def with_arns(program: Program) -> Program:
    """As the state has it: a target group's ARN holds its physical name."""
    for one in program.of_type(RULE).values():
        for action in one.inputs["actions"]:
            for group in action.get("forward", {}).get("targetGroups", []):
                name = group["arn"].rpartition(":")[2]
                group["arn"] = f"arn:aws:x:us-west-2:1:targetgroup/{name}/1".replace(
                    "-internal/1", "-int/1"
                )
    return program


@pytest.fixture(scope="session")
def again(packages: Mapping[str, str], declared: Declared) -> Again:
    """Run the program over what an update at 50 % left behind."""
    required = {
        "foundationStack": "organization/passport-scorer/staging",
        "scorerImage": "000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:1",
        **packages,
    }
    before = with_arns(copy.deepcopy(declared({"rustPercentage": 50})))

    def run_again(share: int = 50, **config: Any) -> Program:
        return run_program({**required, "rustPercentage": str(share), **config}, deployed=before)

    return run_again


def kept(program: Program) -> dict[str, tuple[str, ...]]:
    return {one.name: one.ignore_changes for one in program.registrations if one.ignore_changes}


def assert_rules_alone_move(program: Program, *, share: int) -> None:
    rules = set(program.of_type(RULE))
    assert rules >= DUAL_RULES
    for one in program.registrations:
        held = ("conditions", "listenerArn", "priority", "tags") if one.name in rules else ("*",)
        assert set(one.ignore_changes) >= set(held)
        assert "actions" not in one.ignore_changes
    actions = program.named("embed-rl-rule-lambda").inputs["actions"][0]
    assert ("forward" in actions) is (share > 0)


def test_a_change_of_percentage_holds_all_that_is_deployed_but_the_actions_of_rules(
    again: Again,
) -> None:
    assert_rules_alone_move(again(100), share=100)


def test_a_change_of_percentage_reads_no_package_and_is_named(
    again: Again, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "python.zip"
    broken.write_text("not a zip file")

    program = again(0, rustPackage=str(tmp_path / "gone.zip"), pythonPackage=str(broken))

    assert_rules_alone_move(program, share=0)
    assert "embed-rl 50 % -> 0 %" in caplog.text
    code = {name: program.of_type(FUNCTION)[name].inputs["code"] for name in ZIP_FUNCTIONS}
    assert not [value for value in code.values() if isinstance(value, Archive)]


def test_a_change_of_one_override_is_a_change_of_percentage(again: Again) -> None:
    assert ("*",) in kept(again(50, rustPercentageByEndpoint={"embed-rl": 0})).values()


def test_without_a_change_of_percentage_only_the_code_of_the_same_package_is_kept(
    again: Again,
) -> None:
    assert kept(again()) == dict.fromkeys(ZIP_FUNCTIONS, ("code",))


def test_a_package_of_another_name_is_judged_and_deployed(again: Again, tmp_path: Path) -> None:
    other = tmp_path / "rust-2.zip"
    with pytest.raises(Exception, match="no such file"):
        again(rustPackage=str(other))

    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("bootstrap", "")
    program = again(rustPackage=str(other))

    assert program.named("passport-v2-rust-scorer").inputs["code"] == Archive(str(other))
    assert "passport-v2-rust-scorer" not in kept(program)


def test_a_missing_package_ends_the_first_update(
    declared: Declared, packages: Mapping[str, str]
) -> None:
    with pytest.raises(Exception, match="no such file"):
        declared({"rustPackage": "gone.zip"})
