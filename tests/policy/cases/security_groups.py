"""Security groups."""

from typing import Any

from policy import tokens
from policy.rules import security_groups as rules
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import UNKNOWN, edited, extra, security_group

_SG = "zip-sg"


def _in(first: float, last: float, **other: Any) -> dict[str, Any]:
    rule = {
        "description": "in",
        "protocol": "tcp",
        "fromPort": first,
        "toPort": last,
        "cidrBlocks": ["0.0.0.0/0"],
        **other,
    }
    return {"ingress": [rule]}


_ALL_OUT = {"egress[0].protocol": "-1", "egress[0].cidrBlocks": ["0.0.0.0/0"]}
_RULE = {"ipProtocol": "-1", "cidrIpv6": "::/0"}

CASES = (
    bad(rules.only_the_web_is_open_to_everyone, "a port", _SG, _in(8443.0, 8443.0)),
    bad(rules.only_the_web_is_open_to_everyone, "a range", _SG, _in(443.0, 444.0)),
    bad(rules.only_the_web_is_open_to_everyone, "every port", _SG, _in(0.0, 0.0, protocol="-1")),
    bad(
        rules.only_the_web_is_open_to_everyone,
        "over IPv6",
        _SG,
        _in(1.0, 1.0, cidrBlocks=[], ipv6CidrBlocks=["::/0"]),
    ),
    bad(
        rules.only_the_web_is_open_to_everyone,
        "as a rule of its own",
        plus=[extra(tokens.INGRESS_RULE, **_RULE)],
    ),
    bad(
        rules.only_the_web_is_open_to_everyone,
        "as an old rule of its own",
        plus=[extra(tokens.SECURITY_GROUP_RULE, type="ingress", **_in(1.0, 1.0)["ingress"][0])],
    ),
    fine(rules.only_the_web_is_open_to_everyone, "443", _SG, _in(443.0, 443.0)),
    fine(
        rules.only_the_web_is_open_to_everyone,
        "ours",
        _SG,
        _in(1.0, 1.0, cidrBlocks=["10.0.0.0/8"]),
    ),
    fine(
        rules.only_the_web_is_open_to_everyone,
        "out",
        plus=[extra(tokens.SECURITY_GROUP_RULE, type="egress", **_in(1.0, 1.0)["ingress"][0])],
    ),
    bad(rules.risky_ports_are_closed, "ssh", _SG, _in(22.0, 22.0)),
    bad(rules.risky_ports_are_closed, "plain HTTP", _SG, _in(80.0, 80.0)),
    bad(rules.risky_ports_are_closed, "among others", _SG, _in(3000.0, 4000.0)),
    bad(rules.risky_ports_are_closed, "every port", _SG, _in(0.0, 0.0, protocol="-1")),
    bad(rules.risky_ports_are_closed, "no ports", _SG, _in(0.0, 0.0, fromPort=None)),
    fine(rules.risky_ports_are_closed, "443", _SG, _in(443.0, 443.0)),
    fine(rules.risky_ports_are_closed, "from ours", _SG, _in(22.0, 22.0, cidrBlocks=[UNKNOWN])),
    bad(rules.ingress_is_written_out, "left away", _SG, {"ingress": GONE}),
    fine(rules.ingress_is_written_out, "not known yet", _SG, {"ingress": UNKNOWN}),
    bad(rules.not_everything_goes_out, "everything", _SG, _ALL_OUT),
    bad(rules.not_everything_goes_out, "left away", _SG, {"egress": GONE}),
    bad(
        rules.not_everything_goes_out,
        "as a rule of its own",
        plus=[extra(tokens.EGRESS_RULE, **_RULE)],
    ),
    bad(
        rules.not_everything_goes_out,
        "as an old rule of its own",
        plus=[
            extra(
                tokens.SECURITY_GROUP_RULE,
                type="egress",
                protocol="-1",
                cidrBlocks=["0.0.0.0/0"],
            )
        ],
    ),
    fine(rules.not_everything_goes_out, "nothing", _SG, {"egress": []}),
    fine(rules.not_everything_goes_out, "tcp", _SG, {"egress[0].cidrBlocks": ["0.0.0.0/0"]}),
    bad(rules.security_groups_are_described, "not", _SG, {"description": GONE}),
    bad(
        rules.security_groups_are_described,
        "by the provider",
        _SG,
        {"description": "Managed by Pulumi"},
    ),
    bad(rules.security_groups_are_described, "no egress", _SG, {"egress[0].description": GONE}),
    bad(
        rules.security_groups_are_described,
        "a rule of its own",
        plus=[extra(tokens.INGRESS_RULE, **_RULE)],
    ),
    fine(rules.security_groups_are_described, "otherwise", _SG, {"description": "Otherwise"}),
    bad(rules.security_group_is_used, "by nobody", plus=[security_group("spare-sg")]),
    bad(rules.security_group_is_used, "any longer", "zip", edges={}),
    fine(
        rules.security_group_is_used,
        "by its id",
        "zip",
        {"vpcConfig.securityGroupIds": ["sg-9"]},
        edges={},
        minus=[_SG],
        plus=[edited(security_group(), {"id": "sg-9"})],
    ),
    fine(
        rules.security_group_is_used,
        "not known yet",
        "zip",
        {"vpcConfig.securityGroupIds": [UNKNOWN]},
    ),
)
