"""Lambda functions: code, size, network, environment."""

import re

from policy import facts
from policy.policies.ownership import home
from policy.registry import Problems, Severity, resource_policy, stack_policy
from policy.stack import Resource, Stack
from policy.tokens import FUNCTION
from policy.values import Value
from routing import checks, limits

_SECRET_NAME = re.compile(r"SECRET|PASSW|PASSPHRASE|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL|_DSN$")
_HARMLESS_NAME = re.compile(r"_(ARN|NAME|ID|URL|URI|TTL|ENABLED)$")
_SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # an AWS key id
    r"|(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"  # the form of an AWS secret key
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\."  # a JWT
    r"|\b(ghp|gho|github_pat|xox[abp]|sk_live|sk-)[_-]?\w{16,}"
    r"|://[^/\s:@]+:[^/\s:@]+@"  # a password in a URL
)
_LAYER = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]*:(?P<account>[^:]*):layer:.+")


@resource_policy(
    {FUNCTION: ("runtime",)},
    ids=("row 2", "Lambda.2", "CKV_AWS_363", "AwsSolutions-L1", "E2531", "W2531", "E2533"),
    severity=Severity.MEDIUM,
    why="AWS stops security fixes for a runtime at its end, then refuses to update functions "
    "that have it.",
)
def runtime_is_supported(function: Resource) -> Problems:
    """A zip function has a runtime of our list: recent Python, or provided.al2023."""
    if not _is_image(function) and function["runtime"].text not in facts.RUNTIMES:
        yield "runtime is not one of ours"


@resource_policy(
    {FUNCTION: ("vpcConfig",)},
    ids=("row 3", "Lambda.3", "Lambda.5", "CKV_AWS_117"),
    severity=Severity.MEDIUM,
    why="Database and cache are in the private network; with one subnet a function is gone with "
    "its zone. The zone itself is the subnet's and cannot be seen here.",
)
def function_is_in_the_network(function: Resource) -> Problems:
    """A function runs in at least two different subnets, with a security group."""
    network = function["vpcConfig"]
    if not network["subnetIds"].unknown:
        subnets = list(network["subnetIds"])
        texts = [subnet.text for subnet in subnets if not subnet.unknown]
        if len(subnets) < 2 or len(set(texts)) < len(texts):
            yield f"{network.key}.subnetIds does not have two different subnets"
    if not network["securityGroupIds"].given:
        yield f"{network.key}.securityGroupIds is not set"


@resource_policy(
    {FUNCTION: ("tracingConfig",)},
    ids=("row 4", "Lambda.7", "CKV_AWS_50", "AWS-0066", "WS1000"),
    severity=Severity.LOW,
    why="Without a trace nobody sees which call of a slow request took the time.",
)
def function_is_traced(function: Resource) -> Problems:
    """A function has active X-Ray tracing."""
    if function["tracingConfig"]["mode"].text != "Active":
        yield "tracingConfig.mode is not Active"


@resource_policy(
    {FUNCTION: ("environment",)},
    ids=("row 5", "CKV_AWS_45", "no_secrets_in_variables"),
    severity=Severity.CRITICAL,
    why="Everyone who may read a function's configuration reads its environment. Functions get "
    "the ARN of the secret and read it themselves.",
)
def environment_holds_no_secret(function: Resource) -> Problems:
    """No environment variable has the name or the form of a secret."""
    for name, value in function["environment"]["variables"].members():
        if _SECRET_NAME.search(name.upper()) and not _HARMLESS_NAME.search(name.upper()):
            yield f"{value.key} has the name of a secret"
        elif not value.unknown and _has_secret(value):
            yield f"{value.key} has the form of a secret"


@resource_policy(
    {FUNCTION: ("memorySize", "timeout")},
    ids=("row 7", "ES1005", "ES1006", "limit-lambda-execution-time"),
    severity=Severity.MEDIUM,
    why="The defaults, 128 MB and 3 seconds, fit none of these functions.",
)
def function_size_is_explicit(function: Resource) -> Problems:
    """A function sets its memory and its timeout, both within what Lambda takes."""
    memory, timeout = function["memorySize"].whole, function["timeout"].whole
    yield from checks.function_problems("any", memory_mb=memory or 0, timeout_s=timeout or 0)


@stack_policy(
    {FUNCTION: ("layers",)},
    ids=("row 10", "using_cross_account_layers"),
    severity=Severity.HIGH,
    why="A layer runs inside the function with all its rights; its owner can publish anything.",
)
def layers_are_from_known_accounts(function: Resource, stack: Stack) -> Problems:
    """Every layer is ours or from the publisher of the AWS OpenTelemetry distribution."""
    layers = list(function["layers"])
    yield from checks.layer_problems(len(layers))
    for layer in layers:
        found = _LAYER.fullmatch(layer.text or "")
        account = found["account"] if found else ""
        if account not in {*facts.LAYER_PUBLISHERS, home(stack)[1]}:
            yield f"{layer.key} is not from a known account"


@resource_policy(
    {FUNCTION: ("packageType", "imageUri", "handler", "code", "runtime", "role", "layers")},
    ids=("row 12", "E3697", "E3685", "W2533"),
    severity=Severity.MEDIUM,
    why="AWS refuses the mixture during the update, after the first resources were changed.",
)
def function_has_the_shape_of_its_package(function: Resource) -> Problems:
    """An image function has an image of a private ECR repository and no handler, runtime or
    layer; a zip one the reverse.
    """
    if not function["role"].given:
        yield "role is not set"
    kind = function["packageType"].text
    if kind not in {None, "Image", "Zip"}:
        yield "packageType is neither Image nor Zip"
    image, zip_ = ("imageUri", "imageConfig"), ("code", "handler", "runtime")
    for name in ("imageUri",) if _is_image(function) else zip_:
        if not function[name].given:
            yield f"{name} is not set"
    uri = function["imageUri"]
    known = uri.given and not uri.unknown
    if known and not re.fullmatch(limits.FUNCTION_IMAGE_PATTERN, uri.text or ""):
        yield "imageUri is not an image that Lambda takes"
    for name in (*zip_, "layers") if _is_image(function) else image:
        if function[name].given:
            yield f"{name} is set for the other kind of package"


@resource_policy(
    {FUNCTION: ("environment",)},
    ids=("row 12", "E3663"),
    severity=Severity.MEDIUM,
    why="AWS refuses reserved names and more than 4096 bytes during the update.",
)
def environment_is_one_that_lambda_takes(function: Resource) -> Problems:
    """The names of environment variables are free and valid, and all together fit 4096 bytes."""
    variables = function["environment"]["variables"].members()
    known = {name: None if value.unknown else value.text for name, value in variables}
    yield from checks.environment_problems(known)


def _is_image(function: Resource) -> bool:
    return function["packageType"].text == "Image"


def _has_secret(value: Value) -> bool:
    text = value.text or ""
    return not text.startswith("arn:") and _SECRET_VALUE.search(text) is not None
