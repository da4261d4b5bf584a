"""Alarms."""

from policy import tokens
from policy.policies import alarms
from tests.policy.cases.case import GONE, also, on
from tests.policy.good import BALANCERS, RUST, RUST_GROUP, UNKNOWN, target_group, urn

_5XX = "5xx-l-image"
_LATENCY = "latency-l-image"
_ERRORS = f"errors-{RUST}"
_METRIC = "metricQueries[1].metric"
_DIMENSIONS = f"{_METRIC}.dimensions"
_OTHER_BALANCER = {
    one: other for one in BALANCERS.values() for other in BALANCERS.values() if one != other
}
_OTHER = "targetgroup/zip-target-group/1"
_NOT_KNOWN = {
    f"metricQueries[{index}].metric.dimensions.TargetGroup": UNKNOWN for index in range(2)
}

CASES = (
    *on(
        alarms.alarm_tells_somebody,
        _5XX,
        bad={
            "nobody": {"alarmActions": GONE},
            "an empty list": {"alarmActions": []},
            "an empty name": {"alarmActions": [""]},
            "off": {"actionsEnabled": False},
        },
        fine={"not known yet": {"alarmActions": [UNKNOWN]}, "on": {"actionsEnabled": True}},
    ),
    *on(alarms.alarm_tells_somebody, "health", bad={"nobody of all": {"alarmActions": GONE}}),
    *on(
        alarms.ok_mail_follows_an_alarm,
        _5XX,
        bad={
            "missing": {"treatMissingData": "missing"},
            "not said": {"treatMissingData": GONE},
        },
        fine={
            "ignored": {"treatMissingData": "ignore"},
            "no OK mail": {"treatMissingData": "missing", "okActions": GONE},
        },
    ),
    *on(
        alarms.alarm_period_is_valid,
        _LATENCY,
        bad={"45 s": {"period": 45.0}, "none": {"period": GONE}},
        fine={"10 s": {"period": 10.0}, "an hour": {"period": 3600.0}},
    ),
    *on(alarms.alarm_period_is_valid, _5XX, bad={"90 s": {f"{_METRIC}.period": 90.0}}),
    *on(
        alarms.alarm_can_fire,
        _5XX,
        bad={
            "no threshold": {"threshold": GONE},
            "no periods": {"evaluationPeriods": GONE},
            "6 of 5": {"evaluationPeriods": 5.0, "datapointsToAlarm": 6.0},
            "below": {"comparisonOperator": "LessThanThreshold"},
            "longer than a day": {"evaluationPeriods": 34.0, f"{_METRIC}.period": 18000.0},
            "a minute more": {"evaluationPeriods": 1441.0},
        },
        fine={
            "at or above": {"comparisonOperator": "GreaterThanOrEqualToThreshold"},
            "all of 5": {"datapointsToAlarm": GONE},
            "1 of 5": {"datapointsToAlarm": 1.0},
            "one period": {"evaluationPeriods": 1.0, "datapointsToAlarm": 1.0},
            "a whole day": {"evaluationPeriods": 1440.0},
        },
    ),
    *on(alarms.alarm_can_fire, _LATENCY, bad={"five weeks": {"period": 604_800.0}}),
    *on(
        alarms.alarm_metric_exists,
        _5XX,
        bad={
            "a slip": {f"{_METRIC}.metricName": "HTTPCode_Target_5xx"},
            "a slip in it": {f"{_METRIC}.stat": "sum"},
        },
    ),
    *on(
        alarms.alarm_metric_exists,
        _LATENCY,
        bad={
            "another namespace": {"namespace": "AWS/ELB"},
            "no statistic": {"statistic": GONE},
            "nothing": {"metricName": GONE},
        },
        fine={"a percentile": {"statistic": GONE, "extendedStatistic": "p99.9"}},
    ),
    *on(
        alarms.alarm_math_is_sound,
        _5XX,
        bad={
            "no result": {"metricQueries[2].returnData": GONE},
            "two results": {"metricQueries[1].returnData": True},
            "an id twice": {"metricQueries[1].id": "m1"},
            "a capital": {"metricQueries[1].id": "M2"},
            "an unknown id": {"metricQueries[2].expression": "m3"},
            "nothing": {"metricQueries[1].metric": GONE},
        },
        fine={
            "a function of CloudWatch": {"metricQueries[2].expression": "IF(m1 > 10, m2 / m1, 0)"}
        },
    ),
    *on(
        alarms.alarm_watches_what_exists,
        _5XX,
        bad={
            "another group": {f"{_DIMENSIONS}.TargetGroup": _OTHER},
            "a foreign one": {f"{_DIMENSIONS}.TargetGroup": "x"},
            "the other load balancer": {f"{_DIMENSIONS}.LoadBalancer": _OTHER_BALANCER.get},
            "two groups, not known yet": also(
                _NOT_KNOWN,
                property_dependencies={
                    "metricQueries": (
                        urn(tokens.TARGET_GROUP, "l-image"),
                        urn(tokens.TARGET_GROUP, RUST_GROUP),
                    )
                },
            ),
        },
        fine={"not known yet": _NOT_KNOWN},
    ),
    *on(
        alarms.alarm_watches_what_exists,
        _LATENCY,
        bad={"the load balancers together": {"dimensions.LoadBalancer": GONE}},
        fine={
            "a metric without load balancer": {
                "metricName": "LambdaUserError",
                "dimensions.LoadBalancer": GONE,
            }
        },
    ),
    *on(
        alarms.alarm_watches_what_exists,
        _ERRORS,
        bad={"no function": {"dimensions.FunctionName": "x"}},
    ),
    *on(
        alarms.alarm_watches_what_exists,
        fine={"a group that no rule names yet": also(minus=["dual"])},
    ),
    *on(
        alarms.every_group_has_a_5xx_alarm,
        bad={"none": also(minus=[_5XX]), "a new group": also(plus=[target_group("new")])},
    ),
    *on(
        alarms.every_group_has_a_5xx_alarm,
        _5XX,
        bad={
            "4xx": also({f"{_METRIC}.metricName": "HTTPCode_Target_4XX_Count"}),
            "without action": also({"alarmActions": []}),
        },
        fine={"not known yet": _NOT_KNOWN},
    ),
)
