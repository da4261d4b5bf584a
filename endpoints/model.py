"""What an endpoint is, as plain data; `scorer` and `embed` hold the endpoints themselves.

The naming conventions of the running system live here: they are the identity of
resources that exist in AWS, so changing one replaces a resource.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from routing import (
    FixedResponse,
    Forward,
    Header,
    Listener,
    RoutingPercentages,
    Rule,
    choose_forward,
    conditions,
    get_routing_percentages,
)
from routing.model import Action, TargetGroupNames

REGISTRY_GROUP = "registry"
"""Stands for the registry target group, which the foundation stack owns."""

TESTER_HEADER = "X-Use-Rust-Scorer"
"""Requests that carry it with the configured secret always go to Rust."""


@dataclass(frozen=True, kw_only=True)
class LambdaBackend:
    """The Python function behind an endpoint. `function` is its logical name."""

    function: str
    function_name: str
    handler: str
    memory_mb: int
    timeout_s: int
    group: TargetGroupNames

    @property
    def log_group(self) -> str:
        return log_group_name(self.function_name)

    @property
    def group_tag(self) -> str:
        """The `Name` tag of the target group."""
        return self.group.group


@dataclass(frozen=True, kw_only=True)
class ImageLambda(LambdaBackend):
    """Runs from the scorer's container image with the shared role and security group."""


@dataclass(frozen=True, kw_only=True)
class ZipLambda(LambdaBackend):
    """Runs from the Python package with a role and a security group of its own."""

    @property
    def group_tag(self) -> str:
        return self.function_name

    @property
    def role(self) -> str:
        return f"{self.function_name}-role"

    @property
    def security_group(self) -> str:
        return f"{self.function_name}-sg"


@dataclass(frozen=True)
class RegistryService:
    """The endpoint is served by the registry service, owned by the foundation stack."""


@dataclass(frozen=True)
class TesterRule:
    """The opt-in rule in front of the endpoint for requests with the tester header."""

    name: str
    priority: int


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One row of the routing table. `rule` is the logical name of its listener rule."""

    name: str
    listener: Listener
    rule: str
    priority: int
    path: str
    host: str | None = None
    methods: tuple[str, ...] = ()
    backend: LambdaBackend | RegistryService | FixedResponse
    dual: bool = False
    """Whether Rust serves it too."""
    tester: TesterRule | None = None
    moves_after: str | None = None
    """Endpoint whose rule must leave this one's priority first."""

    def plan(self, traffic: "Traffic", rust_group: str) -> Rule[str]:
        """The endpoint's rule; target groups by logical name."""
        return Rule(
            name=self.rule,
            listener=self.listener,
            priority=self.priority,
            conditions=conditions(path=self.path, host=self.host, methods=self.methods),
            action=self._action(traffic, rust_group),
        )

    def plan_tester(self, tester: TesterRule, secret: str, rust_group: str) -> Rule[str]:
        """The rule that takes the endpoint's requests with the tester header."""
        return Rule(
            name=tester.name,
            listener=self.listener,
            priority=tester.priority,
            conditions=conditions(
                path=self.path,
                host=self.host,
                methods=self.methods,
                header=Header(TESTER_HEADER, (secret,)),
            ),
            action=Forward(rust_group if self.dual else REGISTRY_GROUP),
        )

    def _action(self, traffic: "Traffic", rust_group: str) -> Action[str]:
        match self.backend:
            case FixedResponse() as response:
                return response
            case RegistryService():
                return Forward(REGISTRY_GROUP)
            case backend if self.dual:
                return choose_forward(
                    traffic.percentages_of(self.name),
                    python=backend.group.group,
                    rust=rust_group,
                    stickiness_seconds=traffic.stickiness_seconds,
                )
            case backend:
                return Forward(backend.group.group)


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What a stack asks of the routing: shares in percent, stickiness in seconds."""

    rust_percentage: int
    overrides: Mapping[str, int]
    stickiness_seconds: int
    tester_secret: str | None = field(repr=False)

    def percentages_of(self, endpoint: str) -> RoutingPercentages:
        """An endpoint's own share if it has one, else the global share."""
        return get_routing_percentages(self.overrides.get(endpoint, self.rust_percentage))


def plan_rules(endpoints: Iterable[Endpoint], traffic: Traffic, rust_group: str) -> list[Rule[str]]:
    """The rules of the endpoints, tester rules included when the stack has a secret."""
    rules = []
    for endpoint in endpoints:
        rules.append(endpoint.plan(traffic, rust_group))
        if endpoint.tester and traffic.tester_secret is not None:
            rules.append(endpoint.plan_tester(endpoint.tester, traffic.tester_secret, rust_group))
    return rules


def log_group_name(function_name: str) -> str:
    """Logical name of the log group of a function."""
    return f"{function_name}-log-group"


def role_policy_name(role: str) -> str:
    """Logical name of the one policy of a role."""
    return f"{role}-policy"


def image_group(name: str, *, logical: str | None = None) -> TargetGroupNames:
    """Names of the target group of an image function or of the Rust function."""
    logical = logical or name
    return TargetGroupNames(
        group=f"l-{logical}",
        physical=f"l-{name}",
        permission=f"withLb-{logical}",
        attachment=f"lambdaTargetGroupAttachment-{logical}",
    )


def image_lambda(name: str, *, handler: str, memory_mb: int, timeout_s: int = 60) -> ImageLambda:
    """An image function: logical and physical name are the same."""
    return ImageLambda(
        function=name,
        function_name=name,
        handler=handler,
        memory_mb=memory_mb,
        timeout_s=timeout_s,
        group=image_group(name),
    )


def zip_lambda(name: str, *, handler: str) -> ZipLambda:
    """A zip function; all five have the same size. `name` is the endpoint's."""
    return ZipLambda(
        function=f"{name}-lambda-function",
        function_name=f"{name}-lambda",
        handler=handler,
        memory_mb=512,
        timeout_s=60,
        group=TargetGroupNames(
            group=f"{name}-lambda-tg",
            physical=f"{name}-lambda-target-group",
            permission=f"{name}-lambda-permission",
            attachment=f"{name}-lambda-tg-attachment",
        ),
    )
