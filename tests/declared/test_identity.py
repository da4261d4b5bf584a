"""Contract, "Identity": what runs today is taken over and never recreated."""

import importlib
from collections import Counter

import pytest

import catalog
from tests.declared.golden import (
    ALARM,
    ATTACHMENT,
    GONE,
    IMAGE,
    KEPT,
    LOG_GROUP,
    PERMISSION,
    ROLE,
    RULE,
    RUST_FUNCTION,
    ZIP,
    function_name,
    tags,
)
from tests.support.recorder import Program

TESTER_RULES = {one.name for one in GONE} | {"lrule-tester-v2-history"}

NEW_ALARMS = {
    f"{kind}-{watched}-{speed}"
    for watched in (
        *(function_name(row) for row in ZIP),
        "passport-v2-rust-scorer",
        "passport-v2-rust-scorer-int",
    )
    for kind in ("HTTP-Target-5XX", "HTTP-Target-4XX", "TargetResponseTime")
    for speed in ("burst", "sustain")
} | {
    "LambdaUserError-passport-v2-rust-scorer-burst",
    "LambdaUserError-passport-v2-rust-scorer-int-burst",
    "passport-v2-rust-scorer-errors",
}

NEW = {
    ALARM: NEW_ALARMS,
    LOG_GROUP: {f"{function_name(row)}-log-group" for row in IMAGE}
    | {f"{RUST_FUNCTION}-log-group"},
}


def test_kept_resources_keep_type_logical_name_and_physical_name(staging: Program) -> None:
    kept = {(one.type, one.name, one.physical) for one in KEPT}
    registered = {(one.type, one.name, one.inputs.get("name")) for one in staging.registrations}

    assert len(kept) == 177
    assert kept - registered == set()
    assert [one.name for one in staging.registrations if "namePrefix" in one.inputs] == []


def test_every_resource_hangs_on_the_stack_itself(staging: Program, with_testers: Program) -> None:
    parents = {one.parent for one in staging.registrations + with_testers.registrations}

    assert parents == {"pulumi:pulumi:Stack"}


def test_of_the_kept_types_nothing_is_added_but_what_the_issue_asks_for(staging: Program) -> None:
    types = {one.type for one in KEPT}
    kept = {(one.type, one.name) for one in KEPT}
    new = {(type_, name) for type_, names in NEW.items() for name in names}

    assert {
        (one.type, one.name) for one in staging.registrations if one.type in types
    } == kept | new


def test_logical_names_are_unique_over_all_types(with_testers: Program) -> None:
    names = Counter(one.name for one in with_testers.registrations)

    assert [name for name, count in names.items() if count > 1] == []


def test_physical_names_are_unique_per_type(with_testers: Program) -> None:
    names = Counter(
        (one.type, one.inputs["name"]) for one in with_testers.registrations if "name" in one.inputs
    )

    assert [name for name, count in names.items() if count > 1] == []


def test_the_catalog_names_exactly_what_is_registered(
    staging: Program, with_testers: Program
) -> None:
    for program, testers in ((staging, False), (with_testers, True)):
        listed = catalog.logical_names(with_tester_rules=testers)

        assert sorted(listed) == sorted(one.name for one in program.registrations)


def test_rules_that_go_are_gone_without_the_tester_header(staging: Program) -> None:
    assert not TESTER_RULES & {one.name for one in staging.registrations}


def test_the_tester_header_adds_seven_rules_and_nothing_else(
    staging: Program, with_testers: Program
) -> None:
    before = {(one.type, one.name) for one in staging.registrations}
    after = {(one.type, one.name) for one in with_testers.registrations}

    assert after - before == {(RULE, name) for name in TESTER_RULES}
    assert before <= after
    assert len(TESTER_RULES) == 7


def test_nothing_is_looked_up_but_the_foundation_stack(
    staging: Program, production: Program
) -> None:
    # The recorder refuses invokes, so data sources would have ended the run.
    reference = "pulumi:pulumi:StackReference"

    assert staging.reads == [(reference, "organization/passport-scorer/staging")]
    assert production.reads == [(reference, "organization/passport-scorer/production")]


def test_roles_keep_what_may_not_change_in_place(staging: Program) -> None:
    for role in staging.of_type(ROLE).values():
        assert not {"name", "namePrefix", "path"} & set(role.inputs)


def takes_tags(type_: str) -> bool:
    package, path, kind = type_.split(":")
    name = path.split("/", maxsplit=1)[0]
    module = importlib.import_module(f"pulumi_{package}.{'lambda_' if name == 'lambda' else name}")
    return hasattr(getattr(module, f"{kind}Args"), "tags")


TAGGED_AS_FUNCTION = {
    name: function_name(row)
    for row in ZIP
    for name in (row["function_logical_name"], row["target_group_logical_name"])
}


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_everything_that_takes_tags_has_exactly_todays(
    request: pytest.FixtureRequest, stack: str
) -> None:
    program: Program = request.getfixturevalue(
        {"staging": "with_testers", "production": "production"}[stack]
    )

    tagged = [one for one in program.registrations if takes_tags(one.type)]
    assert {one.type for one in program.registrations} - {one.type for one in tagged} == {
        PERMISSION,
        ATTACHMENT,
        "aws:iam/rolePolicy:RolePolicy",
        "aws:cloudwatch/dashboard:Dashboard",
    }
    assert {one.name: one.inputs.get("tags") for one in tagged} == {
        one.name: tags(TAGGED_AS_FUNCTION.get(one.name, one.name), stack) for one in tagged
    }
