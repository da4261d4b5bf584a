"""Refusals of IAM: role names and trust policies."""

import json
import re
from typing import Any

from moto.iam.models import IAMBackend

from routing import limits
from sandbox.account.refusals.guard import Arguments, Refused, guard, refused, unsatisfied


@guard(IAMBackend, "create_role")
def _create_role(_backend: Any, call: Arguments) -> None:
    name = call["role_name"]
    if not re.fullmatch(limits.ROLE_NAME_PATTERN, name, re.ASCII):
        raise unsatisfied(
            name,
            "roleName",
            f"satisfy regular expression pattern: {limits.ROLE_NAME_PATTERN}",
        )
    _check_trust(call["assume_role_policy_document"])


@guard(IAMBackend, "update_assume_role_policy")
def _update_assume_role_policy(_backend: Any, call: Arguments) -> None:
    _check_trust(call["policy_document"])


def _check_trust(document: str) -> None:
    try:
        policy = json.loads(document)
    except json.JSONDecodeError:
        raise _malformed("This policy contains invalid Json") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not isinstance(statements, list):
        statements = [statements]
    for statement in statements:
        if not isinstance(statement, dict):
            raise _malformed("Syntax errors in policy.")
        if not statement.get("Principal") and not statement.get("NotPrincipal"):
            raise _malformed("Missing required field Principal")
        if "Resource" in statement or "NotResource" in statement:
            raise _malformed("Has prohibited field Resource")


def _malformed(message: str) -> Refused:
    return refused("MalformedPolicyDocument", message)
