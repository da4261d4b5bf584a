"""The methods of the plugin protocol over the sandbox's provider.

The protocol: github.com/pulumi/pulumi, proto/pulumi/provider.proto. What goes back to the
engine are the inputs as they came, so that a secret stays one, and what AWS computed. In a
preview what AWS would compute is left out: the SDK takes it as not known yet.
"""
# ruff: noqa: N802  the methods have the protocol's names

import functools
import json
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, Final, TypeVar

import grpc  # type: ignore[import-untyped]  # it ships no types
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.plugin import wire
from sandbox.provider import HANDLERS, Provider, Unfinished, explain
from sandbox.provider import Diff as Changes
from sandbox.provider.base import words

VERSION: Final = version("pulumi_aws")

_FORESEEN: Final = (ClientError, BotoCoreError, ValueError, TypeError, OSError)
"""Failures whose own words are all that a user needs."""

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _explained(method: _Method) -> _Method:
    """End a call that fails with the words of the failure."""

    @functools.wraps(method)
    def call(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except Unfinished as error:
            self._abort_unfinished(request, error, context)
        except _FORESEEN as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, self._explain(request, error))

    return call  # type: ignore[return-value]  # the same signature


class ProviderServicer(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine, from any number of threads.

    `connect` makes the provider of a stack, by the stack's name. A URN says which stack is
    meant, so a stack is never deployed into another one's account.
    """

    def __init__(self, connect: Callable[[str], Provider]) -> None:
        self._connect = functools.cache(connect)

    def Handshake(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, _request: Any, _context: Any) -> Any:
        """Types and their properties, from which an import writes code; not what they hold."""
        anything = {"$ref": "pulumi.json#/Any"}
        resources = {
            name: {"inputProperties": dict.fromkeys(handler.schema.fields, anything)}
            for name, handler in HANDLERS.items()
        }
        schema = {
            "name": "aws",
            "version": VERSION,
            "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},  # the real provider's
            "resources": resources,
        }
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    @_explained
    def CheckConfig(self, request: Any, _context: Any) -> Any:
        """Find the account, so that a run without one ends before anything is registered."""
        self._provider(request)
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    @_explained
    def Configure(self, request: Any, _context: Any) -> Any:
        self._configured = self._provider(request)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_explained
    def Check(self, request: Any, _context: Any) -> Any:
        problems = self._provider(request).check(request.type, wire.plain(request.news))
        failures = [
            provider_pb2.CheckFailure(property=_property(problem, request.news), reason=problem)
            for problem in problems
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_explained
    def Diff(self, request: Any, _context: Any) -> Any:
        diff = self._diff(request)
        kinds = provider_pb2.DiffResponse
        return provider_pb2.DiffResponse(
            changes=kinds.DIFF_SOME if diff.changed else kinds.DIFF_NONE,
            diffs=sorted(diff.changed),
            replaces=sorted(diff.replaces),
            deleteBeforeReplace=diff.delete_before_replace,
        )

    @_explained
    def Create(self, request: Any, _context: Any) -> Any:
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        inputs = wire.plain(request.properties)
        created = self._provider(request).create(request.type, request.name, inputs)
        return provider_pb2.CreateResponse(
            id=created.id, properties=wire.merged(created.outputs, request.properties)
        )

    @_explained
    def Read(self, request: Any, _context: Any) -> Any:
        """What AWS has, for a refresh or an import; what did not change is left as it was."""
        provider = self._provider(request)
        before = wire.comparable(request.inputs)
        read = provider.read(request.type, request.id, before or None)
        if read is None:
            return provider_pb2.ReadResponse()
        changed = provider.diff(request.type, before, read.inputs).changed
        hidden = wire.secret_names(request.inputs)
        found = {
            name: wire.secret(read.inputs[name]) if name in hidden else read.inputs[name]
            for name in changed & read.inputs.keys()
        }
        return provider_pb2.ReadResponse(
            id=read.id,
            inputs=wire.merged(wire.without(request.inputs, changed), found),
            properties=wire.merged(wire.without(request.properties, changed), read.outputs, found),
        )

    @_explained
    def Update(self, request: Any, _context: Any) -> Any:
        diff = self._diff(request)
        outputs: Mapping[str, Any] = {}
        if not request.preview:
            provider, news = self._provider(request), wire.plain(request.news)
            if diff.changed:
                old = wire.comparable(request.old_inputs)
                outputs = provider.update(request.type, request.id, old, news, diff.changed)
            else:  # the engine knows that its creation was not finished
                outputs = provider.mend(request.type, request.id, news)
        kept = wire.without(request.olds, request.old_inputs.fields.keys())
        return provider_pb2.UpdateResponse(properties=wire.merged(kept, outputs, request.news))

    @_explained
    def Delete(self, request: Any, _context: Any) -> Any:
        inputs = wire.comparable(request.old_inputs)
        self._provider(request).delete(request.type, request.id, inputs)
        return empty_pb2.Empty()

    @_explained
    def Invoke(self, request: Any, _context: Any) -> Any:
        """Answer a function; its request names no stack, so it is the configured one's."""
        answer = self._configured.invoke(request.tok, wire.plain(request.args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(wire.merged(answer))
        return response

    def Cancel(self, _request: Any, _context: Any) -> Any:
        """Calls under way come to their end, so that the engine records what AWS answered."""
        return empty_pb2.Empty()

    def _explain(self, request: Any, error: Exception) -> str:
        """What failed and why; what AWS said about a resource comes with its name."""
        if not isinstance(error, ClientError | Unfinished):
            return words(error)
        names = ("news", "properties", "old_inputs")
        given = next((name for name in names if hasattr(request, name)), None)
        inputs = wire.comparable(getattr(request, given)) if given else {}
        return f"{request.name}: {explain(request.type, inputs, error)}"

    def _abort_unfinished(
        self, request: Any, error: Unfinished, context: grpc.ServicerContext
    ) -> None:
        """Say that the resource is there: the next update makes it what the inputs say."""
        said = self._explain(request, error)
        code = grpc.StatusCode.UNKNOWN
        failure = provider_pb2.ErrorResourceInitFailed(
            id=error.created.id,
            properties=wire.merged(error.created.outputs, request.properties),
            reasons=[said],
        )
        status = status_pb2.Status(code=code.value[0], message=said)
        status.details.add().Pack(failure)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, said)

    def _provider(self, request: Any) -> Provider:
        return self._connect(request.urn.split(":")[2])

    def _diff(self, request: Any) -> Changes:
        before, after = wire.comparable(request.old_inputs), wire.comparable(request.news)
        return self._provider(request).diff(request.type, before, after)


def _property(problem: str, inputs: Any) -> str:
    """The property that a problem is about.

    The engine prints the value of a named one as it is, so only a plain scalar is named.
    """
    return next(
        (
            name
            for name, value in inputs.items()
            if isinstance(value, bool | float | str) and re.search(rf"\b{name}\b", problem)
        ),
        "",
    )
