"""One request for every route, made from the same data that the rules are made from."""

from dataclasses import dataclass
from typing import Final

import catalog
import rust_scorer.names as rust
from endpoint import Endpoint, RegistryService
from lambdas.model import LambdaBackend
from routing import FixedResponse, Listener
from sandbox.dataplane.groups import PYTHON, RUST
from sandbox.dataplane.server import INTERNAL, PUBLIC

REGISTRY: Final = "registry"
"""What the registry service says of itself."""

_BALANCERS: Final = {Listener.PUBLIC: PUBLIC, Listener.INTERNAL: INTERNAL}
_ANY_METHOD: Final = "GET"


@dataclass(frozen=True)
class Target:
    """A request that an endpoint's rule takes."""

    endpoint: Endpoint
    method: str

    @property
    def balancer(self) -> str:
        """Name of the load balancer that gets it."""
        return _BALANCERS[self.endpoint.listener]

    @property
    def host(self) -> str:
        return _example(self.endpoint.host or "*.passport.xyz", "api")

    @property
    def path(self) -> str:
        return _example(self.endpoint.path, "1")

    @property
    def answered_by(self) -> str | None:
        """Who answers without Rust: an implementation, or None for the load balancer itself."""
        match self.endpoint.backend:
            case LambdaBackend():
                return PYTHON
            case RegistryService():
                return REGISTRY
            case FixedResponse():
                return None

    @property
    def functions(self) -> dict[str, str]:
        """The function of each implementation that may answer."""
        backend = self.endpoint.backend
        if not isinstance(backend, LambdaBackend):
            return {}
        both = {PYTHON: backend.function_name, RUST: rust.FUNCTION}
        return both if self.endpoint.dual else {PYTHON: backend.function_name}

    @property
    def status(self) -> int:
        backend = self.endpoint.backend
        return backend.status if isinstance(backend, FixedResponse) else 200


ALL: Final = tuple(
    Target(endpoint, method)
    for endpoint in catalog.ENDPOINTS
    for method in endpoint.methods or (_ANY_METHOD,)
)
DUAL: Final = tuple(target for target in ALL if target.endpoint.dual)

RUST_GROUPS: Final = frozenset(names.physical for names in rust.TARGET_GROUPS.values())
"""Names of Rust's target groups."""


def _example(glob: str, word: str) -> str:
    return glob.replace("*", word)
