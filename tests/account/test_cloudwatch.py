import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.account.support import World, metric_alarm, refused


@dataclass(frozen=True)
class Row:
    """Arguments that AWS refuses, and the nearest ones that it takes."""

    words: str
    refused: dict[str, Any]
    accepted: dict[str, Any]
    code: str = "ValidationError"


def metric(id_: str, period: int = 60, **options: Any) -> dict[str, Any]:
    return {
        "Id": id_,
        "MetricStat": {
            "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors"},
            "Period": period,
            "Stat": "Sum",
        },
        "ReturnData": False,
    } | options


def math(expression: str, id_: str = "e1", **options: Any) -> dict[str, Any]:
    return {"Id": id_, "Expression": expression, "ReturnData": True} | options


def queries(*listed: Any) -> dict[str, Any]:
    """Arguments of an alarm on metric math instead of one metric."""
    absent = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    return {"Metrics": list(listed), **absent}


def call(client: Any, name: str, options: dict[str, Any]) -> None:
    arguments = metric_alarm(name) | options
    client.put_metric_alarm(**{key: one for key, one in arguments.items() if one is not None})


PLAIN = {
    "period 45": Row(
        "Period must be 10, 20, 30 or a multiple of 60", {"Period": 45}, {"Period": 30}
    ),
    "period 90": Row("a multiple of 60", {"Period": 90}, {"Period": 120}),
    "period 0": Row("a multiple of 60", {"Period": 0}, {"Period": 10}),
    "no period": Row("should have a Period", {"Period": None}, {"Period": 20}),
    "four of three": Row(
        "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        {"EvaluationPeriods": 3, "DatapointsToAlarm": 4},
        {"EvaluationPeriods": 3, "DatapointsToAlarm": 3},
    ),
    "more than a day": Row(
        "(EvaluationPeriods * Period must be <= 86400)",
        {"EvaluationPeriods": 49, "Period": 1800},
        {"EvaluationPeriods": 48, "Period": 1800},
    ),
    "more than a week of hours": Row(
        "(EvaluationPeriods * Period must be <= 604800)",
        {"EvaluationPeriods": 169, "Period": 3600},
        {"EvaluationPeriods": 168, "Period": 3600},
    ),
    "no evaluation periods": Row(
        "EvaluationPeriods",
        {"EvaluationPeriods": None, "DatapointsToAlarm": None},
        {"EvaluationPeriods": 1, "DatapointsToAlarm": None},
    ),
    "an unknown operator": Row(
        "'comparisonOperator' failed to satisfy constraint: Member must satisfy enum value set",
        {"ComparisonOperator": "GreaterThan"},
        {"ComparisonOperator": "LessThanOrEqualToThreshold"},
    ),
    "an unknown treatment of missing data": Row(
        "Option nonsense is not supported.",
        {"TreatMissingData": "nonsense"},
        {"TreatMissingData": "notBreaching"},
    ),
    "no threshold": Row("valid Threshold", {"Threshold": None}, {"Threshold": 0}),
    "two statistics": Row(
        "exactly one of the Statistic",
        {"ExtendedStatistic": "p99"},
        {"ExtendedStatistic": "p99", "Statistic": None},
    ),
    "no statistic": Row("Statistic", {"Statistic": None}, {"Statistic": "Average"}),
    "no metric": Row("MetricName", {"MetricName": None}, {"MetricName": "Throttles"}),
    "six actions": Row(
        "Member must have length less than or equal to 5",
        {"OKActions": [f"arn:aws:lambda:us-west-2:000000000000:function:f{n}" for n in range(6)]},
        {"OKActions": [f"arn:aws:lambda:us-west-2:000000000000:function:f{n}" for n in range(5)]},
    ),
    "an action that is no ARN": Row(
        "Invalid arn syntax: page me",
        {"AlarmActions": ["page me"]},
        {"AlarmActions": ["arn:aws:lambda:us-west-2:000000000000:function:f"]},
    ),
}

RATIO = queries(math("m1 / m2"), metric("m1"), metric("m2"))

MATH = {
    "an unknown id": Row(
        "Error in expression 'e1': Unknown id 'm3'",
        queries(math("m1 / m3"), metric("m1"), metric("m2")),
        RATIO,
    ),
    "two results": Row(
        "Exactly one element of the metrics list should return data.",
        queries(math("m1 / m2"), metric("m1", ReturnData=True), metric("m2")),
        RATIO,
    ),
    "no result": Row(
        "Exactly one element of the metrics list should return data.",
        queries(metric("m1")),
        queries(metric("m1", ReturnData=True)),
    ),
    "period 45 in a query": Row(
        "Period must be 10, 20, 30 or a multiple of 60",
        queries(metric("m1", 45, ReturnData=True)),
        queries(metric("m1", 60, ReturnData=True)),
    ),
    "more than a day in a query": Row(
        "(EvaluationPeriods * Period must be <= 86400)",
        queries(metric("m1", 1800, ReturnData=True)) | {"EvaluationPeriods": 49},
        queries(metric("m1", 1800, ReturnData=True)) | {"EvaluationPeriods": 48},
    ),
    "one id twice": Row(
        "'m1' is not unique",
        queries(math("m1 / m1"), metric("m1"), metric("m1")),
        queries(math("m1 / m1"), metric("m1"), metric("m2")),
    ),
    "an id in capitals": Row(
        "'M1' is not valid",
        queries(metric("M1", ReturnData=True)),
        queries(metric("m_1", ReturnData=True)),
    ),
    "a metric beside the list": Row(
        "Scalar metric parameters must not be set", RATIO | {"MetricName": "Errors"}, RATIO
    ),
    "a query of both kinds": Row(
        "mutually exclusive",
        queries(metric("m1", Expression="m1 / m1", ReturnData=True)),
        queries(metric("m1", ReturnData=True)),
    ),
    "a query of no kind": Row(
        "neither Expression nor MetricStat",
        queries(math("m1 / m1"), metric("m1"), {"Id": "m2", "ReturnData": False}),
        queries(math("m1 / m1"), metric("m1"), metric("m2")),
    ),
    "eleven metrics": Row(
        "Too many metrics in alarm, maximum is 10",
        queries(math("m1 / m0"), *(metric(f"m{n}") for n in range(11))),
        queries(math("m1 / m0"), *(metric(f"m{n}") for n in range(10))),
    ),
    "anything but a division": Row(
        "Error in expression 'e1': the sandbox does not evaluate it",
        queries(math("100 * m1 / m2"), metric("m1"), metric("m2")),
        RATIO,
    ),
    "a division of a division": Row(
        "Error in expression 'e1': the sandbox does not evaluate it",
        queries(math("e2 / m1"), math("m1 / m2", "e2", ReturnData=False), *RATIO["Metrics"][1:]),
        RATIO,
    ),
    "a division of itself": Row(
        "Error in expression 'e1': the sandbox does not evaluate it",
        queries(math("e1 / e1"), metric("m1")),
        queries(math("m1 / m1"), metric("m1")),
    ),
    "a division that is not compared": Row(
        "Error in expression 'e1': the sandbox does not evaluate it",
        queries(math("m1 / m2", ReturnData=False), metric("m1", ReturnData=True), metric("m2")),
        queries(metric("m1", ReturnData=True), metric("m2")),
    ),
    "a division of different periods": Row(
        "Error in expression 'e1': the sandbox does not evaluate it",
        queries(math("m1 / m2"), metric("m1"), metric("m2", 120)),
        queries(math("m1 / m2"), metric("m1", 120), metric("m2", 120)),
    ),
    "the operator of a band": Row(
        "The sandbox does not evaluate alarms on an anomaly detection band",
        {"ComparisonOperator": "GreaterThanUpperThreshold"},
        {"ComparisonOperator": "GreaterThanThreshold"},
    ),
}


@pytest.mark.parametrize("row", (PLAIN | MATH).values(), ids=(PLAIN | MATH).keys())
def test_put_metric_alarm(world: World, row: Row) -> None:
    client = world.unchecked("cloudwatch")
    name = world.name("alarm")
    with refused(row.code, row.words):
        call(client, name, row.refused)
    assert described(world, name) == []
    call(client, name, row.accepted)
    assert [alarm["AlarmName"] for alarm in described(world, name)] == [name]


def described(world: World, *names: str, **options: Any) -> list[Any]:
    answer = world.account.client("cloudwatch").describe_alarms(AlarmNames=list(names), **options)
    return [*answer["MetricAlarms"], *answer["CompositeAlarms"]]


def test_a_query_returns_data_unless_it_says_no(world: World) -> None:
    client = world.account.client("cloudwatch")
    silent = math("m1 / m1")
    del silent["ReturnData"]
    with refused("ValidationError", "Exactly one element"):
        call(client, world.name("alarm"), queries(silent, metric("m1", ReturnData=True)))
    call(client, world.name("alarm"), queries(silent, metric("m1")))


def test_name(world: World) -> None:
    longest = world.name("alarm").ljust(255, "_")
    with refused("ValidationError", "'alarmName'"):
        world.alarm(AlarmName=f"{longest}_")
    world.alarm(AlarmName=longest)


@pytest.mark.parametrize("member", ["AlarmActions", "OKActions", "InsufficientDataActions"])
def test_topic(world: World, member: str) -> None:
    topic = world.account.foundation["alertTopicArn"]
    with refused("ValidationError", f"does not exist: {topic}-gone"):
        world.alarm(**{member: [f"{topic}-gone"]})
    with refused("ValidationError", "Invalid region us-east-1 specified"):
        world.alarm(**{member: [topic.replace("us-west-2", "us-east-1")]})
    world.alarm(**{member: [topic]})


def test_the_topic_of_another_account(world: World, production: Any) -> None:
    with refused("ValidationError", "does not exist"):
        world.alarm(AlarmActions=[production.foundation["alertTopicArn"]])


def state(world: World, name: str) -> str:
    found = described(world, name, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return str(found[0]["StateValue"])


def set_state(world: World, name: str, value: Any) -> None:
    world.account.client("cloudwatch").set_alarm_state(
        AlarmName=name, StateValue=value, StateReason="test"
    )


def test_a_new_alarm_has_no_data_and_an_updated_one_keeps_its_state(world: World) -> None:
    name = world.alarm()
    assert state(world, name) == "INSUFFICIENT_DATA"
    set_state(world, name, "ALARM")
    before = described(world, name)[0]

    world.alarm(AlarmName=name, Threshold=5)
    after = described(world, name)[0]
    assert after["Threshold"] == 5
    kept = ("StateValue", "StateReason", "StateUpdatedTimestamp")
    assert [after[key] for key in kept] == [before[key] for key in kept]

    world.account.client("cloudwatch").delete_alarms(AlarmNames=[name])
    world.alarm(AlarmName=name)
    assert state(world, name) == "INSUFFICIENT_DATA"


# Composite alarms.


def rule_of(*children: str) -> str:
    return " OR ".join(f'ALARM("{child}")' for child in children)


def composite(world: World, *children: str, name: str | None = None, **options: Any) -> str:
    """An alarm that is in alarm when a child is; its name."""
    name = name or world.name("composite")
    settings = {"AlarmRule": rule_of(*children)} | options
    world.account.client("cloudwatch").put_composite_alarm(AlarmName=name, **settings)
    return name


@pytest.mark.parametrize(
    "rule",
    [
        'ALARM("{0}") AND ALARM("{0}")',
        'NOT ALARM("{0}")',
        '(ALARM("{0}"))',
        'OK("{0}")',
        'INSUFFICIENT_DATA("{0}")',
        'AT_LEAST(1, ALARM, ("{0}"))',
        'ALARM("arn:aws:cloudwatch:us-west-2:000000000000:alarm:{0}")',
        'ALARM("{0}") OR',
        'ALARM("{0}") ALARM("{0}")',
        'ALARM("{0}',
        "ALARM({0})",
        "TRUE",
        " ",
    ],
)
def test_a_rule_that_the_sandbox_does_not_evaluate_is_refused(world: World, rule: str) -> None:
    child = world.alarm()
    with refused("ValidationError", "the sandbox does not evaluate it"):
        composite(world, AlarmRule=rule.format(child))
    composite(world, AlarmRule=f' ALARM("{child}")\nOR  ALARM("{child}") ')


def test_the_children_of_a_composite_alarm_exist(world: World) -> None:
    child, name = world.alarm(), world.name("composite")
    with refused("ValidationError", f"as alarms [{child}-gone] in the alarm rule do not exist"):
        composite(world, child, f"{child}-gone", name=name)
    assert described(world, name, AlarmTypes=["CompositeAlarm"]) == []
    composite(world, child, name=name)


def test_the_size_of_a_rule_is_limited(world: World) -> None:
    children = [world.alarm() for _ in range(101)]
    with refused("ValidationError", "more than 100 alarms"):
        composite(world, *children)
    composite(world, *children[:100])
    with refused("ValidationError", "more than 500 elements"):
        composite(world, *[children[0]] * 501)
    composite(world, *[children[0]] * 500)


def test_a_composite_alarm_as_written(world: World) -> None:
    child = world.alarm()
    topic = world.account.foundation["alertTopicArn"]
    name = composite(
        world, child, AlarmActions=[topic], AlarmDescription="both", ActionsEnabled=True
    )
    found = described(world, name, AlarmTypes=["CompositeAlarm"])[0]
    expected = {
        "AlarmName": name,
        "AlarmRule": rule_of(child),
        "AlarmActions": [topic],
        "AlarmDescription": "both",
        "ActionsEnabled": True,
        "AlarmArn": f"arn:aws:cloudwatch:us-west-2:{world.account.account_id}:alarm:{name}",
    }
    assert {key: found[key] for key in expected} == expected

    with refused("ValidationError", f"{topic}-gone"):
        composite(world, child, AlarmActions=[f"{topic}-gone"])


def test_a_composite_alarm_follows_its_children(world: World) -> None:
    child, other = world.alarm(), world.alarm()
    inner = composite(world, child)
    outer = composite(world, other, inner)
    assert (state(world, inner), state(world, outer)) == ("OK", "OK")
    set_state(world, child, "ALARM")
    assert (state(world, inner), state(world, outer)) == ("ALARM", "ALARM")
    late = composite(world, other, child)
    assert state(world, late) == "ALARM"  # as its children say, from the beginning
    set_state(world, other, "ALARM")
    set_state(world, child, "OK")
    assert (state(world, inner), state(world, outer)) == ("OK", "ALARM")
    set_state(world, other, "INSUFFICIENT_DATA")
    assert (state(world, outer), state(world, late)) == ("OK", "OK")


def test_alarms_of_both_kinds_are_found_by_their_state(world: World) -> None:
    child, other = world.alarm(), world.alarm()
    parent = composite(world, child)
    client = world.account.client("cloudwatch")
    set_state(world, child, "ALARM")

    def found(**asked: Any) -> set[str]:
        answer = client.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], **asked)
        both = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        return {one["AlarmName"] for one in both}

    assert found(StateValue="ALARM") >= {child, parent}
    assert other not in found(StateValue="ALARM")
    assert found(StateValue="ALARM", AlarmNames=[child, other]) == {child}


def test_composite_alarms_in_a_circle_end(world: World) -> None:
    child = world.alarm()
    one = composite(world, child)
    two = composite(world, one)
    composite(world, child, two, name=one)
    set_state(world, child, "ALARM")
    assert (state(world, one), state(world, two)) == ("ALARM", "ALARM")


def test_describe_alarms_gives_the_types_asked_for(world: World) -> None:
    plain = world.alarm()
    parent = composite(world, plain)

    def found(**options: Any) -> list[str]:
        return [alarm["AlarmName"] for alarm in described(world, plain, parent, **options)]

    assert found() == [plain]
    assert found(AlarmTypes=["MetricAlarm"]) == [plain]
    assert found(AlarmTypes=["CompositeAlarm"]) == [parent]
    assert found(AlarmTypes=["MetricAlarm", "CompositeAlarm"]) == [plain, parent]


def test_an_alarm_that_a_composite_names_stays(world: World) -> None:
    delete: Callable[..., Any] = world.account.client("cloudwatch").delete_alarms
    one, two, free = world.alarm(), world.alarm(), world.alarm()
    parent = composite(world, one, two)
    with refused(
        "ValidationError", f"Cannot delete {one} as there are composite alarm(s) depending on it."
    ):
        delete(AlarmNames=[free, one])
    with refused(
        "ValidationError", f"{one},{two} as there are composite alarm(s) depending on them."
    ):
        delete(AlarmNames=[one, two])
    assert len(described(world, one, two, free)) == 3

    composite(world, two, name=parent)
    delete(AlarmNames=[one])
    delete(AlarmNames=[two, parent])
    assert described(world, one, two, parent, AlarmTypes=["MetricAlarm", "CompositeAlarm"]) == []


def test_one_composite_alarm_is_deleted_at_a_time(world: World) -> None:
    client = world.account.client("cloudwatch")
    child = world.alarm()
    one, two = composite(world, child), composite(world, child)
    with refused("ValidationError", "at most one composite alarm"):
        client.delete_alarms(AlarmNames=[one, two])
    client.delete_alarms(AlarmNames=[one])
    client.delete_alarms(AlarmNames=[two])


def test_an_alarm_does_not_change_its_type(world: World) -> None:
    plain = world.alarm()
    parent = composite(world, plain)
    with refused("ValidationError", "another type"):
        composite(world, plain, name=plain)
    with refused("ValidationError", "another type"):
        world.alarm(AlarmName=parent)


# Dashboards.

WIDGET = {"type": "text", "properties": {"markdown": "hello"}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Should have required property 'widgets'"),
        ([], "Should be object"),
        ({"widgets": {}}, "Should be array"),
        ({"widgets": [WIDGET, {"type": "text"}]}, "/widgets/1"),
        ({"widgets": [{"properties": {}}]}, "Should have required property 'type'"),
        ({"widgets": [WIDGET | {"type": "txt"}]}, "/widgets/0/type"),
        ({"widgets": ["text"]}, "Should be object"),
    ],
)
def test_put_dashboard(world: World, body: Any, words: str) -> None:
    client = world.account.client("cloudwatch")
    name = world.name("dashboard")
    with refused("InvalidParameterInput", words):
        client.put_dashboard(DashboardName=name, DashboardBody=json.dumps(body))
    listed = client.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    assert listed == []
    client.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": [WIDGET]}))


def test_a_dashboard_without_widgets_but_with_the_list(world: World) -> None:
    world.account.client("cloudwatch").put_dashboard(
        DashboardName=world.name("dashboard"), DashboardBody='{"widgets": []}'
    )


def test_a_dashboard_that_is_not_json(world: World) -> None:
    with refused("InvalidParameterInput"):
        world.account.client("cloudwatch").put_dashboard(
            DashboardName=world.name("dashboard"), DashboardBody="widgets"
        )
