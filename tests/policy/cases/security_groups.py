"""Security groups."""

from typing import Any

from policy import tokens
from policy.policies import security_groups
from tests.policy.cases.case import GONE, also, on
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
    *on(
        security_groups.only_the_web_is_open_to_everyone,
        _SG,
        bad={
            "a port": _in(8443.0, 8443.0),
            "a range": _in(443.0, 444.0),
            "every port": _in(0.0, 0.0, protocol="-1"),
            "over IPv6": _in(1.0, 1.0, cidrBlocks=[], ipv6CidrBlocks=["::/0"]),
        },
        fine={"443": _in(443.0, 443.0), "ours": _in(1.0, 1.0, cidrBlocks=["10.0.0.0/8"])},
    ),
    *on(
        security_groups.only_the_web_is_open_to_everyone,
        bad={
            "as a rule of its own": also(plus=[extra(tokens.INGRESS_RULE, **_RULE)]),
            "as an old rule of its own": also(
                plus=[
                    extra(tokens.SECURITY_GROUP_RULE, type="ingress", **_in(1.0, 1.0)["ingress"][0])
                ]
            ),
        },
        fine={
            "out": also(
                plus=[
                    extra(tokens.SECURITY_GROUP_RULE, type="egress", **_in(1.0, 1.0)["ingress"][0])
                ]
            )
        },
    ),
    *on(
        security_groups.risky_ports_are_closed,
        _SG,
        bad={
            "ssh": _in(22.0, 22.0),
            "plain HTTP": _in(80.0, 80.0),
            "among others": _in(3000.0, 4000.0),
            "every port": _in(0.0, 0.0, protocol="-1"),
            "no ports": _in(0.0, 0.0, fromPort=None),
        },
        fine={"443": _in(443.0, 443.0), "from ours": _in(22.0, 22.0, cidrBlocks=[UNKNOWN])},
    ),
    *on(
        security_groups.ingress_is_written_out,
        _SG,
        bad={"left away": {"ingress": GONE}},
        fine={"not known yet": {"ingress": UNKNOWN}},
    ),
    *on(
        security_groups.not_everything_goes_out,
        _SG,
        bad={"everything": _ALL_OUT, "left away": {"egress": GONE}},
        fine={"nothing": {"egress": []}, "tcp": {"egress[0].cidrBlocks": ["0.0.0.0/0"]}},
    ),
    *on(
        security_groups.not_everything_goes_out,
        bad={
            "as a rule of its own": also(plus=[extra(tokens.EGRESS_RULE, **_RULE)]),
            "as an old rule of its own": also(
                plus=[
                    extra(
                        tokens.SECURITY_GROUP_RULE,
                        type="egress",
                        protocol="-1",
                        cidrBlocks=["0.0.0.0/0"],
                    )
                ]
            ),
        },
    ),
    *on(
        security_groups.security_groups_are_described,
        _SG,
        bad={
            "not": {"description": GONE},
            "by the provider": {"description": "Managed by Pulumi"},
            "no egress": {"egress[0].description": GONE},
        },
        fine={"otherwise": {"description": "Otherwise"}},
    ),
    *on(
        security_groups.security_groups_are_described,
        bad={"a rule of its own": also(plus=[extra(tokens.INGRESS_RULE, **_RULE)])},
    ),
    *on(
        security_groups.security_group_is_used,
        bad={"by nobody": also(plus=[security_group("spare-sg")])},
    ),
    *on(
        security_groups.security_group_is_used,
        "zip",
        bad={"any longer": also(property_dependencies={})},
        fine={
            "by its id": also(
                {"vpcConfig.securityGroupIds": ["sg-9"]},
                property_dependencies={},
                minus=[_SG],
                plus=[edited(security_group(), {"id": "sg-9"})],
            ),
            "not known yet": {"vpcConfig.securityGroupIds": [UNKNOWN]},
        },
    ),
)
