"""Running accounts, and the program deployed into them."""

from tests.support.engines import *  # noqa: F403 # fixtures
