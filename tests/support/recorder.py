"""Run the program under Pulumi mocks and keep what it registered.

Mocks accept almost anything, so the recorder refuses what the engine would: the same
URN twice. It invents ARNs, because a resource without one loses its dependents.
"""

import asyncio
import json
import os
import runpy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.proto import resource_pb2

ROOT = Path(__file__).parents[2]
NAMESPACE = "passport-scorer-routing"

FOUNDATION = {
    "vpcId": "vpc-1",
    "privateSubnetIds": ["subnet-a", "subnet-b"],
    "privateSubnetSecurityGroupId": "sg-private",
    "publicAlbArnSuffix": "app/public/1",
    "publicAlbHttpsListenerArn": "arn:aws:elasticloadbalancing:us-west-2:1:listener/app/public/1/1",
    "privateAlbArnSuffix": "app/internal/2",
    "privateAlbHttpListenerArn": (
        "arn:aws:elasticloadbalancing:us-west-2:1:listener/app/internal/2/2"
    ),
    "registryTargetGroupArn": "arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/registry/9",
    "scorerSecretArn": "arn:aws:secretsmanager:us-west-2:1:secret:scorer-abc",
    "alertTopicArn": "arn:aws:sns:us-west-2:1:alerts",
    "pythonLayerArn": "arn:aws:lambda:us-west-2:1:layer:python:3",
}


@dataclass(frozen=True)
class Registration:
    """One resource as the program registered it; `inputs` in wire form, secrets unwrapped."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    secret_inputs: frozenset[str]
    depends_on: frozenset[str]
    import_id: str
    ignore_changes: tuple[str, ...]
    parent: str


@dataclass
class Program:
    """What one run registered and exported."""

    registrations: list[Registration] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)

    def of_type(self, type_: str) -> dict[str, Registration]:
        return {one.name: one for one in self.registrations if one.type == type_}

    def named(self, name: str) -> Registration:
        (found,) = [one for one in self.registrations if one.name == name]
        return found


class RecordingMonitor(mocks.MockMonitor):
    """Keeps the requests themselves: mocks see neither dependencies nor options."""

    def __init__(self, foundation: Mapping[str, Any]) -> None:
        super().__init__(_Inventor(foundation))
        self.program = Program()
        self._names: set[tuple[str, str]] = set()
        self._lock = Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        if request.type != "pulumi:pulumi:Stack":
            with self._lock:
                if (request.type, request.name) in self._names:
                    raise ValueError(f"duplicate resource {request.type} {request.name}")
                self._names.add((request.type, request.name))
                self.program.registrations.append(_registration(request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK's

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        self.program.exports = _plain(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # the SDK's


def _registration(request: resource_pb2.RegisterResourceRequest) -> Registration:
    inputs = rpc.deserialize_properties(request.object)
    return Registration(
        type=request.type,
        name=request.name,
        inputs=_plain(inputs),
        secret_inputs=frozenset(_secret_texts(inputs)),
        depends_on=frozenset(urn.split("::")[-1] for urn in request.dependencies),
        import_id=request.importId,
        ignore_changes=tuple(request.ignoreChanges),
        parent=request.parent.split("::")[-2] if request.parent else "",
    )


def _plain(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _secret_texts(value: Any) -> Iterator[str]:
    if rpc.is_rpc_secret(value):
        yield str(_plain(value))
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _secret_texts(item)


class _Inventor(mocks.Mocks):
    """Outputs that AWS would compute."""

    def __init__(self, foundation: Mapping[str, Any]) -> None:
        self._foundation = foundation

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {"name": args.name, "outputs": dict(self._foundation)}
        invented = {
            "arn": f"arn:aws:{args.typ.split(':')[1].split('/')[0]}:us-west-2:1:{args.name}",
            "arnSuffix": f"suffix/{args.name}",
            "name": args.name,
        }
        return f"id-{args.name}", invented | args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise NotImplementedError(args.token)


@contextmanager
def configuration(
    values: Mapping[str, Any], *, secret: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Stack configuration as the CLI hands it to a program, for one run."""
    secret = secret or {}
    texts = {
        key if ":" in key else f"{NAMESPACE}:{key}": value
        if isinstance(value, str)
        else json.dumps(value)
        for key, value in {"aws:region": "us-west-2", **values, **secret}.items()
    }
    secret_keys = [f"{NAMESPACE}:{key}" for key in secret]
    before = {key: os.environ.get(key) for key in ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS")}
    config_before = runtime_config.CONFIG.get()
    os.environ["PULUMI_CONFIG"] = json.dumps(texts)
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(secret_keys)
    pulumi.runtime.set_all_config(texts, secret_keys)
    try:
        yield
    finally:
        pulumi.runtime.set_all_config(config_before, [])
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


@contextmanager
def fresh_runtime(monitor: mocks.MockMonitor, stack_name: str, *, preview: bool) -> Iterator[None]:
    """An event loop and Pulumi settings of one run's own; the old ones come back."""
    saved = settings.SETTINGS
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        mocks.set_mocks(
            monitor.mocks, project=NAMESPACE, stack=stack_name, preview=preview, monitor=monitor
        )
        yield
    finally:
        settings.configure(saved)
        loop.close()
        asyncio.set_event_loop(None)


def _main() -> None:
    runpy.run_path(str(ROOT / "__main__.py"))


def run_program(
    values: Mapping[str, Any],
    *,
    stack_name: str = "staging",
    secret: Mapping[str, str] | None = None,
    foundation: Mapping[str, Any] | None = None,
    preview: bool = False,
) -> Program:
    """Run `__main__.py` once; whatever it raises comes out."""
    monitor = RecordingMonitor(FOUNDATION if foundation is None else foundation)
    with configuration(values, secret=secret), fresh_runtime(monitor, stack_name, preview=preview):
        settings.ROOT.set(None)
        asyncio.get_event_loop().run_until_complete(stack.run_in_stack(_main))
    return monitor.program
