"""The policies for CrossGuard."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pulumi.runtime import get_config_env
from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Policy as CrossGuardPolicy
from pulumi_policy import Severity as PolicySeverity
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policy.check import Finding, Report, add
from policy.policies import POLICIES
from policy.registry import Policy
from policy.stack import Resource, Stack
from policy.values import Value


def policies() -> list[CrossGuardPolicy]:
    """Each with the same name, in the same order."""
    return [_for_crossguard(policy) for policy in POLICIES]


def _for_crossguard(policy: Policy) -> CrossGuardPolicy:
    about: dict[str, Any] = {
        "name": policy.name,
        "description": policy.wants,
        "enforcement_level": EnforcementLevel(policy.level),
        "severity": PolicySeverity(policy.severity.value),
        "tags": list(policy.ids),
    }
    if policy.on_resource is not None:
        return ResourceValidationPolicy(validate=_validate_resource(policy), **about)
    return StackValidationPolicy(validate=_validate_stack(policy), **about)


def _validate_resource(policy: Policy) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    types = frozenset(policy.types)

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type not in types:
            return
        report = Report()
        add(report, policy, _resource(args), None)
        _tell(report, report_violation, with_urn=False)

    return validate


def _validate_stack(policy: Policy) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        # The CLI starts the pack with the stack's configuration in its environment.
        stack = Stack(
            (_resource_with_edges(one) for one in args.resources), get_config_env() or None
        )
        report = Report()
        for resource in stack.of(policy.types):
            add(report, policy, resource, stack)
        _tell(report, report_violation, with_urn=True)

    return validate


def _resource(one: ResourceValidationArgs | PolicyResource) -> Resource:
    return Resource(
        type=one.resource_type,
        name=one.name,
        urn=one.urn,
        props=Value(one.props),
        protect=one.opts.protect,
        ignore_changes=tuple(one.opts.ignore_changes),
    )


def _resource_with_edges(one: PolicyResource) -> Resource:
    return replace(
        _resource(one),
        depends_on=frozenset(other.urn for other in one.dependencies),
        edges={
            key: frozenset(other.urn for other in others)
            for key, others in one.property_dependencies.items()
        },
    )


def _tell(report: Report, report_violation: ReportViolation, *, with_urn: bool) -> None:
    """Say what was found; then say, as the server expects it, what could not be decided."""
    for finding in report.violations:
        report_violation(finding.message, finding.urn if with_urn else None)
    if report.undecided:
        raise UnknownValueError(UNKNOWN_STRING_VALUE, _path(report.undecided[0]))


def _path(finding: Finding) -> list[str]:
    return [finding.name, finding.text]
