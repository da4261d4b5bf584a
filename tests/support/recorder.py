"""Run the program under Pulumi mocks and keep what it registered.

Mocks accept almost anything, so the recorder refuses what the engine would: the same
URN twice. It invents ARNs, because a resource without one loses its dependents.
"""

import asyncio
import json
import os
import runpy
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
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

SECRET = "<secret>"

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


class Archive(pulumi.FileArchive):
    """An archive that equals another of the same path, so two registrations compare."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Archive) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"Archive({self.path!r})"


@dataclass(frozen=True)
class Registration:
    """One resource as the program registered it; `inputs` in wire form, secrets unwrapped."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    open_inputs: Mapping[str, Any]
    """The inputs with SECRET in place of every secret."""
    secret_inputs: frozenset[str]
    depends_on: frozenset[str]
    import_id: str
    ignore_changes: tuple[str, ...]
    parent: str


@dataclass
class Program:
    """What one run registered and exported."""

    registrations: list[Registration] = field(default_factory=list)
    reads: list[tuple[str, str]] = field(default_factory=list)
    """Type and name of what was only read, such as a stack reference."""
    exports: dict[str, Any] = field(default_factory=dict)
    open_exports: dict[str, Any] = field(default_factory=dict)
    """The exports with SECRET in place of every secret."""

    def of_type(self, type_: str) -> dict[str, Registration]:
        return {one.name: one for one in self.registrations if one.type == type_}

    def named(self, name: str) -> Registration:
        (found,) = [one for one in self.registrations if one.name == name]
        return found


class RecordingMonitor(mocks.MockMonitor):
    """Keeps the requests themselves: mocks see neither dependencies nor options."""

    def __init__(
        self, foundation: Mapping[str, Any], program: Program, *, preview: bool = False
    ) -> None:
        super().__init__(_Inventor(foundation, preview=preview))
        self.program = program
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

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        with self._lock:
            self.program.reads.append((request.type, request.name))
        return super().ReadResource(request)  # type: ignore[no-untyped-call]  # the SDK's

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        outputs = _wire(request.outputs)
        self.program.exports = _plain(outputs)
        self.program.open_exports = _plain(outputs, masked=True)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # the SDK's


def _registration(request: resource_pb2.RegisterResourceRequest) -> Registration:
    inputs = _wire(request.object)
    return Registration(
        type=request.type,
        name=request.name,
        inputs=_plain(inputs),
        open_inputs=_plain(inputs, masked=True),
        secret_inputs=frozenset(_secret_texts(inputs)),
        depends_on=frozenset(urn.split("::")[-1] for urn in request.dependencies),
        import_id=request.importId,
        ignore_changes=tuple(request.ignoreChanges),
        parent=request.parent.split("::")[-2] if request.parent else "",
    )


def _wire(properties: Any) -> dict[str, Any]:
    """As sent: the SDK's own reader drops nulls that the engine would see."""
    return {key: _wire_value(value) for key, value in properties.fields.items()}


def _wire_value(value: Any) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _wire(value.struct_value)
        case "list_value":
            return [_wire_value(item) for item in value.list_value.values]
        case "null_value":
            return None
        case kind:
            return getattr(value, kind)


def _plain(value: Any, *, masked: bool = False) -> Any:
    if isinstance(value, dict):
        match value.get(rpc._special_sig_key):
            case rpc._special_secret_sig:
                return SECRET if masked else _plain(value["value"])
            case rpc._special_archive_sig:
                return Archive(value["path"])
        return {key: _plain(item, masked=masked) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, masked=masked) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _secret_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig:
        yield str(_plain(value))
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _secret_texts(item)


def invented_arn(type_: str, name: str) -> str:
    """The ARN of a resource, made of its type token and logical name."""
    return f"arn:aws:{type_.split(':')[1].split('/', maxsplit=1)[0]}:us-west-2:1:{name}"


def invented_suffix(name: str) -> str:
    """The CloudWatch dimension of a target group, made of its logical name."""
    return f"suffix/{name}"


class _Inventor(mocks.Mocks):
    """Outputs that AWS would compute; in a preview they are unknown."""

    def __init__(self, foundation: Mapping[str, Any], *, preview: bool) -> None:
        self._foundation = foundation
        self._preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {"name": args.name, "outputs": dict(self._foundation)}
        if self._preview:
            return None, args.inputs
        invented = {
            "arn": invented_arn(args.typ, args.name),
            "arnSuffix": invented_suffix(args.name),
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
    """An event loop and Pulumi settings of one run's own; nothing of it reaches the next."""
    saved = settings.SETTINGS
    loop = asyncio.new_event_loop()
    # As the language host does: a program that fails leaves outputs that nobody awaits.
    loop.set_exception_handler(lambda *_: None)
    asyncio.set_event_loop(loop)
    try:
        with _workers(loop):
            mocks.set_mocks(
                monitor.mocks, project=NAMESPACE, stack=stack_name, preview=preview, monitor=monitor
            )
            settings.ROOT.set(None)
            yield
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        settings.SETTINGS.rpc_manager.clear()
        settings.SETTINGS.outputs.clear()
        settings.configure(saved)
        loop.close()
        asyncio.set_event_loop(None)


@contextmanager
def _workers(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Threads for the monitor; the SDK wants a loop in each and closes none."""
    theirs: list[asyncio.AbstractEventLoop] = []

    def begin() -> None:
        theirs.append(asyncio.new_event_loop())
        asyncio.set_event_loop(theirs[-1])

    try:
        with ThreadPoolExecutor(4, initializer=begin) as workers:
            loop.set_default_executor(workers)
            yield
    finally:
        for one in theirs:
            one.close()


def _run(script: str | Path) -> None:
    runpy.run_path(str(script))


def run_program(
    values: Mapping[str, Any],
    *,
    stack_name: str = "staging",
    secret: Mapping[str, str] | None = None,
    foundation: Mapping[str, Any] | None = None,
    preview: bool = False,
    script: str | Path = ROOT / "__main__.py",
    into: Program | None = None,
) -> Program:
    """Run the program once; whatever it raises comes out, and what it did until then is `into`."""
    return record(
        lambda: _run(script),
        values,
        stack_name=stack_name,
        secret=secret,
        foundation=foundation,
        preview=preview,
        into=into,
    )


def record(
    body: Callable[[], object],
    values: Mapping[str, Any] | None = None,
    *,
    stack_name: str = "staging",
    secret: Mapping[str, str] | None = None,
    foundation: Mapping[str, Any] | None = None,
    preview: bool = False,
    into: Program | None = None,
) -> Program:
    """Run any declarations as a program of their own."""
    program = Program() if into is None else into

    def main() -> None:
        body()

    provided = FOUNDATION if foundation is None else foundation
    monitor = RecordingMonitor(provided, program, preview=preview)
    with (
        configuration(values or {}, secret=secret),
        fresh_runtime(monitor, stack_name, preview=preview),
    ):
        asyncio.get_event_loop().run_until_complete(stack.run_in_stack(main))
    return program
