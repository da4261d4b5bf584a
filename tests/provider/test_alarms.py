import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from sandbox.provider import HANDLERS, Provider
from tests.provider.support import ACCOUNT_ID, REGION, TAGS, Account, Life

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:alerts"

PLAIN: dict[str, Any] = {
    "name": "cc-auth-lambda-errors",
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 1.0,
    "metricName": "Errors",
    "namespace": "AWS/Lambda",
    "period": 300.0,
    "statistic": "Sum",
    "threshold": 0.0,
    "dimensions": {"FunctionName": "cc-auth-lambda"},
    "alarmActions": [TOPIC],
    "okActions": [TOPIC],
    "alarmDescription": "errors",
    "treatMissingData": "notBreaching",
    "tags": TAGS,
}


def math(threshold: float = 0.2) -> dict[str, Any]:
    def metric(id_: str, name: str) -> dict[str, Any]:
        of = {
            "metricName": name,
            "namespace": "AWS/ApplicationELB",
            "period": 60.0,
            "stat": "Sum",
            "dimensions": {"TargetGroup": "targetgroup/a/1", "LoadBalancer": "app/b/2"},
        }
        return {"id": id_, "metric": of}

    ratio = {"id": "e1", "expression": "m1 / m2", "label": "share", "returnData": True}
    return {
        "name": "HTTP-Target-5XX-cc-v1-score-GET-0-burst",
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 5,
        "datapointsToAlarm": 3.0,
        "threshold": threshold,
        "metricQueries": [ratio, metric("m1", "HTTPCode_Target_5XX"), metric("m2", "RequestCount")],
    }


def test_an_alarm_over_one_metric_lives(account: Account) -> None:
    life = Life.begin(account, ALARM, PLAIN)
    assert life.created.id == PLAIN["name"]
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:{PLAIN['name']}"
    assert life.created.outputs == {"arn": arn, "name": PLAIN["name"]}
    assert life.import_(life.created.id).inputs == PLAIN
    put = ["PutMetricAlarm"]
    life.update(put, threshold=1.5)
    assert account.sent("PutMetricAlarm")["AlarmActions"] == [TOPIC]
    life.update(put, evaluationPeriods=2.0, datapointsToAlarm=2)
    life.update(put, actionsEnabled=False)
    life.update(put, treatMissingData=None)
    life.update(put, alarmActions=None, okActions=None)
    life.update(put, statistic="Maximum")
    life.update(["DescribeAlarms", "UntagResource", "TagResource"], tags={"Application": "x"})
    life.end()


def test_an_alarm_over_metric_queries_lives(account: Account) -> None:
    account.calls(lambda: account.provider.create(ALARM, "a", {**math(), "name": "other"}))
    metrics = {metric["Id"]: metric for metric in account.sent("PutMetricAlarm")["Metrics"]}
    assert metrics["m1"] == {
        "Id": "m1",
        "ReturnData": False,
        "MetricStat": {
            "Metric": {
                "MetricName": "HTTPCode_Target_5XX",
                "Namespace": "AWS/ApplicationELB",
                "Dimensions": [
                    {"Name": "TargetGroup", "Value": "targetgroup/a/1"},
                    {"Name": "LoadBalancer", "Value": "app/b/2"},
                ],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }
    assert metrics["e1"]["ReturnData"] is True
    life = Life.begin(account, ALARM, math())
    life.import_(life.created.id)
    life.update(["PutMetricAlarm"], threshold=0.5)
    reordered = list(reversed(math()["metricQueries"]))
    assert not account.provider.diff(ALARM, math(), {**math(), "metricQueries": reordered}).changed
    life.end()


def test_an_alarm_without_a_name_gets_one(account: Account) -> None:
    inputs = {name: value for name, value in PLAIN.items() if name != "name"}
    life = Life.begin(account, ALARM, inputs, name="errors")
    assert life.created.outputs["name"].startswith("errors-")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"period": 45.0},
            "expected period to be one of [10, 20, 30] or divisible by 60, got 45",
        ),
        ({"evaluationPeriods": 0}, "expected evaluationPeriods to be at least (1), got 0"),
        (
            {"okActions": [TOPIC] * 6},
            '"okActions": attribute supports 5 item maximum, but config has 6 declared',
        ),
        ({"thresholdMetricId": "e1"}, '"thresholdMetricId" is not supported by this provider'),
        (
            {"statistic": None},
            "One of `statistic` or `extendedStatistic` must be set for a cloudwatch metric alarm",
        ),
        ({"name": "x" * 256}, "expected length of name to be in the range (1 - 255)"),
        (
            {"treatMissingData": "never"},
            'expected treatMissingData to be one of ["breaching" "ignore" "missing" '
            '"notBreaching"]',
        ),
    ],
)
def test_refused_alarms(account: Account, changes: dict[str, Any], problem: str) -> None:
    assert account.provider.check(ALARM, {**PLAIN, **changes}) == [problem]


def test_refused_metric_queries(account: Account) -> None:
    queries = [{"id": "e1", "expression": "x" * 1025, "metric": {"period": 5}}]
    problems = account.provider.check(ALARM, {"metricQueries": queries, "period": 60.0})
    assert problems == [
        "expected length of metricQueries[0].expression to be in the range (1 - 1024)",
        'Missing required argument. The argument "metricQueries[0].metric.metricName" is '
        "required, but no definition was found.",
        'Missing required argument. The argument "metricQueries[0].metric.stat" is '
        "required, but no definition was found.",
        '"period": conflicts with metricQueries',
        "No metricQuery may have both `expression` and a `metric` specified",
    ]


def test_replacements(account: Account) -> None:
    assert HANDLERS[ALARM].replaces == {"name"}
    assert HANDLERS[COMPOSITE].replaces == {"alarmName", "actionsEnabled"}
    assert HANDLERS[DASHBOARD].replaces == {"dashboardName"}
    old = {"alarmName": "c", "alarmRule": "ALARM(a)"}
    muted = account.provider.diff(COMPOSITE, old, {**old, "actionsEnabled": False})
    assert muted.replaces == {"actionsEnabled"}
    assert not muted.delete_before_replace


class Composite:
    """One composite alarm in answers written by hand: moto has none."""

    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:c"

    def __init__(self, stub: Stubber) -> None:
        self.stub = stub

    def put(self, **sent: Any) -> None:
        self.stub.add_response("put_composite_alarm", {}, {"AlarmName": "c", **sent})

    def describe(self, *found: dict[str, Any]) -> None:
        alarms = [{"AlarmName": "c", "AlarmArn": self.arn, **alarm} for alarm in found]
        self.stub.add_response(
            "describe_alarms",
            {"CompositeAlarms": alarms, "MetricAlarms": []},
            {"AlarmNames": ["c"], "AlarmTypes": ["CompositeAlarm"]},
        )

    def tags(self, tags: dict[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.stub.add_response("list_tags_for_resource", {"Tags": listed}, {"ResourceARN": ANY})


@pytest.fixture
def composite(account: Account) -> Iterator[Composite]:
    with Stubber(account.client("cloudwatch")) as stub:
        yield Composite(stub)
        stub.assert_no_pending_responses()


def test_a_composite_alarm_lives(account: Account, composite: Composite) -> None:
    provider: Provider = account.provider
    inputs = {
        "alarmName": "c",
        "alarmRule": "ALARM(a) OR ALARM(b)",
        "alarmActions": [TOPIC],
        "okActions": [TOPIC],
        "tags": {"Name": "c"},
    }
    actions = {"AlarmActions": [TOPIC], "OKActions": [TOPIC]}
    there = {"AlarmRule": "ALARM(a) OR ALARM(b)", "ActionsEnabled": True, **actions}
    assert provider.check(COMPOSITE, inputs) == []

    composite.put(AlarmRule="ALARM(a) OR ALARM(b)", Tags=[{"Key": "Name", "Value": "c"}], **actions)
    composite.describe(there)
    created = provider.create(COMPOSITE, "logical", inputs)
    assert (created.id, created.outputs["arn"]) == ("c", Composite.arn)

    composite.describe(there)
    composite.tags({"Name": "c"})
    read = provider.read(COMPOSITE, "c")
    assert read is not None
    assert read.inputs == inputs

    new = {**inputs, "alarmRule": "ALARM(a)"}
    composite.put(AlarmRule="ALARM(a)", **actions)
    changed = provider.diff(COMPOSITE, inputs, new).changed
    provider.update(COMPOSITE, "c", inputs, new, changed)

    composite.stub.add_response("delete_alarms", {}, {"AlarmNames": ["c"]})
    composite.stub.add_client_error("delete_alarms", "ResourceNotFound")
    for _ in range(2):
        provider.delete(COMPOSITE, "c", inputs)
    composite.describe()
    assert provider.read(COMPOSITE, "c") is None


def test_a_dashboard_lives_and_its_body_is_compared_as_json(account: Account) -> None:
    body = {"widgets": [{"type": "text", "properties": {"markdown": "a"}}]}
    inputs = {"dashboardName": "rollout", "dashboardBody": json.dumps(body, indent=2)}
    life = Life.begin(account, DASHBOARD, inputs)
    arn = f"arn:aws:cloudwatch::{ACCOUNT_ID}:dashboard/rollout"
    assert life.created.outputs == {"dashboardArn": arn}
    life.import_("rollout")
    assert not account.provider.diff(
        DASHBOARD, inputs, {**inputs, "dashboardBody": json.dumps(body)}
    ).changed
    life.update(["PutDashboard"], dashboardBody=json.dumps({"widgets": []}))
    life.end()
    assert account.provider.check(DASHBOARD, {"dashboardBody": "{", "dashboardName": "a b"}) == [
        '"dashboardBody" contains an invalid JSON',
        "invalid value for dashboardName (1-255 letters, digits, dashes or _)",
    ]
