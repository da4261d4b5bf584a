"""Stack configuration, read and judged once, at the edge."""

import difflib
import json
import re
import shlex
from collections.abc import Collection, Mapping
from typing import Annotated, Any

import pulumi
from pulumi.runtime import get_config_env, get_config_secret_keys_env, is_config_secret
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

import catalog
import rust_scorer.names
from deployed import Deployed
from endpoint import ROLLED_BACK_AT, STICKINESS_S
from lambdas.environment import PYTHON_VARIABLES, python_environment
from live import LiveRule
from packages import package_problem
from routing import checks, limits
from traffic import shares

NAMESPACE = catalog.PROJECT
DEFAULT_REGION = "us-west-2"

_ANY_ARN = "arn:aws:secretsmanager:us-west-2:000000000000:secret:".ljust(120, "x")
"""As long as the secret's may be: only the foundation knows it."""

_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$"
_TESTER = "testerHeaderValue"
_NEVER_SHOWN = frozenset({_TESTER, "environment"})


class ConfigurationError(pulumi.RunError):
    """The stack's configuration cannot be used; the message lists every problem."""


def _whole_number(value: Any) -> int:
    """The CLI hands every scalar over as text; 50.5, true and 1e2 are not whole numbers."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("not a whole number")


def _json(value: Any) -> Any:
    """The CLI hands a map over as JSON."""
    try:
        return json.loads(value, object_pairs_hook=_once) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise ValueError("not a map") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON lets the last of two equal keys win without a word."""
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)} is there twice")
    return dict(pairs)


def _image(value: str) -> str:
    found = re.fullmatch(limits.FUNCTION_IMAGE_PATTERN, value)
    if found is None:
        raise ValueError("not an image of a private ECR repository with a tag or a digest")
    if found["region"] != region():
        raise ValueError(f"an image of {found['region']}, the functions are in {region()}")
    if found["tag"] == "latest":
        raise ValueError("a tag that moves: a new image under it would deploy nothing")
    return value


def _dual_endpoint(value: str) -> str:
    if value not in catalog.DUAL_ENDPOINTS:
        raise ValueError("not an endpoint that Rust serves too")
    return value


def _declared_name(value: str) -> str:
    if value not in catalog.logical_names(with_tester_rules=True):
        raise ValueError("not a resource of this program")
    if value not in catalog.logical_names(with_tester_rules=False):
        raise ValueError(
            "a tester rule, whose secret an import would write to the state: delete the rule in "
            "AWS (aws elbv2 delete-rule), an update makes it anew"
        )
    return value


def _free_variable(value: str) -> str:
    if value in PYTHON_VARIABLES:
        raise ValueError("fixed by the program")
    if checks.environment_problems({value: ""}):
        raise ValueError("not a name that Lambda allows")
    return value


def _header_value(value: str) -> str:
    if not re.fullmatch(rf"[A-Za-z0-9._~-]{{1,{limits.CONDITION_VALUE_LENGTH}}}", value):
        raise ValueError("not an allowed header value")
    return value


Percent = Annotated[int, BeforeValidator(_whole_number), Field(ge=0, le=100)]
Seconds = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(ge=limits.STICKINESS_SECONDS_MIN, le=limits.STICKINESS_SECONDS_MAX),
]
Word = Annotated[str, Field(strict=True, pattern=r"^\S+$")]
ImageUri = Annotated[Word, AfterValidator(_image)]
StackName = Annotated[str, Field(strict=True, pattern=r"^[\w.-]+/[\w.-]+/[\w.-]+$")]
HeaderValue = Annotated[SecretStr, BeforeValidator(_header_value)]


class Settings(BaseModel):
    """The configuration of one stack (contract, "Stack configuration").

    A field's description says what is allowed, its first example what mends it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    rust_percentage: Percent = Field(
        0, description="a whole number from 0 to 100", examples=["<0-100>"]
    )
    rust_percentage_by_endpoint: Annotated[
        dict[Annotated[str, AfterValidator(_dual_endpoint)], Percent], BeforeValidator(_json)
    ] = Field(
        {},
        description=f"whole numbers from 0 to 100 for any of {', '.join(catalog.DUAL_ENDPOINTS)}",
        examples=["<0-100>"],
    )
    raise_after_rollback: Annotated[Word, Field(pattern=_TIME)] | None = Field(
        None,
        description=f"the time in the tag {ROLLED_BACK_AT} of the emergency rollback after which "
        "Rust may come back",
        examples=["<time>"],
    )
    stickiness_seconds: Seconds = Field(
        STICKINESS_S,
        description=f"a whole number from {limits.STICKINESS_SECONDS_MIN} "
        f"to {limits.STICKINESS_SECONDS_MAX}",
        examples=["3600"],
    )
    foundation_stack: StackName = Field(
        description="the name of a stack as org/project/stack",
        examples=["organization/passport-scorer/staging"],
    )
    scorer_image: ImageUri = Field(
        description="the URI of an image in a private ECR repository of the functions' region, "
        "best by digest",
        examples=["<account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>"],
    )
    python_package: Word = Field(
        description="the path of an existing zip file that Lambda takes",
        examples=["dist/python.zip"],
    )
    rust_package: Word = Field(
        description="the path of an existing zip file that Lambda takes, with a bootstrap",
        examples=["dist/rust.zip"],
    )
    environment: Annotated[
        dict[
            Annotated[str, AfterValidator(_free_variable)],
            Annotated[str, Field(strict=True)],
        ],
        BeforeValidator(_json),
    ] = Field(
        {},
        description="text values for variables that the program does not fix itself, "
        f"together at most {limits.FUNCTION_ENVIRONMENT_BYTES} bytes; never a secret",
        examples=["<text>"],
    )
    tester_header_value: HeaderValue | None = Field(
        None, description="a secret of 1-128 characters of A-Za-z0-9._~-", examples=["<value>"]
    )
    adopt: Annotated[
        dict[Annotated[str, AfterValidator(_declared_name)], Word], BeforeValidator(_json)
    ] = Field(
        {},
        description="AWS ids for logical names of this program, but for tester rules",
        examples=["<id>"],
    )

    @field_validator("python_package", "rust_package")
    @classmethod
    def _usable(cls, value: str, info: ValidationInfo) -> str:
        """Read the package only if a function is to get it."""
        context = info.context or {}
        deployed, live = context.get("deployed", Deployed()), context.get("live", {})
        share, own = (info.data.get(f"rust_percentage{end}") for end in ("", "_by_endpoint"))
        holds = (
            share is not None
            and own is not None
            and any(one.holds for one in shares(share, own, deployed, live))
        )
        modules = (
            {rust_scorer.names.FUNCTION: ""}
            if info.field_name == "rust_package"
            else {backend.function: backend.module for backend in catalog.ZIP_BACKENDS}
        )
        getting = [name for name in modules if deployed.needs_code(name, value, holds=holds)]
        needed = [modules[name] for name in getting if modules[name]]
        if getting and (problem := package_problem(value, needed)):
            raise ValueError(problem)
        return value

    @field_validator("environment")
    @classmethod
    def _fits(cls, value: dict[str, str]) -> dict[str, str]:
        if problems := checks.environment_problems(python_environment(_ANY_ARN, value)):
            raise ValueError(problems[0])
        return value


def load_settings(deployed: Deployed, live: Mapping[str, LiveRule]) -> Settings:
    """Read the configuration of the running stack.

    A code package is read only if a function is to get it.

    Raises ConfigurationError with every problem at once: the key, its value (never that of
    `testerHeaderValue` or `environment`), what is allowed and the command that mends it.
    """
    config = pulumi.Config(NAMESPACE)
    names = [
        key.removeprefix(f"{NAMESPACE}:")
        for key in get_config_env()
        if key.startswith(f"{NAMESPACE}:")
    ]
    values = {name: config.get(name) for name in names}
    secret = {
        name
        for name in names
        if is_config_secret(f"{NAMESPACE}:{name}")
        or f"{NAMESPACE}:{name}" in get_config_secret_keys_env()
    }
    problems = _secrecy_problems(names, secret)
    try:
        settings = Settings.model_validate(values, context={"deployed": deployed, "live": live})
    except ValidationError as error:
        problems += [_problem(detail, values, secret) for detail in error.errors()]
    if not problems:
        if "@sha256:" not in settings.scorer_image:
            pulumi.log.warn(
                "scorerImage names a tag. Tags move: another image under the same tag deploys "
                f"nothing. Name the image by digest: {_set('scorerImage', _example('scorerImage'))}"
            )
        return settings
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    raise ConfigurationError(
        f"The configuration of stack {pulumi.get_stack()} has {count}; "
        "nothing was registered or changed.\n\n" + "\n\n".join(problems)
    )


def region() -> str:
    """The region the provider works in."""
    return pulumi.Config("aws").get("region") or DEFAULT_REGION


def _secrecy_problems(names: Collection[str], secret: Collection[str]) -> list[str]:
    problems = []
    if _TESTER in names and _TESTER not in secret:
        problems.append(
            _describe(f"{_TESTER} is not a secret", _allowed(_TESTER), _set(_TESTER, "<value>"))
        )
    if "environment" in secret:
        problems.append(
            _describe(
                "environment is set as a secret, but ends in plain environment variables",
                _allowed("environment"),
                "pulumi config rm environment"
                f"{_stack()}, then {_set('environment', '<text>', 'NAME')}",
            )
        )
    return problems


def _problem(detail: ErrorDetails, values: Mapping[str, Any], secret: Collection[str]) -> str:
    key, *path = (str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown_key(key)
    example = _example(key)
    if detail["type"] == "missing":
        return _describe(f"{key} is not set", _allowed(key), _set(key, example))
    entry = path[0] if path else None
    bad_name = path[-1:] == ["[key]"]
    subject = key if entry is None else f'{key}["{entry}"]'
    value = _json(values[key]).get(entry) if bad_name else detail["input"]
    hidden = key in _NEVER_SHOWN or key in secret
    shown = subject if hidden else f"{subject} is {_text(value)}"
    reason = f" ({detail['msg'].removeprefix('Value error, ')})"
    if bad_name and entry is not None:
        names = catalog.DUAL_ENDPOINTS if key == "rustPercentageByEndpoint" else ("NAME",)
        close = difflib.get_close_matches(entry, names, n=1, cutoff=0.3) or names
        mend = (
            f"pulumi config rm --path {shlex.quote(subject)}{_stack()}, "
            f"then {_set(key, example, close[0])}"
        )
        return _describe(shown + reason, _allowed(key), mend)
    if entry is None and key in _MAPS:
        entry = "NAME"
    return _describe(shown + reason, _allowed(key), _set(key, example, entry))


def _unknown_key(key: str) -> str:
    close = difflib.get_close_matches(key, _FIELDS, n=1)
    known = close or list(_FIELDS)
    mend = f"pulumi config rm {shlex.quote(key)}{_stack()}"
    if close:
        mend += f", then {_set(close[0], _example(close[0]))}"
    return _describe(f"{key} is not a key of this program", " or ".join(known), mend)


_FIELDS = {field.alias or name: field for name, field in Settings.model_fields.items()}
_MAPS = frozenset({"rustPercentageByEndpoint", "environment", "adopt"})


def _example(key: str) -> str:
    return str((_FIELDS[key].examples or ["<value>"])[0])


def _allowed(key: str) -> str:
    return _FIELDS[key].description or ""


def _set(key: str, example: str, entry: str | None = None) -> str:
    """The command that sets a key, or one entry of a map."""
    options = "--secret " if key == _TESTER else ""
    if entry is not None:
        # Without --plaintext the CLI takes some names and ids for secrets and refuses.
        options += "--plaintext " if key == "adopt" else ""
        options += "--path --type string " if key == "environment" else "--path "
        key = shlex.quote(f'{key}["{entry}"]')
    return f"pulumi config set {options}{key} {example}{_stack()}"


def _stack() -> str:
    return f" --stack {pulumi.get_stack()}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _describe(what: str, allowed: str, mend: str) -> str:
    return f"  {what}\n    allowed: {allowed}\n    mend:    {mend}"
