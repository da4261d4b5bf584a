"""Refusals of CloudWatch Logs: names of log groups and how long they keep."""

import re
from typing import Any

from moto.logs.models import LogsBackend

from routing import limits
from sandbox.account.refusals.guard import Arguments, guard, unsatisfied


@guard(LogsBackend, "create_log_group")
def _create_log_group(_backend: Any, call: Arguments) -> None:
    name = call["log_group_name"]
    if not re.fullmatch(limits.LOG_GROUP_NAME_PATTERN, name, re.ASCII):
        raise unsatisfied(
            name,
            "logGroupName",
            f"satisfy regular expression pattern: {limits.LOG_GROUP_NAME_PATTERN}",
            code="InvalidParameterException",
        )


@guard(LogsBackend, "put_retention_policy")
def _put_retention_policy(_backend: Any, call: Arguments) -> None:
    days = call["retention_in_days"]
    if days not in limits.LOG_RETENTION_DAYS:
        allowed = ", ".join(map(str, sorted(limits.LOG_RETENTION_DAYS)))
        raise unsatisfied(
            days,
            "retentionInDays",
            f"satisfy enum value set: [{allowed}]",
            code="InvalidParameterException",
        )
