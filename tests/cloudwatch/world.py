"""A data plane's counts beside an account, for the tests of the monitor."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.account.client import Account
from sandbox.cloudwatch.monitor import Monitor, Published
from sandbox.dataplane.metrics import Metrics, Outcome
from tests.dataplane.support import BALANCER, Time, lambda_group, matched, table

TABLE = table()
RULE = matched(TABLE)
ELB = "AWS/ApplicationELB"
START = 1_700_000_040


@dataclass
class Breakable:
    """The account's client, on which calls can be made to fail."""

    account: Account
    broken: dict[str, Exception] = field(default_factory=dict)
    """Operation, or namespace of the data -> what goes wrong."""
    put: list[int] = field(default_factory=list)
    """How many data each PutMetricData had."""
    bytes: list[int] = field(default_factory=list)
    """How long the JSON of each PutMetricData was."""
    listed: list[Any] | None = None
    """What DescribeAlarms gives instead of the truth, an alarm a page."""

    def client(self, service: Any) -> Any:
        assert service == "cloudwatch"
        return self

    def put_metric_data(self, **arguments: Any) -> None:
        if error := self.broken.get(arguments["Namespace"]):
            raise error
        self.put.append(len(arguments["MetricData"]))
        self.bytes.append(len(json.dumps(arguments, default=datetime.timestamp)))
        self.account.client("cloudwatch").put_metric_data(**arguments)

    def paginate(self) -> list[Any]:
        return [{"MetricAlarms": [alarm]} for alarm in self.listed or []]

    def __getattr__(self, operation: str) -> Any:
        if error := self.broken.get(operation):
            raise error
        if operation == "get_paginator" and self.listed is not None:
            return lambda _operation: self
        return getattr(self.account.client("cloudwatch"), operation)


class World:
    """A data plane's counts, a clock that stands still, and an account."""

    def __init__(self, account: Account) -> None:
        self.api = Breakable(account)
        self.cloudwatch: Any = account.client("cloudwatch")
        self.time = Time(START)
        self.metrics = Metrics(self.time)
        self.monitor = Monitor(self.api, self.metrics, self.time, interval_s=0.01)
        self.id = uuid.uuid4().hex[:8]
        self.group = lambda_group(f"g-{self.id}")

    def record(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.metrics.record(TABLE, RULE, outcome)

    def answer(self, *statuses: int, seconds: float = 0.25) -> None:
        """Answers of the group's function."""
        self.record(*(Outcome(s, self.group, seconds=seconds, ran_s=seconds) for s in statuses))

    def minute(self) -> Published:
        """Let the minute end and publish it."""
        self.time.now += 60
        return self.monitor.publish()

    def dimensions(self, *names: str) -> list[Any]:
        values = {
            "LoadBalancer": BALANCER,
            "TargetGroup": self.group.suffix,
            "FunctionName": self.group.name,
        }
        return [{"Name": name, "Value": values[name]} for name in names]

    def sums(self, name: str, *dimensions: str, namespace: str = ELB) -> list[float]:
        """By minute, oldest first."""
        answer = self.cloudwatch.get_metric_data(
            StartTime=START - 3600,
            EndTime=self.time.now + 3600,
            ScanBy="TimestampAscending",
            MetricDataQueries=[
                {"Id": "m1", "MetricStat": self.stat(name, *dimensions, namespace=namespace)}
            ],
        )
        return list(answer["MetricDataResults"][0]["Values"])

    def stat(self, name: str, *dimensions: str, namespace: str = ELB, period_s: int = 60) -> Any:
        metric = {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": self.dimensions(*(dimensions or ("LoadBalancer", "TargetGroup"))),
        }
        return {"Metric": metric, "Period": period_s, "Stat": "Sum"}

    def ratio_alarm(self, **options: Any) -> str:
        """More than 20 % of the group's answers are 5XX, in three of five minutes."""
        queries = [
            {"Id": "m1", "ReturnData": False, "MetricStat": self.stat("RequestCount")},
            {"Id": "m2", "ReturnData": False, "MetricStat": self.stat("HTTPCode_Target_5XX_Count")},
            {"Id": "e1", "ReturnData": True, "Expression": "m2 / m1"},
        ]
        return self.alarm(**({"Metrics": queries, "Threshold": 0.2} | options))

    def count_alarm(self, name: str, *dimensions: str, namespace: str = ELB, **options: Any) -> str:
        """At least one in three of five minutes; no data are good data."""
        settings = {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": self.dimensions(*dimensions),
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        }
        return self.alarm(**(settings | options))

    def alarm(self, **options: Any) -> str:
        name = f"alarm-{uuid.uuid4().hex[:8]}"
        settings = {
            "EvaluationPeriods": 5,
            "DatapointsToAlarm": 3,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        self.cloudwatch.put_metric_alarm(AlarmName=name, **(settings | options))
        return name

    def composite(self, *children: str) -> str:
        name = f"composite-{uuid.uuid4().hex[:8]}"
        rule = " OR ".join(f'ALARM("{child}")' for child in children)
        self.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule)
        return name

    def described(self, name: str) -> Any:
        answer = self.cloudwatch.describe_alarms(
            AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return [*answer["MetricAlarms"], *answer["CompositeAlarms"]][0]

    def state(self, name: str) -> str:
        return str(self.described(name)["StateValue"])

    def clear(self) -> None:
        self.monitor.close()
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        alarms = [(page["CompositeAlarms"], page["MetricAlarms"]) for page in pages]
        for composites, metric_alarms in alarms:
            for alarm in composites:
                self.cloudwatch.delete_alarms(AlarmNames=[alarm["AlarmName"]])
            self.cloudwatch.delete_alarms(AlarmNames=[a["AlarmName"] for a in metric_alarms])
