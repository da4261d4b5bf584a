"""One change of the good stack per case, and what a rule must say of it."""

from tests.policy.cases import (
    alarms,
    functions,
    iam,
    listener_rules,
    logs_and_names,
    permissions,
    routing,
    security_groups,
    target_groups,
    the_rest,
)

CASES = (
    *listener_rules.CASES,
    *routing.CASES,
    *target_groups.CASES,
    *logs_and_names.CASES,
    *permissions.CASES,
    *functions.CASES,
    *iam.CASES,
    *alarms.CASES,
    *security_groups.CASES,
    *the_rest.CASES,
)
