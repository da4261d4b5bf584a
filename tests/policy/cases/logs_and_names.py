"""Log groups and physical names."""

from policy import tokens
from policy.rules import logs, names
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import extra, log_group, urn

CASES = (
    bad(logs.log_group_forgets, "for ever", "image-log-group", {"retentionInDays": GONE}),
    bad(logs.log_group_forgets, "0, for ever", "image-log-group", {"retentionInDays": 0.0}),
    bad(logs.log_group_forgets, "not a time of AWS", "image-log-group", {"retentionInDays": 366.0}),
    bad(logs.log_group_forgets, "two weeks", "image-log-group", {"retentionInDays": 14.0}),
    fine(logs.log_group_forgets, "longer", "image-log-group", {"retentionInDays": 400.0}),
    bad(logs.function_waits_for_its_log_group, "no group", minus=["image-log-group"]),
    bad(
        logs.function_waits_for_its_log_group,
        "another name",
        "image-log-group",
        {"name": "/aws/lambda/picture"},
    ),
    bad(
        logs.function_waits_for_its_log_group,
        "no dependency",
        "image",
        dependencies=(urn(tokens.ROLE, "role"),),
    ),
    bad(logs.function_waits_for_its_log_group, "left over", plus=[log_group("gone")]),
    fine(
        logs.function_waits_for_its_log_group,
        "the dependency alone",
        "image",
        dependencies=(urn(tokens.LOG_GROUP, "image-log-group"),),
    ),
    bad(names.physical_name_is_valid, "none", "l-image", {"name": GONE}),
    bad(names.physical_name_is_valid, "33 letters", "l-image", {"name": 33 * "a"}),
    bad(names.physical_name_is_valid, "a hyphen at the end", "l-image", {"name": "l-"}),
    bad(names.physical_name_is_valid, "an underscore", "l-image", {"name": "l_image"}),
    bad(names.physical_name_is_valid, "65 letters", "image", {"name": 65 * "a"}),
    bad(names.physical_name_is_valid, "a space", "image-log-group", {"name": "/aws/lambda a"}),
    bad(
        names.physical_name_is_valid,
        "256 letters",
        "errors-" + "passport-v2-rust-scorer",
        {"name": 256 * "a"},
    ),
    bad(names.physical_name_is_valid, "no alarm name", "health", {"alarmName": GONE}),
    bad(names.physical_name_is_valid, "a role of 65", "role", {"name": 65 * "a"}),
    bad(names.physical_name_is_valid, "a space", "permission-l-image", {"statementId": "a b"}),
    bad(
        names.physical_name_is_valid,
        "a balancer of 33",
        plus=[extra(tokens.LOAD_BALANCER, name=33 * "a")],
    ),
    fine(names.physical_name_is_valid, "32 letters", "l-image", {"name": 32 * "a"}),
    fine(names.physical_name_is_valid, "64 letters", "image", {"name": 64 * "a"}),
    fine(names.physical_name_is_valid, "a role without a name", "role", {}),
    bad(
        names.target_group_names_are_unique,
        "the same",
        "zip-target-group",
        {"name": "l-image"},
    ),
    fine(names.target_group_names_are_unique, "another", "zip-target-group", {"name": "l-zip"}),
    fine(
        names.target_group_names_are_unique,
        "two that the provider names",
        "zip-target-group",
        {"name": GONE},
    ),
)
