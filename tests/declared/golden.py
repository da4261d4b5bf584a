"""The tables of the contract, and what they say about one registration."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.support.recorder import FOUNDATION, Program, Registration, invented_arn

FOLDER = Path(__file__).parents[1] / "golden"

FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
RULE = "aws:lb/listenerRule:ListenerRule"
GROUP = "aws:lb/targetGroup:TargetGroup"
ATTACHMENT = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
TABLE = "aws:dynamodb/table:Table"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"

LISTENER_ARNS = {
    "public": FOUNDATION["publicAlbHttpsListenerArn"],
    "internal": FOUNDATION["privateAlbHttpListenerArn"],
}
BALANCERS = {
    "public": FOUNDATION["publicAlbArnSuffix"],
    "internal": FOUNDATION["privateAlbArnSuffix"],
}
RUST_GROUPS = {
    "public": "l-passport-v2-rust-scorer",
    "internal": "l-passport-v2-rust-scorer-internal",
}
RUST_FUNCTION = "passport-v2-rust-scorer"

Row = Mapping[str, str]


Again = Callable[..., Program]


class Declared(Protocol):
    """Run the program once per configuration; later calls get the same recording."""

    def __call__(
        self,
        config: Mapping[str, Any] | None = None,
        /,
        *,
        stack: str = "staging",
        secret: Mapping[str, str] | None = None,
        preview: bool = False,
    ) -> Program: ...


def _rows(name: str) -> Iterator[Row]:
    with (FOLDER / name).open(newline="") as file:
        yield from csv.DictReader(file)


@dataclass(frozen=True)
class Existing:
    """A resource that runs today; `physical` is None where Pulumi named it."""

    type: str
    name: str
    physical: str | None

    def __str__(self) -> str:
        return f"{self.type.split(':')[-1]}-{self.name}"


def _existing(verdict: str) -> tuple[Existing, ...]:
    return tuple(
        Existing(
            row["type"],
            row["logical_name"],
            None if row["physical_name"] == "(auto-named)" else row["physical_name"],
        )
        for row in _rows("existing_resources.csv")
        if row["in_the_port"].startswith(verdict)
    )


KEPT = _existing("keep")
GONE = _existing("goes")

ROWS = tuple(_rows("endpoints.csv"))
ROUTES = tuple(row for row in ROWS if row["rule_logical_name"])
PYTHON = tuple(row for row in ROUTES if row["function_logical_name"])
DUAL = tuple(row for row in ROUTES if row["served_by"] == "python+rust")
IMAGE = tuple(row for row in PYTHON if row["package"] == "image")
ZIP = tuple(row for row in PYTHON if row["package"] == "zip")
(RUST,) = (row for row in ROWS if row["served_by"] == "rust")

DUAL_RULES = frozenset(row["rule_logical_name"] for row in DUAL)


def endpoint(row: Row) -> str:
    """The id of a parametrised test."""
    return row["endpoint"]


def function_name(row: Row) -> str:
    """The physical name of a Python function."""
    return row["endpoint"] if row["package"] == "image" else f"{row['endpoint']}-lambda"


def tags(name: str, stack: str = "staging") -> dict[str, str]:
    return {
        "Application": "scorer",
        "Environment": stack,
        "ManagedBy": "pulumi",
        "Name": name,
        "PulumiStack": stack,
        "Repo": "https://github.com/passportxyz/passport-scorer",
    }


def methods(row: Row) -> list[str]:
    return row["methods"].split("+") if row["methods"] else []


def arn(one: Registration) -> str:
    return invented_arn(one.type, one.name)


def group_arn(logical_name: str) -> str:
    return invented_arn(GROUP, logical_name)


def conditions(row: Row) -> list[dict[str, Any]]:
    """What a rule of this endpoint must match, as sent to the provider."""
    listed: list[dict[str, Any]] = []
    if row["host"]:
        listed.append({"hostHeader": {"values": [row["host"]]}})
    listed.append({"pathPattern": {"values": [row["path"]]}})
    if row["methods"]:
        listed.append({"httpRequestMethod": {"values": methods(row)}})
    return listed


def plain(group: str) -> list[dict[str, Any]]:
    return [{"type": "forward", "targetGroupArn": group}]


def weighted(python: str, rust: str, share: int, seconds: int = 3600) -> list[dict[str, Any]]:
    return [
        {
            "type": "forward",
            "forward": {
                "targetGroups": [
                    {"arn": python, "weight": 100 - share},
                    {"arn": rust, "weight": share},
                ],
                "stickiness": {"enabled": True, "duration": seconds},
            },
        }
    ]


def dual_actions(row: Row, share: int, seconds: int = 3600) -> list[dict[str, Any]]:
    python, rust = (
        group_arn(row["target_group_logical_name"]),
        group_arn(RUST_GROUPS[row["listener"]]),
    )
    return weighted(python, rust, share, seconds) if share else plain(python)
