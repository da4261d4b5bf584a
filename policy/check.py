"""All policies over a list of resources: what the tests, `make policy` and the sandbox call."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policy.exceptions import ALLOWANCES, Allowance
from policy.policies import POLICIES
from policy.registry import Policy, Problem
from policy.stack import Resource, Stack
from policy.values import Undecided, Value, wrap


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A resource as the engine is told of it.

    `props` in wire form: camelCase names, the SDK's text for what is not known yet, secrets
    in clear. Dependencies are URNs.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any] = field(repr=False)
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: frozenset[str] | None = None
    """Keys of the values that came as secrets."""

    def as_resource(self) -> Resource:
        return Resource(
            type=self.type,
            name=self.name,
            urn=self.urn,
            props=Value(wrap(self.props)),
            protect=self.protect,
            ignore_changes=self.ignore_changes,
            depends_on=frozenset(self.dependencies),
            edges={key: frozenset(urns) for key, urns in self.property_dependencies.items()},
            secrets=self.secrets,
        )


@dataclass(frozen=True)
class Finding:
    """A policy on a resource, and what it says: a problem, or the key that it could not decide."""

    policy: Policy
    type: str
    name: str
    urn: str
    text: str
    allowed: Allowance | None = None

    @property
    def message(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass
class Report:
    """What all policies say about a stack."""

    violations: list[Finding] = field(default_factory=list)
    undecided: list[Finding] = field(default_factory=list)
    excepted: list[Finding] = field(default_factory=list)
    """Violations and undecided values that the table of exceptions names."""

    @property
    def mandatory(self) -> list[Finding]:
        """The violations that forbid an update."""
        return [finding for finding in self.violations if finding.policy.mandatory]

    @property
    def passes(self) -> bool:
        """Whether everything could be decided and nothing forbids the update."""
        return not self.mandatory and not self.undecided


def check(
    registered: Iterable[Registered],
    policies: Iterable[Policy] = POLICIES,
    *,
    config: Mapping[str, str] | None = None,
) -> Report:
    """Judge all resources of a stack together, and against its configuration if it is given."""
    stack = Stack((one.as_resource() for one in registered), config)
    report = Report()
    for policy in policies:
        for resource in stack.of(policy.types):
            add(report, policy, resource, stack)
    return report


def add(report: Report, policy: Policy, resource: Resource, stack: Stack | None) -> None:
    """Run one policy on one resource of its types."""

    def finding(text: str, allowed: Allowance | None = None) -> Finding:
        return Finding(policy, resource.type, resource.name, resource.urn, text, allowed)

    try:
        for found in _problems(policy, resource, stack):
            problem = found if isinstance(found, Problem) else Problem(found)
            allowed = _first(one for one in ALLOWANCES if one.excepts(policy, resource, problem))
            (report.excepted if allowed else report.violations).append(
                finding(problem.text, allowed)
            )
    except Undecided as unknown:
        allowed = _first(one for one in ALLOWANCES if one.postpones(policy, resource, unknown.key))
        (report.excepted if allowed else report.undecided).append(finding(unknown.key, allowed))


def _problems(policy: Policy, resource: Resource, stack: Stack | None) -> Iterator[str | Problem]:
    if policy.on_resource is not None:
        yield from policy.on_resource(resource)
    elif policy.on_stack is not None and stack is not None:
        yield from policy.on_stack(resource, stack)


def _first(allowances: Iterator[Allowance]) -> Allowance | None:
    return next(allowances, None)
