"""Contract, "What the foundation stack provides"."""

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings

from tests.support.recorder import FOUNDATION, Program

OUTPUTS = [
    "vpcId",
    "privateSubnetIds",
    "privateSubnetSecurityGroupId",
    "publicAlbArnSuffix",
    "publicAlbHttpsListenerArn",
    "privateAlbArnSuffix",
    "privateAlbHttpListenerArn",
    "registryTargetGroupArn",
    "scorerSecretArn",
    "alertTopicArn",
    "pythonLayerArn",
]


def test_missing_outputs_are_named_in_one_error(run: Callable[..., Program]) -> None:
    missing = ["vpcId", "privateAlbHttpListenerArn", "pythonLayerArn"]
    provided: dict[str, Any] = {
        name: value for name, value in FOUNDATION.items() if name not in missing
    }
    provided |= {"alertTopicArn": "", "privateSubnetIds": []}

    with pytest.raises(pulumi.RunError) as caught:
        run(foundation=provided)

    message = str(caught.value)
    assert "organization/passport-scorer/staging" in message
    lacking = {name for name in OUTPUTS if name in message}
    assert lacking == {*missing, "alertTopicArn", "privateSubnetIds"}


def test_the_eleven_outputs_of_the_contract_are_enough(staging: Program) -> None:
    assert sorted(FOUNDATION) == sorted(OUTPUTS)
    assert staging.registrations


def test_what_an_earlier_run_of_the_process_left_is_not_awaited(
    run: Callable[..., Program],
) -> None:
    loop = asyncio.new_event_loop()
    left = loop.create_future()
    left.set_result(None)
    settings.SETTINGS.outputs.add(left)
    loop.close()

    assert run().registrations
