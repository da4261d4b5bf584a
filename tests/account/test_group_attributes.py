"""Attributes of target groups, and target stickiness below a weighted rule."""

from typing import Any

import pytest

from tests.account.support import World, path, refused, weighted

STICKY = "stickiness.enabled"
GROUPS = {
    "lambda": {"TargetType": "lambda"},
    "application": {},
    "network": {"Protocol": "TCP"},
}
HEALTHY = "target_group_health.{}.minimum_healthy_targets.{}"
# From the documentation of TargetGroupAttribute: kinds of groups, values that are taken and not.
ATTRIBUTES: list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = [
    (
        "deregistration_delay.timeout_seconds",
        ("application", "network"),
        ("0", "3600"),
        ("3601", "-1", "soon", ""),
    ),
    (STICKY, ("application", "network"), ("true", "false"), ("True", "yes", "1", "")),
    (
        "load_balancing.cross_zone.enabled",
        ("application", "network"),
        ("true", "use_load_balancer_configuration"),
        ("on",),
    ),
    (HEALTHY.format("dns_failover", "count"), ("application", "network"), ("off", "1"), ("0",)),
    (
        HEALTHY.format("dns_failover", "percentage"),
        ("application", "network"),
        ("off", "100"),
        ("0", "101"),
    ),
    (
        HEALTHY.format("unhealthy_state_routing", "count"),
        ("application", "network"),
        ("1",),
        ("0", "off"),
    ),
    (
        HEALTHY.format("unhealthy_state_routing", "percentage"),
        ("application", "network"),
        ("off", "1"),
        ("0", "101"),
    ),
    ("load_balancing.algorithm.type", ("application",), ("weighted_random",), ("random",)),
    ("load_balancing.algorithm.anomaly_mitigation", ("application",), ("on", "off"), ("true",)),
    ("slow_start.duration_seconds", ("application",), ("0", "30", "900"), ("29", "901", "1")),
    ("stickiness.app_cookie.cookie_name", ("application",), ("mine",), ("", "AWSALBTG")),
    ("stickiness.app_cookie.duration_seconds", ("application",), ("1", "604800"), ("0", "604801")),
    ("stickiness.lb_cookie.duration_seconds", ("application",), ("1", "604800"), ("0", "604801")),
    ("lambda.multi_value_headers.enabled", ("lambda",), ("true", "false"), ("TRUE", "1")),
    ("deregistration_delay.connection_termination.enabled", ("network",), ("true",), ("1",)),
    ("preserve_client_ip.enabled", ("network",), ("true",), ("1",)),
    ("proxy_protocol_v2.enabled", ("network",), ("false",), ("1",)),
    (
        "target_health_state.unhealthy.connection_termination.enabled",
        ("network",),
        ("false",),
        ("1",),
    ),
    (
        "target_health_state.unhealthy.draining_interval_seconds",
        ("network",),
        ("0", "360000"),
        ("360001",),
    ),
    ("target_failover.on_unhealthy", (), (), ("rebalance",)),
    ("target_failover.on_deregistration", (), (), ("rebalance",)),
    ("send_tcp_reset.on_unhealthy.enabled", (), (), ("true",)),
    ("send_tcp_reset.on_deregistration.enabled", (), (), ("true",)),
]
rows = pytest.mark.parametrize(
    ("key", "kinds", "taken", "out_of_range"), ATTRIBUTES, ids=[row[0] for row in ATTRIBUTES]
)


def set_attribute(world: World, group: str, key: str, value: str) -> None:
    world.account.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": key, "Value": value}]
    )


def attributes(world: World, group: str) -> dict[str, Any]:
    described = world.account.client("elbv2").describe_target_group_attributes(TargetGroupArn=group)
    return {one["Key"]: one["Value"] for one in described["Attributes"]}


def group_of(world: World, kind: str) -> str:
    return world.lambda_group() if kind == "lambda" else world.group(**GROUPS[kind])


@rows
def test_an_attribute_belongs_to_kinds_of_groups(
    world: World,
    key: str,
    kinds: tuple[str, ...],
    taken: tuple[str, ...],
    out_of_range: tuple[str, ...],
) -> None:
    for kind in GROUPS:
        group = group_of(world, kind)
        before = attributes(world, group)
        if kind in kinds:
            for value in taken:
                set_attribute(world, group, key, value)
                assert attributes(world, group)[key] == value
            for value in out_of_range:
                with refused("ValidationError", f"'{key}' value '{value}' must be"):
                    set_attribute(world, group, key, value)
        else:
            for value in (*taken, *out_of_range):
                with refused(
                    "InvalidConfigurationRequest", f"does not support the attribute {key}"
                ):
                    set_attribute(world, group, key, value)
            assert attributes(world, group) == before


def test_an_attribute_that_no_group_has(world: World) -> None:
    with refused("ValidationError", "'stickiness.on' is not recognized"):
        set_attribute(world, world.group(), "stickiness.on", "true")


def test_one_wrong_attribute_changes_none(world: World) -> None:
    group = world.group()
    before = attributes(world, group)
    with refused("ValidationError"):
        world.account.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=group,
            Attributes=[
                {"Key": "slow_start.duration_seconds", "Value": "60"},
                {"Key": STICKY, "Value": "yes"},
            ],
        )
    assert attributes(world, group) == before


def test_a_function_s_group_shows_the_attributes_it_has(world: World) -> None:
    assert set(attributes(world, world.lambda_group())) == {"lambda.multi_value_headers.enabled"}


# Target stickiness and weighted rules.

BEHIND = (
    "This target group appears behind a rule with group stickiness disabled ({}). You must enable "
    "group stickiness before enabling target stickiness"
)
STICKINESS = {"Enabled": True, "DurationSeconds": 60}
OFF: tuple[dict[str, Any], ...] = ({}, {"Enabled": False})


def rule(world: World, action: Any, listener: str | None = None) -> str:
    return world.account.client("elbv2").create_rule(
        ListenerArn=listener or world.listener(),
        Priority=7,
        Conditions=[path("/a")],
        Actions=[action],
    )["Rules"][0]["RuleArn"]


@pytest.mark.parametrize("stickiness", OFF, ids=["absent", "off"])
def test_a_group_behind_a_weighted_rule_stays_without_stickiness(
    world: World, stickiness: dict[str, Any]
) -> None:
    elbv2 = world.account.client("elbv2")
    one, two = world.group(), world.group()
    arn = rule(world, weighted((one, 0), (two, 100), **stickiness))
    for group in (one, two):
        with refused("InvalidConfigurationRequest", BEHIND.format(arn)):
            set_attribute(world, group, STICKY, "true")
        set_attribute(world, group, STICKY, "false")
    elbv2.modify_rule(RuleArn=arn, Actions=[weighted((one, 0), (two, 100), **STICKINESS)])
    set_attribute(world, one, STICKY, "true")


def test_a_group_behind_a_weighted_default_action_too(world: World) -> None:
    one, two = world.group(), world.group()
    world.listener(DefaultActions=[weighted((one, 1), (two, 1))])
    with refused("InvalidConfigurationRequest", "group stickiness disabled"):
        set_attribute(world, one, STICKY, "true")


@pytest.mark.parametrize("stickiness", OFF, ids=["absent", "off"])
def test_a_weighted_rule_over_a_sticky_group_is_sticky(
    world: World, stickiness: dict[str, Any]
) -> None:
    elbv2 = world.account.client("elbv2")
    one, two = world.group(), world.group()
    set_attribute(world, two, STICKY, "true")
    listener = world.listener()
    bad, good = (weighted((one, 1), (two, 1), **given) for given in (stickiness, STICKINESS))
    words = "You must enable group stickiness on a rule if you enabled target stickiness"
    with refused("InvalidConfigurationRequest", words):
        rule(world, bad, listener)
    assert len(world.rules(listener)) == 1
    arn = rule(world, good, listener)
    with refused("InvalidConfigurationRequest", words):
        elbv2.modify_rule(RuleArn=arn, Actions=[bad])
    with refused("InvalidConfigurationRequest", words):
        elbv2.modify_listener(ListenerArn=listener, DefaultActions=[bad])
    with refused("InvalidConfigurationRequest", words):
        world.listener(DefaultActions=[bad])
    elbv2.modify_listener(ListenerArn=listener, DefaultActions=[good])


def test_one_sticky_group_needs_no_group_stickiness(world: World) -> None:
    one = world.group()
    set_attribute(world, one, STICKY, "true")
    rule(world, weighted((one, 1)))
