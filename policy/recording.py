"""What the real program registers for a stack, recorded under mocks.

The runtime around the mocks is the test suite's, as in `bench`. The ARNs are invented in
the form that AWS gives them: rules find the name of a target group in its ARN.
"""

import asyncio
import contextlib
import runpy
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from pulumi.runtime import mocks, stack

from policy.check import Registered
from policy.wire import from_request
from sandbox.stackfile import ROOT, StackConfig, load_stack_file
from tests.support.recorder import FOUNDATION, fresh_runtime

ACCOUNT = "000000000000"
REGION = "us-west-2"
_PREFIX = f"{REGION}:{ACCOUNT}"
_ARNS = {
    "aws:lb/targetGroup:TargetGroup": f"elasticloadbalancing:{_PREFIX}:targetgroup/{{name}}/1",
    "aws:lb/listenerRule:ListenerRule": f"elasticloadbalancing:{_PREFIX}:listener-rule/{{name}}",
    "aws:lambda/function:Function": f"lambda:{_PREFIX}:function:{{name}}",
    "aws:cloudwatch/logGroup:LogGroup": f"logs:{_PREFIX}:log-group:{{name}}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": f"cloudwatch:{_PREFIX}:alarm:{{name}}",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": f"cloudwatch:{_PREFIX}:alarm:{{name}}",
    "aws:iam/role:Role": f"iam::{ACCOUNT}:role/{{name}}",
}
_PACKAGES = ("pythonPackage", "rustPackage")


def record(
    stack_name: str,
    *,
    rust_percentage: int,
    preview: bool = False,
    tester_secret: str | None = None,
) -> list[Registered]:
    """Run the program with the stack's own file; in a preview every new ARN is unknown."""
    config = load_stack_file(stack_name).with_values({"rustPercentage": str(rust_percentage)})
    if tester_secret is not None:
        config = config.with_values({"testerHeaderValue": tester_secret}, secret=True)
    monitor = _Monitor(preview=preview)
    with (
        _stand_ins(config),
        config.applied(),
        fresh_runtime(monitor, stack_name, preview=preview),
    ):
        asyncio.get_event_loop().run_until_complete(stack.run_in_stack(_program))
    return sorted(monitor.registered, key=lambda one: one.urn)


def _program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"))


class _Monitor(mocks.MockMonitor):
    """Keeps every request that registers a resource."""

    def __init__(self, *, preview: bool) -> None:
        super().__init__(_Account(preview=preview))
        self.registered: list[Registered] = []
        self._lock = Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        if request.type != "pulumi:pulumi:Stack":
            with self._lock:
                self.registered.append(from_request(self._urn(request), request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK's

    def _urn(self, request: Any) -> str:
        return str(self.make_urn(request.parent, request.type, request.name))


class _Account(mocks.Mocks):
    """Outputs that AWS would compute; in a preview nobody knows them."""

    def __init__(self, *, preview: bool) -> None:
        self._preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {"name": args.name, "outputs": _foundation()}
        if self._preview:
            return None, args.inputs
        return f"id-{args.name}", invented(args.typ, args.name, args.inputs) | args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise NotImplementedError(args.token)


def invented(type_: str, logical_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS would add to these inputs."""
    name = inputs.get("name") or logical_name
    outputs: dict[str, Any] = {"name": name}
    if type_ in _ARNS:
        path = _ARNS[type_].format(name=name)
        outputs |= {"arn": f"arn:aws:{path}", "arnSuffix": path.split(":")[-1]}
    return outputs


def _foundation() -> dict[str, Any]:
    """The outputs of the foundation stack, all in one account."""
    return {
        key: value.replace(f":{REGION}:1:", f":{REGION}:{ACCOUNT}:")
        if isinstance(value, str)
        else value
        for key, value in FOUNDATION.items()
    }


@contextlib.contextmanager
def _stand_ins(config: StackConfig) -> Iterator[None]:
    """A folder where the code packages of the stack file exist."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for key in _PACKAGES:
            package = Path(config.get(key) or key)
            package.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(package, "w") as archive:
                archive.writestr("bootstrap", "")
        yield
