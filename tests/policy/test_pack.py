"""The pack as the CLI runs it: behind pulumi-policy's own server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # it ships no types
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import EnforcementLevel
from pulumi_policy.deserialize import serialize_properties
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policy.check import Registered, check
from policy.pack import policies
from policy.policies import POLICIES
from tests.policy.cases import CASES, DUAL, GROUP, Case
from tests.policy.recordings import UNKNOWN, config, edited, recorded, small

ROOT = Path(__file__).parents[2]

Diagnostic = tuple[str, str, str]
"""The policy, the URN if it says one, and the last line of the message."""


@pytest.fixture(scope="module")
def server() -> _PolicyAnalyzerServicer:
    return _PolicyAnalyzerServicer("pack", "0.1.0", policies(), EnforcementLevel.ADVISORY)


def _properties(one: Registered) -> struct_pb2.Struct:
    properties = struct_pb2.Struct()
    properties.update(dict(serialize_properties(one.props)))
    return properties


def _diagnostics(
    server: _PolicyAnalyzerServicer, registered: Iterable[Registered]
) -> list[Diagnostic]:
    """First each resource, then the stack, as in a preview."""
    registered = list(registered)
    responses = [
        server.Analyze(  # type: ignore[no-untyped-call]  # pulumi-policy's
            analyzer_pb2.AnalyzeRequest(
                type=one.type,
                name=one.name,
                urn=one.urn,
                properties=_properties(one),
                options=_options(one),
            ),
            None,
        )
        for one in registered
    ]
    stack = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=one.type,
                name=one.name,
                urn=one.urn,
                properties=_properties(one),
                options=_options(one),
                dependencies=one.dependencies,
                propertyDependencies={
                    key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for key, urns in one.property_dependencies.items()
                },
            )
            for one in registered
        ]
    )
    responses.append(server.AnalyzeStack(stack, None))  # type: ignore[no-untyped-call]
    return [
        (found.policyName, found.urn, found.message.splitlines()[-1])
        for response in responses
        for found in response.diagnostics
    ]


def _options(one: Registered) -> analyzer_pb2.AnalyzerResourceOptions:
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=one.protect, ignoreChanges=list(one.ignore_changes)
    )


def test_the_server_misses_of_a_first_preview_what_the_slice_leaves_out(
    server: _PolicyAnalyzerServicer, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered, known = recorded("staging", 50, preview=True)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(known))
    said = _diagnostics(server, [one for one in registered if one.name in small()])
    assert {policy for policy, _, _ in said} == {"every-route-has-its-rules"}


@pytest.mark.parametrize(
    "case", [case for case in CASES if "+" not in str(case) and case.objecting][::60], ids=str
)
def test_the_server_says_what_the_check_says(
    case: Case, server: _PolicyAnalyzerServicer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config()))
    kept = [one for one in small().values() if one.urn not in case.gone]
    stack = [replace(one, secrets=None) for one in (*kept, *case.changed)]
    said = {(policy, message) for policy, _, message in _diagnostics(server, stack)}
    expected = {(one.policy.name, one.message) for one in check(stack, config=config()).violations}
    assert said == expected
    assert {*case.objecting} <= {policy for policy, _ in said}


@pytest.mark.parametrize(("share", "refused"), [("50", False), ("10", True), (None, False)])
def test_the_server_knows_the_share_that_the_stack_asks_for(
    share: str | None,
    refused: bool,
    server: _PolicyAnalyzerServicer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    if share is not None:
        known = {**config(), "passport-scorer-routing:rustPercentage": share}
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(known))
    said = {policy for policy, _, _ in _diagnostics(server, [small()[DUAL]])}
    assert ("rule-has-the-configured-share" in said) is refused


def test_what_cannot_be_decided_is_the_line_that_the_server_writes(
    server: _PolicyAnalyzerServicer,
) -> None:
    said = _diagnostics(server, [edited(small()[GROUP], {"targetType": UNKNOWN})])
    assert any(
        message.startswith("can't run policy 'target-group-is-for-lambda-alone'")
        and message.endswith(f"at .{GROUP}.targetType can't be known during preview")
        for _, _, message in said
    )


@pytest.fixture
def started() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack in a process of its own, started as the language host does."""
    environment: Mapping[str, str] = {
        key: value for key, value in os.environ.items() if key != "PYTHONPATH"
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pulumi.policy", "127.0.0.1:1", str(ROOT / "policy")],
        cwd=ROOT / "policy",
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_folder_runs_as_a_pack(started: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = started.GetAnalyzerInfo(empty_pb2.Empty(), timeout=100)
    levels = {
        one.name: analyzer_pb2.EnforcementLevel.Name(one.enforcementLevel).lower()
        for one in info.policies
    }
    assert levels == {policy.name: policy.level for policy in POLICIES}
