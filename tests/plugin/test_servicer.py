"""What the engine gets from the plugin, and what AWS then has."""

import json
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # it ships no types
import pytest
from botocore.exceptions import ClientError
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.account.client import Account
from sandbox.plugin.servicer import VERSION
from sandbox.provider.logs import LogGroup
from tests.plugin.support import (
    FUNCTION,
    GROUP,
    LOG_GROUP,
    ROLE,
    RULE,
    UNKNOWN,
    Engine,
    Resource,
    archive,
    plain,
    secret,
    struct,
)

SOME = provider_pb2.DiffResponse.DIFF_SOME
NONE = provider_pb2.DiffResponse.DIFF_NONE
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
    ' "Principal": {"Service": "lambda.amazonaws.com"}}]}'
)


def retention(account: Account, name: str) -> list[int | None]:
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [group.get("retentionInDays") for group in groups]


def rule(account: Account, priority: int, value: Any) -> dict[str, Any]:
    """A rule that needs a header value."""
    answer = {"contentType": "text/plain", "statusCode": "200"}
    header = {"httpHeaderName": "X-Use-Rust-Scorer", "values": [value]}
    return {
        "listenerArn": account.foundation["publicAlbHttpsListenerArn"],
        "priority": priority,
        "actions": [{"type": "fixed-response", "fixedResponse": answer}],
        "conditions": [{"httpHeader": header}],
    }


def test_the_plugin_says_what_it_is_and_that_it_takes_secrets(engine: Engine) -> None:
    hello = engine.stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1"))
    ready = engine.configure()
    schema = engine.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema

    assert (hello.accept_secrets, hello.accept_outputs, hello.accept_resources) == (
        True,
        False,
        False,
    )
    assert (ready.acceptSecrets, ready.supportsPreview) == (True, True)
    assert engine.stub.GetPluginInfo(empty_pb2.Empty()).version == VERSION
    described = json.loads(schema)
    assert (described["name"], described["version"]) == ("aws", VERSION)
    assert {"listenerArn", "priority"} <= described["resources"][RULE]["inputProperties"].keys()


def test_a_resource_lives_from_check_to_delete(engine: Engine, account: Account, name: str) -> None:
    group = engine.create(LOG_GROUP, {"name": name, "retentionInDays": 14})
    assert group.id == name
    assert plain(group.outputs) == {
        "name": name,
        "retentionInDays": 14,
        "arn": f"arn:aws:logs:us-west-2:{account.account_id}:log-group:{name}",
    }
    assert retention(account, name) == [14]
    assert group.diff().changes == NONE

    diff = group.diff(retentionInDays=30)
    assert (diff.changes, list(diff.diffs), list(diff.replaces)) == (SOME, ["retentionInDays"], [])
    group.update(retentionInDays=30)
    assert retention(account, name) == [30]
    assert plain(group.outputs)["retentionInDays"] == 30
    assert "arn" in plain(group.outputs)
    group.update(retentionInDays=None)
    assert "retentionInDays" not in plain(group.outputs)

    for _ in range(2):
        group.delete()
    assert retention(account, name) == []
    assert group.read().id == ""


def test_a_preview_creates_and_changes_nothing(engine: Engine, account: Account, name: str) -> None:
    inputs = {"name": name, "retentionInDays": 14}

    planned = engine.create(LOG_GROUP, inputs, preview=True)

    assert (planned.id, plain(planned.outputs)) == ("", inputs)
    assert retention(account, name) == []
    group = engine.create(LOG_GROUP, inputs)
    group.update(preview=True, retentionInDays=30)
    assert retention(account, name) == [14]
    assert plain(group.outputs)["retentionInDays"] == 30


def test_what_is_not_known_yet_passes_and_counts_as_a_change(
    engine: Engine, account: Account, name: str
) -> None:
    checked = engine.check(GROUP, {"name": UNKNOWN, "targetType": "lambda"})
    assert (list(checked.failures), plain(checked.inputs)["name"]) == ([], UNKNOWN)
    too_heavy = {"arn": UNKNOWN, "weight": 1000}
    inputs = {"actions": [{"type": "forward", "forward": {"targetGroups": [too_heavy]}}]}
    assert "(0 - 999), got 1000" in engine.check(RULE, inputs).failures[0].reason
    group = engine.create(LOG_GROUP, {"name": name})

    assert list(group.diff(tags={"Name": UNKNOWN}).diffs) == ["tags"]


def test_a_name_that_the_plugin_made_up_stays(engine: Engine, account: Account, name: str) -> None:
    role = engine.create(ROLE, {"assumeRolePolicy": TRUST}, name)

    assert role.id.startswith(f"{name}-")
    assert plain(role.outputs)["name"] == role.id
    role.update(tags={"Name": "changed"})
    assert plain(role.outputs)["name"] == role.id
    described = account.client("iam").get_role(RoleName=role.id)["Role"]
    assert described["Tags"] == [{"Key": "Name", "Value": "changed"}]
    assert "name" not in plain(role.read().inputs)


@pytest.mark.parametrize(
    ("type_", "inputs", "property_", "reason"),
    [
        (GROUP, {"name": "x" * 33}, "name", "cannot be longer than 32"),
        (LOG_GROUP, {"retentionInDays": 13}, "retentionInDays", "got 13"),
        (GROUP, {"name": secret("canary" * 10)}, "", "cannot be longer than 32"),
        (RULE, {"actions": [{"type": "teleport"}]}, "", "actions[0].type"),
    ],
)
def test_a_problem_is_named_and_shows_no_secret(
    engine: Engine, type_: str, inputs: dict[str, Any], property_: str, reason: str
) -> None:
    (failure,) = engine.check(type_, inputs).failures

    assert failure.property == property_
    assert reason in failure.reason
    assert "canary" not in failure.reason


def test_a_secret_reaches_aws_and_is_one_on_the_way_back(engine: Engine, account: Account) -> None:
    made = engine.create(RULE, rule(account, 4001, secret("canary")))

    described = account.client("elbv2").describe_rules(RuleArns=[made.id])["Rules"][0]
    assert described["Conditions"][0]["HttpHeaderConfig"]["Values"] == ["canary"]
    assert plain(made.outputs)["conditions"] == plain(made.inputs)["conditions"]
    assert made.diff(conditions=rule(account, 4001, "canary")["conditions"]).changes == NONE
    again = made.read()
    assert again.inputs == made.inputs
    assert again.properties == made.outputs


def test_a_drifted_secret_is_still_one(engine: Engine, account: Account) -> None:
    made = engine.create(RULE, rule(account, 4002, secret("canary")))
    header = {"HttpHeaderName": "X-Use-Rust-Scorer", "Values": ["other"]}
    condition: Any = {"Field": "http-header", "HttpHeaderConfig": header}
    account.client("elbv2").modify_rule(RuleArn=made.id, Conditions=[condition])

    read = made.read()

    found = [{"httpHeader": {"httpHeaderName": "X-Use-Rust-Scorer", "values": ["other"]}}]
    assert plain(read.inputs)["conditions"] == secret(found)
    assert plain(read.properties)["conditions"] == secret(found)
    assert plain(read.inputs)["actions"] == plain(made.inputs)["actions"]


def test_a_refresh_finds_what_was_changed_by_hand_and_nothing_else(
    engine: Engine, account: Account, name: str
) -> None:
    group = engine.create(LOG_GROUP, {"name": name, "retentionInDays": 14, "tags": {"a": "b"}})
    assert group.read().inputs == group.inputs
    assert group.read().properties == group.outputs
    account.client("logs").put_retention_policy(logGroupName=name, retentionInDays=7)

    read = group.read()

    assert plain(read.inputs) == {"name": name, "retentionInDays": 7, "tags": {"a": "b"}}
    assert plain(read.properties) == {**plain(group.outputs), "retentionInDays": 7}


def test_an_import_finds_inputs_and_outputs(engine: Engine, account: Account, name: str) -> None:
    account.client("logs").create_log_group(logGroupName=name)

    read = engine.import_(LOG_GROUP, name)

    assert read.id == name
    assert plain(read.inputs) == {"name": name}
    assert set(plain(read.properties)) == {"name", "arn"}
    assert engine.import_(LOG_GROUP, f"{name}-absent").id == ""


def test_a_change_that_replaces_is_said_to(engine: Engine, account: Account, name: str) -> None:
    named = engine.create(GROUP, {"name": name, "targetType": "lambda"})
    diff = named.diff(name=f"{name}-new")
    assert (list(diff.replaces), diff.deleteBeforeReplace) == (["name"], True)

    made = engine.create(RULE, rule(account, 4003, "a"))
    diff = made.diff(listenerArn=account.foundation["privateAlbHttpListenerArn"], priority=4004)
    assert (list(diff.diffs), list(diff.replaces)) == (["listenerArn", "priority"], ["listenerArn"])
    assert diff.deleteBeforeReplace is False


def test_code_is_told_apart_by_the_hash_of_the_engine(
    engine: Engine, account: Account, name: str, packages: dict[str, str]
) -> None:
    code = packages["rustPackage"]
    role = engine.create(ROLE, {"assumeRolePolicy": TRUST}, name)
    function = engine.create(
        FUNCTION,
        {
            "name": name,
            "role": plain(role.outputs)["arn"],
            "code": archive("one", path=code),
            "handler": "bootstrap",
            "runtime": "provided.al2023",
        },
    )
    configured = account.client("lambda").get_function_configuration(FunctionName=name)
    assert configured["CodeSize"] == Path(code).stat().st_size
    assert plain(function.outputs)["code"] == archive("one", path=code)
    # The engine leaves the place out of what it kept, and that may be gone.
    kept = Resource(
        **{**vars(function), "inputs": struct({**plain(function.inputs), "code": archive("one")})}
    )

    assert kept.diff(code=archive("one", path="/nowhere")).changes == NONE
    assert list(kept.diff(code=archive("two", path=code)).diffs) == ["code"]
    assert kept.read().inputs == kept.inputs
    kept.update(code=archive("two", path=code))
    assert plain(kept.outputs)["code"] == archive("two", path=code)


def test_a_refusal_is_told_in_the_words_of_aws(engine: Engine, account: Account) -> None:
    engine.create(RULE, rule(account, 4005, "a"))

    with pytest.raises(grpc.RpcError) as refused:
        engine.create(RULE, rule(account, 4005, "b"))

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refused.value.details() == (
        "thing: priority 4005: PriorityInUse: The specified priority is in use. "
        "(docs/runbook.md, row PriorityInUse)"
    )


def test_a_type_that_is_not_there_is_said_to_be_missing(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError, match="no type aws:s3/bucket:Bucket"):
        engine.check("aws:s3/bucket:Bucket", {})


def test_functions_of_the_provider_are_refused_by_name(engine: Engine) -> None:
    engine.configure("staging")
    call = provider_pb2.InvokeRequest(tok="aws:index/getRegion:getRegion")

    with pytest.raises(grpc.RpcError, match="aws:index/getRegion:getRegion"):
        engine.stub.Invoke(call)


def test_a_stack_without_an_account_is_refused(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError, match="there is no stack qa"):
        engine.configure("qa")


def test_each_stack_is_deployed_into_its_own_account(
    engine: Engine, account: Account, name: str
) -> None:
    request = provider_pb2.CreateRequest(
        urn=f"urn:pulumi:production::passport-scorer-routing::{LOG_GROUP}::x",
        type=LOG_GROUP,
        name="x",
        properties=struct({"name": name}),
    )

    made = engine.stub.Create(request)

    assert account.account_id not in plain(made.properties)["arn"]
    assert retention(account, name) == []


def test_an_interruption_of_the_engine_stops_no_call(engine: Engine, name: str) -> None:
    engine.stub.Cancel(empty_pb2.Empty())

    assert engine.create(LOG_GROUP, {"name": name}).id == name


def test_what_was_refused_in_the_middle_of_a_creation_is_recorded_and_mended(
    engine: Engine, account: Account, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "Put")

    monkeypatch.setattr(LogGroup, "_set_retention", refuse)
    inputs = {"name": name, "retentionInDays": 14}
    with pytest.raises(grpc.RpcError) as refused:
        engine.create(LOG_GROUP, inputs)
    monkeypatch.undo()

    (details,) = [
        value
        for key, value in refused.value.trailing_metadata()
        if key == "grpc-status-details-bin"
    ]
    failure = provider_pb2.ErrorResourceInitFailed()
    (packed,) = status_pb2.Status.FromString(details).details
    assert packed.Unpack(failure)
    assert (failure.id, list(failure.reasons)) == (name, ["thing: Throttling: Rate exceeded"])
    assert retention(account, name) == [None]
    # The engine then asks for an update though nothing differs.
    left = Resource(engine.stub, LOG_GROUP, "thing", failure.id, struct(inputs), failure.properties)
    left.update()
    assert retention(account, name) == [14]
    assert plain(left.outputs)["arn"].endswith(f":log-group:{name}")
    left.delete()
