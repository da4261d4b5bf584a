"""DynamoDB tables."""

from policy.registry import Problems, Severity, resource_policy
from policy.stack import Resource
from policy.tokens import TABLE


@resource_policy(
    {TABLE: ("pointInTimeRecovery",)},
    ids=("DynamoDB.2", "CKV_AWS_28", "AWS-0024"),
    severity=Severity.MEDIUM,
    why="What a wrong write or a deletion takes from the journal of rollouts can be had back.",
)
def table_can_be_restored(table: Resource) -> Problems:
    """A table can be restored to any second of the last weeks."""
    if table["pointInTimeRecovery"]["enabled"].flag is not True:
        yield "pointInTimeRecovery is not enabled"


@resource_policy(
    {TABLE: ("serverSideEncryption",)},
    ids=("dynamodb-table-encryption-enabled",),
    severity=Severity.MEDIUM,
    why="With a key of the account every use of it is logged; DynamoDB's own key shows nothing.",
)
def table_is_encrypted_with_a_key_of_the_account(table: Resource) -> Problems:
    """A table is encrypted with a key that belongs to the account, AWS's managed one at least."""
    if table["serverSideEncryption"]["enabled"].flag is not True:
        yield "serverSideEncryption is not enabled"


@resource_policy(
    {TABLE: ("billingMode",)},
    ids=("DynamoDB.1", "CKV2_AWS_16"),
    severity=Severity.MEDIUM,
    why="A lock that is throttled stops a rollout, and idle capacity costs without one.",
)
def table_is_paid_by_request(table: Resource) -> Problems:
    """A table has no capacity that it could run out of."""
    if table["billingMode"].text != "PAY_PER_REQUEST":
        yield "billingMode is not PAY_PER_REQUEST"
