"""Refusals of Lambda: configuration, code, permissions; layers of other accounts."""

import functools
import json
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from moto.awslambda.models import ImageConfig, LambdaBackend
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import get_backend
from moto.core.utils import get_service_model
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from routing import limits
from sandbox.account.refusals.code import check_code, check_zip
from sandbox.account.refusals.guard import After, Arguments, guard, refused, supply, unsatisfied

FUNCTION_ARN: Final = re.compile(
    r"arn:aws:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"(?P<name>[A-Za-z0-9-_]+)(?::(?P<qualifier>[A-Za-z0-9$_-]+))?"
)
_LAYER_VERSION_ARN = re.compile(
    r"arn:aws:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:"
    r"(?P<name>[A-Za-z0-9-_]+):(?P<version>\d+)"
)
_SERVICE = "lambda.amazonaws.com"

_unsatisfied = functools.partial(unsatisfied, code="ValidationException")
_invalid = functools.partial(refused, "InvalidParameterValueException")


@guard(LambdaBackend, "create_function")
def _create_function(backend: Any, call: Arguments) -> None:
    spec = call["spec"]
    name = str(spec.get("FunctionName", "")).rsplit(":", 1)[-1]
    if not re.fullmatch(limits.FUNCTION_NAME_PATTERN, name):
        raise _unsatisfied(
            name,
            "functionName",
            f"satisfy regular expression pattern: {limits.FUNCTION_NAME_PATTERN}",
        )
    image = spec.get("PackageType", "Zip") == "Image"
    if not image and not (spec.get("Runtime") and spec.get("Handler")):
        raise _invalid(
            "Runtime and Handler are mandatory parameters for functions created with "
            "deployment packages."
        )
    _check_configuration(backend, spec, image=image)
    _check_interfaces(backend, spec.get("Role"), spec.get("VpcConfig"))
    check_code(backend, spec.get("Code") or {}, image=image, verb="creating")


@guard(LambdaBackend, "update_function_configuration")
def _update_function_configuration(backend: Any, call: Arguments) -> After:
    function = backend.get_function(call["function_name"], call["qualifier"])
    wanted = call["body"]
    _check_configuration(backend, wanted, image=function.package_type == "Image")
    if {"Role", "VpcConfig"} & wanted.keys():
        network = wanted.get("VpcConfig")
        _check_interfaces(
            backend,
            wanted.get("Role") or function.role,
            function.vpc_config if network is None else network,
        )

    def keep(answer: Any) -> None:
        """Keep what moto drops."""
        if "TracingConfig" in wanted:
            function.tracing_config = wanted["TracingConfig"]
        if "ImageConfig" in wanted:
            function.image_config = ImageConfig(wanted["ImageConfig"])
        answer.update(function.get_configuration())

    return keep


@guard(LambdaBackend, "publish_layer_version")
def _publish_layer_version(_backend: Any, call: Arguments) -> None:
    check_zip((call["spec"].get("Content") or {}).get("ZipFile") or "")


@guard(LambdaBackend, "update_function_code")
def _update_function_code(backend: Any, call: Arguments) -> After:
    function = backend.get_function(call["function_name"], call["qualifier"])
    wanted = call["body"]
    check_code(backend, wanted, image=function.package_type == "Image", verb="updating")

    def keep(answer: Any) -> None:
        """Keep what moto drops."""
        if "Architectures" in wanted:
            function.architectures = wanted["Architectures"]
        answer.update(function.get_configuration())

    return keep


@guard(LambdaBackend, "add_permission")
def _add_permission(backend: Any, call: Arguments) -> None:
    function = backend.get_function(call["function_name"], call["qualifier"])
    sid = json.loads(call["raw"]).get("StatementId", "")
    if not re.fullmatch(limits.STATEMENT_ID_PATTERN, sid):
        raise _unsatisfied(
            sid,
            "statementId",
            f"satisfy regular expression pattern: {limits.STATEMENT_ID_PATTERN}",
        )
    resource = ":".join(filter(None, (function.policy.parent.function_arn, call["qualifier"])))
    if any(
        (statement["Sid"], statement["Resource"]) == (sid, resource)
        for statement in function.policy.statements
    ):
        raise refused(
            "ResourceConflictException",
            f"The statement id ({sid}) provided already exists. Please provide a new statement "
            "id, or remove the existing statement.",
        )


@supply(LambdaBackend, "layers_versions_by_arn")
def _layers_versions_by_arn(_backend: Any, layer_version_arn: str) -> Any:
    """Find a layer in the account that its ARN names; moto looks at the name alone."""
    arn = _LAYER_VERSION_ARN.fullmatch(layer_version_arn)
    if arn is None:
        return None
    layers = get_backend(arn["account"], arn["region"])._layers
    return layers.get_layer_version_by_arn(layer_version_arn)


@supply(LambdaResponse, "list_functions")
def _list_functions(response: Any) -> str:
    """List functions page by page; moto gives them all at once."""
    functions = response.backend.list_functions(None)
    start = int(response._get_param("Marker") or 0)
    end = start + int(response._get_param("MaxItems") or limits.FUNCTIONS_PER_PAGE)
    page = [function.get_configuration() for function in functions[start:end]]
    return json.dumps({"Functions": page} | ({"NextMarker": str(end)} if functions[end:] else {}))


def _names(principal: object, service: str) -> bool:
    named = principal.get("Service") if isinstance(principal, Mapping) else principal
    return named in ("*", service) or (isinstance(named, list) and service in named)


def _check_configuration(backend: Any, wanted: Mapping[str, Any], *, image: bool) -> None:
    """Check the settings that are given; what is left out stays or gets its default."""
    if image and any(wanted.get(key) for key in ("Handler", "Runtime", "Layers")):
        raise _invalid(
            "Please don't provide Handler or Runtime or Layer when the function is packaged as "
            "a container image."
        )
    if not image and any((wanted.get("ImageConfig") or {}).values()):
        raise _invalid("Please don't provide ImageConfig for a function with packageType Zip.")
    checks: dict[str, Callable[[Any, Any], None]] = {
        "Timeout": _check_timeout,
        "MemorySize": _check_memory,
        "Runtime": _check_runtime,
        "Layers": _check_layers,
        "Environment": _check_environment,
        "VpcConfig": _check_network,
        "Role": _check_role,
    }
    for key, check in checks.items():
        if wanted.get(key) is not None:
            check(backend, wanted[key])


def _check_timeout(_backend: Any, seconds: int) -> None:
    if seconds > limits.FUNCTION_TIMEOUT_SECONDS_MAX:
        raise _unsatisfied(
            seconds,
            "timeout",
            f"have value less than or equal to {limits.FUNCTION_TIMEOUT_SECONDS_MAX}",
        )
    if seconds < 1:
        raise _unsatisfied(seconds, "timeout", "have value greater than or equal to 1")


def _check_memory(_backend: Any, megabytes: int) -> None:
    if megabytes > limits.FUNCTION_MEMORY_MB_MAX:
        raise _unsatisfied(
            megabytes,
            "memorySize",
            f"have value less than or equal to {limits.FUNCTION_MEMORY_MB_MAX}",
        )
    if megabytes < limits.FUNCTION_MEMORY_MB_MIN:
        raise _unsatisfied(
            megabytes,
            "memorySize",
            f"have value greater than or equal to {limits.FUNCTION_MEMORY_MB_MIN}",
        )


def _check_runtime(_backend: Any, runtime: str) -> None:
    known = get_service_model("lambda").shape_for("Runtime").enum
    if runtime not in known:
        raise _invalid(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy "
            f"enum value set: [{', '.join(known)}] or be a valid ARN"
        )


def _check_layers(_backend: Any, layers: list[str]) -> None:
    if len(layers) > limits.FUNCTION_LAYERS_MAX:
        raise _invalid(f"Cannot reference more than {limits.FUNCTION_LAYERS_MAX} layers.")


def _check_environment(_backend: Any, environment: Mapping[str, Any]) -> None:
    """Names may be shown, values never: they can be secrets."""
    variables: Mapping[str, str] = environment.get("Variables") or {}
    for name in variables:
        if name not in limits.FUNCTION_ENVIRONMENT_RESERVED and not re.fullmatch(
            limits.FUNCTION_ENVIRONMENT_NAME_PATTERN, name
        ):
            raise _unsatisfied(
                name,
                "environment.variables",
                "satisfy constraint: [Member must satisfy regular expression pattern: "
                f"{limits.FUNCTION_ENVIRONMENT_NAME_PATTERN}]",
            )
    refusal = (
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided "
    )
    if reserved := sorted(set(variables) & limits.FUNCTION_ENVIRONMENT_RESERVED):
        raise _invalid(
            f"{refusal}contains reserved keys that are currently not supported for "
            f"modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    # AWS measures the variables as JSON: a name and value of 4097 bytes counted 4104.
    text = json.dumps(variables, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode()) if variables else 0
    if size > limits.FUNCTION_ENVIRONMENT_BYTES:
        raise _invalid(f"{refusal}exceeded the 4KB limit. Measured size: {size} bytes")


def _check_network(backend: Any, network: Mapping[str, Any]) -> None:
    subnets = network.get("SubnetIds") or []
    groups = network.get("SecurityGroupIds") or []
    if bool(subnets) != bool(groups):
        raise _invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    for subnet in subnets:
        try:
            ec2.get_subnet(subnet)
        except InvalidSubnetIdError:
            raise _invalid(
                "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. "
                f"EC2 Error Message: The subnet ID '{subnet}' does not exist"
            ) from None
    for group in groups:
        if ec2.get_security_group_from_id(group) is None:
            raise _invalid(
                "Error occurred while DescribeSecurityGroups. EC2 Error Code: "
                "InvalidGroup.NotFound. EC2 Error Message: The security group "
                f"'{group}' does not exist"
            )


def _check_role(backend: Any, role_arn: str) -> None:
    """Check that the role exists and trusts Lambda."""
    try:
        role = iam_backends[backend.account_id]["aws"].get_role_by_arn(role_arn)
    except NotFoundException:
        role = None
    if role is None or not any(
        statement.get("Effect") == "Allow" and _names(statement.get("Principal"), _SERVICE)
        for statement in policy_statements(role.assume_role_policy_document)
    ):
        raise _invalid("The role defined for the function cannot be assumed by Lambda.")


def _check_interfaces(backend: Any, role_arn: str, network: Mapping[str, Any] | None) -> None:
    """Check that the role of a function in subnets may manage its network interfaces."""
    if not (network or {}).get("SubnetIds"):
        return
    iam = iam_backends[backend.account_id]["aws"]
    role = iam.get_role_by_arn(role_arn)
    documents = [
        *role.policies.values(),
        *(
            version.document
            for policy in role.managed_policies.values()
            for version in policy.versions
            if version.is_default
        ),
    ]
    statements = [one for document in documents for one in policy_statements(document)]
    interface = f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:network-interface/eni-0"
    for action, resource in (
        ("CreateNetworkInterface", interface),
        ("DescribeNetworkInterfaces", "*"),  # IAM knows no narrower resource for it
        ("DeleteNetworkInterface", interface),
    ):
        effects = {
            statement["Effect"]
            for statement in statements
            if _concerns(statement, "Action", f"ec2:{action}".lower())
            and _concerns(statement, "Resource", resource)
            # Conditions are not judged: they neither keep an Allow nor make a Deny.
            and not (statement["Effect"] == "Deny" and statement.get("Condition"))
        }
        if effects != {"Allow"}:
            raise _invalid(
                f"The provided execution role does not have permissions to call {action} on EC2"
            )


def _concerns(statement: Mapping[str, Any], element: str, value: str) -> bool:
    named = statement.get(element, statement.get(f"Not{element}", ()))
    patterns = [named] if isinstance(named, str) else named
    if element == "Action":
        patterns = [pattern.lower() for pattern in patterns]
    matches = any(fnmatchcase(value, pattern) for pattern in patterns)
    return matches is (element in statement)


def policy_statements(document: str) -> list[Mapping[str, Any]]:
    """The statements of a policy document that is known to be JSON."""
    statements = json.loads(document)["Statement"]
    return statements if isinstance(statements, list) else [statements]
