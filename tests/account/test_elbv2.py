import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto.awslambda.utils import get_backend as lambda_backend

from sandbox.account.client import Account
from tests.account.support import (
    World,
    fixed_response,
    forward,
    host,
    methods,
    path,
    refused,
    sent,
    weighted,
)
from tests.support import limits

Groups = list[str]
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A call that AWS refuses, and the nearest one that it takes."""

    code: str
    words: str
    refused: Callable[[Groups], Arguments]
    accepted: Callable[[Groups], Arguments]


def actions(*listed: Any) -> Arguments:
    return {"Actions": list(listed)}


def conditions(*listed: Any) -> Arguments:
    return {"Conditions": list(listed)}


ACTIONS = {
    "group and config name different groups": Row(
        "ValidationError",
        "it must be the same target group",
        lambda g: actions(forward(g[0]) | weighted((g[1], 1))),
        lambda g: actions(forward(g[0]) | weighted((g[0], 1))),
    ),
    "group beside a config of two": Row(
        "ValidationError",
        "you can specify only one target group using ForwardConfig",
        lambda g: actions(forward(g[0]) | weighted((g[0], 1), (g[1], 1))),
        # What the provider sends on the way back from two groups to one.
        lambda g: actions(forward(g[0]) | weighted(Enabled=False)),
    ),
    "weight above 999": Row(
        "ValidationError",
        "The weight for each target group must be between 0 and 999, inclusive",
        lambda g: actions(weighted((g[0], 1000), (g[1], 0))),
        lambda g: actions(weighted((g[0], 999), (g[1], 0))),
    ),
    "weight below 0": Row(
        "ValidationError",
        "between 0 and 999",
        lambda g: actions(weighted((g[0], -1), (g[1], 1))),
        lambda g: actions(weighted((g[0], 0), (g[1], 1))),
    ),
    "six groups": Row(
        "TooManyTargetGroups",
        "[5]",
        lambda g: actions(weighted(*((arn, 1) for arn in g[:6]))),
        lambda g: actions(weighted(*((arn, 1) for arn in g[:5]))),
    ),
    "one group twice": Row(
        "ValidationError",
        "only be specified once",
        lambda g: actions(weighted((g[0], 1), (g[0], 1))),
        lambda g: actions(weighted((g[0], 1), (g[1], 1))),
    ),
    "stickiness without a duration": Row(
        "ValidationError",
        "specify a duration",
        lambda g: actions(weighted((g[0], 1), Enabled=True)),
        lambda g: actions(weighted((g[0], 1), Enabled=False)),
    ),
    "stickiness of more than a week": Row(
        "ValidationError",
        "between 1 and 604800",
        lambda g: actions(weighted((g[0], 1), Enabled=True, DurationSeconds=604_801)),
        lambda g: actions(weighted((g[0], 1), Enabled=True, DurationSeconds=604_800)),
    ),
    "stickiness of no time": Row(
        "ValidationError",
        "between 1 and 604800",
        lambda g: actions(weighted((g[0], 1), Enabled=True, DurationSeconds=0)),
        lambda g: actions(weighted((g[0], 1), Enabled=True, DurationSeconds=1)),
    ),
    "forward to nothing": Row(
        "ValidationError",
        "A target group ARN must be specified",
        lambda _: actions({"Type": "forward"}),
        lambda g: actions(forward(g[0])),
    ),
    "forward to an empty list": Row(
        "ValidationError",
        "A target group ARN must be specified",
        lambda _: actions(weighted()),
        lambda g: actions(weighted((g[0], 1))),
    ),
    "two routing actions": Row(
        "InvalidLoadBalancerAction",
        "exactly one",
        lambda g: actions(forward(g[0]) | {"Order": 1}, fixed_response() | {"Order": 2}),
        lambda g: actions(forward(g[0]) | {"Order": 1}),
    ),
    "a long body": Row(
        "ValidationError",
        "'actions.1.member.fixedResponseConfig.messageBody'",
        lambda _: actions(fixed_response("x" * 1025)),
        lambda _: actions(fixed_response("x" * 1024)),
    ),
    "an unknown group": Row(
        "TargetGroupNotFound",
        "not found",
        lambda g: actions(weighted((g[0], 1), (f"{g[0]}0", 1))),
        lambda g: actions(weighted((g[0], 1))),
    ),
}

SAID = {
    "below the first": "Member must have value greater than or equal to 1",
    "above the last": "Member must have value less than or equal to 50000",
    "no condition": "A condition must be specified",
    "two hosts": "A rule can only have one 'host-header' condition",
    "two paths": "A rule can only have one 'path-pattern' condition",
    "two methods": "A rule can only have one 'http-request-method' condition",
    "six values": "A rule can only have '5' condition values",
    "six wildcards": "A rule can only have '5' condition wildcards",
    "no value": "A condition value must be specified",
    "empty value": "A condition value must be specified",
    "long path": "cannot contain more than 128 characters",
    "long header value": "cannot contain more than 128 characters",
    "host without a dot": "Condition value 'localhost' contains a character that is not valid",
    "small method": "Condition value 'get' contains a character that is not valid",
}
"""Words of AWS for some of the edges; for the others only its code is known."""

CONDITIONS = {
    name: Row(
        "ValidationError",
        SAID.get(name, ""),
        lambda _, bad=bad: conditions(*map(sent, bad)),  # type: ignore[misc]
        lambda _, good=good: conditions(*map(sent, good)),  # type: ignore[misc]
    )
    for name, (bad, good) in limits.CONDITIONS.items()
} | {
    "a method with a digit at the end": Row(
        "ValidationError",
        "'GET2'",
        lambda _: conditions(methods("GET2")),
        lambda _: conditions(methods("GET_")),
    ),
    "values of another field": Row(
        "ValidationError",
        "The 'HostHeaderConfig' field is not compatible with 'path-pattern'",
        lambda _: conditions(host("a.example.org") | path("/")),
        lambda _: conditions(host("a.example.org"), path("/")),
    ),
    "no field": Row(
        "ValidationError",
        "A condition field must be specified",
        lambda _: conditions({"PathPatternConfig": {"Values": ["/"]}}),
        lambda _: conditions(path("/")),
    ),
}

PRIORITIES = {
    name: Row(
        "ValidationError",
        SAID.get(name, ""),
        lambda _, bad=bad: {"Priority": bad},  # type: ignore[misc]
        lambda _, good=good: {"Priority": good},  # type: ignore[misc]
    )
    for name, (bad, good) in limits.PRIORITIES.items()
}


def rows(table: dict[str, Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", table.values(), ids=table.keys())


@pytest.fixture(scope="module")
def made(account: Account, unchecked: Callable[[str], Any]) -> tuple[str, Groups]:
    """Making them for each row would cost more than the row."""
    numbers = itertools.count()
    world = World(account, unchecked, lambda prefix: f"{prefix}-front-{next(numbers)}")
    return world.listener(), [world.group() for _ in range(6)]


@pytest.fixture
def front(world: World, made: tuple[str, Groups]) -> Iterator[tuple[str, Groups]]:
    """A listener without rules, and groups that no other load balancer has."""
    yield made
    for rule in world.rules(made[0]):
        if not rule["IsDefault"]:
            world.account.client("elbv2").delete_rule(RuleArn=rule["RuleArn"])


@rows(PRIORITIES | CONDITIONS | ACTIONS)
def test_create_rule(world: World, front: tuple[str, Groups], row: Row) -> None:
    elbv2 = world.unchecked("elbv2")
    listener, groups = front
    base = {"ListenerArn": listener, "Priority": 7}
    base |= conditions(path("/")) | actions(forward(groups[0]))

    with refused(row.code, row.words):
        elbv2.create_rule(**(base | row.refused(groups)))
    assert len(world.rules(listener)) == 1  # the default rule

    elbv2.create_rule(**(base | row.accepted(groups)))
    assert len(world.rules(listener)) == 2


@rows({name: row for name, row in CONDITIONS.items() if name != "no condition"} | ACTIONS)
def test_modify_rule(world: World, front: tuple[str, Groups], row: Row) -> None:
    elbv2 = world.unchecked("elbv2")
    listener, groups = front
    rule = create_rule(world, listener, forward(groups[0]))["RuleArn"]
    before = world.rules(listener)

    with refused(row.code, row.words):
        elbv2.modify_rule(RuleArn=rule, **row.refused(groups))
    assert world.rules(listener) == before

    elbv2.modify_rule(RuleArn=rule, **row.accepted(groups))
    assert world.rules(listener) != before or row.accepted(groups) == actions(forward(groups[0]))


@rows(ACTIONS)
def test_default_actions(world: World, front: tuple[str, Groups], row: Row) -> None:
    elbv2 = world.unchecked("elbv2")
    listener, groups = front
    words = row.words.replace("'actions.", "'defaultActions.")
    described = elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]
    other = {"LoadBalancerArn": described["LoadBalancerArn"], "Protocol": "HTTP", "Port": 81}

    with refused(row.code, words):
        elbv2.modify_listener(ListenerArn=listener, DefaultActions=row.refused(groups)["Actions"])
    with refused(row.code, words):
        elbv2.create_listener(**other, DefaultActions=row.refused(groups)["Actions"])

    elbv2.modify_listener(ListenerArn=listener, DefaultActions=row.accepted(groups)["Actions"])
    elbv2.modify_listener(ListenerArn=listener, DefaultActions=described["DefaultActions"])


def test_a_listener_without_default_actions(world: World) -> None:
    elbv2 = world.unchecked("elbv2")
    described = elbv2.describe_listeners(ListenerArns=[world.listener()])["Listeners"][0]
    other = {"LoadBalancerArn": described["LoadBalancerArn"], "Protocol": "HTTP", "Port": 81}
    with refused("ValidationError", "at least one default action"):
        elbv2.create_listener(**other)
    elbv2.create_listener(**other, DefaultActions=[fixed_response()])


def create_rule(world: World, listener: str, action: Any, priority: int = 7) -> Any:
    return world.account.client("elbv2").create_rule(
        ListenerArn=listener, Priority=priority, Conditions=[path("/a")], Actions=[action]
    )["Rules"][0]


def test_a_group_serves_one_load_balancer(world: World) -> None:
    elbv2 = world.account.client("elbv2")
    shared, other = world.group(), world.group()
    first, second = world.listener(), world.listener()
    create_rule(world, first, forward(shared))
    create_rule(world, first, weighted((shared, 1), (other, 1)), priority=8)
    rule = create_rule(world, second, forward(world.group()))["RuleArn"]
    words = (
        "The following target groups cannot be associated with more than one load balancer: "
        + shared
    )

    with refused("TargetGroupAssociationLimit", words):
        create_rule(world, second, forward(shared), priority=8)
    with refused("TargetGroupAssociationLimit", words):
        elbv2.modify_rule(RuleArn=rule, Actions=[weighted((world.group(), 1), (shared, 0))])
    with refused("TargetGroupAssociationLimit", words):
        elbv2.modify_listener(ListenerArn=second, DefaultActions=[forward(shared)])
    with refused("TargetGroupAssociationLimit", words):
        world.listener(DefaultActions=[forward(shared)])


def test_a_group_is_free_once_the_last_rule_lets_go(world: World) -> None:
    elbv2 = world.account.client("elbv2")
    group, other = world.group(), world.group()
    first, second = world.listener(), world.listener()
    modified = create_rule(world, first, forward(group))["RuleArn"]
    deleted = create_rule(world, first, forward(group), priority=8)["RuleArn"]

    elbv2.modify_rule(RuleArn=modified, Actions=[forward(other)])
    with refused("TargetGroupAssociationLimit"):
        create_rule(world, second, forward(group))
    elbv2.delete_rule(RuleArn=deleted)
    create_rule(world, second, forward(group))


def associations(world: World, group: str) -> list[str]:
    described = world.account.client("elbv2").describe_target_groups(TargetGroupArns=[group])
    return described["TargetGroups"][0]["LoadBalancerArns"]


def test_a_group_shows_its_load_balancer(world: World) -> None:
    elbv2 = world.account.client("elbv2")
    group = world.group()
    listener = world.listener()
    assert associations(world, group) == []

    rule = create_rule(world, listener, forward(world.group()))["RuleArn"]
    create_rule(world, listener, forward(group), priority=8)
    elbv2.modify_rule(RuleArn=rule, Actions=[forward(group)])
    balancer = elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]["LoadBalancerArn"]
    assert associations(world, group) == [balancer]

    elbv2.delete_listener(ListenerArn=listener)
    assert associations(world, group) == []


def test_a_load_balancer_has_100_rules(world: World) -> None:
    elbv2 = world.account.client("elbv2")
    listener = world.listener()
    balancer = elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]["LoadBalancerArn"]
    other = elbv2.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=81, DefaultActions=[fixed_response()]
    )["Listeners"][0]["ListenerArn"]
    rules = [
        create_rule(world, other if priority > 60 else listener, fixed_response(), priority)
        for priority in range(1, 101)
    ]

    with refused("TooManyRules", "[100]"):
        create_rule(world, listener, fixed_response(), 101)
    elbv2.delete_rule(RuleArn=rules[-1]["RuleArn"])
    create_rule(world, listener, fixed_response(), 101)


def test_a_load_balancer_has_100_groups(world: World) -> None:
    listener = world.listener()
    groups = [world.group() for _ in range(101)]
    for priority in range(1, 21):
        chosen = groups[5 * priority - 5 : 5 * priority]
        create_rule(world, listener, weighted(*((arn, 1) for arn in chosen)), priority)

    with refused("TooManyUniqueTargetGroupsPerLoadBalancer", "'application': [100]"):
        create_rule(world, listener, forward(groups[100]), 21)
    create_rule(world, listener, forward(groups[99]), 21)


def test_the_default_rule_stays(world: World) -> None:
    elbv2 = world.account.client("elbv2")
    listener = world.listener()
    default = world.rules(listener)[0]["RuleArn"]

    with refused("OperationNotPermitted", f"Default rule '{default}' cannot be deleted"):
        elbv2.delete_rule(RuleArn=default)
    with refused("OperationNotPermitted", f"Default rule '{default}' cannot be modified"):
        elbv2.modify_rule(RuleArn=default, Actions=[fixed_response()])
    with refused("OperationNotPermitted", "cannot be modified"):
        elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": default, "Priority": 5}])
    elbv2.modify_listener(ListenerArn=listener, DefaultActions=[fixed_response(status="503")])
    assert world.rules(listener)[0]["Actions"] == [fixed_response(status="503")]


def test_a_deleted_rule_is_gone(world: World) -> None:
    elbv2 = world.account.client("elbv2")
    rule = create_rule(world, world.listener(), fixed_response())["RuleArn"]
    elbv2.delete_rule(RuleArn=rule)
    with refused("RuleNotFound"):
        elbv2.delete_rule(RuleArn=rule)


@pytest.mark.parametrize(("priority", "nearest"), limits.PRIORITIES.values())
def test_set_rule_priorities(world: World, priority: int, nearest: int) -> None:
    elbv2 = world.unchecked("elbv2")
    rule = create_rule(world, world.listener(), fixed_response())["RuleArn"]
    with refused("ValidationError", "'priority'"):
        elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": priority}])
    elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": nearest}])


def test_priorities_are_judged_by_the_order_that_they_make(world: World) -> None:
    elbv2, listener = world.account.client("elbv2"), world.listener()
    one, two = (create_rule(world, listener, fixed_response(), priority=p) for p in (7, 8))
    swapped: Any = [
        {"RuleArn": one["RuleArn"], "Priority": 8},
        {"RuleArn": two["RuleArn"], "Priority": 7},
    ]

    for _ in range(2):
        elbv2.set_rule_priorities(RulePriorities=swapped)

    found = {rule["RuleArn"]: rule["Priority"] for rule in world.rules(listener)}
    assert (found[one["RuleArn"]], found[two["RuleArn"]]) == ("8", "7")


def test_a_taken_priority(world: World) -> None:
    elbv2 = world.account.client("elbv2")
    listener = world.listener()
    create_rule(world, listener, fixed_response(), priority=7)
    rule = create_rule(world, listener, fixed_response(), priority=8)["RuleArn"]
    with refused("PriorityInUse"):
        create_rule(world, listener, fixed_response(), priority=7)
    with refused("PriorityInUse"):
        elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 7}])


def test_rules_come_in_the_order_of_their_creation(world: World) -> None:
    """Callers sort, as AWS promises no order either."""
    listener = world.listener()
    for priority in (2000, 5, 700):
        create_rule(world, listener, fixed_response(), priority)
    listed = [rule["Priority"] for rule in world.rules(listener)]
    assert listed == ["2000", "5", "700", "default"]


# Targets of type lambda.


def permit(world: World, function: str, **options: Any) -> None:
    settings: dict[str, Any] = {
        "StatementId": world.name("sid"),
        "Action": "lambda:InvokeFunction",
        "Principal": "elasticloadbalancing.amazonaws.com",
    }
    world.account.client("lambda").add_permission(FunctionName=function, **(settings | options))


def register(world: World, group: str, *targets: str) -> None:
    world.account.client("elbv2").register_targets(
        TargetGroupArn=group, Targets=[{"Id": target} for target in targets]
    )


def denied(function: str, group: str) -> str:
    return (
        "elasticloadbalancing principal does not have permission to invoke "
        f"{function} from target group {group}"
    )


def test_a_target_needs_a_permission_for_its_very_group(world: World) -> None:
    function, group, other = world.function(), world.lambda_group(), world.lambda_group()
    with refused("AccessDenied", denied(function, group)):
        register(world, group, function)
    permit(world, function, SourceArn=other)
    with refused("AccessDenied", denied(function, group)):
        register(world, group, function)
    permit(world, function, SourceArn=group)
    register(world, group, function)
    register(world, group, function)  # the same target again is no second one


@pytest.mark.parametrize(
    "wrong",
    [
        {"Principal": "apigateway.amazonaws.com"},
        {"Action": "lambda:GetFunction"},
        {"SourceAccount": "999999999999"},
        {"SourceArn": "arn:aws:elasticloadbalancing:us-west-2:*:targetgroup/other-*/*"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_permission_of_another_kind(world: World, wrong: dict[str, str]) -> None:
    function, group = world.function(), world.lambda_group()
    permit(world, function, **wrong)
    with refused("AccessDenied", denied(function, group)):
        register(world, group, function)


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"Action": "lambda:*"},
        {"SourceArn": "arn:aws:elasticloadbalancing:us-west-2:*:targetgroup/g-*/*"},
    ],
    ids=["any group", "any action", "groups by pattern"],
)
def test_a_wider_permission(world: World, right: dict[str, str]) -> None:
    function, group = world.function(), world.lambda_group()
    permit(world, function, **right)
    register(world, group, function)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"ArnEquals": {"AWS:SourceArn": "arn:aws:elasticloadbalancing:*:*:*:other/*"}}, ""),
        ({"Bool": {"aws:SecureTransport": "true"}}, "has the condition operator Bool, which"),
    ],
    ids=["another ARN", "not known"],
)
def test_a_permission_whose_condition_does_not_hold(
    world: World, condition: dict[str, Any], words: str
) -> None:
    function, group = world.function(), world.lambda_group()
    permit(world, function)
    # AddPermission writes two kinds of conditions only.
    _, _, _, region, account, _, name = function.split(":")
    lambda_backend(account, region).get_function(name).policy.statements[0]["Condition"] = condition
    with refused("AccessDenied", denied(function, group)):
        register(world, group, function)
    with refused("AccessDenied", words):
        register(world, group, function)


def test_a_permission_of_a_version_is_not_the_function_s(world: World) -> None:
    function, group = world.function(), world.lambda_group()
    version = world.account.client("lambda").publish_version(FunctionName=function)["Version"]
    permit(world, function, SourceArn=group, Qualifier=version)
    with refused("AccessDenied"):
        register(world, group, function)
    register(world, group, f"{function}:{version}")


def test_a_group_has_one_function(world: World) -> None:
    first, second, group = world.function(), world.function(), world.lambda_group()
    for function in (first, second):
        permit(world, function, SourceArn=group)
    with refused("TooManyTargets"):
        register(world, group, first, second)
    register(world, group, first)
    with refused("TooManyTargets"):
        register(world, group, second)
    world.account.client("elbv2").deregister_targets(TargetGroupArn=group, Targets=[{"Id": first}])
    register(world, group, second)


def test_a_target_must_be_a_function_of_this_account(world: World) -> None:
    function, group = world.function(), world.lambda_group()
    permit(world, function, SourceArn=group)
    for target in (
        "10.0.0.1",
        "i-0123456789abcdef0",
        function.replace("us-west-2", "us-east-1"),
        function.replace(world.account.account_id, "999999999999"),
    ):
        with refused("ValidationError", f"'{target}'"):
            register(world, group, target)
    with refused("InvalidTarget", f"{function}0"):
        register(world, group, f"{function}0")
    register(world, group, function)


def test_other_groups_take_addresses(world: World) -> None:
    register(world, world.group(), "10.0.10.5", "10.0.11.5")


def test_health_of_a_function(world: World) -> None:
    elbv2 = world.account.client("elbv2")
    function, group = world.function(), world.lambda_group()
    permit(world, function, SourceArn=group)
    register(world, group, function)

    def health() -> Any:
        described = elbv2.describe_target_health(TargetGroupArn=group)
        return described["TargetHealthDescriptions"][0]["TargetHealth"]

    assert health() == {
        "State": "unavailable",
        "Reason": "Target.HealthCheckDisabled",
        "Description": "Health checks are disabled for this target",
    }
    elbv2.modify_target_group(TargetGroupArn=group, HealthCheckEnabled=True)
    assert health()["State"] == "healthy"
