"""Alarms."""

from policy import tokens
from policy.rules import alarms as rules
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import BALANCERS, RUST, RUST_GROUP, UNKNOWN, target_group, urn

_5XX = "5xx-l-image"
_LATENCY = "latency-l-image"
_ERRORS = f"errors-{RUST}"
_METRIC = "metricQueries[1].metric"
_DIMENSIONS = f"{_METRIC}.dimensions"
_OTHER = "targetgroup/zip-target-group/1"
_NOT_KNOWN = {
    f"metricQueries[{index}].metric.dimensions.TargetGroup": UNKNOWN for index in range(2)
}

CASES = (
    bad(rules.alarm_tells_somebody, "nobody", _5XX, {"alarmActions": GONE}),
    bad(rules.alarm_tells_somebody, "an empty list", _5XX, {"alarmActions": []}),
    bad(rules.alarm_tells_somebody, "an empty name", _5XX, {"alarmActions": [""]}),
    bad(rules.alarm_tells_somebody, "off", _5XX, {"actionsEnabled": False}),
    bad(rules.alarm_tells_somebody, "nobody of all", "health", {"alarmActions": GONE}),
    fine(rules.alarm_tells_somebody, "not known yet", _5XX, {"alarmActions": [UNKNOWN]}),
    fine(rules.alarm_tells_somebody, "on", _5XX, {"actionsEnabled": True}),
    bad(rules.alarm_period_is_valid, "45 s", _LATENCY, {"period": 45.0}),
    bad(rules.alarm_period_is_valid, "90 s", _5XX, {f"{_METRIC}.period": 90.0}),
    bad(rules.alarm_period_is_valid, "none", _LATENCY, {"period": GONE}),
    fine(rules.alarm_period_is_valid, "10 s", _LATENCY, {"period": 10.0}),
    fine(rules.alarm_period_is_valid, "an hour", _LATENCY, {"period": 3600.0}),
    bad(rules.alarm_can_fire, "no threshold", _5XX, {"threshold": GONE}),
    bad(rules.alarm_can_fire, "no periods", _5XX, {"evaluationPeriods": GONE}),
    bad(rules.alarm_can_fire, "6 of 5", _5XX, {"datapointsToAlarm": 6.0}),
    bad(rules.alarm_can_fire, "below", _5XX, {"comparisonOperator": "LessThanThreshold"}),
    bad(
        rules.alarm_can_fire,
        "longer than a day",
        _5XX,
        {f"{_METRIC}.period": 18000.0, "evaluationPeriods": 34.0},
    ),
    fine(
        rules.alarm_can_fire,
        "at or above",
        _5XX,
        {"comparisonOperator": "GreaterThanOrEqualToThreshold"},
    ),
    fine(rules.alarm_can_fire, "all of 5", _5XX, {"datapointsToAlarm": GONE}),
    fine(rules.alarm_can_fire, "1 of 5", _5XX, {"datapointsToAlarm": 1.0}),
    fine(
        rules.alarm_can_fire,
        "one period",
        _5XX,
        {"evaluationPeriods": 1.0, "datapointsToAlarm": 1.0},
    ),
    fine(rules.alarm_can_fire, "a whole day", _5XX, {"evaluationPeriods": 1440.0}),
    bad(rules.alarm_can_fire, "a minute more", _5XX, {"evaluationPeriods": 1441.0}),
    bad(
        rules.alarm_metric_exists, "a slip", _5XX, {f"{_METRIC}.metricName": "HTTPCode_Target_5xx"}
    ),
    bad(rules.alarm_metric_exists, "another namespace", _LATENCY, {"namespace": "AWS/ELB"}),
    bad(rules.alarm_metric_exists, "no statistic", _LATENCY, {"statistic": GONE}),
    bad(rules.alarm_metric_exists, "a slip in it", _5XX, {f"{_METRIC}.stat": "sum"}),
    bad(rules.alarm_metric_exists, "nothing", _LATENCY, {"metricName": GONE}),
    fine(
        rules.alarm_metric_exists,
        "a percentile",
        _LATENCY,
        {"statistic": GONE, "extendedStatistic": "p99.9"},
    ),
    bad(rules.alarm_math_is_sound, "no result", _5XX, {"metricQueries[2].returnData": GONE}),
    bad(rules.alarm_math_is_sound, "two results", _5XX, {"metricQueries[1].returnData": True}),
    bad(rules.alarm_math_is_sound, "an id twice", _5XX, {"metricQueries[1].id": "m1"}),
    bad(rules.alarm_math_is_sound, "a capital", _5XX, {"metricQueries[1].id": "M2"}),
    bad(rules.alarm_math_is_sound, "an unknown id", _5XX, {"metricQueries[2].expression": "m3"}),
    bad(rules.alarm_math_is_sound, "nothing", _5XX, {"metricQueries[1].metric": GONE}),
    fine(
        rules.alarm_math_is_sound,
        "a function of CloudWatch",
        _5XX,
        {"metricQueries[2].expression": "IF(m1 > 10, m2 / m1, 0)"},
    ),
    bad(
        rules.alarm_watches_what_exists,
        "another group",
        _5XX,
        {f"{_DIMENSIONS}.TargetGroup": _OTHER},
    ),
    bad(
        rules.alarm_watches_what_exists, "a foreign one", _5XX, {f"{_DIMENSIONS}.TargetGroup": "x"}
    ),
    bad(
        rules.alarm_watches_what_exists,
        "the other load balancer",
        _5XX,
        {f"{_DIMENSIONS}.LoadBalancer": BALANCERS["internal"]},
    ),
    bad(
        rules.alarm_watches_what_exists,
        "the load balancers together",
        _LATENCY,
        {"dimensions.LoadBalancer": GONE},
    ),
    bad(rules.alarm_watches_what_exists, "no function", _ERRORS, {"dimensions.FunctionName": "x"}),
    bad(
        rules.alarm_watches_what_exists,
        "two groups, not known yet",
        _5XX,
        _NOT_KNOWN,
        edges={
            "metricQueries": (
                urn(tokens.TARGET_GROUP, "l-image"),
                urn(tokens.TARGET_GROUP, RUST_GROUP),
            )
        },
    ),
    fine(rules.alarm_watches_what_exists, "not known yet", _5XX, _NOT_KNOWN),
    fine(
        rules.alarm_watches_what_exists,
        "a metric without load balancer",
        _LATENCY,
        {"metricName": "LambdaUserError", "dimensions.LoadBalancer": GONE},
    ),
    fine(
        rules.alarm_watches_what_exists,
        "a group that no rule names yet",
        minus=["dual"],
    ),
    bad(rules.every_group_has_a_5xx_alarm, "none", minus=[_5XX]),
    bad(rules.every_group_has_a_5xx_alarm, "a new group", plus=[target_group("new")]),
    bad(
        rules.every_group_has_a_5xx_alarm,
        "4xx",
        _5XX,
        {f"{_METRIC}.metricName": "HTTPCode_Target_4XX_Count"},
    ),
    bad(rules.every_group_has_a_5xx_alarm, "without action", _5XX, {"alarmActions": []}),
    fine(rules.every_group_has_a_5xx_alarm, "not known yet", _5XX, _NOT_KNOWN),
)
