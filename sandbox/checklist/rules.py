"""The dual rules of the account, changed behind the program's back for a while."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.account.client import Account
from sandbox.checklist.targets import DUAL
from sandbox.routes import LISTENER_OUTPUTS


@contextlib.contextmanager
def dual_rules_put_back(account: Account) -> Iterator[Mapping[str, Sequence[Any]]]:
    """ARN and actions of the dual rules, which are put back afterwards."""
    elb = account.client("elbv2")
    wanted = {(target.balancer, str(target.route.priority)) for target in DUAL}
    rules = {
        rule["RuleArn"]: rule["Actions"]
        for listener, output in LISTENER_OUTPUTS.items()
        for page in elb.get_paginator("describe_rules").paginate(
            ListenerArn=account.foundation[output]
        )
        for rule in page["Rules"]
        if (listener, rule["Priority"]) in wanted
    }
    try:
        yield rules
    finally:
        for arn, actions in rules.items():
            elb.modify_rule(RuleArn=arn, Actions=actions)
