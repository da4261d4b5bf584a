"""What the pack knows of this system beyond the properties themselves. Plain data."""

from typing import Final

import catalog
import rust_scorer.names
from endpoint import TESTER_HEADER, RegistryService

REGISTRY_RULES: Final = frozenset(
    name
    for endpoint in catalog.ENDPOINTS
    if isinstance(endpoint.backend, RegistryService)
    for name in (endpoint.rule, endpoint.tester.name if endpoint.tester else endpoint.rule)
)
"""Listener rules that may forward to a target group of the foundation stack."""

RULES: Final = frozenset(endpoint.rule for endpoint in catalog.ENDPOINTS)
TESTER_RULES: Final = frozenset(
    endpoint.tester.name for endpoint in catalog.ENDPOINTS if endpoint.tester
)
"""Listener rules of every stack, and those of a stack with testers beside them."""

DUAL_RULES: Final = {endpoint.rule: endpoint for endpoint in catalog.DUAL}
"""Listener rule -> the dual endpoint whose share it has."""

RUST_FUNCTION: Final = rust_scorer.names.FUNCTION

RUST_GROUPS: Final = frozenset(names.logical for names in rust_scorer.names.TARGET_GROUPS.values())
"""Logical names of the Rust target groups."""

RUST_GROUP_NAMES: Final = frozenset(
    names.physical for names in rust_scorer.names.TARGET_GROUPS.values()
)
"""Their physical names, which are in their ARNs."""

WITNESSES: Final = {
    name: endpoint.witness
    for endpoint in catalog.ENDPOINTS
    for name in (endpoint.rule, endpoint.tester.name if endpoint.tester else endpoint.rule)
}
"""Listener rule -> a request that it must get; a tester rule's with the tester header."""

SECRET_HEADER: Final = TESTER_HEADER.lower()
"""Whoever knows its value gets Rust at any share."""

SERVED_BY_BOTH: Final = {
    "/ceramic-cache/score/*": frozenset({"GET"}),
    "/ceramic-cache/stamps/bulk": frozenset({"POST"}),
    "/v2/stamps/*/score/*": frozenset({"GET"}),
    "/internal/embed/stamps/*": frozenset({"POST"}),
    "/internal/embed/validate-api-key": frozenset({"GET"}),
    "/internal/embed/score/*/*": frozenset({"GET"}),
}
"""Path -> methods that the Rust scorer has a route for, as Python has; others get 405."""

LOAD_BALANCER_PRINCIPAL: Final = "elasticloadbalancing.amazonaws.com"
"""The one caller of every function."""

RUNTIMES: Final = frozenset({"python3.12", "python3.13", "python3.14", "provided.al2023"})
"""AWS FSBP Lambda.2, newest ones; it leaves out the runtime for compiled languages."""

LAYER_PUBLISHERS: Final = frozenset({"901920570463"})
"""Accounts whose layers may be used beside our own: AWS Distro for OpenTelemetry."""

TAGS: Final = frozenset({"Application", "Environment", "ManagedBy", "Name", "PulumiStack", "Repo"})

LOG_RETENTION_DAYS_IN_PRODUCTION: Final = 365
"""CloudWatch.16; elsewhere any finite time will do."""
