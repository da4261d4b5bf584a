"""Why an alarm changed its state, in AWS's words.

The sentences and the JSON are those of real alarms' StateReason and StateReasonData as they
are published in AWS's documents and in notifications. Modelled: the sentence for a state that
rests on missing data alone while there are points against it, and that an alarm without
DatapointsToAlarm has the words of one that names them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.cloudwatch.states import (
    BREACHING,
    COMPARISONS,
    NOT_BREACHING,
    Criterion,
    Point,
    Verdict,
)

_LISTED: Final = 5
_RECENT: Final = 100
_TREATED = {BREACHING: "Breaching", NOT_BREACHING: "NonBreaching"}


@dataclass(frozen=True)
class Evaluated:
    """An evaluation that ended in a state; times in seconds since the epoch."""

    criterion: Criterion
    verdict: Verdict
    period_s: int
    end: int
    """The end of the newest period."""

    def start_of(self, age: int) -> int:
        """When the period of this age began."""
        return self.end - age * self.period_s


def reason(evaluated: Evaluated) -> str:
    """The StateReason."""
    criterion, verdict = evaluated.criterion, evaluated.verdict
    if verdict.state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_datapoints(criterion.periods)} unknown."
    alarm = verdict.state == "ALARM"
    telling = [point for point in verdict.points if point.breaching is alarm]
    text = "Threshold Crossed: "
    if not telling:
        received = _datapoints(len(verdict.points))
        text += f"{received} received for {_number(criterion.periods, 'period')}"
        return f"{text}{_filled(evaluated)}."
    text += f"{len(telling)} out of the last {criterion.periods} datapoints"
    listed = ", ".join(_point(evaluated, point) for point in telling[:_LISTED])
    short = len(telling) < _LISTED
    text += f" [{listed}]" if short else ""
    text += f" {'was' if len(telling) == 1 else 'were'} {'' if alarm else 'not '}"
    text += f"{COMPARISONS[criterion.comparison][1]} the threshold ({float(criterion.threshold)!r})"
    text += _filled(evaluated)
    if not short:
        text += ". The most recent datapoints"
        text += f"{' which crossed the threshold' if alarm else ''}: [{listed}]"
    most = criterion.datapoints if alarm else criterion.periods - criterion.datapoints + 1
    change = "OK -> ALARM" if alarm else "ALARM -> OK"
    return f"{text} (minimum {_number(most, 'datapoint')} for {change} transition)."


def reason_data(
    evaluated: Evaluated, now: float, described: Mapping[str, Any], samples: Mapping[int, float]
) -> str:
    """The StateReasonData, as JSON.

    `described` is the alarm as the API gives it, `samples` how many values a point stands
    for, by age.
    """
    criterion, points = evaluated.criterion, evaluated.verdict.points
    data: dict[str, Any] = {"version": "1.0", "queryDate": _stamp(now)}
    if points:
        data["startDate"] = _stamp(evaluated.start_of(points[-1].age))
    for key in ("Unit", "Statistic"):
        if key in described:
            data[key.lower()] = described[key]
    data["period"] = evaluated.period_s
    data["recentDatapoints"] = [point.value for point in reversed(points[:_RECENT])]
    data["threshold"] = float(criterion.threshold)
    data["evaluatedDatapoints"] = _evaluated_datapoints(evaluated, points, samples)
    return json.dumps(data, separators=(",", ":"))


def _evaluated_datapoints(
    evaluated: Evaluated, points: Sequence[Point], samples: Mapping[int, float]
) -> list[dict[str, Any]]:
    if not points:
        ages = range(1, min(evaluated.criterion.periods, _LISTED) + 1)
        return [{"timestamp": _stamp(evaluated.start_of(age))} for age in ages]
    return [
        {"timestamp": _stamp(evaluated.start_of(point.age))}
        | ({"sampleCount": samples[point.age]} if point.age in samples else {})
        | {"value": point.value}
        for point in points[:_LISTED]
    ]


def _filled(evaluated: Evaluated) -> str:
    filled = evaluated.verdict.filled
    treated = _TREATED.get(evaluated.criterion.missing)
    if not filled or treated is None:
        return ""
    noun = "missing datapoint was" if filled == 1 else "missing datapoints were"
    return f" and {filled} {noun} treated as [{treated}]"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _datapoints(count: int) -> str:
    if count == 1:
        return "1 datapoint was"
    return f"{count or 'no'} datapoints were"


def _point(evaluated: Evaluated, point: Point) -> str:
    begun = datetime.fromtimestamp(evaluated.start_of(point.age), UTC)
    return f"{point.value!r} ({begun:%d/%m/%y %H:%M:%S})"


def _stamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")[:-6] + "+0000"
