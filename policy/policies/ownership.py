"""What belongs to the foundation stack, and what nobody may delete by mistake."""

from policy.registry import Problems, Severity, resource_policy
from policy.stack import Resource
from policy.tokens import LISTENER, LOAD_BALANCER, SECRET, TOPIC, WEB_ACL


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
