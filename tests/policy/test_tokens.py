"""Type tokens and properties that policies name exist in pulumi-aws."""

import importlib

from pulumi import _types
from pulumi.resource import CustomResource

from policy import tokens
from policy.policies import POLICIES
from policy.terraform import _TYPES as TERRAFORM_TYPES

TOKENS = sorted(
    {token for group in vars(tokens).values() if isinstance(group, tuple) for token in group}
)


def _class_of(token: str) -> type[CustomResource]:
    _, path, kind = token.split(":")
    module = {"lambda": "lambda_"}.get(path.split("/")[0], path.split("/")[0])
    found = getattr(importlib.import_module(f"pulumi_aws.{module}"), kind)
    assert isinstance(found, type)
    assert issubclass(found, CustomResource)
    return found


def test_every_type_exists() -> None:
    named = {*TOKENS, *TERRAFORM_TYPES}
    assert {_class_of(token).__dict__["pulumi_type"] for token in named} == named


def test_every_property_that_a_policy_claims_exists() -> None:
    for policy in POLICIES:
        for token in policy.types:
            known = set(_types.resource_py_to_pulumi_names(_class_of(token)).values())
            claimed = {
                key for types, keys in policy.claims.items() if token in types for key in keys
            }
            assert claimed <= known, (policy.name, token)
