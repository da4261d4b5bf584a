"""The CLI's deployment, for the steps that the runbook prints."""

from tests.support.engines import account, deploying, deployment, engine, server  # noqa: F401
