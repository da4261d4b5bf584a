"""Which alarms watch a target group or a function. Plain data, no Pulumi.

Names and thresholds are those of the alarms that run today.
"""

from dataclasses import dataclass

COMPOSITE = "rust-scorer-health"
"""In alarm when any alarm on Rust is."""


@dataclass(frozen=True)
class Threshold:
    """Breached when `datapoints` of the last `periods` are; `value` in the metric's unit."""

    value: float
    datapoints: int
    periods: int
    period_s: int


@dataclass(frozen=True)
class ErrorRatio:
    """Share (0-1) of a target group's requests that count in `metric`."""

    name: str
    metric: str
    label: str
    threshold: Threshold


@dataclass(frozen=True)
class ResponseTime:
    """Average response time of a target group in seconds."""

    name: str
    threshold: Threshold


@dataclass(frozen=True)
class LambdaFailures:
    """Failed runs: `metric` summed per period under one dimension."""

    name: str
    namespace: str
    metric: str
    dimension: str


FAILURE_THRESHOLD = Threshold(1, 3, 5, 60)

_RATIOS = {
    "5XX": {"burst": Threshold(0.2, 3, 5, 60), "sustain": Threshold(0.01, 3, 4, 600)},
    "4XX": {"burst": Threshold(0.85, 4, 5, 60), "sustain": Threshold(0.5, 3, 4, 600)},
}

_RESPONSE_TIMES = {"burst": Threshold(20, 3, 5, 60), "sustain": Threshold(2, 30, 40, 60)}

_RESPONSE_TIME_OVERRIDES = {
    "passport-analysis-GET-0": {
        "burst": Threshold(50, 8, 10, 60),
        "sustain": Threshold(30, 30, 40, 60),
    },
    "cc-v1-st-bulk-PATCH-0": {"burst": Threshold(20, 10, 15, 60)},
    "submit-passport-0": {"burst": Threshold(20, 10, 15, 60)},
    "cc-v1-st-bulk-DELETE-0": {"burst": Threshold(20, 7, 10, 60)},
    "passport-v2-model-score": {"burst": Threshold(20, 7, 10, 60)},
    "passport-v2-stamp-score": {
        "burst": Threshold(20, 7, 10, 60),
        "sustain": Threshold(4, 30, 40, 60),
    },
}


def group_alarms(watched: str) -> list[ErrorRatio | ResponseTime]:
    """The six alarms of a target group; `watched` is the N in their names."""
    ratios: list[ErrorRatio | ResponseTime] = [
        ErrorRatio(
            f"HTTP-Target-{family}-{watched}-{speed}",
            f"HTTPCode_Target_{family}_Count",
            f"Percent of target {family} errors",
            threshold,
        )
        for family, speeds in _RATIOS.items()
        for speed, threshold in speeds.items()
    ]
    times = _RESPONSE_TIMES | _RESPONSE_TIME_OVERRIDES.get(watched, {})
    return ratios + [
        ResponseTime(f"TargetResponseTime-{watched}-{speed}", threshold)
        for speed, threshold in times.items()
    ]


def user_error_alarm(watched: str) -> LambdaFailures:
    """A panicking function shows up here and as the balancer's 502, never as a target 5XX."""
    return LambdaFailures(
        f"LambdaUserError-{watched}-burst", "AWS/ApplicationELB", "LambdaUserError", "TargetGroup"
    )


def function_alarm(function_name: str) -> LambdaFailures:
    """Failed runs of a function, whoever called it."""
    return LambdaFailures(f"{function_name}-errors", "AWS/Lambda", "Errors", "FunctionName")
