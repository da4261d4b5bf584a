"""How a stack's rollouts go: `rollout.<stack>.yaml`, read and judged once."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from yamlfile import NotYaml, read_yaml

Percent = Annotated[int, Field(strict=True, ge=1, le=100)]
Count = Annotated[int, Field(strict=True, ge=1)]
Ratio = Annotated[float, Field(gt=1)]


class BadSettings(ValueError):
    """A rollout cannot go like this; the message lists every problem."""


class Settings(BaseModel):
    """How a rollout goes. In a file the names have hyphens; a description says what is allowed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
    )

    steps: tuple[Percent, ...] = Field(
        default=(5, 10, 25, 50, 100), min_length=1, description="rising percentages from 1 to 100"
    )
    bake: tuple[Count, ...] = Field(
        default=(10, 15, 30, 60, 60),
        description="minutes with requests that each step is watched, as many as steps",
    )
    warm_up: int = Field(
        default=3,
        strict=True,
        ge=0,
        description="minutes after a change whose response times do not count",
    )
    settle: int = Field(
        default=30, strict=True, ge=0, description="seconds between two equal readings of the rules"
    )
    min_requests: Count = Field(default=300, description="requests of each side that a bake needs")
    min_requests_per_balancer: int = Field(
        default=100, strict=True, ge=0, description="the same on each load balancer"
    )
    min_latency_minutes: Count = Field(
        default=5, description="minutes of a bake whose response times can be compared"
    )
    min_latency_requests: Count = Field(
        default=20, description="requests of Python that make a minute comparable"
    )
    false_rollbacks: float = Field(
        default=0.002, gt=0, le=0.5, description="chance at most that chance alone stops a rollout"
    )
    errors_per_client: float = Field(
        default=2, ge=1, description="so many failures of one client may have one cause"
    )
    error_excess: float = Field(
        default=0.5, gt=0, le=100, description="percentage points of errors that matter"
    )
    client_error_excess: float = Field(
        default=2, gt=0, le=100, description="percentage points of 4XX that matter"
    )
    max_error_rate: float = Field(
        default=5,
        gt=0,
        le=100,
        description="percent of errors, also on Python, that no step begins with",
    )
    p95_ratio: Ratio = Field(default=1.5, description="times Python's p95 that matter, above 1")
    p99_ratio: Ratio = Field(default=2, description="times Python's p99 that matter, above 1")
    slow: float = Field(default=0.1, ge=0, description="seconds below which nothing counts as slow")
    on_fail: Literal["roll-back", "hold"] = Field(
        default="roll-back", description="roll-back or hold: what a failed gate leads to"
    )
    roll_back_after_hold: Count | None = Field(
        default=None,
        description="minutes of a hold that end in a rollback; without it a human ends it",
    )
    compared_within: Count | None = Field(
        default=None, description="minutes since `rollout compare` found no difference, at a start"
    )
    drain: Count = Field(
        default=15, description="minutes to watch for Rust's last request after a rollback"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if list(self.steps) != sorted(set(self.steps)):
            raise ValueError(f"steps must rise, unlike {', '.join(map(str, self.steps))}")
        if len(self.bake) != len(self.steps):
            raise ValueError(
                f"bake has {len(self.bake)} entries for {len(self.steps)} steps: one for each"
            )
        return self


def read_settings(stack: str, folder: Path, **options: Any) -> Settings:
    """The settings of a stack: its file where there is one, and options that outrank it.

    An option that is None was not given. Raises BadSettings.
    """
    path = folder / f"rollout.{stack}.yaml"
    try:
        found = read_yaml(path)
    except FileNotFoundError:
        found = None
    except NotYaml as error:
        raise BadSettings(str(error)) from error
    if not isinstance(found, dict | None):
        raise BadSettings(f"{path.name} is not a map of settings")
    given = {name.replace("_", "-"): value for name, value in options.items() if value is not None}
    try:
        return Settings.model_validate((found or {}) | given, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [_problem(detail["loc"], detail["msg"]) for detail in error.errors()]
        raise BadSettings(
            f"The settings of {stack} ({path.name} and options) have problems:\n  "
            + "\n  ".join(problems)
        ) from error


_FIELDS = {str(field.alias): field for field in Settings.model_fields.values()}


def _problem(place: tuple[int | str, ...], message: str) -> str:
    if not place:
        return message.removeprefix("Value error, ")
    name = str(place[0])
    if name not in _FIELDS:
        return f"{name} is not a setting; there are {', '.join(_FIELDS)}"
    entry = f"[{place[1]}]" if len(place) > 1 and isinstance(place[1], int) else ""
    return f"{name}{entry}: {message} (allowed: {_FIELDS[name].description})"
