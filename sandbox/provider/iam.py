"""Roles, the policies written into them and the managed ones attached to them."""

from typing import Any, Final

from sandbox.provider.base import (
    Created,
    Handler,
    Inputs,
    Listing,
    Read,
    found,
    retag,
    tag_list,
    tag_table,
    tagged,
)
from sandbox.provider.schema import TAGS, Policy, Scalar, block, text
from sandbox.provider.validators import ARN, Test, length, matches

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
        name=_name(64),
        tags=TAGS,
    )
    replaces = frozenset({"name"})
    computed = frozenset({"name"})
    listing = Listing("list_roles", "Roles", "RoleName")

    def create(self, inputs: Inputs) -> Created:
        role = self.api.create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            **tagged(inputs),
        )["Role"]
        return Created(role["RoleName"], _outputs(role))

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        answer = found(lambda: self.api.get_role(RoleName=id_), _MISSING)
        if answer is None:
            return None
        role = answer["Role"]
        inputs_found = {
            "assumeRolePolicy": role["AssumeRolePolicyDocument"],
            "name": role["RoleName"],
            "tags": tag_table(role.get("Tags", [])),
        }
        return Read(id_, self.as_written(inputs_found, inputs), _outputs(role))

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        if "assumeRolePolicy" in changed:
            self.api.update_assume_role_policy(RoleName=id_, PolicyDocument=new["assumeRolePolicy"])
        if "tags" in changed:
            retag(
                old,
                new,
                lambda keys: self.api.untag_role(RoleName=id_, TagKeys=keys),
                lambda tags: self.api.tag_role(RoleName=id_, Tags=tag_list(tags)),
            )
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_role(RoleName=id_), _MISSING)


def _outputs(role: Any) -> dict[str, Any]:
    return {"arn": role["Arn"], "name": role["RoleName"], "uniqueId": role["RoleId"]}


class RolePolicy(Handler):
    """A policy written into a role."""

    type_name = "aws:iam/rolePolicy:RolePolicy"
    service = "iam"
    schema = block(
        name=_name(128),
        policy=Policy(tests=(_OBJECT, length(1, _POLICY_LENGTH))),
        role=text(
            length(1, 128),
            matches(r"(?!arn:).*", '"{path}" must be the role\'s name not its ARN'),
        ),
    )
    replaces = frozenset({"name", "role"})
    computed = frozenset({"name"})

    def id_of(self, inputs: Inputs) -> str:
        return f"{inputs['role']}:{inputs['name']}"

    def create(self, inputs: Inputs) -> Created:
        self._put(inputs["role"], inputs["name"], inputs)
        return Created(self.id_of(inputs), {"name": inputs["name"]})

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

    def id_of(self, inputs: Inputs) -> str:
        return f"{inputs['role']}/{inputs['policyArn']}"

    def create(self, inputs: Inputs) -> Created:
        self.api.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return Created(self.id_of(inputs), {})

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
