"""What no engine sees, because it is in no state: additions by hand to what is ours."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from sandbox.engine.state import Resource
from sandbox.provider.iam import Role, RolePolicy, RolePolicyAttachment
from sandbox.provider.listener_rule import ListenerRule

_GONE: Final = frozenset({"ListenerNotFound", "NoSuchEntity"})
"""Refusals when what something would be on is not there."""


@dataclass(frozen=True)
class Foreign:
    """Something on a listener or a role of ours that no update made.

    `on` is the listener's ARN or the role's name; `id` what AWS deletes it by.
    """

    kind: str
    on: str
    id: str
    priority: int | None = None


def find_foreign(client: Callable[[str], Any], resources: Iterable[Resource]) -> list[Foreign]:
    """Rules on the listeners, and policies of the roles, that the resources do not include."""
    known = list(resources)
    return [*_rules(client("elbv2"), known), *_policies(client("iam"), known)]


def _rules(elb: Any, known: list[Resource]) -> Iterator[Foreign]:
    rules = [one for one in known if one.type == ListenerRule.type_name]
    ours = {one.id for one in rules}
    for listener in sorted({one.inputs["listenerArn"] for one in rules}):
        pages = elb.get_paginator("describe_rules").paginate(ListenerArn=listener)
        for rule in _listed(pages, "Rules"):
            if rule["RuleArn"] not in ours and not rule["IsDefault"]:
                priority = int(rule["Priority"])
                yield Foreign("listener rule", listener, rule["RuleArn"], priority)


def _policies(iam: Any, known: list[Resource]) -> Iterator[Foreign]:
    of = {
        kind: [one for one in known if one.type == kind.type_name]
        for kind in (Role, RolePolicy, RolePolicyAttachment)
    }
    inline = {one.id for one in of[RolePolicy]}
    attached = {(one.inputs["role"], one.inputs["policyArn"]) for one in of[RolePolicyAttachment]}
    for role in sorted(one.id for one in of[Role]):
        pages = iam.get_paginator("list_role_policies").paginate(RoleName=role)
        for name in _listed(pages, "PolicyNames"):
            if f"{role}:{name}" not in inline:
                yield Foreign("inline policy", role, name)
        pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        for policy in _listed(pages, "AttachedPolicies"):
            if (role, policy["PolicyArn"]) not in attached:
                yield Foreign("attached policy", role, policy["PolicyArn"])


def _listed(pages: Iterable[Any], answer: str) -> Iterator[Any]:
    """What a listing has; nothing of what is gone, which others report."""
    try:
        for page in pages:
            yield from page[answer]
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
