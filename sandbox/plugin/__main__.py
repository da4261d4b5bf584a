"""The plugin as a process, started by the Pulumi CLI.

It prints its port and answers until the CLI closes its standard input or tells it to stop;
calls under way then come to their end. The account is found by the variables SANDBOX_URL
and SANDBOX_INSTANCE.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import grpc  # type: ignore[import-untyped]  # it ships no types
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.account.client import Account, AccountUnreachable
from sandbox.plugin.servicer import ProviderServicer
from sandbox.ports import HOST
from sandbox.provider import Provider
from sandbox.stopping import stop_asked

_THREADS: Final = 32
_END_SECONDS: Final = 60
"""How long calls under way may still take; the CLI itself waits 5 s."""


def connect(stack: str) -> Provider:
    """The provider over the account of a stack.

    Raises AccountUnreachable when there is none or it is not the one that was there before.
    """
    url, instance = os.environ.get("SANDBOX_URL"), os.environ.get("SANDBOX_INSTANCE")
    if not url:
        raise AccountUnreachable(
            "SANDBOX_URL is not set: run `sandbox start`, then "
            f'eval "$(sandbox env --stack {stack})"'
        )
    account = Account.connect(url, stack)
    if instance and instance != account.instance:
        raise AccountUnreachable(
            f"The account at {url} is a new one, what this state describes is gone. Run: "
            f'eval "$(sandbox env --stack {stack})"'
        )
    return Provider(account.client)


def main() -> None:
    """Serve until told to stop."""
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(ProviderServicer(connect), server)
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    stopped = stop_asked(with_input=True)
    print(port, flush=True)  # noqa: T201 # what the CLI waits for
    stopped.wait()
    server.stop(_END_SECONDS).wait()


if __name__ == "__main__":
    main()
