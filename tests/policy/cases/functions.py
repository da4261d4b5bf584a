"""Lambda functions."""

from policy.rules import functions as rules
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import RUST, SECRET_ARN, UNKNOWN

_SUBNETS = "vpcConfig.subnetIds"
_VARIABLES = "environment.variables"
_KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"  # AWS's own example
_KEY = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"

CASES = (
    bad(rules.runtime_is_supported, "an old one", "zip", {"runtime": "python3.8"}),
    bad(rules.runtime_is_supported, "another language", "zip", {"runtime": "nodejs22.x"}),
    bad(rules.runtime_is_supported, "none", "zip", {"runtime": GONE}),
    fine(rules.runtime_is_supported, "a newer one", "zip", {"runtime": "python3.13"}),
    fine(rules.runtime_is_supported, "none in an image", "image", {}),
    bad(rules.function_is_in_the_network, "outside", "image", {"vpcConfig": GONE}),
    bad(rules.function_is_in_the_network, "one subnet", "image", {_SUBNETS: ["subnet-a"]}),
    bad(rules.function_is_in_the_network, "one twice", "image", {_SUBNETS: 2 * ["subnet-a"]}),
    bad(
        rules.function_is_in_the_network,
        "no security group",
        "image",
        {"vpcConfig.securityGroupIds": []},
    ),
    fine(rules.function_is_in_the_network, "not known yet", "image", {_SUBNETS: UNKNOWN}),
    fine(rules.function_is_in_the_network, "two not known", "image", {_SUBNETS: 2 * [UNKNOWN]}),
    bad(rules.function_is_traced, "not", RUST, {"tracingConfig": GONE}),
    bad(rules.function_is_traced, "if others do", RUST, {"tracingConfig.mode": "PassThrough"}),
    bad(rules.environment_holds_no_secret, "by name", "image", {f"{_VARIABLES}.DB_PASSWORD": "x"}),
    bad(
        rules.environment_holds_no_secret,
        "by name, not known yet",
        "image",
        {f"{_VARIABLES}.API_KEY": UNKNOWN},
    ),
    bad(rules.environment_holds_no_secret, "a key id", "image", {f"{_VARIABLES}.A": _KEY_ID}),
    bad(rules.environment_holds_no_secret, "a key", "image", {f"{_VARIABLES}.A": _KEY}),
    bad(
        rules.environment_holds_no_secret,
        "a password in a URL",
        "image",
        {f"{_VARIABLES}.DATABASE_URL": "postgres://user:word@db/scorer"},
    ),
    fine(
        rules.environment_holds_no_secret,
        "the ARN of a secret",
        "image",
        {f"{_VARIABLES}.SECRET_ARN": SECRET_ARN},
    ),
    fine(
        rules.environment_holds_no_secret,
        "a plain URL",
        "image",
        {f"{_VARIABLES}.VERIFIER_URL": "http://core-alb.private.gitcoin.co/verifier/verify"},
    ),
    bad(rules.function_size_is_explicit, "no memory", "image", {"memorySize": GONE}),
    bad(rules.function_size_is_explicit, "no timeout", "image", {"timeout": GONE}),
    bad(rules.function_size_is_explicit, "too small", "image", {"memorySize": 127.0}),
    bad(rules.function_size_is_explicit, "too slow", "image", {"timeout": 901.0}),
    fine(rules.function_size_is_explicit, "the most", "image", {"memorySize": 10240.0}),
    bad(
        rules.layers_are_from_known_accounts,
        "a stranger's",
        "zip",
        {"layers[0]": "arn:aws:lambda:us-west-2:123456789012:layer:python:3"},
    ),
    bad(rules.layers_are_from_known_accounts, "not a layer", "zip", {"layers[0]": "layer"}),
    bad(
        rules.layers_are_from_known_accounts,
        "six",
        "zip",
        {"layers": [f"arn:aws:lambda:us-west-2:000000000000:layer:l{n}:1" for n in range(6)]},
    ),
    fine(
        rules.layers_are_from_known_accounts,
        "ours, by the role",
        "zip",
        {f"{_VARIABLES}.SCORER_SERVER_SSM_ARN": UNKNOWN},
    ),
    fine(
        rules.layers_are_from_known_accounts,
        "ours, by the secret",
        "zip",
        {"role": UNKNOWN},
    ),
    bad(rules.function_has_the_shape_of_its_package, "no image", "image", {"imageUri": GONE}),
    bad(rules.function_has_the_shape_of_its_package, "a handler", "image", {"handler": "h"}),
    bad(rules.function_has_the_shape_of_its_package, "a layer", "image", {"layers": ["l"]}),
    bad(rules.function_has_the_shape_of_its_package, "no handler", "zip", {"handler": GONE}),
    bad(rules.function_has_the_shape_of_its_package, "no code", "zip", {"code": GONE}),
    bad(rules.function_has_the_shape_of_its_package, "no runtime", "zip", {"runtime": GONE}),
    bad(rules.function_has_the_shape_of_its_package, "an image", "zip", {"imageUri": "i"}),
    bad(rules.function_has_the_shape_of_its_package, "no kind", "zip", {"packageType": "Tar"}),
    bad(rules.function_has_the_shape_of_its_package, "no role", "zip", {"role": GONE}),
    fine(rules.function_has_the_shape_of_its_package, "Zip", "zip", {"packageType": "Zip"}),
    fine(rules.function_has_the_shape_of_its_package, "a new role", "zip", {"role": UNKNOWN}),
    bad(
        rules.environment_is_one_that_lambda_takes,
        "a reserved name",
        "image",
        {f"{_VARIABLES}.AWS_REGION": "us-west-2"},
    ),
    bad(
        rules.environment_is_one_that_lambda_takes,
        "a digit first",
        "image",
        {f"{_VARIABLES}.1A": "x"},
    ),
    bad(
        rules.environment_is_one_that_lambda_takes,
        "too much",
        "image",
        {f"{_VARIABLES}.TEXT": "é" * 2048},
    ),
    fine(
        rules.environment_is_one_that_lambda_takes,
        "not known yet",
        "image",
        {f"{_VARIABLES}.TEXT": UNKNOWN},
    ),
    fine(
        rules.environment_is_one_that_lambda_takes,
        "a lot",
        "image",
        {f"{_VARIABLES}.TEXT": "x" * 3900},
    ),
    fine(rules.environment_is_one_that_lambda_takes, "none", "image", {"environment": GONE}),
)
