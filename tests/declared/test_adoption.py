"""Contract, `adopt`: resources that AWS has and the state lacks."""

import pytest

from tests.declared.golden import IMAGE, LOG_GROUP, RUST_FUNCTION, Declared, function_name
from tests.support.recorder import Program

LOG_GROUPS = {
    f"{name}-log-group": f"/aws/lambda/{name}"
    for name in [*map(function_name, IMAGE), RUST_FUNCTION]
}
"""AWS has these, made by Lambda; no state has them."""

OTHERS = {"l-passport-v2-rust-scorer": "arn:group", "lambdaRole": "lambdaRole-4f2a"}


@pytest.fixture(scope="session")
def adopting(declared: Declared) -> Program:
    return declared({"adopt": LOG_GROUPS | OTHERS})


def test_exactly_the_named_resources_are_imported(adopting: Program) -> None:
    imported = {one.name: one.import_id for one in adopting.registrations if one.import_id}

    assert imported == LOG_GROUPS | OTHERS


def test_the_log_groups_that_lambda_made_can_be_named(adopting: Program) -> None:
    assert len(LOG_GROUPS) == 12
    assert set(LOG_GROUPS) <= set(adopting.of_type(LOG_GROUP))


def test_adoption_changes_nothing_else(staging: Program, adopting: Program) -> None:
    before = {one.name: one.inputs for one in staging.registrations}
    after = {one.name: one.inputs for one in adopting.registrations}

    assert before == after
    assert {one.name: one.depends_on for one in staging.registrations} == {
        one.name: one.depends_on for one in adopting.registrations
    }


@pytest.mark.parametrize("which", ["staging", "with_testers", "production"])
def test_nothing_is_imported_unasked(request: pytest.FixtureRequest, which: str) -> None:
    program: Program = request.getfixturevalue(which)

    assert {one.import_id for one in program.registrations} == {""}
