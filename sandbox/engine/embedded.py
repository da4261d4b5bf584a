"""A stand-in for the Pulumi engine.

Why it exists: no package ships the Pulumi CLI, and the sandbox must deploy the real
program on a machine that has only Python. It answers the Pulumi SDK in place of the
engine (`set_mocks(..., monitor=...)`) and drives the sandbox's provider, which knows
nothing of it and can be served to the real CLI as well.

What it does: create, update in place, delete what is gone in dependency order, import,
preview, and a state that survives an interruption after any step.

What it leaves out: replacements (refused by name, in this program always a mistake, but for
those that follow from a resource that the run creates, or from what somebody changed by hand),
components, aliases, protect, targets, several providers; ignore_changes within lists.
"""

import asyncio
import contextlib
import gc
import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pulumi
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.proto import resource_pb2

from recording.runtime import unhindered
from sandbox.engine.result import (
    Operation,
    Result,
    Step,
    Watcher,
    failed,
    no_such_stack,
    unwatched,
    would_replace,
)
from sandbox.engine.state import Resource, State, digest_of
from sandbox.provider import Created, Provider, Unfinished, explain
from sandbox.provider.base import words
from sandbox.provider.schema import has_unknown

_SIGNATURE = rpc._special_sig_key
_SECRET = rpc._special_secret_sig

STACK_TYPE = "pulumi:pulumi:Stack"
READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"
READ_STATE = "pulumi:pulumi:readStackResourceOutputs"


class _Stopped(Exception):
    """Raised in registrations that come after a failure or an interruption."""


class Engine(mocks.MockMonitor):
    """Answers one run of the program. A preview calls nothing that changes AWS.

    `before` is what the last update left, which the program may ask for; the state may know
    more by now of what AWS has.
    """

    def __init__(
        self,
        provider: Provider,
        state: State,
        references: Mapping[str, Mapping[str, Any]],
        *,
        before: Iterable[Resource],
        key: str,
        preview: bool,
        watch: Watcher = unwatched,
    ) -> None:
        super().__init__(_NoMocks())
        self._references = references
        self.result = Result()
        self.requests: list[tuple[str, Any]] = []
        """URN and request of every resource, for whoever judges them."""
        self._provider = provider
        self._state = state
        self.preview = preview
        self._before = before
        self._key = key
        self._watch = watch
        self._seen: set[str] = set()
        self._created: set[str] = set()
        self._stop = Event()
        self._lock = Lock()

    def stop(self) -> None:
        """Refuse every registration from now on; calls under way come to their end."""
        self._stop.set()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if self._stop.is_set():
            raise _Stopped
        try:
            resource = self._apply(urn, request)
        except Exception as error:
            self.stop()
            with self._lock:
                inputs = rpc.deserialize_properties(request.object)
                self._fail(request.type, request.name, inputs, error)
            raise
        response = resource_pb2.RegisterResourceResponse(urn=urn, id=resource.id)
        response.object.CopyFrom(request.object)
        response.object.update(dict(resource.outputs))
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        self.result.outputs = self._masked(request.outputs)
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        """Stack references, the only resources that the program reads."""
        if request.id not in self._references:
            raise pulumi.RunError(no_such_stack(request.id, self._references))
        response = resource_pb2.ReadResourceResponse(
            urn=self.make_urn(request.parent, request.type, request.name)
        )
        response.properties.update(
            {"name": request.id, "outputs": dict(self._references[request.id])}
        )
        return response

    def Invoke(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        """A function of the provider, or the state of this stack, which the engine has."""
        response = resource_pb2.ResourceInvokeResponse()
        if request.tok in {READ_OUTPUTS, READ_STATE}:
            # The outputs themselves are not kept; the program asks whether there are any.
            answer: dict[str, Any] = {
                "outputs": {
                    one.urn: {"type": one.type, "outputs": _as_wire({**one.inputs, **one.outputs})}
                    for one in self._before
                }
            }
        else:
            args = rpc.deserialize_properties(request.args)
            try:
                answer = self._provider.invoke(request.tok, args)
            except (ValueError, BotoCoreError, ClientError) as error:
                response.failures.add(reason=words(error))
                return response
        getattr(response, "return").update(answer)
        return response

    def _apply(self, urn: str, request: Any) -> Resource:
        with self._lock:
            if urn in self._seen:
                raise ValueError("registered twice")
            self._seen.add(urn)
            self.requests.append((urn, request))
        raw = rpc.deserialize_properties(request.object)
        inputs = _unwrapped(raw)
        known = {name: value for name, value in inputs.items() if not has_unknown(value)}
        if problems := self._provider.check(request.type, known):
            raise ValueError("; ".join(problems))
        masked = self._masked(request.object)
        old = self._state.get(urn)
        imported = None
        if old is None and request.importId:
            old = imported = self._import(urn, request, inputs)
        if old is not None:
            for fields in (inputs, masked):
                _ignore(request.ignoreChanges, fields, old.inputs)
        new = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            id=old.id if old else "",
            inputs=masked,
            outputs=old.outputs if old else {},
            dependencies=tuple(sorted(request.dependencies)),
        )
        if old is None:
            return self._create(new, inputs)
        causes = {name: set(given.urns) for name, given in request.propertyDependencies.items()}
        return self._update(old, new, inputs, causes, imported=imported is not None)

    def _create(
        self, new: Resource, inputs: Mapping[str, Any], operation: Operation = Operation.CREATE
    ) -> Resource:
        if self.preview:
            new = replace(new, id="", outputs={})
        else:
            created = self._record_creation(new, inputs)
            new = replace(new, id=created.id, outputs=created.outputs)
            self._state.put(new)
        with self._lock:
            self._created.add(new.urn)
        self._done(Step(operation, new.type, new.name))
        return new

    def _record_creation(self, new: Resource, inputs: Mapping[str, Any]) -> Created:
        """Create; what comes of it can be found whatever ends the run."""
        named = self._provider.named(new.type, new.name, new.inputs)
        made_up = {name: value for name, value in named.items() if name not in new.inputs}
        begun = replace(new, id="", inputs=named)
        self._state.begin(begun)
        try:
            return self._provider.create(new.type, new.name, {**inputs, **made_up})
        except Unfinished as error:
            self._state.begin(replace(begun, id=error.created.id))
            raise
        except ClientError:
            self._state.remove(new.urn)
            raise

    def _update(
        self,
        old: Resource,
        new: Resource,
        inputs: Mapping[str, Any],
        causes: Mapping[str, set[str]],
        *,
        imported: bool,
    ) -> Resource:
        diff = self._provider.diff(new.type, old.inputs, new.inputs)
        own = {name for name in diff.replaces if not causes.get(name, set()) & self._created}
        if own := own.difference(old.edited):
            raise ValueError(would_replace(own))
        if diff.replaces:
            # What it was made for is gone: nothing is served by it, so it may go first.
            if not self.preview:
                self._provider.delete(old.type, old.id, old.inputs)
                self._state.remove(old.urn)
            return self._create(new, inputs, Operation.REPLACE)
        if diff.changed and not self.preview:
            outputs = self._provider.update(new.type, new.id, old.inputs, inputs, diff.changed)
            new = replace(new, outputs={**old.outputs, **outputs})
        if not diff.changed:  # the run may hold it
            new = replace(new, edited=old.edited)
        if not self.preview and (imported or new != old):
            self._state.put(new)
        changed = tuple(sorted(diff.changed))
        operation = Operation.UPDATE if changed else Operation.SAME
        self._done(Step(Operation.IMPORT if imported else operation, new.type, new.name, changed))
        return new

    def _import(self, urn: str, request: Any, inputs: Mapping[str, Any]) -> Resource:
        read = self._provider.read(request.type, request.importId, inputs)
        if read is None:
            raise ValueError(f"AWS has no such resource with the id {request.importId}")
        return Resource(urn, request.type, request.name, read.id, read.inputs, read.outputs)

    def delete_unregistered(self) -> None:
        """Delete what the state has and the program no longer declares, dependents first."""
        gone = {
            resource.urn: resource for resource in self._state if resource.urn not in self._seen
        }
        while gone:
            needed = {urn for resource in gone.values() for urn in resource.dependencies}
            for urn in sorted(set(gone) - needed) or sorted(gone):
                if self._stop.is_set():
                    return
                resource = gone.pop(urn)
                try:
                    if not self.preview:
                        self._provider.delete(resource.type, resource.id, resource.inputs)
                        self._state.remove(urn)
                except (ClientError, BotoCoreError) as error:
                    self._fail(resource.type, resource.name, resource.inputs, error)
                    return
                self._done(Step(Operation.DELETE, resource.type, resource.name))

    def _fail(self, type_: str, name: str, inputs: Mapping[str, Any], error: Exception) -> None:
        self.result.failures.append(f"{type_} {name}: {explain(type_, inputs, error)}")

    def _done(self, step: Step) -> None:
        with self._lock:
            self.result.steps.append(step)
        self._watch(step)

    def _masked(self, value: Any, *, secret: bool = False) -> Any:  # noqa: PLR0911 a case each
        """The value in wire form as the state keeps it: a digest for each secret leaf.

        The SDK's own reading makes the whole property secret when one leaf of it is, which
        would hide its shape from the provider's diff.
        """
        if isinstance(value, struct_pb2.Struct):
            signature = dict(value).get(_SIGNATURE)
            if signature == _SECRET:
                return self._masked(value["value"], secret=True)
            if signature is not None:
                return self._masked(rpc.deserialize_property(value))
            return {key: self._masked(item, secret=secret) for key, item in value.items()}
        if isinstance(value, struct_pb2.ListValue):
            return [self._masked(item, secret=secret) for item in value]
        if isinstance(value, pulumi.FileArchive):
            digest = hashlib.sha256(Path(value.path).read_bytes()).hexdigest()
            return {"archive": digest, "path": value.path}
        if isinstance(value, pulumi.AssetArchive):
            return {"archive": ""}  # stands for what the function has, and is put in place below
        if secret and value != rpc.UNKNOWN:
            return digest_of(self._key, value)
        return value


class _NoMocks(mocks.Mocks):
    """The base class wants some; every request is answered by the engine itself."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise NotImplementedError(args.typ)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise NotImplementedError(args.token)


def run(engine: Engine, program: Callable[[], Any], *, project: str, stack_name: str) -> None:
    """Run the program against the engine, then delete what it no longer declares.

    Raises DeploymentError with AWS's words, or whatever the program itself raises. An
    interruption lets the calls under way finish and deletes nothing.
    """
    try:
        with unhindered(), _closing_unawaited():
            asyncio.run(_run(engine, program, project, stack_name))
    except BaseException as error:
        engine.stop()
        if not engine.result.failures and not isinstance(error, _Stopped):
            raise
    if not engine.result.failures:
        engine.delete_unregistered()
    if engine.result.failures:
        raise failed(engine.result.failures, engine.result.steps)


@contextlib.contextmanager
def _closing_unawaited() -> Iterator[None]:
    """Close what the SDK's outputs did not come to await; Python would warn of each later.

    While nothing is collected, all that a run makes stays in the youngest generation.
    """
    try:
        yield
    except BaseException:
        sdk = str(Path(pulumi.__file__).parent)
        for one in gc.get_objects(generation=0):
            if (
                inspect.iscoroutine(one)
                and one.cr_code.co_filename.startswith(sdk)
                and inspect.getcoroutinestate(one) == inspect.CORO_CREATED
            ):
                one.close()
        raise


async def _run(engine: Engine, program: Callable[[], Any], project: str, stack_name: str) -> None:
    saved = settings.SETTINGS
    # Every failure is in the result; asyncio would print each dependent's stack trace too.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    mocks.set_mocks(
        engine.mocks, project=project, stack=stack_name, preview=engine.preview, monitor=engine
    )
    settings.ROOT.set(None)
    # Outputs of an earlier run that failed would be awaited on a loop that is closed.
    settings.SETTINGS.outputs.clear()
    try:
        await stack.run_in_stack(lambda: program() and None)
    finally:
        engine_tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if engine.result.failures:
            await asyncio.gather(*engine_tasks, return_exceptions=True)
        settings.configure(saved)


def _ignore(paths: Iterable[str], fields: dict[str, Any], old: Mapping[str, Any]) -> None:
    """Put what the state has in place of the properties whose changes are ignored."""
    for path in {*fields, *old} if "*" in paths else paths:
        name, _, inner = path.partition(".")
        if inner:
            fields[name] = dict(fields.get(name, {}))
            _ignore([inner], fields[name], old.get(name, {}))
        elif name in old:
            fields[name] = old[name]
        else:
            fields.pop(name, None)


def _as_wire(value: Any) -> Any:
    """What the state keeps as the protocol writes it: an archive by its path."""
    if isinstance(value, Mapping):
        if "archive" in value:
            return {_SIGNATURE: rpc._special_archive_sig, "path": value.get("path", "")}
        return {key: _as_wire(item) for key, item in value.items()}
    return [_as_wire(item) for item in value] if isinstance(value, list | tuple) else value


def _unwrapped(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        return _unwrapped(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {name: _unwrapped(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    return value
