"""Target groups, their attachments and permissions."""

from policy import tokens
from policy.policies import target_groups
from tests.policy.cases.case import GONE, also, on
from tests.policy.good import RUST, UNKNOWN, attachment, function_arn, group_arn, permission, urn

_GROUP = urn(tokens.TARGET_GROUP, "l-image")
_FUNCTION = urn(tokens.FUNCTION, "image")
_PERMISSION = urn(tokens.PERMISSION, "permission-l-image")
_NOT_KNOWN = {"targetGroupArn": UNKNOWN, "targetId": UNKNOWN}

CASES = (
    *on(
        target_groups.target_group_is_for_lambda_alone,
        "l-image",
        bad={
            "addresses": {"targetType": "ip"},
            "no type": {"targetType": GONE},
            "a port": {"port": 80.0},
            "a protocol": {"protocol": "HTTP"},
            "a version": {"protocolVersion": "GRPC"},
            "a network": {"vpcId": UNKNOWN},
            "a port to check": {"healthCheck": {"port": "1"}},
        },
        fine={
            "unset as AWS reads it": {"port": 0.0},
            "a path to check": {"healthCheck": {"path": "/health", "enabled": True}},
        },
    ),
    *on(
        target_groups.group_may_invoke_its_one_function,
        bad={
            "no permission": also(minus=["permission-l-image"]),
            "no attachment": also(minus=["attachment-l-image"]),
            "two functions": also(plus=[attachment("l-image", "zip")]),
            "two permissions": also(plus=[permission("l-image", "zip")]),
        },
    ),
    *on(
        target_groups.group_may_invoke_its_one_function,
        "permission-l-image",
        bad={
            "a permission for another group": {"sourceArn": group_arn("zip-target-group")},
            "a permission for a foreign group": {"sourceArn": group_arn("foreign")},
            "a permission on another function": also({"function": RUST}),
            "a permission for another service": {"principal": "events.amazonaws.com"},
        },
        fine={"a permission not known yet": {"sourceArn": UNKNOWN}},
    ),
    *on(
        target_groups.group_may_invoke_its_one_function,
        "attachment-l-image",
        bad={
            "another function attached": also({"targetId": function_arn(RUST)}),
            "a foreign function attached": {"targetId": function_arn("foreign")},
            "attached to a foreign group": {"targetGroupArn": group_arn("foreign")},
            "not known yet, from another function": also(
                _NOT_KNOWN,
                property_dependencies={
                    "targetGroupArn": (_GROUP,),
                    "targetId": (urn(tokens.FUNCTION, RUST),),
                },
            ),
        },
        fine={"not known yet": _NOT_KNOWN},
    ),
    *on(
        target_groups.attachment_waits_for_permission,
        "attachment-l-image",
        bad={
            "no dependency": also(dependencies=(_GROUP, _FUNCTION)),
            "no dependency, not known yet": also(_NOT_KNOWN, dependencies=(_GROUP, _FUNCTION)),
        },
        fine={"the dependency alone": also(dependencies=(_PERMISSION,))},
    ),
)
