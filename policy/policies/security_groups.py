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

_WEB_PORTS = frozenset({80, 443})
RISKY_PORTS = frozenset(
    {
        20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432,
        5500, 5601, 8080, 8088, 8888, 9200, 9300,
    }
)  # fmt: skip
"""EC2.19: ports of administration, databases and development servers."""


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


def _ports(rule: Value) -> tuple[int, int]:
    """First and last port; all of them where the protocol has none or they are not set."""
    first, last = rule["fromPort"].whole, rule["toPort"].whole
    if _protocol(rule) in _EVERY_PROTOCOL or first is None or last is None:
        return 0, 65535
    return first, last


def _where(rule: Value, what: str) -> str:
    return rule.key or what


@resource_policy(
    {SECURITY_GROUP: ("ingress",), SECURITY_GROUP_RULE: (), INGRESS_RULE: ()},
    ids=("row 23", "EC2.18", "CKV_AWS_277"),
    severity=Severity.HIGH,
    why="Nothing here listens: functions are called through Lambda, not through their network "
    "interfaces.",
)
def only_the_web_is_open_to_everyone(resource: Resource) -> Problems:
    """What comes in from anywhere comes in on port 80 or 443."""
    for rule in ingress(resource):
        first, last = _ports(rule)
        if _from_anywhere(rule) and not (first == last and first in _WEB_PORTS):
            yield f"{_where(rule, 'ingress')} is open to everyone on other ports than 80 or 443"


@resource_policy(
    {SECURITY_GROUP: ("ingress",), SECURITY_GROUP_RULE: (), INGRESS_RULE: ()},
    ids=(
        "row 24",
        "EC2.19",
        "EC2.13",
        "EC2.14",
        "CKV_AWS_24",
        "CKV_AWS_25",
        "CKV_AWS_260",
        "AWS-0107",
    ),
    severity=Severity.CRITICAL,
    why="These are the ports that scanners of the whole internet try first.",
)
def risky_ports_are_closed(resource: Resource) -> Problems:
    """No port of administration, databases or development, nor 80, is open to everyone."""
    for rule in ingress(resource):
        first, last = _ports(rule)
        if _from_anywhere(rule) and any(first <= port <= last for port in {*RISKY_PORTS, 80}):
            yield f"{_where(rule, 'ingress')} opens a risky port to everyone"


@resource_policy(
    {SECURITY_GROUP: ("ingress",)},
    ids=("contract: identity",),
    severity=Severity.HIGH,
    why="Leaving the argument away keeps the rules that AWS has, and today's are open to the "
    "world.",
)
def ingress_is_written_out(group: Resource) -> Problems:
    """A security group writes out its ingress rules, also when there are none."""
    if not group["ingress"].present:
        yield "ingress is not written out"


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
