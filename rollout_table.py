"""The table with journal and lock of rollouts."""

from pulumi_aws import dynamodb

import catalog
from lambdas.context import Context


def declare_rollout_table(context: Context) -> None:
    """Create the table, paid by request, encrypted and restorable to any second of 35 days.

    It has no deletion protection: `pulumi destroy` would fail on it, and of a deleted table AWS
    keeps a backup for as long.
    """
    keys = (catalog.ROLLOUT_TABLE_HASH_KEY, catalog.ROLLOUT_TABLE_RANGE_KEY)
    dynamodb.Table(
        catalog.ROLLOUT_TABLE,
        name=catalog.ROLLOUT_TABLE,
        billing_mode="PAY_PER_REQUEST",
        hash_key=catalog.ROLLOUT_TABLE_HASH_KEY,
        range_key=catalog.ROLLOUT_TABLE_RANGE_KEY,
        attributes=[dynamodb.TableAttributeArgs(name=key, type="S") for key in keys],
        point_in_time_recovery=dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
        server_side_encryption=dynamodb.TableServerSideEncryptionArgs(enabled=True),
        tags=context.tags(catalog.ROLLOUT_TABLE),
    )
