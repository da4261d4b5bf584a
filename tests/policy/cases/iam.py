"""Policy documents."""

from policy import tokens
from policy.rules import iam as rules
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import SECRET_ARN, document, extra

_POLICY = "role-policy"


def _text(action: object, resource: object = SECRET_ARN, **other: object) -> dict[str, str]:
    return {
        "policy": document({"Effect": "Allow", "Action": action, "Resource": resource, **other})
    }


def _trust(principal: object, **other: object) -> dict[str, str]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **other}
    return {"assumeRolePolicy": document(statement)}


_LAMBDA = {"Service": "lambda.amazonaws.com"}
_NOT_ACTION = {"policy": document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})}
_DENY = {"policy": document({"Effect": "Deny", "Action": "*", "Resource": "*"})}
_INLINE = {"inlinePolicies": [{"name": "p", **_text("*", "*")}]}

CASES = (
    bad(rules.policy_document_is_readable, "not JSON", _POLICY, {"policy": "{"}),
    bad(rules.policy_document_is_readable, "empty", _POLICY, {"policy": "{}"}),
    bad(rules.policy_document_is_readable, "nothing", _POLICY, {"policy": GONE}),
    bad(rules.policy_document_is_readable, "no role", _POLICY, {"role": GONE}),
    bad(rules.policy_document_is_readable, "no action", _POLICY, _text([])),
    bad(rules.policy_document_is_readable, "no resource", _POLICY, _text("s3:Get", [])),
    bad(rules.policy_document_is_readable, "no effect", _POLICY, _text("s3:Get", Effect="Maybe")),
    fine(
        rules.policy_document_is_readable,
        "a statement without a list",
        _POLICY,
        {"policy": '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'},
    ),
    bad(rules.nobody_is_administrator, "everything", _POLICY, _text("*", "*")),
    bad(rules.nobody_is_administrator, "in a list", _POLICY, _text(["s3:Get", "*:*"], ["*"])),
    bad(rules.nobody_is_administrator, "all but some", _POLICY, _NOT_ACTION),
    bad(rules.nobody_is_administrator, "inline", "role", _INLINE),
    bad(
        rules.nobody_is_administrator,
        "in a managed policy",
        plus=[extra(tokens.MANAGED_POLICY, **_text("*", "*"))],
    ),
    fine(rules.nobody_is_administrator, "on one thing", _POLICY, _text("*")),
    fine(rules.nobody_is_administrator, "denied", _POLICY, _DENY),
    bad(rules.actions_are_named, "of a service", _POLICY, _text("logs:*")),
    bad(rules.actions_are_named, "some", _POLICY, _text(["logs:PutLogEvents", "logs:Get*"])),
    bad(rules.actions_are_named, "all but some", _POLICY, _NOT_ACTION),
    fine(rules.actions_are_named, "one", _POLICY, _text("logs:PutLogEvents")),
    fine(rules.actions_are_named, "denied", _POLICY, _DENY),
    bad(rules.resources_are_named, "any secret", _POLICY, _text("secretsmanager:Get", "*")),
    bad(
        rules.resources_are_named,
        "any secret by ARN",
        _POLICY,
        _text("secretsmanager:Get", "arn:aws:secretsmanager:*:*:secret:*"),
    ),
    bad(
        rules.resources_are_named,
        "all but one",
        _POLICY,
        {"policy": document({"Effect": "Allow", "Action": "a:B", "NotResource": SECRET_ARN})},
    ),
    bad(
        rules.resources_are_named,
        "an interface, but not in a role that the table names",
        _POLICY,
        _text("ec2:CreateNetworkInterface", "*"),
    ),
    fine(
        rules.resources_are_named,
        "the streams of one group",
        _POLICY,
        _text("logs:PutLogEvents", "arn:aws:logs:us-west-2:*:log-group:/aws/lambda/image:*"),
    ),
    bad(rules.no_way_to_more_rights, "a role", _POLICY, _text("iam:PassRole")),
    bad(rules.no_way_to_more_rights, "another role", _POLICY, _text("sts:AssumeRole")),
    bad(rules.no_way_to_more_rights, "code", _POLICY, _text("lambda:updateFunctionCode")),
    bad(rules.no_way_to_more_rights, "everything", _POLICY, _text("*")),
    fine(rules.no_way_to_more_rights, "a call", _POLICY, _text("lambda:InvokeFunction")),
    bad(rules.role_trusts_lambda_alone, "everyone", "role", _trust("*")),
    bad(rules.role_trusts_lambda_alone, "an account", "role", _trust({"AWS": "000000000000"})),
    bad(
        rules.role_trusts_lambda_alone, "another", "role", _trust({"Service": "ec2.amazonaws.com"})
    ),
    bad(
        rules.role_trusts_lambda_alone,
        "others too",
        "role",
        _trust({**_LAMBDA, "AWS": "000000000000"}),
    ),
    bad(rules.role_trusts_lambda_alone, "another action", "role", _trust(_LAMBDA, Action="sts:*")),
    bad(rules.role_trusts_lambda_alone, "all but", "role", _trust(_LAMBDA, NotPrincipal="x")),
    bad(rules.role_trusts_lambda_alone, "no document", "role", {"assumeRolePolicy": "x"}),
    fine(
        rules.role_trusts_lambda_alone,
        "in a list",
        "role",
        _trust({"Service": ["lambda.amazonaws.com"]}),
    ),
    bad(rules.policies_are_inline, "attached", plus=[extra(tokens.POLICY_ATTACHMENT, role="r")]),
    bad(rules.policies_are_inline, "managed", "role", {"managedPolicyArns": ["arn:x"]}),
    fine(rules.policies_are_inline, "none managed", "role", {"managedPolicyArns": []}),
)
