"""Log groups of the functions."""

from pulumi_aws import cloudwatch

from lambdas.context import Context
from lambdas.model import log_group_name, log_group_path

RETENTION_DAYS = {"production": 365}
RETENTION_DAYS_ELSEWHERE = 14


def create_log_group(context: Context, function_name: str) -> cloudwatch.LogGroup:
    """Create the log group that Lambda writes to, before Lambda makes one that keeps for ever."""
    name = log_group_name(function_name)
    return cloudwatch.LogGroup(
        name,
        name=log_group_path(function_name),
        retention_in_days=RETENTION_DAYS.get(context.stack, RETENTION_DAYS_ELSEWHERE),
        tags=context.tags(name),
    )
