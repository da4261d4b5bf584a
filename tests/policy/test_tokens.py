"""Type tokens and properties that rules name exist in pulumi-aws."""

import importlib
from collections.abc import Iterator

import pytest
from pulumi import _types
from pulumi.resource import CustomResource

from policy import tokens
from policy.rules import RULES
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


@pytest.mark.parametrize("token", sorted({*TOKENS, *TERRAFORM_TYPES}))
def test_the_type_exists(token: str) -> None:
    assert _class_of(token).__dict__["pulumi_type"] == token


def _claims() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        for types, keys in rule.claims.items():
            for token in types:
                for key in keys:
                    yield token, key


@pytest.mark.parametrize(("token", "key"), sorted(set(_claims())))
def test_the_property_exists(token: str, key: str) -> None:
    assert key in _types.resource_py_to_pulumi_names(_class_of(token)).values()
