"""The items together, and what a failing update leaves of them."""

from typing import Any
from unittest.mock import Mock

from pages.model import Item
from sandbox.checklist.checklist import run_checklist
from sandbox.checklist.run import Run
from sandbox.dataplane.client import ControlRefused
from sandbox.engine.result import DeploymentError, Result


def test_a_failed_update_fails_its_item_and_leaves_the_rest_unmeasured() -> None:
    def refuse(_percentage: int) -> Result:
        raise DeploymentError("PriorityInUse: Priority '2023' is currently in use")

    account: Any = Mock(stack="staging")
    seen: list[tuple[int, Item]] = []

    checklist = run_checklist(
        Run(account, Mock(), refuse, 400, stickiness_s=3600),
        engine="embedded",
        watch=lambda number, item: seen.append((number, item)),
    )

    assert not checklist.passed
    assert [number for number, _ in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert [item for _, item in seen] == list(checklist.items)
    first, *rest = [item.claims[0].text for item in checklist.items]
    assert first == "The update failed: PriorityInUse: Priority '2023' is currently in use"
    assert {text.startswith("Not measured, because the update of item 1") for text in rest} == {
        True
    }


def test_an_item_that_cannot_be_measured_fails_and_crashes_nothing() -> None:
    control = Mock()
    control.refresh.side_effect = ControlRefused("an action of type 'authenticate-oidc'")
    account: Any = Mock(stack="staging")

    checklist = run_checklist(
        Run(account, control, lambda _percentage: Result(), 400, stickiness_s=3600),
        engine="embedded",
        watch=lambda _number, _item: None,
    )

    assert not checklist.passed
    assert "authenticate-oidc" in checklist.items[0].claims[0].text
