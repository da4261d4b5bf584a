"""Running accounts, and the program deployed into them."""

from tests.support.engines import (  # noqa: F401 # fixtures
    account,
    deploying,
    deployment,
    engine,
    fresh_account,
    fresh_deployment,
    server,
)
