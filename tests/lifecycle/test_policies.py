"""A deployment that a policy forbids changes nothing."""

from dataclasses import replace

import pytest
from pulumi_aws import lb

from policy.policies import POLICIES
from sandbox.account.client import Account
from sandbox.deploy import program_of_this_repository
from sandbox.engine.result import DeploymentError

from .conftest import Deploy


def test_a_forbidden_deployment_is_refused_before_anything_is_created(
    account: Account, deployment: Deploy
) -> None:
    def with_an_orphan() -> None:
        program_of_this_repository()
        lb.TargetGroup("orphan", name="orphan", target_type="lambda")

    with pytest.raises(DeploymentError, match="The policies forbid this") as refused:
        replace(deployment(), program=with_an_orphan, rules=POLICIES).up()

    assert "orphan" in str(refused.value)
    assert account.client("lambda").list_functions()["Functions"] == []
