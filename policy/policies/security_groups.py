"""Security groups and their rules."""

from collections.abc import Iterator

from policy.registry import Problem, Problems, Severity, resource_policy, stack_policy
from policy.stack import Resource, Stack
from policy.tokens import (
    EGRESS_RULE,
    FUNCTION,
    INGRESS_RULE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)
from policy.values import Value

_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_EVERY_PROTOCOL = frozenset({"-1", "all"})
_SAYS_NOTHING = frozenset({"", "Managed by Pulumi", "Managed by Terraform"})
"""Descriptions that the provider writes."""


def ingress(resource: Resource) -> Iterator[Value]:
    """The rules for what comes in, inline or as resources of their own."""
    if resource.type in SECURITY_GROUP:
        yield from resource["ingress"]
    elif resource.type in INGRESS_RULE or resource["type"].text != "egress":
        yield resource.props


def egress(resource: Resource) -> Iterator[Value]:
    """The rules for what goes out."""
    if resource.type in SECURITY_GROUP:
        yield from resource["egress"]
    elif resource.type in EGRESS_RULE or resource["type"].text == "egress":
        yield resource.props


def _sources(rule: Value) -> Iterator[Value]:
    for name in ("cidrBlocks", "ipv6CidrBlocks"):
        yield from rule[name]
    for name in ("cidrIpv4", "cidrIpv6"):
        yield rule[name]


def _from_anywhere(rule: Value) -> bool:
    return any(not one.unknown and one.text in _ANYWHERE for one in _sources(rule))


def _protocol(rule: Value) -> str:
    value = rule["protocol"] if rule["protocol"].present else rule["ipProtocol"]
    return value.text or "-1"


def _where(rule: Value, what: str) -> str:
    return rule.key or what


@resource_policy(
    {SECURITY_GROUP: ("ingress",), SECURITY_GROUP_RULE: (), INGRESS_RULE: ()},
    ids=(
        *("contract: identity", "row 23", "row 24", "EC2.13", "EC2.14", "EC2.18", "EC2.19"),
        *("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AWS_277", "AWS-0107"),
    ),
    severity=Severity.CRITICAL,
    why="Nothing here listens: functions are called through Lambda, not through their network "
    "interfaces. Leaving the argument away keeps the rules that AWS has, and today's are open "
    "to the world.",
)
def nothing_comes_in(resource: Resource) -> Problems:
    """A security group lets nothing in, from nowhere, and writes that out."""
    if resource.type in SECURITY_GROUP and not resource["ingress"].present:
        yield "ingress is not written out"
    for rule in ingress(resource):
        yield f"{_where(rule, 'ingress')} lets something in"


@resource_policy(
    {SECURITY_GROUP: ("egress",), SECURITY_GROUP_RULE: (), EGRESS_RULE: ()},
    ids=("row 25", "CKV_AWS_382", "AWS-0104"),
    severity=Severity.HIGH,
    why="Code that somebody broke into can send data anywhere.",
)
def not_everything_goes_out(resource: Resource) -> Problems:
    """What goes out to anywhere is limited to a protocol."""
    if resource.type in SECURITY_GROUP and not resource["egress"].present:
        yield "egress is not written out, so everything goes out"
    for rule in egress(resource):
        if _from_anywhere(rule) and _protocol(rule) in _EVERY_PROTOCOL:
            about = sorted(one.text or "" for one in _sources(rule) if not one.unknown)
            yield Problem(
                f"{_where(rule, 'egress')} lets every protocol out to anywhere",
                " ".join(text for text in about if text),
            )


@resource_policy(
    {
        SECURITY_GROUP: ("description",),
        SECURITY_GROUP_RULE: (),
        INGRESS_RULE: (),
        EGRESS_RULE: (),
    },
    ids=("row 26", "CKV_AWS_23", "AWS-0099", "AWS-0124", "AwsSolutions-EC27"),
    severity=Severity.LOW,
    why="Who comes later must know what a hole in the wall is for before closing it.",
)
def security_groups_are_described(resource: Resource) -> Problems:
    """A security group and each of its rules say what they are for."""
    description = resource["description"]
    if (description.text or "") in _SAYS_NOTHING:
        yield Problem("description does not say what it is for", description.text or "")
    if resource.type in SECURITY_GROUP:
        for rule in (*ingress(resource), *egress(resource)):
            if not rule["description"].given:
                yield Problem(f"{rule.key}.description is not set", rule.key.split("[")[0])


@stack_policy(
    {SECURITY_GROUP: ()},
    ids=("row 27", "CKV2_AWS_5"),
    severity=Severity.LOW,
    why="A group that nothing uses is a leftover that a later hand may attach by mistake.",
)
def security_group_is_used(group: Resource, stack: Stack) -> Problems:
    """Some function has the security group."""
    if not any(
        group in stack.behind("vpcConfig", function, SECURITY_GROUP)
        or any(
            group in stack.named_by(one, function, SECURITY_GROUP)
            for one in _ids(function)
            if not one.unknown
        )
        for function in stack.of(FUNCTION)
    ):
        yield "no function has it"


def _ids(function: Resource) -> Iterator[Value]:
    ids = function["vpcConfig"]["securityGroupIds"]
    if not ids.unknown:
        yield from ids
