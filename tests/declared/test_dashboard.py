"""The dashboard: Python and Rust side by side per load balancer."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from tests.declared.golden import (
    BALANCERS,
    DASHBOARD,
    DUAL,
    RUST_GROUPS,
)
from tests.support.recorder import Program, invented_suffix


class Line(NamedTuple):
    """One line of a widget: a metric, or an expression over others."""

    id: str
    visible: bool
    label: str
    stat: str
    expression: str
    metric: str
    dimensions: Mapping[str, str]


Widgets = dict[str, dict[str, Line]]


def line(entry: list[Any]) -> Line:
    options = entry[-1]
    if len(entry) == 1:
        metric, dimensions = "", {}
    else:
        namespace, metric, *pairs = entry[:-1]
        assert namespace == "AWS/ApplicationELB"
        dimensions = dict(zip(pairs[::2], pairs[1::2], strict=True))
    return Line(
        id=options["id"],
        visible=options.get("visible", True),
        label=options.get("label", ""),
        stat=options.get("stat", ""),
        expression=options.get("expression", ""),
        metric=metric,
        dimensions=dimensions,
    )


@pytest.fixture(scope="session")
def body(staging: Program) -> Any:
    (dashboard,) = staging.of_type(DASHBOARD).values()
    return json.loads(dashboard.inputs["dashboardBody"])


@pytest.fixture(scope="session")
def widgets(body: Any) -> Widgets:
    """Title -> the lines by id, which must be unique."""
    found: Widgets = {}
    for widget in body["widgets"]:
        lines = [line(entry) for entry in widget["properties"]["metrics"]]
        by_id = {one.id: one for one in lines}
        assert len(by_id) == len(lines), widget["properties"]["title"]
        found[widget["properties"]["title"]] = by_id
    assert len(found) == len(body["widgets"])
    return found


def of(widgets: Widgets, listener: str) -> Widgets:
    """The widgets in which metrics of this balancer stand."""
    return {
        title: lines
        for title, lines in widgets.items()
        if str(BALANCERS[listener])
        in {one.dimensions.get("LoadBalancer") for one in lines.values()}
    }


def python_suffixes(listener: str) -> list[str]:
    return [
        invented_suffix(row["target_group_logical_name"])
        for row in DUAL
        if row["listener"] == listener
    ]


def rust_suffix(listener: str) -> str:
    return invented_suffix(RUST_GROUPS[listener])


def evaluate(lines: Mapping[str, Line], id_: str, counts: Mapping[tuple[str, str], float]) -> Any:
    """What a line shows when each metric of a group has this value."""
    one = lines[id_]
    if not one.expression:
        return counts[one.dimensions["TargetGroup"], one.metric]
    names = set(re.findall(r"\b[a-z]\w*", one.expression))
    assert names <= set(lines), f"{one.expression} refers to nothing"
    values = {name: evaluate(lines, name, counts) for name in names}
    functions = {"FILL": lambda value, _: value, "MAX": max, "SUM": sum}
    return eval(one.expression, {"__builtins__": {}}, {**functions, **values})  # noqa: S307 our own


def test_there_is_one_dashboard_per_stack(staging: Program, production: Program) -> None:
    names = [
        one.inputs["dashboardName"]
        for program in (staging, production)
        for one in program.of_type(DASHBOARD).values()
    ]

    assert len(set(names)) == 2
    assert names[0].endswith("staging")
    assert names[1].endswith("production")
    assert all(re.fullmatch(r"[\w-]{1,255}", name) for name in names)


def test_ids_are_what_cloudwatch_takes_and_expressions_refer_to_lines_of_their_widget(
    widgets: Widgets,
) -> None:
    for lines in widgets.values():
        for one in lines.values():
            assert re.fullmatch(r"[a-z][A-Za-z0-9_]*", one.id)
            assert set(re.findall(r"\b[a-z]\w*", one.expression)) <= set(lines)
            assert one.expression or one.stat


def test_a_line_is_found_by_its_dimensions(widgets: Widgets) -> None:
    for listener in BALANCERS:
        groups = {*python_suffixes(listener), rust_suffix(listener)}
        for lines in of(widgets, listener).values():
            for one in lines.values():
                if one.metric == "LambdaUserError":
                    assert set(one.dimensions) == {"TargetGroup"}
                elif one.metric:
                    assert one.dimensions["LoadBalancer"] == BALANCERS[listener]
                    assert set(one.dimensions) == {"TargetGroup", "LoadBalancer"}
                if one.metric:
                    assert one.dimensions["TargetGroup"] in groups


def test_both_balancers_have_the_same_widgets(widgets: Widgets) -> None:
    counts = [len(of(widgets, listener)) for listener in BALANCERS]

    assert counts[0] == counts[1] > 0
    assert sum(counts) == len(widgets)


def widget_with(widgets: Widgets, listener: str, *, metric: str, stat: str) -> dict[str, Line]:
    (found,) = [
        lines
        for title, lines in of(widgets, listener).items()
        if {(one.metric, one.stat) for one in lines.values() if one.metric} == {(metric, stat)}
        and "share" not in title
    ]
    return found


def shown_groups(lines: Mapping[str, Line]) -> Iterator[str]:
    return (one.dimensions["TargetGroup"] for one in lines.values() if one.metric and one.visible)


@pytest.mark.parametrize("listener", BALANCERS)
def test_requests_stand_side_by_side_summed_and_one_by_one(widgets: Widgets, listener: str) -> None:
    lines = widget_with(widgets, listener, metric="RequestCount", stat="Sum")
    python = python_suffixes(listener)
    counts = {(group, "RequestCount"): 10.0**n for n, group in enumerate(python)}
    counts[rust_suffix(listener), "RequestCount"] = 7.0

    assert sorted(shown_groups(lines)) == sorted([*python, rust_suffix(listener)])
    (total,) = [one for one in lines.values() if one.expression]
    assert total.visible
    assert evaluate(lines, total.id, counts) == 111


@pytest.mark.parametrize("listener", BALANCERS)
def test_errors_count_answers_and_panics_summed_and_one_by_one(
    widgets: Widgets, listener: str
) -> None:
    (lines,) = [
        lines
        for lines in of(widgets, listener).values()
        if "LambdaUserError" in {one.metric for one in lines.values()}
    ]
    groups = [rust_suffix(listener), *python_suffixes(listener)]
    metrics = {one.metric for one in lines.values() if one.metric}
    counts = {
        (group, metric): 2.0 * 10**n if metric == "LambdaUserError" else 10.0**n
        for n, group in enumerate(groups)
        for metric in metrics
    }

    assert metrics == {"LambdaUserError", "HTTPCode_Target_5XX_Count"}
    assert {one.stat for one in lines.values() if one.metric} == {"Sum"}
    shown = sorted(evaluate(lines, id_, counts) for id_, one in lines.items() if one.visible)
    assert shown == [3, 30, 300, 3000, 3330]


@pytest.mark.parametrize("percentile", ["p50", "p95", "p99"])
@pytest.mark.parametrize("listener", BALANCERS)
def test_response_times_stand_side_by_side(
    widgets: Widgets, listener: str, percentile: str
) -> None:
    lines = widget_with(widgets, listener, metric="TargetResponseTime", stat=percentile)

    assert sorted(shown_groups(lines)) == sorted(
        [*python_suffixes(listener), rust_suffix(listener)]
    )


@pytest.mark.parametrize("listener", BALANCERS)
def test_the_observed_share_is_rusts_part_of_all_dual_requests_in_percent(
    widgets: Widgets, listener: str
) -> None:
    ((_, lines),) = [
        (title, lines) for title, lines in of(widgets, listener).items() if "share" in title.lower()
    ]
    (share,) = [one for one in lines.values() if one.visible]
    counts = {(group, "RequestCount"): 30.0 for group in python_suffixes(listener)}
    counts[rust_suffix(listener), "RequestCount"] = 10.0

    assert {one.stat for one in lines.values() if one.metric} == {"Sum"}
    assert evaluate(lines, share.id, counts) == pytest.approx(10)


def test_widgets_lie_beside_each_other_and_never_on_each_other(body: Any) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in body["widgets"]:
        assert widget["type"] == "metric"
        assert widget["x"] + widget["width"] <= 24
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        taken |= cells
        assert widget["properties"]["region"] == "us-west-2"
