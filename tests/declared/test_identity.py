"""Contract, "Identity": what runs today is taken over and never recreated."""

import importlib
from collections import Counter

import pytest

import catalog
from tests.declared.golden import (
    ALARM,
    ATTACHMENT,
    FUNCTION,
    GONE,
    GROUP,
    IMAGE,
    KEPT,
    LISTENER_ARNS,
    LOG_GROUP,
    PERMISSION,
    PYTHON,
    ROLE,
    ROUTES,
    RULE,
    RUST_FUNCTION,
    RUST_GROUPS,
    SECURITY_GROUP,
    ZIP,
    Existing,
    Row,
    arn,
    endpoint,
    function_name,
    group_arn,
)
from tests.support.recorder import FOUNDATION, Program

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


@pytest.mark.parametrize("existing", KEPT, ids=str)
def test_kept_resources_keep_type_logical_name_and_physical_name(
    staging: Program, existing: Existing
) -> None:
    (found,) = [one for one in staging.registrations if one.name == existing.name]

    assert found.type == existing.type
    assert found.inputs.get("name") == existing.physical
    assert "namePrefix" not in found.inputs


def test_every_resource_hangs_on_the_stack_itself(staging: Program, with_testers: Program) -> None:
    parents = {one.parent for one in staging.registrations + with_testers.registrations}

    assert parents == {"pulumi:pulumi:Stack"}


@pytest.mark.parametrize("type_", sorted({one.type for one in KEPT}))
def test_of_the_kept_types_nothing_is_added_but_what_the_issue_asks_for(
    staging: Program, type_: str
) -> None:
    kept = {one.name for one in KEPT if one.type == type_}

    assert set(staging.of_type(type_)) == kept | NEW.get(type_, set())


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


@pytest.mark.parametrize("row", PYTHON, ids=endpoint)
def test_package_types_are_as_today(staging: Program, row: Row) -> None:
    function = staging.of_type(FUNCTION)[row["function_logical_name"]]

    assert function.inputs.get("packageType") == ("Image" if row["package"] == "image" else None)


def test_the_rust_function_is_explicitly_a_zip(staging: Program) -> None:
    assert staging.of_type(FUNCTION)[RUST_FUNCTION].inputs["packageType"] == "Zip"


def test_target_groups_have_a_name_a_type_and_tags_and_nothing_that_forces_a_replacement(
    staging: Program,
) -> None:
    groups = staging.of_type(GROUP).values()

    assert {tuple(sorted(group.inputs)) for group in groups} == {("name", "tags", "targetType")}
    assert {group.inputs["targetType"] for group in groups} == {"lambda"}


def named_after(group: str) -> tuple[str, str]:
    """Logical names of the permission and the attachment that belong to a group."""
    if group.endswith("-lambda-tg"):
        return f"{group.removesuffix('-tg')}-permission", f"{group}-attachment"
    name = group.removeprefix("l-")
    return f"withLb-{name}", f"lambdaTargetGroupAttachment-{name}"


GROUPS = {row["target_group_logical_name"]: row["function_logical_name"] for row in PYTHON}
GROUPS |= dict.fromkeys(RUST_GROUPS.values(), RUST_FUNCTION)


def test_there_are_eighteen_target_groups(staging: Program) -> None:
    assert len(GROUPS) == 18
    assert set(staging.of_type(GROUP)) == set(GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_permissions_name_function_group_and_balancer_and_no_statement_id(
    staging: Program, group: str
) -> None:
    function = staging.of_type(FUNCTION)[GROUPS[group]]
    permission = staging.of_type(PERMISSION)[named_after(group)[0]]

    assert permission.inputs == {
        "action": "lambda:InvokeFunction",
        "function": function.inputs["name"],
        "principal": "elasticloadbalancing.amazonaws.com",
        "sourceArn": group_arn(group),
    }


@pytest.mark.parametrize("group", GROUPS)
def test_attachments_name_the_group_and_the_functions_arn_and_nothing_else(
    staging: Program, group: str
) -> None:
    function = staging.of_type(FUNCTION)[GROUPS[group]]
    attachment = staging.of_type(ATTACHMENT)[named_after(group)[1]]

    assert attachment.inputs == {"targetGroupArn": group_arn(group), "targetId": arn(function)}


@pytest.mark.parametrize("group", GROUPS)
def test_attachments_wait_for_their_permission(staging: Program, group: str) -> None:
    permission, attachment = named_after(group)

    assert permission in staging.of_type(ATTACHMENT)[attachment].depends_on


@pytest.mark.parametrize("row", ROUTES, ids=endpoint)
def test_rules_stay_on_their_listener(staging: Program, row: Row) -> None:
    rule = staging.of_type(RULE)[row["rule_logical_name"]]

    assert rule.inputs["listenerArn"] == LISTENER_ARNS[row["listener"]]


def test_roles_and_security_groups_keep_what_may_not_change_in_place(staging: Program) -> None:
    for role in staging.of_type(ROLE).values():
        assert not {"name", "namePrefix", "path"} & set(role.inputs)
    for group in staging.of_type(SECURITY_GROUP).values():
        assert not {"name", "namePrefix"} & set(group.inputs)
        assert group.inputs["description"] == "Managed by Pulumi"
        assert group.inputs["vpcId"] == FOUNDATION["vpcId"]


def test_log_groups_are_called_after_their_function(staging: Program) -> None:
    functions = [one.inputs["name"] for one in staging.of_type(FUNCTION).values()]
    log_groups = staging.of_type(LOG_GROUP)

    assert {name: one.inputs["name"] for name, one in log_groups.items()} == {
        f"{name}-log-group": f"/aws/lambda/{name}" for name in functions
    }
    assert not any("logGroupClass" in one.inputs for one in log_groups.values())


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
        one.name: {
            "Application": "scorer",
            "Environment": stack,
            "ManagedBy": "pulumi",
            "Name": TAGGED_AS_FUNCTION.get(one.name, one.name),
            "PulumiStack": stack,
            "Repo": "https://github.com/passportxyz/passport-scorer",
        }
        for one in tagged
    }
