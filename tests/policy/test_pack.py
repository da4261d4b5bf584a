"""The pack as the CLI runs it: behind pulumi-policy's own server."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
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
from tests.policy.cases import CASES
from tests.policy.cases.case import Case
from tests.policy.good import UNKNOWN, edited, good_stack
from tests.policy.recordings import recorded

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


def test_the_server_has_nothing_to_say_of_a_first_preview(server: _PolicyAnalyzerServicer) -> None:
    assert _diagnostics(server, recorded("staging", 50, preview=True)) == []


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.refused][::12], ids=lambda case: case.policy.name
)
def test_the_server_says_what_the_check_says(case: Case, server: _PolicyAnalyzerServicer) -> None:
    stack = case.stack()
    said = {(policy, message) for policy, _, message in _diagnostics(server, stack)}
    expected = {(one.policy.name, one.message) for one in check(stack).violations}
    assert said == expected
    assert case.policy.name in {policy for policy, _ in said}


def test_what_cannot_be_decided_is_the_line_that_the_server_writes(
    server: _PolicyAnalyzerServicer,
) -> None:
    stack = good_stack()
    stack["l-image"] = edited(stack["l-image"], {"targetType": UNKNOWN})
    said = [message for _, _, message in _diagnostics(server, stack.values())]
    assert any(
        message.startswith("can't run policy 'target-group-is-for-lambda-alone'")
        and message.endswith("at .l-image.targetType can't be known during preview")
        for message in said
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
