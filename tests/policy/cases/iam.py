"""Policy documents."""

from policy import tokens
from policy.policies import iam
from tests.policy.cases.case import GONE, also, on
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
    *on(
        iam.policy_document_is_readable,
        _POLICY,
        bad={
            "not JSON": {"policy": "{"},
            "empty": {"policy": "{}"},
            "nothing": {"policy": GONE},
            "no role": {"role": GONE},
            "no action": _text([]),
            "no resource": _text("s3:Get", []),
            "no effect": _text("s3:Get", Effect="Maybe"),
        },
        fine={
            "a statement without a list": {
                "policy": '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
            }
        },
    ),
    *on(
        iam.nobody_is_administrator,
        _POLICY,
        bad={
            "everything": _text("*", "*"),
            "in a list": _text(["s3:Get", "*:*"], ["*"]),
            "all but some": _NOT_ACTION,
        },
        fine={"on one thing": _text("*"), "denied": _DENY},
    ),
    *on(iam.nobody_is_administrator, "role", bad={"inline": _INLINE}),
    *on(
        iam.nobody_is_administrator,
        bad={"in a managed policy": also(plus=[extra(tokens.MANAGED_POLICY, **_text("*", "*"))])},
    ),
    *on(
        iam.actions_are_named,
        _POLICY,
        bad={
            "of a service": _text("logs:*"),
            "some": _text(["logs:PutLogEvents", "logs:Get*"]),
            "all but some": _NOT_ACTION,
        },
        fine={"one": _text("logs:PutLogEvents"), "denied": _DENY},
    ),
    *on(
        iam.resources_are_named,
        _POLICY,
        bad={
            "any secret": _text("secretsmanager:Get", "*"),
            "any secret by ARN": _text("secretsmanager:Get", "arn:aws:secretsmanager:*:*:secret:*"),
            "all but one": {
                "policy": document({"Effect": "Allow", "Action": "a:B", "NotResource": SECRET_ARN})
            },
            "an interface, but not in a role that the table names": _text(
                "ec2:CreateNetworkInterface", "*"
            ),
        },
        fine={
            "the streams of one group": _text(
                "logs:PutLogEvents", "arn:aws:logs:us-west-2:*:log-group:/aws/lambda/image:*"
            )
        },
    ),
    *on(
        iam.no_way_to_more_rights,
        _POLICY,
        bad={
            "a role": _text("iam:PassRole"),
            "another role": _text("sts:AssumeRole"),
            "code": _text("lambda:updateFunctionCode"),
            "everything": _text("*"),
        },
        fine={"a call": _text("lambda:InvokeFunction")},
    ),
    *on(
        iam.role_trusts_lambda_alone,
        "role",
        bad={
            "everyone": _trust("*"),
            "an account": _trust({"AWS": "000000000000"}),
            "another": _trust({"Service": "ec2.amazonaws.com"}),
            "others too": _trust({**_LAMBDA, "AWS": "000000000000"}),
            "another action": _trust(_LAMBDA, Action="sts:*"),
            "all but": _trust(_LAMBDA, NotPrincipal="x"),
            "no document": {"assumeRolePolicy": "x"},
        },
        fine={"in a list": _trust({"Service": ["lambda.amazonaws.com"]})},
    ),
    *on(
        iam.policies_are_inline,
        bad={"attached": also(plus=[extra(tokens.POLICY_ATTACHMENT, role="r")])},
    ),
    *on(
        iam.policies_are_inline,
        "role",
        bad={"managed": {"managedPolicyArns": ["arn:x"]}},
        fine={"none managed": {"managedPolicyArns": []}},
    ),
)
