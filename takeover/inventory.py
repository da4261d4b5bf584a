"""What runs today and is taken over, from the catalog and what is no longer in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import catalog
import rust_scorer.names
from lambdas.model import log_group_name, log_group_path
from monitoring import alarms

RULE: Final = catalog.RULE_TYPE
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"

MOVED_PRIORITIES: Final = {
    "lrule-lambda-submit-passport-0": 1001,
    "lrule-lambda-cc-v1-score-GET-0": 1007,
}
"""Rules by logical name that have another priority today (contract, "Identity")."""


@dataclass(frozen=True)
class Existing:
    """One resource of today, by Pulumi's type and its logical name.

    `physical` is None where the provider made the name up; `priority` is today's. One that
    `goes` is a rule that this program deletes unless testers have a header.
    """

    type: str
    name: str
    physical: str | None = None
    priority: int | None = None
    goes: bool = False


def existing() -> list[Existing]:
    """Every resource that the program takes over."""
    return [*_rules(), *_functions(), *_target_groups(), *_access(), *_alarms()]


def adopted() -> dict[str, str]:
    """The log groups that Lambda made: the names of groups by logical name, as `adopt` has it."""
    return {log_group_name(name): log_group_path(name) for name in _image_functions()}


def _image_functions() -> list[str]:
    images = [backend.function_name for backend in catalog.IMAGE_BACKENDS]
    return [*images, rust_scorer.names.FUNCTION]


def _rules() -> Iterator[Existing]:
    for endpoint in catalog.ENDPOINTS:
        priority = MOVED_PRIORITIES.get(endpoint.rule, endpoint.priority)
        yield Existing(RULE, endpoint.rule, priority=priority)
        if endpoint.dual and endpoint.tester:
            yield Existing(RULE, endpoint.tester.name, priority=endpoint.tester.priority, goes=True)


def _functions() -> Iterator[Existing]:
    rust = rust_scorer.names.FUNCTION
    named = [(one.function, one.function_name) for one in catalog.BACKENDS] + [(rust, rust)]
    for logical, physical in named:
        yield Existing("aws:lambda/function:Function", logical, physical)


def _target_groups() -> Iterator[Existing]:
    for group in catalog.TARGET_GROUPS:
        yield Existing("aws:lb/targetGroup:TargetGroup", group.logical, group.physical)
        yield Existing("aws:lambda/permission:Permission", group.permission)
        yield Existing("aws:lb/targetGroupAttachment:TargetGroupAttachment", group.attachment)


def _access() -> Iterator[Existing]:
    yield Existing("aws:iam/role:Role", catalog.SHARED_ROLE)
    for backend in catalog.ZIP_BACKENDS:
        yield Existing("aws:iam/role:Role", backend.role)
        yield Existing("aws:ec2/securityGroup:SecurityGroup", backend.security_group)
        yield Existing(LOG_GROUP, backend.log_group, log_group_path(backend.function_name))


def _alarms() -> Iterator[Existing]:
    watched: list[str] = [
        alarm.name
        for backend in catalog.IMAGE_BACKENDS
        for alarm in alarms.group_alarms(backend.function_name)
    ]
    watched += [alarms.function_alarm(one.function_name).name for one in catalog.ZIP_BACKENDS]
    for name in watched:
        yield Existing("aws:cloudwatch/metricAlarm:MetricAlarm", name, name)
