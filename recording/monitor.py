"""The monitor: keeps the requests themselves, because mocks see neither dependencies nor options.

Mocks accept almost anything, so it refuses what the engine would: the same URN twice. It
invents ARNs, because a resource without one loses its dependents.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2

SECRET = "<secret>"  # noqa: S105 what stands in place of one

Invent = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""What AWS would add to a resource: by its type, logical name and inputs."""


class FunctionFailed(Exception):
    """A function of the provider that fails, as the program will hear of it."""


Live = Mapping[str, Mapping[str, Any] | FunctionFailed]
"""What the provider's function says of a listener rule, by the rule's logical name."""


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

    urn: str
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
    request: Any = field(repr=False, compare=False)
    """As it came over the wire."""


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
    """Answers one run of a program and writes down in `program` what it was told."""

    def __init__(self, answers: mocks.Mocks, program: Program) -> None:
        super().__init__(answers)
        self.program = program
        self._urns: set[str] = set()
        self._lock = Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        if request.type != "pulumi:pulumi:Stack":
            urn = str(self.make_urn(request.parent, request.type, request.name))
            with self._lock:
                if urn in self._urns:
                    raise ValueError(f"duplicate resource {request.type} {request.name}")
                self._urns.add(urn)
                self.program.registrations.append(_registration(urn, request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK's

    def Invoke(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        try:
            return super().Invoke(request)  # type: ignore[no-untyped-call]  # the SDK's
        except FunctionFailed as error:
            response = resource_pb2.ResourceInvokeResponse()
            response.failures.add(reason=str(error))
            return response

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        with self._lock:
            self.program.reads.append((request.type, request.name))
        return super().ReadResource(request)  # type: ignore[no-untyped-call]  # the SDK's

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 the monitor's protocol
        outputs = _wire(request.outputs)
        self.program.exports = _plain(outputs)
        self.program.open_exports = _plain(outputs, masked=True)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # the SDK's


def _registration(urn: str, request: resource_pb2.RegisterResourceRequest) -> Registration:
    inputs = _wire(request.object)
    return Registration(
        urn=urn,
        type=request.type,
        name=request.name,
        inputs=_plain(inputs),
        open_inputs=_plain(inputs, masked=True),
        secret_inputs=frozenset(_secret_texts(inputs)),
        depends_on=frozenset(urn.split("::")[-1] for urn in request.dependencies),
        import_id=request.importId,
        ignore_changes=tuple(request.ignoreChanges),
        parent=request.parent.split("::")[-2] if request.parent else "",
        request=request,
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
                return Archive(value["path"]) if "path" in value else {}
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


def invented(type_: str, name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What is added where nobody says otherwise."""
    return {"arn": invented_arn(type_, name), "arnSuffix": invented_suffix(name), "name": name}


def looked_up(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a listener rule as the provider's function gives them back."""
    forwards = [
        action.get("forward") or {"targetGroups": [{"arn": action["targetGroupArn"], "weight": 1}]}
        for action in inputs["actions"]
        if action["type"] == "forward"
    ]
    actions = [{"forwards": [{"targetGroups": one["targetGroups"]}]} for one in forwards]
    return {"actions": actions, "tags": inputs["tags"]}


class Inventor(mocks.Mocks):
    """Outputs that AWS would compute; in a preview they are unknown.

    `deployed` is what the state of the stack has, `live` what AWS has of its rules where
    that differs, by logical name; no other function answers an invoke.
    """

    def __init__(
        self,
        foundation: Mapping[str, Any],
        invent: Invent,
        *,
        preview: bool,
        deployed: Program | None = None,
        live: Live | None = None,
    ) -> None:
        self._deployed = deployed.registrations if deployed else []
        self._live = live or {}
        self._foundation = foundation
        self._invent = invent
        self._preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {"name": args.name, "outputs": dict(self._foundation)}
        if self._preview:
            return None, args.inputs
        return f"id-{args.name}", {**self._invent(args.typ, args.name, args.inputs), **args.inputs}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        match args.token:
            case "pulumi:pulumi:readStackOutputs":
                any_ = {"any": True} if self._deployed else {}
                return {"name": args.args["name"], "outputs": any_}, []
            case "pulumi:pulumi:readStackResourceOutputs":
                outputs = {
                    one.urn: {
                        "type": one.type,
                        "outputs": {"arn": invented_arn(one.type, one.name), **one.inputs},
                    }
                    for one in self._deployed
                }
                return {"name": args.args["stackName"], "outputs": outputs}, []
            case "aws:lb/getListenerRule:getListenerRule":
                return {"id": args.args["arn"], **self._rule(args.args["arn"])}, []
        raise NotImplementedError(args.token)

    def _rule(self, arn: str) -> Mapping[str, Any]:
        """A listener rule as the provider's function describes it."""
        rules = [one for one in self._deployed if invented_arn(one.type, one.name) == arn]
        found = self._live.get(rules[0].name)
        if isinstance(found, FunctionFailed):
            raise found
        return found or looked_up(rules[0].inputs)
