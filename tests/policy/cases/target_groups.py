"""Target groups, their attachments and permissions."""

from policy import tokens
from policy.rules import target_groups as rules
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import RUST, UNKNOWN, attachment, function_arn, group_arn, permission, urn

_GROUP = urn(tokens.TARGET_GROUP, "l-image")
_FUNCTION = urn(tokens.FUNCTION, "image")
_PERMISSION = urn(tokens.PERMISSION, "permission-l-image")
_NOT_KNOWN = {"targetGroupArn": UNKNOWN, "targetId": UNKNOWN}

CASES = (
    bad(rules.target_group_is_for_lambda_alone, "addresses", "l-image", {"targetType": "ip"}),
    bad(rules.target_group_is_for_lambda_alone, "no type", "l-image", {"targetType": GONE}),
    bad(rules.target_group_is_for_lambda_alone, "a port", "l-image", {"port": 80.0}),
    bad(rules.target_group_is_for_lambda_alone, "a protocol", "l-image", {"protocol": "HTTP"}),
    bad(
        rules.target_group_is_for_lambda_alone, "a version", "l-image", {"protocolVersion": "GRPC"}
    ),
    bad(rules.target_group_is_for_lambda_alone, "a network", "l-image", {"vpcId": UNKNOWN}),
    bad(
        rules.target_group_is_for_lambda_alone, "a port", "l-image", {"healthCheck": {"port": "1"}}
    ),
    fine(rules.target_group_is_for_lambda_alone, "unset as AWS reads it", "l-image", {"port": 0.0}),
    fine(
        rules.target_group_is_for_lambda_alone,
        "a path to check",
        "l-image",
        {"healthCheck": {"path": "/health", "enabled": True}},
    ),
    bad(rules.group_may_invoke_its_one_function, "no permission", minus=["permission-l-image"]),
    bad(rules.group_may_invoke_its_one_function, "no attachment", minus=["attachment-l-image"]),
    bad(
        rules.group_may_invoke_its_one_function,
        "two functions",
        plus=[attachment("l-image", "zip")],
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "two permissions",
        plus=[permission("l-image", "zip")],
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "a permission for another group",
        "permission-l-image",
        {"sourceArn": group_arn("zip-target-group")},
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "a permission for a foreign group",
        "permission-l-image",
        {"sourceArn": group_arn("foreign")},
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "a permission on another function",
        "permission-l-image",
        {"function": RUST},
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "a permission for another service",
        "permission-l-image",
        {"principal": "events.amazonaws.com"},
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "another function attached",
        "attachment-l-image",
        {"targetId": function_arn(RUST)},
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "a foreign function attached",
        "attachment-l-image",
        {"targetId": function_arn("foreign")},
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "attached to a foreign group",
        "attachment-l-image",
        {"targetGroupArn": group_arn("foreign")},
    ),
    bad(
        rules.group_may_invoke_its_one_function,
        "not known yet, from another function",
        "attachment-l-image",
        _NOT_KNOWN,
        edges={"targetGroupArn": (_GROUP,), "targetId": (urn(tokens.FUNCTION, RUST),)},
    ),
    fine(
        rules.group_may_invoke_its_one_function,
        "not known yet",
        "attachment-l-image",
        _NOT_KNOWN,
    ),
    fine(
        rules.group_may_invoke_its_one_function,
        "a permission not known yet",
        "permission-l-image",
        {"sourceArn": UNKNOWN},
    ),
    bad(
        rules.attachment_waits_for_permission,
        "no dependency",
        "attachment-l-image",
        dependencies=(_GROUP, _FUNCTION),
    ),
    bad(
        rules.attachment_waits_for_permission,
        "no dependency, not known yet",
        "attachment-l-image",
        _NOT_KNOWN,
        dependencies=(_GROUP, _FUNCTION),
    ),
    fine(
        rules.attachment_waits_for_permission,
        "the dependency alone",
        "attachment-l-image",
        dependencies=(_PERMISSION,),
    ),
)
