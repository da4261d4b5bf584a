"""What is read from the events of the CLI."""

from typing import Any

import pulumi
import pytest
from pulumi.automation.events import EngineEvent
from pulumi.runtime import rpc

from sandbox.engine.pulumi_events import Recorder
from sandbox.engine.result import DeploymentError, Operation, Result, Step

RULE = "aws:lb/listenerRule:ListenerRule"
STACKS = ["organization/passport-scorer/staging"]


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:staging::passport-scorer-routing::{type_}::{name}"


def done(op: str, name: str, type_: str = RULE, **more: Any) -> dict[str, Any]:
    metadata = {"op": op, "urn": urn(type_, name), "type": type_, **more}
    return {"resOutputsEvent": {"metadata": metadata}}


def planned(op: str, name: str, **more: Any) -> dict[str, Any]:
    metadata = {"op": op, "urn": urn(RULE, name), "type": RULE, **more}
    return {"resourcePreEvent": {"metadata": metadata}}


def error(message: str, name: str = "", type_: str = RULE) -> dict[str, Any]:
    found = {"severity": "error", "message": message}
    return {"diagnosticEvent": {**found, "urn": urn(type_, name)} if name else found}


def recorder(*events: dict[str, Any]) -> tuple[Recorder, list[Step]]:
    seen: list[Step] = []
    recorder = Recorder(seen.append, STACKS, {})
    for event in events:
        recorder(EngineEvent.from_json(event))
    return recorder, seen


def result(*events: dict[str, Any]) -> Result:
    return recorder(*events)[0].result()


def test_steps_are_those_of_resources_of_aws() -> None:
    events = [
        done("read", "organization/x", "pulumi:pulumi:StackReference"),
        done("same", "default", "pulumi:providers:aws"),
        done("create", "a"),
        done("update", "b", diffs=["tags", "actions"]),
        done("same", "c"),
        done("delete", "d"),
    ]

    found, seen = recorder(*events)

    assert found.result().steps == seen
    assert seen == [
        Step(Operation.CREATE, RULE, "a"),
        Step(Operation.UPDATE, RULE, "b", ("actions", "tags")),
        Step(Operation.SAME, RULE, "c"),
        Step(Operation.DELETE, RULE, "d"),
    ]


def test_an_import_that_is_then_changed_is_one_step() -> None:
    found = result(done("import", "a"), done("update", "a", diffs=["tags"]))

    assert found.steps == [Step(Operation.IMPORT, RULE, "a", ("tags",))]


def test_outputs_are_those_of_the_stack_without_secrets() -> None:
    hidden = {rpc._special_sig_key: rpc._special_secret_sig, "ciphertext": "canary"}
    outputs = {"rustPercentage": 10, "nested": {"values": [hidden]}}

    found = result(done("same", "x", "pulumi:pulumi:Stack", new={"outputs": outputs}))

    assert found.outputs == {"rustPercentage": 10, "nested": {"values": ["[secret]"]}}


@pytest.mark.parametrize("op", ["replace", "create-replacement", "delete-replaced"])
def test_a_replacement_is_refused_in_the_words_of_the_other_engine(op: str) -> None:
    found, _ = recorder(planned(op, "embed-st-rule-lambda", keys=["listenerArn"]))

    with pytest.raises(DeploymentError) as refused:
        found.refuse()

    assert str(refused.value) == (
        f"{RULE} embed-st-rule-lambda: a change of listenerArn would replace it; "
        "in this program that is an outage, so it is refused"
    )


def test_the_last_step_of_a_replacement_does_not_hide_its_reason() -> None:
    found, _ = recorder(
        planned("create-replacement", "one", keys=["listenerArn"]),
        planned("delete-replaced", "one"),
    )

    with pytest.raises(DeploymentError, match="one: a change of listenerArn would replace it"):
        found.refuse()


def test_what_is_not_known_yet_forces_no_replacement_and_what_is_known_does() -> None:
    inputs = {"targetId": rpc.UNKNOWN, "targetGroupArn": "arn:other"}
    foreseen = planned("replace", "a", keys=["targetId"], new={"inputs": inputs})
    both = planned("replace", "b", keys=["targetGroupArn", "targetId"], new={"inputs": inputs})

    found, _ = recorder(foreseen)
    found.refuse()
    found(EngineEvent.from_json(both))

    with pytest.raises(DeploymentError, match="b: a change of targetGroupArn would replace it"):
        found.refuse()


def test_mandatory_policies_forbid_and_advisory_ones_do_not() -> None:
    violation = {"policyName": "one-group", "message": "two\n", "enforcementLevel": "mandatory"}
    advice = {**violation, "enforcementLevel": "advisory"}
    recorder({"policyEvent": advice})[0].refuse()

    with pytest.raises(DeploymentError) as refused:
        recorder({"policyEvent": violation})[0].refuse()

    assert str(refused.value) == ("The policies forbid this; nothing was changed.\none-group: two")


def test_the_programs_own_message_is_a_mistake_in_the_configuration() -> None:
    found, _ = recorder(
        error("The configuration of stack staging has 1 problem\n"),
        error("an unhandled error occurred: program exited with non-zero exit code: 1\n"),
    )

    with pytest.raises(pulumi.RunError) as raised:
        found.fail("")

    assert str(raised.value) == "The configuration of stack staging has 1 problem"


def test_a_program_that_crashes_is_a_failure() -> None:
    found, _ = recorder(
        error("Program failed with an unhandled exception:\nTraceback ...\nKeyError: 'x'\n"),
        error("an unhandled error occurred: program exited with non-zero exit code: 1\n"),
    )

    with pytest.raises(DeploymentError, match="KeyError: 'x'"):
        found.fail("")


def test_a_foundation_that_is_not_there_is_a_mistake_in_the_configuration() -> None:
    reference = "pulumi:pulumi:StackReference"
    found, _ = recorder(
        error('Preview failed: unknown stack "organization/p/x"\n', "organization/p/x", reference)
    )

    with pytest.raises(pulumi.RunError) as raised:
        found.fail("")

    assert str(raised.value) == (
        "The account has no stack organization/p/x; it has organization/passport-scorer/staging."
    )


def test_failures_are_the_resources_and_the_words_of_aws() -> None:
    found, _ = recorder(
        done("update", "moved", diffs=["actions"]),
        error("a: TooManyRequestsException: Rate exceeded\n", "a"),
        error(f"{RULE} resource 'b' has a problem: expected priority to be\n", "b"),
        error("update failed\n"),
    )

    with pytest.raises(DeploymentError) as failed:
        found.fail("")

    assert str(failed.value) == (
        f"{RULE} a: TooManyRequestsException: Rate exceeded\n{RULE} b: expected priority to be\n"
        "Listener rules that this run changed: moved."
    )


def test_a_failure_without_events_is_told_as_the_cli_told_it() -> None:
    with pytest.raises(DeploymentError, match="the stack is currently locked"):
        recorder()[0].fail("the stack is currently locked")
