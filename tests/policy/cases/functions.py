"""Lambda functions."""

from policy.policies import functions
from tests.policy.cases.case import GONE, on
from tests.policy.good import RUST, SECRET_ARN, UNKNOWN

_SUBNETS = "vpcConfig.subnetIds"
_VARIABLES = "environment.variables"
_KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"  # AWS's own example
_KEY = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"

CASES = (
    *on(
        functions.runtime_is_supported,
        "zip",
        bad={
            "an old one": {"runtime": "python3.8"},
            "another language": {"runtime": "nodejs22.x"},
            "none": {"runtime": GONE},
        },
        fine={"a newer one": {"runtime": "python3.13"}},
    ),
    *on(functions.runtime_is_supported, "image", fine={"none in an image": {}}),
    *on(
        functions.function_is_in_the_network,
        "image",
        bad={
            "outside": {"vpcConfig": GONE},
            "one subnet": {_SUBNETS: ["subnet-a"]},
            "one twice": {_SUBNETS: 2 * ["subnet-a"]},
            "no security group": {"vpcConfig.securityGroupIds": []},
        },
        fine={"not known yet": {_SUBNETS: UNKNOWN}, "two not known": {_SUBNETS: 2 * [UNKNOWN]}},
    ),
    *on(
        functions.function_is_traced,
        RUST,
        bad={"not": {"tracingConfig": GONE}, "if others do": {"tracingConfig.mode": "PassThrough"}},
    ),
    *on(
        functions.environment_holds_no_secret,
        "image",
        bad={
            "by name": {f"{_VARIABLES}.DB_PASSWORD": "x"},
            "by name, not known yet": {f"{_VARIABLES}.API_KEY": UNKNOWN},
            "a key id": {f"{_VARIABLES}.A": _KEY_ID},
            "a key": {f"{_VARIABLES}.A": _KEY},
            "a password in a URL": {f"{_VARIABLES}.DATABASE_URL": "postgres://user:word@db/scorer"},
        },
        fine={
            "the ARN of a secret": {f"{_VARIABLES}.SECRET_ARN": SECRET_ARN},
            "a plain URL": {
                f"{_VARIABLES}.VERIFIER_URL": "http://core-alb.private.gitcoin.co/verifier/verify"
            },
        },
    ),
    *on(
        functions.function_size_is_explicit,
        "image",
        bad={
            "no memory": {"memorySize": GONE},
            "no timeout": {"timeout": GONE},
            "too small": {"memorySize": 127.0},
            "too slow": {"timeout": 901.0},
        },
        fine={"the most": {"memorySize": 10240.0}},
    ),
    *on(
        functions.layers_are_from_known_accounts,
        "zip",
        bad={
            "a stranger's": {"layers[0]": "arn:aws:lambda:us-west-2:123456789012:layer:python:3"},
            "not a layer": {"layers[0]": "layer"},
            "six": {
                "layers": [f"arn:aws:lambda:us-west-2:000000000000:layer:l{n}:1" for n in range(6)]
            },
        },
        fine={
            "ours, by the role": {f"{_VARIABLES}.SCORER_SERVER_SSM_ARN": UNKNOWN},
            "ours, by the secret": {"role": UNKNOWN},
        },
    ),
    *on(
        functions.function_has_the_shape_of_its_package,
        "image",
        bad={
            "no image": {"imageUri": GONE},
            "a handler": {"handler": "h"},
            "a layer": {"layers": ["l"]},
        },
    ),
    *on(
        functions.function_has_the_shape_of_its_package,
        "zip",
        bad={
            "no handler": {"handler": GONE},
            "no code": {"code": GONE},
            "no runtime": {"runtime": GONE},
            "an image": {"imageUri": "i"},
            "no kind": {"packageType": "Tar"},
            "no role": {"role": GONE},
        },
        fine={"Zip": {"packageType": "Zip"}, "a new role": {"role": UNKNOWN}},
    ),
    *on(
        functions.environment_is_one_that_lambda_takes,
        "image",
        bad={
            "a reserved name": {f"{_VARIABLES}.AWS_REGION": "us-west-2"},
            "a digit first": {f"{_VARIABLES}.1A": "x"},
            "too much": {f"{_VARIABLES}.TEXT": "é" * 2048},
        },
        fine={
            "not known yet": {f"{_VARIABLES}.TEXT": UNKNOWN},
            "a lot": {f"{_VARIABLES}.TEXT": "x" * 3900},
            "none": {"environment": GONE},
        },
    ),
)
