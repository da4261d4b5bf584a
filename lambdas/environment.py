"""Environment variables of the functions. Plain data, no Pulumi."""

from collections.abc import Mapping
from typing import TypeVar

V = TypeVar("V")

SECRET_ARN_VARIABLE = "SCORER_SERVER_SSM_ARN"  # noqa: S105 a name
"""Where every function finds the secret: an ARN, never the secret itself."""

_COMMON = {"DEBUG": "off", "LOGGING_STRATEGY": "structlog_json"}

_PYTHON = _COMMON | {
    "FF_API_ANALYTICS": "on",
    "VERIFIER_URL": "http://core-alb.private.gitcoin.co/verifier/verify",
}

_RUST = _COMMON | {
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-instrument",
    "HUMAN_POINTS_ENABLED": "true",
    "HUMAN_POINTS_MTA_ENABLED": "true",
    "HUMAN_POINTS_START_TIMESTAMP": "0",
    "OPENTELEMETRY_COLLECTOR_CONFIG_URI": "/var/task/collector.yaml",
    "OTEL_ENABLED": "true",
    "OTEL_SERVICE_NAME": "rust-scorer",
}

PYTHON_VARIABLES = frozenset({*_PYTHON, SECRET_ARN_VARIABLE})
"""Names that a stack may not redefine."""


def python_environment(secret_arn: V, extra: Mapping[str, str]) -> dict[str, str | V]:
    """Variables of a Python function; `extra` comes from the stack."""
    return {**extra, **_PYTHON, SECRET_ARN_VARIABLE: secret_arn}


def rust_environment(secret_arn: V, *, stack: str) -> dict[str, str | V]:
    """Variables of the Rust function."""
    return {**_RUST, "ENVIRONMENT": stack, SECRET_ARN_VARIABLE: secret_arn}
