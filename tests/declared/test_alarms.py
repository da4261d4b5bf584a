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
    tags,
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


def dimensions(watched: Watched) -> dict[str, str]:
    return {
        "LoadBalancer": str(BALANCERS[watched.listener]),
        "TargetGroup": invented_suffix(watched.group),
    }


def alarm(name: str, limit: Limit, at_least: str = "", **watched: Any) -> dict[str, Any]:
    """What an alarm has; a pause of traffic is no alarm, and no OK mail either."""
    return {
        "name": name,
        "comparisonOperator": at_least or "GreaterThanThreshold",
        "threshold": limit.value,
        "datapointsToAlarm": limit.datapoints,
        "evaluationPeriods": limit.periods,
        "treatMissingData": "notBreaching",
        "alarmActions": TOPIC,
        "okActions": TOPIC,
        "tags": tags(name),
        **watched,
    }


def ratio(inputs: Any) -> dict[str, Any]:
    """A ratio's queries as the two metrics that it divides; their ids are free."""
    queries = {query["id"]: query for query in inputs["metricQueries"]}
    (result,) = [query for query in queries.values() if query.get("returnData")]
    division = re.fullmatch(r"(\w+) ?/ ?(\w+)", result["expression"])
    assert division
    assert "metric" not in result
    assert len(queries) == len(inputs["metricQueries"]) == 3
    return {**inputs, "metricQueries": [queries[id_]["metric"] for id_ in division.groups()]}


def ratio_alarm(name: str, kind: str) -> dict[str, Any]:
    family, speed = kind.split("-")
    limit = RATIOS[kind]
    return alarm(
        f"HTTP-Target-{family}-{name}-{speed}",
        limit,
        metricQueries=[
            {
                "namespace": "AWS/ApplicationELB",
                "metricName": metric,
                "dimensions": dimensions(WATCHED[name]),
                "period": limit.seconds,
                "stat": "Sum",
            }
            for metric in (f"HTTPCode_Target_{family}_Count", "RequestCount")
        ],
    )


def time_alarm(name: str, speed: str) -> dict[str, Any]:
    limit = TIME_OVERRIDES.get((name, speed), TIMES[speed])
    return alarm(
        f"TargetResponseTime-{name}-{speed}",
        limit,
        namespace="AWS/ApplicationELB",
        metricName="TargetResponseTime",
        statistic="Average",
        unit="Seconds",
        period=limit.seconds,
        dimensions=dimensions(WATCHED[name]),
    )


def test_there_are_exactly_the_alarms_of_the_issue(staging: Program) -> None:
    expected = {f"HTTP-Target-{kind[:3]}-{n}-{kind[4:]}" for n in WATCHED for kind in RATIOS}
    expected |= {f"TargetResponseTime-{n}-{speed}" for n in WATCHED for speed in TIMES}
    expected |= {f"LambdaUserError-{n}-burst" for n in RUST_WATCHED}
    expected |= set(FUNCTION_ERRORS)

    assert len(WATCHED) == 18
    assert set(staging.of_type(ALARM)) == expected


@pytest.mark.parametrize("name", WATCHED)
def test_a_group_has_its_six_alarms_and_they_watch_it_alone(staging: Program, name: str) -> None:
    alarms = staging.of_type(ALARM)

    for kind in RATIOS:
        expected = ratio_alarm(name, kind)
        assert ratio(alarms[expected["name"]].inputs) == expected
    for speed in TIMES:
        expected = time_alarm(name, speed)
        assert alarms[expected["name"]].inputs == expected


@pytest.mark.parametrize("name", RUST_WATCHED)
def test_a_panicking_rust_function_is_seen_under_its_target_group_alone(
    staging: Program, name: str
) -> None:
    expected = alarm(
        f"LambdaUserError-{name}-burst",
        Limit(1, 3, 5, 60),
        "GreaterThanOrEqualToThreshold",
        namespace="AWS/ApplicationELB",
        metricName="LambdaUserError",
        statistic="Sum",
        period=60,
        dimensions={"TargetGroup": invented_suffix(RUST_WATCHED[name].group)},
    )

    assert staging.of_type(ALARM)[expected["name"]].inputs == expected


def test_function_errors_are_summed_alike_without_a_unit_that_would_hide_them(
    staging: Program,
) -> None:
    alarms = staging.of_type(ALARM)
    own = {"name", "tags", "dimensions"}
    (first, *others) = [
        {key: value for key, value in alarms[name].inputs.items() if key not in own}
        for name in FUNCTION_ERRORS
    ]

    assert {"unit", "metricQueries"}.isdisjoint(first)
    assert (first["namespace"], first["metricName"]) == ("AWS/Lambda", "Errors")
    assert first["statistic"] == "Sum"
    assert others == [first] * len(others)
    assert {name: alarms[name].inputs["dimensions"] for name in FUNCTION_ERRORS} == {
        name: {"FunctionName": function} for name, function in FUNCTION_ERRORS.items()
    }


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
