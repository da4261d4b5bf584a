"""Log groups and physical names."""

from policy import tokens
from policy.policies import logs, names
from tests.policy.cases.case import GONE, also, on
from tests.policy.good import extra, log_group, urn

CASES = (
    *on(
        logs.log_group_forgets,
        "image-log-group",
        bad={
            "for ever": {"retentionInDays": GONE},
            "0, for ever": {"retentionInDays": 0.0},
            "not a time of AWS": {"retentionInDays": 366.0},
            "two weeks": {"retentionInDays": 14.0},
        },
        fine={"longer": {"retentionInDays": 400.0}},
    ),
    *on(
        logs.function_waits_for_its_log_group,
        bad={
            "no group": also(minus=["image-log-group"]),
            "left over": also(plus=[log_group("gone")]),
        },
    ),
    *on(
        logs.function_waits_for_its_log_group,
        "image-log-group",
        bad={"another name": {"name": "/aws/lambda/picture"}},
    ),
    *on(
        logs.function_waits_for_its_log_group,
        "image",
        bad={"no dependency": also(dependencies=(urn(tokens.ROLE, "role"),))},
        fine={
            "the dependency alone": also(dependencies=(urn(tokens.LOG_GROUP, "image-log-group"),))
        },
    ),
    *on(
        names.physical_name_is_valid,
        "l-image",
        bad={
            "none": {"name": GONE},
            "33 letters": {"name": 33 * "a"},
            "a hyphen at the end": {"name": "l-"},
            "an underscore": {"name": "l_image"},
        },
        fine={"32 letters": {"name": 32 * "a"}},
    ),
    *on(
        names.physical_name_is_valid,
        "image",
        bad={"65 letters": {"name": 65 * "a"}},
        fine={"64 letters": {"name": 64 * "a"}},
    ),
    *on(
        names.physical_name_is_valid, "image-log-group", bad={"a space": {"name": "/aws/lambda a"}}
    ),
    *on(
        names.physical_name_is_valid,
        "errors-" + "passport-v2-rust-scorer",
        bad={"256 letters": {"name": 256 * "a"}},
    ),
    *on(names.physical_name_is_valid, "health", bad={"no alarm name": {"alarmName": GONE}}),
    *on(
        names.physical_name_is_valid,
        "role",
        bad={"a role of 65": {"name": 65 * "a"}},
        fine={"a role without a name": {}},
    ),
    *on(
        names.physical_name_is_valid, "permission-l-image", bad={"a space": {"statementId": "a b"}}
    ),
    *on(
        names.physical_name_is_valid,
        bad={"a balancer of 33": also(plus=[extra(tokens.LOAD_BALANCER, name=33 * "a")])},
    ),
    *on(
        names.target_group_names_are_unique,
        "zip-target-group",
        bad={"the same": also({"name": "l-image"})},
        fine={"another": {"name": "l-zip"}, "two that the provider names": {"name": GONE}},
    ),
)
