"""What a stack asks of the routing, without a stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The four settings that the routing reads, with their defaults."""

    rust_percentage: int = 0
    rust_percentage_by_endpoint: Mapping[str, int] = field(default_factory=dict)
    stickiness_seconds: int = 3600
    tester_header_value: SecretStr | None = None


def asked(
    share: int = 0,
    overrides: Mapping[str, int] | None = None,
    *,
    seconds: int = 3600,
    secret: str | None = None,
) -> Asked:
    return Asked(
        rust_percentage=share,
        rust_percentage_by_endpoint=overrides or {},
        stickiness_seconds=seconds,
        tester_header_value=None if secret is None else SecretStr(secret),
    )
