"""Roles, the policies written into them and the managed ones attached to them."""

from typing import Any, Final

from sandbox.provider.base import (
    UNIQUE_LENGTH,
    Created,
    Handler,
    Inputs,
    Read,
    TagChange,
    found,
    pascal,
    physical_name,
    tag_table,
    tagged,
)
from sandbox.provider.schema import TAGS, Policy, Scalar, block, text, whole
from sandbox.provider.validators import ARN, Test, between, length, matches

_MISSING: Final = "NoSuchEntity"
_POLICY_LENGTH: Final = 10_240
_OBJECT: Final[Test] = (
    lambda value: value.startswith("{"),
    '"{path}" contains an invalid JSON policy',
)


def _name(longest: int) -> Scalar:
    return text(
        length(1, longest),
        matches(r"[\w+=,.@-]*", r"invalid value for {path} (must match [\w+=,.@-])"),
    )


class Role(Handler):
    """A role; its policies are resources of their own."""

    type_name = "aws:iam/role:Role"
    service = "iam"
    schema = block(
        assumeRolePolicy=Policy(),
        description=text(length(0, 1000)),
        maxSessionDuration=whole(between(3600, 43_200), default=3600),
        name=_name(64),
        namePrefix=_name(64 - UNIQUE_LENGTH),
        path=text(length(0, 512), default="/"),
        permissionsBoundary=text(ARN),
        tags=TAGS,
    )
    replaces = frozenset({"name", "namePrefix", "path"})
    computed = frozenset({"name", "namePrefix"})
    unreadable = frozenset({"namePrefix"})

    def create(self, name: str, inputs: Inputs) -> Created:
        skipped = {"name", "namePrefix", "tags"}
        fields = {key: value for key, value in inputs.items() if key not in skipped}
        sent = pascal(fields, assumeRolePolicy="AssumeRolePolicyDocument")
        role = self.api.create_role(RoleName=physical_name(name, inputs), **sent, **tagged(inputs))[
            "Role"
        ]
        return Created(role["RoleName"], _outputs(role))

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        answer = found(lambda: self.api.get_role(RoleName=id_), _MISSING)
        if answer is None:
            return None
        role = answer["Role"]
        boundary = role.get("PermissionsBoundary", {})
        inputs_found = {
            "assumeRolePolicy": role["AssumeRolePolicyDocument"],
            "description": role.get("Description") or None,
            "maxSessionDuration": role["MaxSessionDuration"],
            "name": role["RoleName"],
            "path": role["Path"],
            "permissionsBoundary": boundary.get("PermissionsBoundaryArn"),
            "tags": tag_table(role.get("Tags", [])),
        }
        return Read(id_, self.as_written(inputs_found, inputs), _outputs(role))

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        if "assumeRolePolicy" in changed:
            self.api.update_assume_role_policy(RoleName=id_, PolicyDocument=new["assumeRolePolicy"])
        if changed & {"description", "maxSessionDuration"}:
            self.api.update_role(
                RoleName=id_,
                Description=new.get("description", ""),
                MaxSessionDuration=new.get("maxSessionDuration", 3600),
            )
        if "permissionsBoundary" in changed:
            self._set_boundary(id_, new.get("permissionsBoundary"))
        if "tags" in changed:
            tags = TagChange.between(old, new)
            if tags.remove:
                self.api.untag_role(RoleName=id_, TagKeys=tags.remove)
            if tags.put:
                self.api.tag_role(RoleName=id_, Tags=tags.put_list)
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_role(RoleName=id_), _MISSING)

    def _set_boundary(self, role: str, arn: str | None) -> None:
        if arn:
            self.api.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
        else:
            self.api.delete_role_permissions_boundary(RoleName=role)


def _outputs(role: Any) -> dict[str, Any]:
    return {"arn": role["Arn"], "name": role["RoleName"], "uniqueId": role["RoleId"]}


class RolePolicy(Handler):
    """A policy written into a role."""

    type_name = "aws:iam/rolePolicy:RolePolicy"
    service = "iam"
    schema = block(
        name=_name(128),
        namePrefix=_name(128 - UNIQUE_LENGTH),
        policy=Policy(tests=(_OBJECT, length(1, _POLICY_LENGTH))),
        role=text(
            length(1, 128),
            matches(r"(?!arn:).*", '"{path}" must be the role\'s name not its ARN'),
        ),
    )
    replaces = frozenset({"name", "namePrefix", "role"})
    computed = frozenset({"name", "namePrefix"})
    unreadable = frozenset({"namePrefix"})

    def create(self, name: str, inputs: Inputs) -> Created:
        role, policy = inputs["role"], physical_name(name, inputs)
        self._put(role, policy, inputs)
        return Created(f"{role}:{policy}", {"name": policy})

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        role, _, name = id_.partition(":")
        answer = found(lambda: self.api.get_role_policy(RoleName=role, PolicyName=name), _MISSING)
        if answer is None:
            return None
        inputs_found = {"name": name, "policy": answer["PolicyDocument"], "role": role}
        return Read(id_, self.as_written(inputs_found, inputs), {"name": name})

    def update(
        self, id_: str, _old: Inputs, new: Inputs, _changed: frozenset[str]
    ) -> dict[str, Any]:
        role, _, name = id_.partition(":")
        self._put(role, name, new)
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        role, _, name = id_.partition(":")
        found(lambda: self.api.delete_role_policy(RoleName=role, PolicyName=name), _MISSING)

    def _put(self, role: str, name: str, inputs: Inputs) -> None:
        self.api.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=inputs["policy"])


class RolePolicyAttachment(Handler):
    """A managed policy attached to a role."""

    type_name = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    service = "iam"
    schema = block(policyArn=text(ARN), role=text())
    replaces = frozenset(schema.fields)

    def create(self, _name: str, inputs: Inputs) -> Created:
        role, policy = inputs["role"], inputs["policyArn"]
        self.api.attach_role_policy(RoleName=role, PolicyArn=policy)
        return Created(f"{role}/{policy}", {})

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        role, _, policy = id_.partition("/")
        if inputs and "policyArn" in inputs:  # ids of the real provider are not made of it
            role, policy = inputs["role"], inputs["policyArn"]
        pages = self.api.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = found(
            lambda: {one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]},
            _MISSING,
        )
        if policy not in (attached or ()):
            return None
        return Read(id_, {"policyArn": policy, "role": role}, {})

    def delete(self, _id: str, inputs: Inputs) -> None:
        found(
            lambda: self.api.detach_role_policy(
                RoleName=inputs["role"], PolicyArn=inputs["policyArn"]
            ),
            _MISSING,
        )
