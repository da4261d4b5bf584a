"""What belongs to whom: to this stack, its account and region, or to the foundation stack."""

from collections import Counter
from functools import lru_cache

from policy import facts, tokens
from policy.registry import Problems, Severity, resource_policy, stack_policy
from policy.stack import ARN, Resource, Stack
from policy.tokens import LISTENER, LOAD_BALANCER, SECRET, TOPIC, WEB_ACL

_EVERY_TYPE = {types: () for types in vars(tokens).values() if isinstance(types, tuple)}
_ANYWHERE = frozenset({"", "*"})
"""Regions of what has none, and of patterns."""


@lru_cache(maxsize=2)
def home(stack: Stack) -> tuple[str, str]:
    """Region and account of the listeners, where everything must be; empty if there are none.

    Of all ARNs theirs cannot be foreign: AWS refuses a rule on a listener of somebody else.
    """
    arns = (one["listenerArn"] for one in stack.of(tokens.LISTENER_RULE))
    found = (ARN.fullmatch(arn.text or "") for arn in arns if not arn.unknown)
    counted = Counter((one["region"], one["account"]) for one in found if one)
    return counted.most_common(1)[0][0] if counted else ("", "")


@resource_policy(
    {LOAD_BALANCER: (), LISTENER: (), WEB_ACL: (), TOPIC: (), SECRET: ()},
    ids=(
        *(f"row {row}" for row in range(28, 34)),
        *("ELB.1", "ELB.4", "ELB.5", "ELB.6", "ELB.12", "ELB.13", "ELB.16", "ELB.17", "ELB.18"),
        *("CKV_AWS_2", "CKV_AWS_91", "CKV_AWS_103", "CKV_AWS_131", "CKV_AWS_150", "CKV_AWS_328"),
        *("CKV_AWS_26", "CKV_AWS_149", "CKV_AWS_169", "CKV_AWS_385"),
        *("CKV2_AWS_20", "CKV2_AWS_28", "CKV2_AWS_57", "CKV2_AWS_74"),
        *("SecretsManager.1", "AWS-0047", "AWS-0052", "AWS-0054", "AWS-0095", "AWS-0098", "E3680"),
    ),
    severity=Severity.MEDIUM,
    why="The foundation stack keeps these, with their TLS, logs, firewall, keys and rotation. A "
    "second one here would escape its rules, so this pack judges none of their settings.",
)
def foundation_is_not_declared_twice(resource: Resource) -> Problems:
    """Load balancers, listeners, firewalls, topics and secrets belong to the foundation stack."""
    yield f"a {resource.type.split(':')[-1]} belongs to the foundation stack"


@resource_policy(
    {LOAD_BALANCER: (), LISTENER: ()},
    ids=("D16",),
    severity=Severity.HIGH,
    why="Other stacks and all clients depend on them; a deletion by mistake takes everything down.",
)
def entrances_are_protected(resource: Resource) -> Problems:
    """In production a load balancer and a listener have protect."""
    if resource.in_production and not resource.protect:
        yield "protect is not set"


@resource_policy(
    _EVERY_TYPE,
    ids=("contract: identity",),
    severity=Severity.HIGH,
    why="The parent's type is part of the URN. What runs today was taken over without one: under "
    "a component each would be another resource, so the old ones are deleted.",
)
def resource_has_no_parent(resource: Resource) -> Problems:
    """No resource has a component or another resource as its parent."""
    kinds = resource.urn.split("::")[2].split("$")[:-1]
    if set(kinds) - {"pulumi:pulumi:Stack"}:
        yield "has a parent"


@stack_policy(
    {
        **_EVERY_TYPE,
        tokens.FUNCTION: ("environment", "imageUri", "layers"),
        tokens.INLINE_POLICY: ("policy",),
        tokens.METRIC_ALARM: ("alarmActions", "okActions"),
        tokens.COMPOSITE_ALARM: ("alarmActions", "okActions"),
        tokens.LISTENER_RULE: ("listenerArn", "actions"),
    },
    ids=("ours: one account", "row 10"),
    severity=Severity.HIGH,
    why="A topic, secret or layer of another account or region is refused when it is used, not "
    "when it is named: the alarm goes to nobody, the function starts for nobody. Or it is not "
    "refused, and somebody else gets the mail.",
)
def everything_is_of_one_account_and_region(resource: Resource, stack: Stack) -> Problems:
    """Every ARN is of the account and region of the listeners; images and the layers of known
    publishers at least of the region.
    """
    region, account = home(stack)
    if not region:
        return
    for key, where, whose in resource.references:
        if where not in {region, *_ANYWHERE}:
            yield f"{key} is of another region"
        published = key.startswith("layers") and whose in facts.LAYER_PUBLISHERS
        # Not an account: "aws" of a managed policy, "lambda" of a function's invoke ARN.
        if whose.isdigit() and whose != account and not published:
            yield f"{key} is of another account"
