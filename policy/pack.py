"""The rules as policies of CrossGuard."""

from collections.abc import Callable

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Severity as PolicySeverity
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policy.check import Finding, Report, add
from policy.registry import Rule
from policy.rules import RULES
from policy.stack import Resource, Stack
from policy.values import Value


def policies() -> list[Policy]:
    """One policy per rule, in the same order and with the same names."""
    return [_policy(rule) for rule in RULES]


def _policy(rule: Rule) -> Policy:
    level = EnforcementLevel.MANDATORY if rule.mandatory else EnforcementLevel.ADVISORY
    severity = PolicySeverity(rule.severity.value)
    tags = list(rule.ids)
    if rule.on_resource is not None:
        return ResourceValidationPolicy(
            name=rule.name,
            description=rule.wants,
            validate=_validate_resource(rule),
            enforcement_level=level,
            severity=severity,
            tags=tags,
        )
    return StackValidationPolicy(
        name=rule.name,
        description=rule.wants,
        validate=_validate_stack(rule),
        enforcement_level=level,
        severity=severity,
        tags=tags,
    )


def _validate_resource(
    rule: Rule,
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    types = frozenset(rule.types)

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type not in types:
            return
        resource = Resource(
            type=args.resource_type,
            name=args.name,
            urn=args.urn,
            props=Value(args.props),
            protect=args.opts.protect,
            ignore_changes=tuple(args.opts.ignore_changes),
        )
        report = Report()
        add(report, rule, resource, None)
        _tell(report, report_violation, with_urn=False)

    return validate


def _validate_stack(rule: Rule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        stack = Stack(_resource(one) for one in args.resources)
        report = Report()
        for resource in stack.of(rule.types):
            add(report, rule, resource, stack)
        _tell(report, report_violation, with_urn=True)

    return validate


def _resource(one: PolicyResource) -> Resource:
    return Resource(
        type=one.resource_type,
        name=one.name,
        urn=one.urn,
        props=Value(one.props),
        protect=one.opts.protect,
        ignore_changes=tuple(one.opts.ignore_changes),
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
