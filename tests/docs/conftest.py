"""The deployment by the CLI, for the steps that the runbook prints."""

from tests.support.engines import *  # noqa: F403 # fixtures
