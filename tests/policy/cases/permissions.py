"""Who may call a function."""

from policy import tokens
from policy.policies import permissions
from tests.policy.cases.case import GONE, also, on
from tests.policy.good import TOPIC_ARN, UNKNOWN, edited, extra, image_function, permission

_TO = "permission-l-image"
_FAILURES = {"onFailure": {"destinationArn": UNKNOWN}}

CASES = (
    *on(
        permissions.permission_names_its_caller,
        _TO,
        bad={
            "everyone": {"principal": "*"},
            "nobody": {"principal": GONE},
            "no source": {"sourceArn": GONE},
            "an empty source": {"sourceArn": ""},
            "any source": {"sourceArn": "*"},
            "any ARN": {"sourceArn": "arn:aws:s3:::*"},
        },
        fine={
            "not known yet": {"sourceArn": UNKNOWN},
            "an account": {"principal": "000000000000", "sourceArn": GONE},
        },
    ),
    *on(
        permissions.permission_is_to_invoke,
        _TO,
        bad={
            "everything": {"action": "lambda:*"},
            "the URL": {"action": "lambda:InvokeFunctionUrl"},
            "nothing": {"action": GONE},
        },
        fine={"another caller": {"principal": "sns.amazonaws.com"}},
    ),
    *on(
        permissions.function_has_one_calling_service,
        bad={
            "a topic too": also(
                plus=[
                    edited(
                        permission("other", "image"),
                        {"principal": "sns.amazonaws.com", "sourceArn": TOPIC_ARN},
                    )
                ]
            ),
            "the account too, not known yet": also(
                plus=[
                    edited(
                        permission("other", "image"),
                        {"function": UNKNOWN, "principal": "000000000000"},
                    )
                ]
            ),
        },
        fine={
            "another function for another service": also(
                plus=[
                    image_function("other"),
                    edited(permission("other", "other"), {"principal": "sns.amazonaws.com"}),
                ]
            ),
            "two groups": also(plus=[permission("other", "image")]),
        },
    ),
    *on(
        permissions.function_url_asks_who_calls,
        bad={
            "nobody asks": also(plus=[extra(tokens.FUNCTION_URL, authorizationType="NONE")]),
            "not set": also(plus=[extra(tokens.FUNCTION_URL)]),
        },
        fine={"IAM asks": also(plus=[extra(tokens.FUNCTION_URL, authorizationType="AWS_IAM")])},
    ),
    *on(
        permissions.asynchronous_callers_keep_failures,
        bad={
            "a queue without": also(plus=[extra(tokens.EVENT_SOURCE, functionName="image")]),
            "asynchronous without": also(
                plus=[
                    extra(
                        tokens.ASYNC_CONFIG, destinationConfig={"onSuccess": {"destination": "x"}}
                    )
                ]
            ),
        },
        fine={
            "a queue with": also(plus=[extra(tokens.EVENT_SOURCE, destinationConfig=_FAILURES)]),
            "asynchronous with": also(
                plus=[
                    extra(
                        tokens.ASYNC_CONFIG, destinationConfig={"onFailure": {"destination": "x"}}
                    )
                ]
            ),
        },
    ),
)
