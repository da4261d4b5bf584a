"""What an endpoint is: a route, what serves it, and the listener rules that follow from both.

Plain data, no Pulumi; `scorer` and `embed` hold the endpoints themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from lambdas.model import LambdaBackend
from routing import (
    Condition,
    FixedResponse,
    Forward,
    Header,
    Listener,
    Request,
    Rule,
    choose_forward,
    conditions,
)
from routing.model import Action

if TYPE_CHECKING:
    from pydantic import SecretStr

REGISTRY_GROUP = "registry"
"""Stands for the registry target group, which the foundation stack owns."""

TESTER_HEADER = "X-Use-Rust-Scorer"
"""Requests that carry it with the configured secret always go to Rust."""

STICKINESS_S = 3600
"""How long a load balancer keeps a client on its side where a stack does not say (contract)."""

ROLLED_BACK_AT = "RolledBackAt"
"""Tag of the dual rules after an emergency rollback; its value is the time in ISO 8601, UTC."""


class Traffic(Protocol):
    """What a stack asks of the routing: shares in percent, stickiness in seconds."""

    @property
    def rust_percentage(self) -> int: ...
    @property
    def rust_percentage_by_endpoint(self) -> Mapping[str, int]: ...
    @property
    def stickiness_seconds(self) -> int: ...
    @property
    def tester_header_value(self) -> "SecretStr | None": ...


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
    witness: Request
    """A request that the endpoint's rule must get."""
    backend: LambdaBackend | RegistryService | FixedResponse
    dual: bool = False
    """Whether Rust serves it too."""
    tester: TesterRule | None = None
    moves_after: str | None = None
    """Endpoint whose rule must leave this one's priority first."""

    def rust_share(self, rust_percentage: int, by_endpoint: Mapping[str, int]) -> int:
        """What a dual endpoint is to send to Rust in percent: its own share, or the global one."""
        return by_endpoint.get(self.name, rust_percentage)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What a request must be like to reach the endpoint's rule."""
        return conditions(path=self.path, host=self.host, methods=self.methods)

    def plan(self, traffic: Traffic, rust_group: str) -> Rule:
        """The endpoint's rule."""
        match self.backend:
            case FixedResponse() as response:
                action: Action = response
            case RegistryService():
                action = Forward(REGISTRY_GROUP)
            case backend if self.dual:
                action = choose_forward(
                    self.rust_share(traffic.rust_percentage, traffic.rust_percentage_by_endpoint),
                    python=backend.target_group.logical,
                    rust=rust_group,
                    stickiness_seconds=traffic.stickiness_seconds,
                )
            case backend:
                action = Forward(backend.target_group.logical)
        return Rule(
            name=self.rule,
            listener=self.listener,
            priority=self.priority,
            conditions=self.conditions,
            action=action,
            witness=self.witness,
        )

    def plan_tester(self, traffic: Traffic, rust_group: str) -> Rule | None:
        """The rule that takes the endpoint's requests with the tester header, if it has one."""
        if self.tester is None or traffic.tester_header_value is None:
            return None
        secret = traffic.tester_header_value.get_secret_value()
        return Rule(
            name=self.tester.name,
            listener=self.listener,
            priority=self.tester.priority,
            conditions=conditions(
                path=self.path,
                host=self.host,
                methods=self.methods,
                header=Header(TESTER_HEADER, (secret,)),
            ),
            action=Forward(rust_group if self.dual else REGISTRY_GROUP),
            witness=replace(self.witness, headers=((TESTER_HEADER, secret),)),
        )
