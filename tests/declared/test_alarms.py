"""The alarms that the issue lists, their wiring, and the composite over those on Rust."""

import re
from typing import Any, NamedTuple

import pytest

from tests.declared.golden import (
    ALARM,
    BALANCERS,
    COMPOSITE,
    PYTHON,
    RUST_FUNCTION,
    RUST_GROUPS,
    ZIP,
    function_name,
)
from tests.support.recorder import FOUNDATION, Program, invented_suffix

TOPIC = [FOUNDATION["alertTopicArn"]]


class Watched(NamedTuple):
    group: str
    listener: str


RUST_WATCHED = {
    "passport-v2-rust-scorer": Watched(RUST_GROUPS["public"], "public"),
    "passport-v2-rust-scorer-int": Watched(RUST_GROUPS["internal"], "internal"),
}
WATCHED = {
    function_name(row): Watched(row["target_group_logical_name"], row["listener"]) for row in PYTHON
} | RUST_WATCHED


class Limit(NamedTuple):
    """Above `value` in `datapoints` of the last `periods`."""

    value: float
    datapoints: int
    periods: int
    seconds: int


RATIOS = {
    "5XX-burst": Limit(0.2, 3, 5, 60),
    "5XX-sustain": Limit(0.01, 3, 4, 600),
    "4XX-burst": Limit(0.85, 4, 5, 60),
    "4XX-sustain": Limit(0.5, 3, 4, 600),
}
TIMES = {"burst": Limit(20, 3, 5, 60), "sustain": Limit(2, 30, 40, 60)}
TIME_OVERRIDES = {
    ("passport-analysis-GET-0", "burst"): Limit(50, 8, 10, 60),
    ("passport-analysis-GET-0", "sustain"): Limit(30, 30, 40, 60),
    ("cc-v1-st-bulk-PATCH-0", "burst"): Limit(20, 10, 15, 60),
    ("submit-passport-0", "burst"): Limit(20, 10, 15, 60),
    ("cc-v1-st-bulk-DELETE-0", "burst"): Limit(20, 7, 10, 60),
    ("passport-v2-model-score", "burst"): Limit(20, 7, 10, 60),
    ("passport-v2-stamp-score", "burst"): Limit(20, 7, 10, 60),
    ("passport-v2-stamp-score", "sustain"): Limit(4, 30, 40, 60),
}
FUNCTION_ERRORS = {f"{name}-errors": name for name in [*map(function_name, ZIP), RUST_FUNCTION]}

EVERY_ALARM = {"name", "tags", "comparisonOperator", "threshold", "datapointsToAlarm"} | {
    "evaluationPeriods",
    "alarmActions",
    "okActions",
    "treatMissingData",
}
SIMPLE_ALARM = EVERY_ALARM | {"namespace", "metricName", "dimensions", "period", "statistic"}


def dimensions(watched: Watched) -> dict[str, str]:
    return {
        "LoadBalancer": str(BALANCERS[watched.listener]),
        "TargetGroup": invented_suffix(watched.group),
    }


def threshold(alarm: Any) -> tuple[Any, Any, Any]:
    return alarm["threshold"], alarm["datapointsToAlarm"], alarm["evaluationPeriods"]


def test_there_are_exactly_the_alarms_of_the_issue(staging: Program) -> None:
    expected = {f"HTTP-Target-{kind[:3]}-{n}-{kind[4:]}" for n in WATCHED for kind in RATIOS}
    expected |= {f"TargetResponseTime-{n}-{speed}" for n in WATCHED for speed in TIMES}
    expected |= {f"LambdaUserError-{n}-burst" for n in RUST_WATCHED}
    expected |= set(FUNCTION_ERRORS)

    assert len(WATCHED) == 18
    assert set(staging.of_type(ALARM)) == expected


@pytest.mark.parametrize("kind", RATIOS)
@pytest.mark.parametrize("name", WATCHED)
def test_a_ratio_alarm_divides_errors_by_requests_of_its_own_group(
    staging: Program, name: str, kind: str
) -> None:
    family, speed = kind.split("-")
    alarm = staging.of_type(ALARM)[f"HTTP-Target-{family}-{name}-{speed}"].inputs
    limit = RATIOS[kind]

    assert threshold(alarm) == limit[:3]
    assert alarm["comparisonOperator"] == "GreaterThanThreshold"
    assert set(alarm) == EVERY_ALARM | {"metricQueries"}

    queries = {query["id"]: query for query in alarm["metricQueries"]}
    assert len(queries) == len(alarm["metricQueries"]) == 3
    (result,) = [query for query in queries.values() if query.get("returnData")]
    division = re.fullmatch(r"(\w+) ?/ ?(\w+)", result["expression"])
    assert division
    assert "metric" not in result
    for id_, metric in zip(
        division.groups(), (f"HTTPCode_Target_{family}_Count", "RequestCount"), strict=True
    ):
        assert queries[id_]["metric"] == {
            "namespace": "AWS/ApplicationELB",
            "metricName": metric,
            "dimensions": dimensions(WATCHED[name]),
            "period": limit.seconds,
            "stat": "Sum",
        }


def test_a_pause_of_traffic_is_no_alarm_and_no_ok_mail(staging: Program) -> None:
    alarms = staging.of_type(ALARM).values()

    assert {alarm.inputs["treatMissingData"] for alarm in alarms} == {"notBreaching"}


@pytest.mark.parametrize("speed", TIMES)
@pytest.mark.parametrize("name", WATCHED)
def test_a_response_time_alarm_watches_the_average_seconds_of_its_own_group(
    staging: Program, name: str, speed: str
) -> None:
    alarm = staging.of_type(ALARM)[f"TargetResponseTime-{name}-{speed}"].inputs
    limit = TIME_OVERRIDES.get((name, speed), TIMES[speed])

    assert threshold(alarm) == limit[:3]
    assert alarm["comparisonOperator"] == "GreaterThanThreshold"
    assert alarm["namespace"] == "AWS/ApplicationELB"
    assert alarm["metricName"] == "TargetResponseTime"
    assert alarm["statistic"] == "Average"
    assert alarm["unit"] == "Seconds"
    assert alarm["period"] == limit.seconds
    assert alarm["dimensions"] == dimensions(WATCHED[name])
    assert set(alarm) == SIMPLE_ALARM | {"unit"}


@pytest.mark.parametrize("name", RUST_WATCHED)
def test_a_panicking_rust_function_is_seen_under_its_target_group_alone(
    staging: Program, name: str
) -> None:
    alarm = staging.of_type(ALARM)[f"LambdaUserError-{name}-burst"].inputs

    assert threshold(alarm) == (1, 3, 5)
    assert alarm["comparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["namespace"] == "AWS/ApplicationELB"
    assert alarm["metricName"] == "LambdaUserError"
    assert alarm["statistic"] == "Sum"
    assert alarm["period"] == 60
    assert alarm["dimensions"] == {"TargetGroup": invented_suffix(RUST_WATCHED[name].group)}
    assert set(alarm) == SIMPLE_ALARM


@pytest.mark.parametrize("name", FUNCTION_ERRORS)
def test_function_errors_are_summed_without_a_unit_that_would_hide_them(
    staging: Program, name: str
) -> None:
    alarm = staging.of_type(ALARM)[name].inputs

    assert alarm["namespace"] == "AWS/Lambda"
    assert alarm["metricName"] == "Errors"
    assert alarm["statistic"] == "Sum"
    assert alarm["dimensions"] == {"FunctionName": FUNCTION_ERRORS[name]}
    assert set(alarm) == SIMPLE_ALARM


def test_rust_gets_the_same_function_alarm_as_the_others(staging: Program) -> None:
    own = {"name", "tags", "dimensions"}
    shapes = [
        {key: value for key, value in staging.of_type(ALARM)[name].inputs.items() if key not in own}
        for name in FUNCTION_ERRORS
    ]

    assert all(shape == shapes[0] for shape in shapes)


def test_every_alarm_tells_the_topic_when_it_fires_and_when_it_is_over(staging: Program) -> None:
    for alarm in [*staging.of_type(ALARM).values(), *staging.of_type(COMPOSITE).values()]:
        assert alarm.inputs["alarmActions"] == TOPIC
        assert alarm.inputs["okActions"] == TOPIC
        assert "insufficientDataActions" not in alarm.inputs
        assert alarm.inputs.get("actionsEnabled", True) is True


def test_alarm_windows_are_what_cloudwatch_takes(staging: Program) -> None:
    for alarm in staging.of_type(ALARM).values():
        queries = alarm.inputs.get("metricQueries", [])
        (period,) = {
            alarm.inputs.get("period"),
            *(query["metric"]["period"] for query in queries if "metric" in query),
        } - {None}

        assert period % 60 == 0
        assert alarm.inputs["datapointsToAlarm"] <= alarm.inputs["evaluationPeriods"]
        assert period * alarm.inputs["evaluationPeriods"] <= 86_400
        assert len(alarm.name) <= 255


def watches_rust(alarm: Any) -> bool:
    queries = [query["metric"] for query in alarm.get("metricQueries", []) if "metric" in query]
    values = [value for one in (alarm, *queries) for value in one.get("dimensions", {}).values()]
    rust = {invented_suffix(group) for group in RUST_GROUPS.values()} | {RUST_FUNCTION}
    return bool(rust & set(values))


@pytest.fixture(scope="session")
def rust_alarms(staging: Program) -> set[str]:
    found = {name for name, one in staging.of_type(ALARM).items() if watches_rust(one.inputs)}
    assert len(found) == 15
    return found


def test_the_composite_is_in_alarm_when_any_alarm_on_rust_is_and_for_no_other(
    staging: Program, rust_alarms: set[str]
) -> None:
    (composite,) = staging.of_type(COMPOSITE).values()
    rule = composite.inputs["alarmRule"]

    assert composite.name == "rust-scorer-health"
    assert composite.inputs["alarmName"] == "rust-scorer-health"
    assert re.fullmatch(r'ALARM\("[^"]+"\)( OR ALARM\("[^"]+"\))*', rule)
    names = re.findall(r'ALARM\("([^"]+)"\)', rule)
    assert sorted(names) == sorted(rust_alarms)


def test_the_composite_waits_for_the_alarms_it_names(
    staging: Program, rust_alarms: set[str]
) -> None:
    (composite,) = staging.of_type(COMPOSITE).values()

    assert rust_alarms <= composite.depends_on


def test_production_has_the_same_alarms_with_the_same_thresholds(
    staging: Program, production: Program
) -> None:
    def untagged(program: Program) -> dict[str, Any]:
        return {
            name: {**alarm.inputs, "tags": None} for name, alarm in program.of_type(ALARM).items()
        }

    assert untagged(staging) == untagged(production)
