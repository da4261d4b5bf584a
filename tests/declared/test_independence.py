"""Code and traffic are two decisions: a change of percentage moves rules and nothing else."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.declared.golden import DUAL_RULES, FUNCTION, RULE, Again, Declared
from tests.support.recorder import Archive, Program

ZIP_FUNCTIONS = {
    "cc-nonce-lambda-function",
    "cc-auth-lambda-function",
    "embed-st-lambda-function",
    "embed-rl-lambda-function",
    "embed-gs-lambda-function",
    "passport-v2-rust-scorer",
}


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
    assert_rules_alone_move(again(100, watched=True), share=100)


def test_a_change_of_percentage_reads_no_package_and_is_named(
    again: Again, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "python.zip"
    broken.write_text("not a zip file")

    program = again(0, rustPackage=str(tmp_path / "gone.zip"), pythonPackage=str(broken))

    assert_rules_alone_move(program, share=0)
    assert "all 6 dual endpoints 50 % -> 0 %" in caplog.text
    code = {name: program.of_type(FUNCTION)[name].inputs["code"] for name in ZIP_FUNCTIONS}
    assert not [value for value in code.values() if isinstance(value, Archive)]


def test_a_change_of_one_override_is_a_change_of_percentage(again: Again) -> None:
    assert ("*",) in kept(again(50, rustPercentageByEndpoint={"embed-rl": 0})).values()


def test_without_a_change_of_percentage_only_the_code_of_the_same_package_is_kept(
    again: Again,
) -> None:
    marks = dict.fromkeys(DUAL_RULES, ("tags.RolledBackAt",))

    assert kept(again()) == dict.fromkeys(ZIP_FUNCTIONS, ("code",)) | marks


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
