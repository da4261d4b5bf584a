"""One minute of what the load balancers count, under CloudWatch's names.

Nothing is kept of a single request, so memory stays flat.
"""

from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.cloudwatch.statistics import Statistics
from sandbox.dataplane.groups import Group
from sandbox.dataplane.times import BOUNDS, Times

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Counts:
    """The metrics of one set of dimensions."""

    namespace: str
    dimensions: Dimensions
    counts: dict[str, int] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)

    def add(self, metric: str, count: int = 1) -> None:
        self.counts[metric] = self.counts.get(metric, 0) + count

    def merge(self, other: "Counts") -> None:
        for metric, count in other.counts.items():
            self.add(metric, count)
        for metric, times in other.times.items():
            self.times.setdefault(metric, Times()).merge(times)

    def time(self, metric: str, seconds: float) -> None:
        times = self.times.get(metric)
        if times is None:
            times = self.times[metric] = Times()
        times[bisect(BOUNDS, seconds)].add(seconds)

    def statistics(self, metric: str) -> Statistics:
        """Of a count. AWS has a 1 for each request that counts.

        Lambda also has a 0 for each run that does not, so that the average is a rate.
        """
        count = self.counts[metric]
        samples = max(count, self.counts.get("Invocations", 0))
        return Statistics(samples, count, float(count == samples), float(count > 0))


@dataclass(frozen=True)
class MinuteCounts:
    """One minute; `start` is its first second since the epoch."""

    start: int
    balancers: dict[str, Counts] = field(default_factory=dict)
    groups: dict[str, Counts] = field(default_factory=dict)
    groups_alone: dict[str, Counts] = field(default_factory=dict)
    functions: dict[str, Counts] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Counts]:
        for part in (self.balancers, self.groups, self.groups_alone, self.functions):
            yield from part.values()

    def balancer(self, suffix: str) -> Counts:
        counts = self.balancers.get(suffix)
        if counts is None:
            counts = self.balancers[suffix] = _elb(("LoadBalancer", suffix))
        return counts

    def group(self, balancer: str, group: Group) -> Counts:
        counts = self.groups.get(group.arn)
        if counts is None:
            dimensions = (("LoadBalancer", balancer), ("TargetGroup", group.suffix))
            counts = self.groups[group.arn] = _elb(*dimensions)
        return counts

    def group_alone(self, group: Group) -> Counts:
        """Errors of Lambda targets have no load balancer among their dimensions."""
        counts = self.groups_alone.get(group.arn)
        if counts is None:
            counts = self.groups_alone[group.arn] = _elb(("TargetGroup", group.suffix))
        return counts

    def function(self, name: str) -> Counts:
        counts = self.functions.get(name)
        if counts is None:
            counts = self.functions[name] = Counts("AWS/Lambda", (("FunctionName", name),))
        return counts

    def sum_up(self) -> None:
        """Add what was counted for the groups to their load balancers; done once, at the end."""
        for counts in self.groups.values():
            self.balancer(dict(counts.dimensions)["LoadBalancer"]).merge(counts)

    def metric_data(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Namespace and MetricDatum, as PutMetricData takes them."""
        for counts in self:
            base = {
                "Timestamp": datetime.fromtimestamp(self.start, UTC),
                "Dimensions": [{"Name": name, "Value": text} for name, text in counts.dimensions],
            }
            for metric in counts.counts:
                statistic_set = {"StatisticValues": counts.statistics(metric).as_set()}
                yield counts.namespace, _datum(base, metric, statistic_set, "Count")
            for metric, times in counts.times.items():
                scale, unit = (1000, "Milliseconds") if metric == "Duration" else (1, "Seconds")
                yield counts.namespace, _datum(base, metric, times.as_values(scale), unit)


def _datum(
    base: Mapping[str, Any], metric: str, measured: Mapping[str, Any], unit: str
) -> dict[str, Any]:
    return {**base, "MetricName": metric, **measured, "Unit": unit}


def _elb(*dimensions: tuple[str, str]) -> Counts:
    return Counts("AWS/ApplicationELB", dimensions)
