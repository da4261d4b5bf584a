"""Policy documents: what functions may do, and who may be them."""

import re
from collections.abc import Iterator

from policy.registry import Problem, Problems, Severity, resource_policy
from policy.stack import Resource
from policy.tokens import INLINE_POLICY, MANAGED_POLICY, POLICY_ATTACHMENT, ROLE
from policy.values import Value

_ANY_RESOURCE = re.compile(r"\*+|arn:[^:]*:[^:]*:[^:]*:[^:]*:([A-Za-z-]+[:/])?\*+")
_ESCALATING = re.compile(
    r"\*|iam:.*|sts:AssumeRole.*|lambda:(Create|Update|Delete|Put|Add|Remove).*|cloudformation:.*",
    re.IGNORECASE,
)


def documents(resource: Resource) -> Iterator[Value]:
    """The permission documents of a role or a policy."""
    if resource.type in ROLE:
        for policy in resource["inlinePolicies"]:
            yield policy["policy"].document()
    else:
        yield resource["policy"].document()


def statements(document: Value) -> Iterator[Value]:
    """The statements; IAM takes a single one without a list around it."""
    listed = list(document["Statement"])
    yield from listed or ([document["Statement"]] if document["Statement"].given else [])


def _allowing(resource: Resource) -> Iterator[Value]:
    for document in documents(resource):
        yield from (one for one in statements(document) if one["Effect"].text != "Deny")


def _is_any_resource(statement: Value) -> bool:
    return statement["NotResource"].given or any(
        _ANY_RESOURCE.fullmatch(value.text or "") for value in statement["Resource"].one_or_many()
    )


@resource_policy(
    {INLINE_POLICY: ("policy", "role"), MANAGED_POLICY: ("policy",)},
    ids=("iam:PutRolePolicy",),
    severity=Severity.HIGH,
    why="The other rules read the statements; what they cannot read they cannot refuse.",
)
def policy_document_is_readable(policy: Resource) -> Problems:
    """A policy has a role and a document with statements of effect, actions and resources."""
    if policy.type in INLINE_POLICY and not policy["role"].given:
        yield "role is not set"
    found = [one for document in documents(policy) for one in statements(document)]
    if not found:
        yield "policy is not a document with statements"
    for statement in found:
        if statement["Effect"].text not in {"Allow", "Deny"}:
            yield f"{statement.key}.Effect is neither Allow nor Deny"
        for names in (("Action", "NotAction"), ("Resource", "NotResource")):
            if not any(statement[name].given for name in names):
                yield f"{statement.key}.{names[0]} is not set"


@resource_policy(
    {ROLE: (), INLINE_POLICY: ("policy",), MANAGED_POLICY: ("policy",)},
    ids=("row 14", "IAM.1", "CKV_AWS_62", "CKV_AWS_63"),
    severity=Severity.CRITICAL,
    why="A function that may do everything gives everything to whoever breaks into it.",
)
def nobody_is_administrator(resource: Resource) -> Problems:
    """No statement allows every action on every resource."""
    for statement in _allowing(resource):
        every = statement["NotAction"].given or any(
            (action.text or "").strip("*:") == "" for action in statement["Action"].one_or_many()
        )
        if every and _is_any_resource(statement):
            yield f"{statement.key} allows every action on every resource"


@resource_policy(
    {ROLE: (), INLINE_POLICY: ("policy",), MANAGED_POLICY: ("policy",)},
    ids=("row 15", "IAM.21", "WS1003", "AwsSolutions-IAM5", "CKV_AWS_63"),
    severity=Severity.HIGH,
    why="What runs today allows logs:*, which includes deleting the logs that would show a "
    "break-in.",
)
def actions_are_named(resource: Resource) -> Problems:
    """Every allowed action is named in full."""
    for statement in _allowing(resource):
        if statement["NotAction"].given:
            yield f"{statement.key}.NotAction allows everything else"
        for action in statement["Action"].one_or_many():
            if re.search(r"[*?]", action.text or ""):
                yield f"{action.key} has a wildcard"


@resource_policy(
    {ROLE: (), INLINE_POLICY: ("policy",), MANAGED_POLICY: ("policy",)},
    ids=(
        "row 16",
        "CKV_AWS_286",
        "CKV_AWS_287",
        "CKV_AWS_288",
        "CKV_AWS_289",
        "CKV_AWS_290",
        "CKV_AWS_355",
        "AWS-0057",
        "I3510",
    ),
    severity=Severity.HIGH,
    why="What runs today may read every secret of the account.",
)
def resources_are_named(resource: Resource) -> Problems:
    """An action is allowed on named resources, unless AWS has no resource to name for it."""
    for statement in _allowing(resource):
        if _is_any_resource(statement):
            for action in statement["Action"].one_or_many():
                yield Problem(f"{action.key} is allowed on every resource", action.text or "")
            if statement["NotAction"].given:
                yield f"{statement.key}.NotAction is allowed on every resource"


@resource_policy(
    {ROLE: (), INLINE_POLICY: ("policy",), MANAGED_POLICY: ("policy",)},
    ids=("row 17", "CKV_AWS_286", "CKV2_AWS_40", "AWS-0342"),
    severity=Severity.HIGH,
    why="Passing a role, assuming another or changing code is a way to rights that nobody gave.",
)
def no_way_to_more_rights(resource: Resource) -> Problems:
    """No statement allows to pass or assume a role, to change IAM or to change a function."""
    for statement in _allowing(resource):
        for action in statement["Action"].one_or_many():
            if _ESCALATING.fullmatch(action.text or ""):
                yield f"{action.key} is a way to more rights"


@resource_policy(
    {ROLE: ("assumeRolePolicy",)},
    ids=("row 17", "CKV_AWS_60", "CKV_AWS_61", "iam_role_cross_service_confused_deputy_prevention"),
    severity=Severity.HIGH,
    why="Whoever the trust policy names has all the rights of the functions.",
)
def role_trusts_lambda_alone(role: Resource) -> Problems:
    """Only the Lambda service may assume a role."""
    found = list(statements(role["assumeRolePolicy"].document()))
    if not found:
        yield "assumeRolePolicy is not a document with statements"
    for statement in found:
        principal = statement["Principal"]
        kinds = {kind for kind, _ in principal.members()}
        services = {value.text for value in principal["Service"].one_or_many()}
        if statement["Effect"].text != "Allow" or statement["NotPrincipal"].given:
            yield f"{statement.key} is not a plain permission to assume the role"
        if kinds != {"Service"} or services != {"lambda.amazonaws.com"}:
            yield f"{principal.key} is not the Lambda service alone"
        if {value.text for value in statement["Action"].one_or_many()} != {"sts:AssumeRole"}:
            yield f"{statement.key}.Action is not sts:AssumeRole alone"


@resource_policy(
    {ROLE: (), POLICY_ATTACHMENT: ()},
    ids=("AwsSolutions-IAM4", "CKV_AWS_274", "CKV2_AWS_56"),
    severity=Severity.MEDIUM,
    why="A policy that AWS or somebody else manages can grow without a change here; the "
    "documents of this program name exact ARNs (decision 0006).",
)
def policies_are_inline(resource: Resource) -> Problems:
    """Roles get their rights from inline documents, not from attached policies."""
    if resource.type in POLICY_ATTACHMENT:
        yield "attaches a policy instead of writing it inline"
    elif resource["managedPolicyArns"].given:
        yield "managedPolicyArns is set"
