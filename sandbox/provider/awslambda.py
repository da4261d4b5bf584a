"""Functions."""

from collections.abc import Mapping
from typing import Any, Final

from routing import limits
from sandbox.provider.archive import Code, zipped
from sandbox.provider.base import (
    Created,
    Handler,
    Inputs,
    Listing,
    Read,
    camel,
    finishing,
    found,
    pascal,
    retag,
)
from sandbox.provider.schema import (
    TAGS,
    Table,
    block,
    flag,
    is_unknown,
    list_of,
    set_of,
    text,
    whole,
)
from sandbox.provider.validators import ARN, between, length, matches, one_of

_MISSING: Final = "ResourceNotFoundException"
FUNCTION_NAME: Final = (
    matches(
        r"(arn:[\w-]+:lambda:)?([a-z]{2}-(?:[a-z]+-){1,2}\d:)?(\d{12}:)?(function:)?"
        r"[0-9A-Za-z_-]+(:(\$LATEST|[0-9A-Za-z_-]+))?",
        "invalid value for {path} (must be valid function name or function ARN)",
    ),
    (
        lambda value: value.startswith("arn:") or len(value) <= 64,
        "expected length of the Lambda function name to be less than or equal to 64",
    ),
)
_CODE: Final = frozenset({"code", "imageUri", "architectures"})
_WITHOUT: Final[Mapping[str, Any]] = {
    "description": "",
    "environment": {"variables": {}},
    "imageConfig": {},
    "layers": [],
    "memorySize": 128,
    "timeout": 3,
    "vpcConfig": {"securityGroupIds": [], "subnetIds": []},
}
"""What an update sends for an input that the program took away."""


class Function(Handler):
    """A function from an image or a zip archive."""

    type_name = "aws:lambda/function:Function"
    service = "lambda"
    schema = block(
        name=text(*FUNCTION_NAME),
        packageType=text(one_of("Image", "Zip"), default="Zip"),
        imageUri=text(),
        imageConfig=block(
            commands=list_of(text()), entryPoints=list_of(text()), workingDirectory=text()
        ),
        code=Code(),
        handler=text(length(1, 128)),
        runtime=text(),
        layers=list_of(text(ARN), high=limits.FUNCTION_LAYERS_MAX),
        architectures=list_of(text(one_of("arm64", "x86_64")), high=1),
        role=text(ARN),
        description=text(),
        memorySize=whole(
            between(limits.FUNCTION_MEMORY_MB_MIN, limits.FUNCTION_MEMORY_MB_MAX), default=128
        ),
        timeout=whole(between(1, limits.FUNCTION_TIMEOUT_SECONDS_MAX), default=3),
        environment=block(variables=Table()),
        vpcConfig=block(
            securityGroupIds=set_of(text(), required=True),
            subnetIds=set_of(text(), required=True),
            ipv6AllowedForDualStack=flag(),
        ),
        tracingConfig=block(
            mode=text(one_of("Active", "PassThrough"), required=True),
            default={"mode": "PassThrough"},
        ),
        loggingConfig=block(
            logFormat=text(one_of("JSON", "Text"), required=True),
            logGroup=text(),
            applicationLogLevel=text(default="INFO"),
            systemLogLevel=text(default="INFO"),
            default={"logFormat": "Text"},
        ),
        tags=TAGS,
    )
    replaces = frozenset({"name", "packageType"})
    computed = frozenset({"name", "architectures", "tracingConfig", "loggingConfig"})
    unreadable = frozenset({"code"})
    listing = Listing("list_functions", "Functions", "FunctionName")

    def check(self, inputs: Inputs) -> list[str]:
        problems = []
        code, image = inputs.get("code"), inputs.get("imageUri")
        if code is not None and image is not None:
            problems.append('"code": only one of `code,imageUri` can be specified')
        is_zip = inputs.get("packageType", "Zip") == "Zip"
        if is_zip and code is not None and not (inputs.get("handler") and inputs.get("runtime")):
            problems.append("handler and runtime must be set when PackageType is Zip")
        runtime = inputs.get("runtime")
        runtimes = self.api.meta.service_model.shape_for("Runtime").enum
        if runtime is not None and not is_unknown(runtime) and runtime not in runtimes:
            problems.append("expected runtime to be one of the runtimes of Lambda")
        return problems

    def normal(self, inputs: Inputs) -> dict[str, Any]:
        logging = inputs.get("loggingConfig")
        own_group = f"/aws/lambda/{inputs.get('name')}"
        if isinstance(logging, Mapping) and logging.get("logGroup") == own_group:
            inputs = {**inputs, "loggingConfig": {**logging, "logGroup": None}}
        return super().normal(inputs)

    def create(self, inputs: Inputs) -> Created:
        settings = {key: value for key, value in inputs.items() if key not in {"name", "code"}}
        image = settings.pop("imageUri", None)
        code = {"ImageUri": image} if image else {"ZipFile": zipped(inputs["code"])}
        function = self.api.create_function(
            FunctionName=inputs["name"], Code=code, **_sent(settings)
        )
        created = Created(function["FunctionName"], _outputs(function))
        if function.get("State") == "Pending":
            with finishing(created):
                self._wait("function_active_v2", created.id)
        return created

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        answer = found(lambda: self.api.get_function(FunctionName=id_), _MISSING)
        if answer is None:
            return None
        function = answer["Configuration"]
        simple = ("PackageType", "Handler", "Runtime", "Architectures", "Role", "MemorySize")
        inputs_found = camel({key: function.get(key) for key in (*simple, "Timeout")}) | {
            "name": function["FunctionName"],
            "description": function.get("Description") or None,
            "imageUri": answer["Code"].get("ImageUri"),
            "imageConfig": _read_image(function.get("ImageConfigResponse") or {}),
            "layers": [layer["Arn"] for layer in function.get("Layers", [])],
            "environment": camel(function.get("Environment") or {}),
            "vpcConfig": _read_network(function.get("VpcConfig") or {}),
            "tracingConfig": camel(function.get("TracingConfig") or {}),
            "loggingConfig": camel(function.get("LoggingConfig") or {}),
            "tags": answer.get("Tags"),
        }
        return Read(id_, self.as_written(inputs_found, inputs), _outputs(function))

    def update(self, id_: str, old: Inputs, new: Inputs, changed: frozenset[str]) -> dict[str, Any]:
        outputs: dict[str, Any] = {}
        if settings := changed - _CODE - {"tags"}:
            values = {name: new.get(name, _WITHOUT.get(name)) for name in settings}
            function = self.api.update_function_configuration(FunctionName=id_, **_sent(values))
            outputs = self._settled(function)
        if changed & _CODE:
            outputs = self._settled(
                self.api.update_function_code(FunctionName=id_, **_sent_code(new))
            )
        if "tags" in changed:
            api, arn = self.api, outputs.get("arn") or self._arn(id_)
            retag(
                old,
                new,
                lambda keys: api.untag_resource(Resource=arn, TagKeys=keys),
                lambda tags: api.tag_resource(Resource=arn, Tags=tags),
            )
        return outputs

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_function(FunctionName=id_), _MISSING)

    def _settled(self, function: Mapping[str, Any]) -> dict[str, Any]:
        if function.get("LastUpdateStatus") == "InProgress":
            self._wait("function_updated_v2", function["FunctionName"])
        return _outputs(function)

    def _wait(self, waiter: str, name: str) -> None:
        self.api.get_waiter(waiter).wait(FunctionName=name)

    def _arn(self, name: str) -> str:
        return str(self.api.get_function_configuration(FunctionName=name)["FunctionArn"])


def _sent(inputs: Inputs) -> dict[str, Any]:
    sent = pascal({name: value for name, value in inputs.items() if value is not None})
    for name in ("Environment", "LoggingConfig", "TracingConfig", "VpcConfig"):
        if name in sent:
            sent[name] = pascal(sent[name])
    if "ImageConfig" in sent:
        sent["ImageConfig"] = pascal(
            sent["ImageConfig"], commands="Command", entryPoints="EntryPoint"
        )
    return sent


def _sent_code(inputs: Inputs) -> dict[str, Any]:
    image, architectures = inputs.get("imageUri"), inputs.get("architectures")
    code = {"ImageUri": image} if image else {"ZipFile": zipped(inputs["code"])}
    return code | ({"Architectures": architectures} if architectures else {})


def _read_image(response: Mapping[str, Any]) -> dict[str, Any]:
    config = response.get("ImageConfig", {})
    return {
        "commands": config.get("Command"),
        "entryPoints": config.get("EntryPoint"),
        "workingDirectory": config.get("WorkingDirectory"),
    }


def _read_network(config: Mapping[str, Any]) -> dict[str, Any]:
    return camel({name: value for name, value in config.items() if name != "VpcId"})


def _outputs(function: Mapping[str, Any]) -> dict[str, Any]:
    arn = function["FunctionArn"]
    _, partition, _, region, *_ = arn.split(":")
    return {
        "arn": arn,
        "name": function["FunctionName"],
        "invokeArn": f"arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/"
        f"{arn}/invocations",
        "qualifiedArn": f"{arn}:{function['Version']}",
        "version": function["Version"],
    }
