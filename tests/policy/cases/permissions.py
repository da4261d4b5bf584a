"""Who may call a function."""

from policy import tokens
from policy.rules import permissions as rules
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import TOPIC_ARN, UNKNOWN, edited, extra, image_function, permission

_TO = "permission-l-image"
_FAILURES = {"onFailure": {"destinationArn": UNKNOWN}}

CASES = (
    bad(rules.permission_names_its_caller, "everyone", _TO, {"principal": "*"}),
    bad(rules.permission_names_its_caller, "nobody", _TO, {"principal": GONE}),
    bad(rules.permission_names_its_caller, "no source", _TO, {"sourceArn": GONE}),
    bad(rules.permission_names_its_caller, "an empty source", _TO, {"sourceArn": ""}),
    bad(rules.permission_names_its_caller, "any source", _TO, {"sourceArn": "*"}),
    bad(rules.permission_names_its_caller, "any ARN", _TO, {"sourceArn": "arn:aws:s3:::*"}),
    fine(rules.permission_names_its_caller, "not known yet", _TO, {"sourceArn": UNKNOWN}),
    fine(
        rules.permission_names_its_caller,
        "an account",
        _TO,
        {"principal": "000000000000", "sourceArn": GONE},
    ),
    bad(rules.permission_is_to_invoke, "everything", _TO, {"action": "lambda:*"}),
    bad(rules.permission_is_to_invoke, "the URL", _TO, {"action": "lambda:InvokeFunctionUrl"}),
    bad(rules.permission_is_to_invoke, "nothing", _TO, {"action": GONE}),
    fine(rules.permission_is_to_invoke, "another caller", _TO, {"principal": "sns.amazonaws.com"}),
    bad(
        rules.function_has_one_calling_service,
        "a topic too",
        plus=[
            edited(
                permission("other", "image"),
                {"principal": "sns.amazonaws.com", "sourceArn": TOPIC_ARN},
            )
        ],
    ),
    bad(
        rules.function_has_one_calling_service,
        "the account too, not known yet",
        plus=[
            edited(permission("other", "image"), {"function": UNKNOWN, "principal": "000000000000"})
        ],
    ),
    fine(
        rules.function_has_one_calling_service,
        "another function for another service",
        plus=[
            image_function("other"),
            edited(permission("other", "other"), {"principal": "sns.amazonaws.com"}),
        ],
    ),
    fine(
        rules.function_has_one_calling_service,
        "two groups",
        plus=[permission("other", "image")],
    ),
    bad(
        rules.function_url_asks_who_calls,
        "nobody asks",
        plus=[extra(tokens.FUNCTION_URL, authorizationType="NONE")],
    ),
    bad(rules.function_url_asks_who_calls, "not set", plus=[extra(tokens.FUNCTION_URL)]),
    fine(
        rules.function_url_asks_who_calls,
        "IAM asks",
        plus=[extra(tokens.FUNCTION_URL, authorizationType="AWS_IAM")],
    ),
    bad(
        rules.asynchronous_callers_keep_failures,
        "a queue without",
        plus=[extra(tokens.EVENT_SOURCE, functionName="image")],
    ),
    bad(
        rules.asynchronous_callers_keep_failures,
        "asynchronous without",
        plus=[extra(tokens.ASYNC_CONFIG, destinationConfig={"onSuccess": {"destination": "x"}})],
    ),
    fine(
        rules.asynchronous_callers_keep_failures,
        "a queue with",
        plus=[extra(tokens.EVENT_SOURCE, destinationConfig=_FAILURES)],
    ),
    fine(
        rules.asynchronous_callers_keep_failures,
        "asynchronous with",
        plus=[extra(tokens.ASYNC_CONFIG, destinationConfig={"onFailure": {"destination": "x"}})],
    ),
)
