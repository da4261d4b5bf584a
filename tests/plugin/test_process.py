"""The plugin as the CLI starts and ends it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]  # it ships no types
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from tests.plugin.support import LOG_GROUP, Engine, struct, urn
from tests.support.gate import Gate
from tests.support.process import deserted_url
from tests.support.recorder import ROOT

TIMEOUT_S = 300


@dataclass
class Plugin:
    """A running plugin process."""

    process: subprocess.Popen[bytes]
    engine: Engine

    def ended(self) -> int:
        return self.process.wait(TIMEOUT_S)


@contextlib.contextmanager
def plugin(variables: Mapping[str, str]) -> Iterator[Plugin]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.plugin", "127.0.0.1:1"],
        cwd=ROOT,
        env={**kept, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout
        port = int(process.stdout.readline())
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Plugin(process, Engine(provider_pb2_grpc.ResourceProviderStub(channel)))
        finally:
            process.kill()


@pytest.fixture(scope="module")
def gate(server: AccountServer) -> Iterator[Gate]:
    with Gate(server) as gate:
        yield gate


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda process: process.send_signal(signal.SIGINT), id="the CLI interrupts"),
        pytest.param(lambda process: process.terminate(), id="SIGTERM"),
        pytest.param(lambda process: process.stdin.close(), id="the CLI was killed"),
    ],
)
def test_a_call_under_way_comes_to_its_end_before_the_process(
    gate: Gate, account: Account, name: str, end: Callable[[Any], None]
) -> None:
    with plugin({"SANDBOX_URL": gate.url}) as running:
        running.engine.configure()
        gate.shut()
        created = running.engine.stub.Create.future(
            provider_pb2.CreateRequest(
                urn=urn(LOG_GROUP, name),
                type=LOG_GROUP,
                name=name,
                properties=struct({"name": name}),
            )
        )
        assert gate.waiting.wait(TIMEOUT_S)

        end(running.process)
        gate.open()

        assert created.result(TIMEOUT_S).id == name
        assert running.ended() == 0
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert [group["logGroupName"] for group in groups] == [name]


def test_without_an_account_the_first_call_says_what_to_do(account: Account) -> None:
    with plugin({}) as running, pytest.raises(grpc.RpcError) as refused:
        running.engine.configure()

    assert refused.value.details() == (
        'SANDBOX_URL is not set: run `sandbox start`, then eval "$(sandbox env --stack staging)"'
    )


def test_an_account_that_has_gone_is_named(account: Account) -> None:
    url = deserted_url()
    with plugin({"SANDBOX_URL": url}) as running, pytest.raises(grpc.RpcError, match=url):
        running.engine.configure()


def test_a_state_is_not_used_on_another_account(account: Account) -> None:
    variables = {"SANDBOX_URL": account.url, "SANDBOX_INSTANCE": account.instance}
    with plugin(variables) as running:
        running.engine.configure()

    other = {**variables, "SANDBOX_INSTANCE": "the one before"}
    with plugin(other) as running, pytest.raises(grpc.RpcError, match="is a new one"):
        running.engine.configure()
