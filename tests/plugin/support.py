"""The engine's side of the plugin protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2

UNKNOWN = rpc.UNKNOWN

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
GROUP = "aws:lb/targetGroup:TargetGroup"
RULE = "aws:lb/listenerRule:ListenerRule"
ROLE = "aws:iam/role:Role"
FUNCTION = "aws:lambda/function:Function"


def secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def archive(hash_: str, **where: str) -> dict[str, Any]:
    """An archive; without a place, as the engine sends those of the state."""
    return {rpc._special_sig_key: rpc._special_archive_sig, "hash": hash_, **where}


def struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    found = struct_pb2.Struct()
    found.update(dict(properties))
    return found


def plain(properties: struct_pb2.Struct) -> dict[str, Any]:
    """The properties in wire form as Python has them."""

    def converted(value: Any) -> Any:
        if isinstance(value, struct_pb2.Struct):
            return {name: converted(item) for name, item in value.items()}
        if isinstance(value, struct_pb2.ListValue):
            return [converted(item) for item in value]
        return value

    return {name: converted(value) for name, value in properties.items()}


def urn(type_: str, name: str, stack: str = "staging") -> str:
    return f"urn:pulumi:{stack}::passport-scorer-routing::{type_}::{name}"


@dataclass
class Resource:
    """One resource in the engine's state."""

    stub: Any
    type: str
    name: str
    id: str
    inputs: struct_pb2.Struct
    outputs: struct_pb2.Struct

    @property
    def _identity(self) -> dict[str, Any]:
        return {"urn": urn(self.type, self.name), "type": self.type, "name": self.name}

    def diff(self, **changes: Any) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                **self._identity,
                id=self.id,
                old_inputs=self.inputs,
                olds=self.outputs,
                news=self._changed(changes),
            )
        )

    def update(self, *, preview: bool = False, **changes: Any) -> None:
        news = self._changed(changes)
        self.outputs = self.stub.Update(
            provider_pb2.UpdateRequest(
                **self._identity,
                id=self.id,
                old_inputs=self.inputs,
                olds=self.outputs,
                news=news,
                preview=preview,
            )
        ).properties
        self.inputs = news

    def read(self) -> Any:
        return self.stub.Read(
            provider_pb2.ReadRequest(
                **self._identity, id=self.id, inputs=self.inputs, properties=self.outputs
            )
        )

    def delete(self) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                **self._identity, id=self.id, old_inputs=self.inputs, properties=self.outputs
            )
        )

    def _changed(self, changes: Mapping[str, Any]) -> struct_pb2.Struct:
        """The inputs with some set; None takes one away."""
        news = {**plain(self.inputs), **changes}
        return struct({name: value for name, value in news.items() if value is not None})


@dataclass
class Engine:
    """Calls the plugin as the engine does."""

    stub: Any

    def check(self, type_: str, inputs: Mapping[str, Any], name: str = "thing") -> Any:
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn(type_, name), type=type_, name=name, news=struct(inputs)
            )
        )

    def create(
        self, type_: str, inputs: Mapping[str, Any], name: str = "thing", *, preview: bool = False
    ) -> Resource:
        news = self.check(type_, inputs, name).inputs
        created = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn(type_, name), type=type_, name=name, properties=news, preview=preview
            )
        )
        return Resource(self.stub, type_, name, created.id, news, created.properties)

    def import_(self, type_: str, id_: str, name: str = "thing") -> Any:
        return self.stub.Read(
            provider_pb2.ReadRequest(urn=urn(type_, name), type=type_, name=name, id=id_)
        )

    def configure(self, stack: str = "staging") -> Any:
        provider = "pulumi:providers:aws"
        return self.stub.Configure(
            provider_pb2.ConfigureRequest(
                urn=urn(provider, "default", stack), type=provider, name="default"
            )
        )
