"""What AWS refuses and moto accepts, per service.

Codes and words are AWS's as its API models and published error messages have them. Modelled
without such a source, so AWS may answer otherwise: the answer to a missing function
(InvalidTarget) and to a target that is no function (ValidationError), six groups in an action
(TooManyTargetGroups), one group twice, two routing actions (InvalidLoadBalancerAction), and
that the SNS topic of an alarm must exist.
"""

from sandbox.account.refusals import (
    awslambda,
    cloudwatch,
    dynamodb,
    ec2,
    elbv2,
    group_attributes,
    iam,
    logs,
    metric_data,
)
from sandbox.account.refusals.guard import guarded_accounts, install_guards

SERVICES = (awslambda, cloudwatch, dynamodb, ec2, elbv2, group_attributes, iam, logs, metric_data)
"""Their guards wait until `install` is called."""


def install() -> None:
    """Put the refusals in front of moto, for good. A second call changes nothing."""
    install_guards()


def refuse_for(account_id: str) -> None:
    """Make an account refuse, from now on."""
    guarded_accounts.add(account_id)
