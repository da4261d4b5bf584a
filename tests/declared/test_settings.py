"""Contract, "Stack configuration": what is taken, what is refused, and what it says then."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import catalog
from deployed import Deployed
from settings import Settings, load_settings
from tests.support.recorder import Program, configuration, run_program

ROOT = Path(__file__).parents[2]
CANARY = "canary-51c0"
FIXED = [
    "DEBUG",
    "LOGGING_STRATEGY",
    "SCORER_SERVER_SSM_ARN",
    "FF_API_ANALYTICS",
    "VERIFIER_URL",
]

Required = Mapping[str, Any]


def loaded(config: Mapping[str, Any], secret: Mapping[str, str] | None = None) -> Settings:
    with configuration(config, secret=secret):
        return load_settings(Deployed(), {})


def refused(
    config: Mapping[str, Any], *, secret: Mapping[str, str] | None = None, preview: bool = False
) -> list[str]:
    """The problems, one text each; the program must have registered nothing."""
    seen = Program()
    with pytest.raises(pulumi.RunError) as caught:
        run_program(config, secret=secret, preview=preview, into=seen)
    assert seen.registrations == []
    assert seen.reads == []
    assert seen.exports == {}
    message = str(caught.value)
    # What Python would print with the error must not say more than the message.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    headline, *problems = message.split("\n\n")
    assert "staging" in headline
    assert problems
    return problems


def assert_explained(problem: str, *texts: str) -> None:
    """It names the key and the value, what is allowed, and the command that mends it."""
    for text in (*texts, "allowed:", "pulumi config set"):
        assert text in problem


def test_what_is_not_set_has_the_defaults_of_the_contract(required: Required) -> None:
    found = loaded(required)

    assert found.rust_percentage == 0
    assert found.rust_percentage_by_endpoint == {}
    assert found.stickiness_seconds == 3600
    assert found.environment == {}
    assert found.tester_header_value is None
    assert found.adopt == {}


def test_the_project_file_declares_what_has_a_default_and_no_type() -> None:
    """Of anything more, the CLI itself would refuse one mistake before the program lists all."""
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

    assert declared == {
        field.alias: {"description": field.description, "default": field.default}
        for field in Settings.model_fields.values()
        if not field.is_required() and field.default is not None
    }


def test_what_is_set_is_what_the_program_gets(required: Required) -> None:
    found = loaded(
        {
            **required,
            "rustPercentage": "10",
            "rustPercentageByEndpoint": {"embed-st": 0, "cc-v1-score-GET-0": 100},
            "stickinessSeconds": "60",
            "environment": {"ALLOWED_HOSTS": "a,b", "EMPTY": ""},
            "adopt": {"lambdaRole": "lambdaRole-1"},
        },
        secret={"testerHeaderValue": CANARY},
    )

    assert found.rust_percentage == 10
    assert found.rust_percentage_by_endpoint == {"embed-st": 0, "cc-v1-score-GET-0": 100}
    assert found.stickiness_seconds == 60
    assert found.environment == {"ALLOWED_HOSTS": "a,b", "EMPTY": ""}
    assert found.adopt == {"lambdaRole": "lambdaRole-1"}
    assert found.foundation_stack == required["foundationStack"]
    assert found.scorer_image == required["scorerImage"]
    assert found.python_package == required["pythonPackage"]
    assert found.rust_package == required["rustPackage"]
    assert found.tester_header_value is not None
    assert found.tester_header_value.get_secret_value() == CANARY


def test_settings_are_frozen(required: Required) -> None:
    with pytest.raises(ValueError, match="frozen"):
        loaded(required).rust_percentage = 100


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rustPercentage", "0"),
        ("rustPercentage", "100"),
        ("stickinessSeconds", "1"),
        ("stickinessSeconds", "604800"),
        ("foundationStack", "o/p/s"),
        ("rustPercentageByEndpoint", "{}"),
        ("rustPercentageByEndpoint", '{"passport-v2-stamp-score": 0, "embed-gs": 100}'),
        ("rustPercentageByEndpoint", '{"embed-gs": "7"}'),
        ("environment", '{"A1": ""}'),
        ("adopt", '{"submit-passport-0-log-group": "/aws/lambda/submit-passport-0"}'),
    ],
)
def test_values_at_the_edge_are_taken(required: Required, key: str, value: str) -> None:
    loaded({**required, key: value})


@pytest.mark.parametrize("value", ["x", "a" * 128, "AZaz09._~-"])
def test_secret_header_values_of_the_allowed_characters_are_taken(
    required: Required, value: str
) -> None:
    found = loaded(required, {"testerHeaderValue": value}).tester_header_value

    assert found is not None
    assert found.get_secret_value() == value


WRONG_NUMBERS = ["-1", "50.5", "abc", "", " 5", "1e1", "0x5", "true", "null", "[5]", "9" * 40]


@pytest.mark.parametrize("value", ["101", *WRONG_NUMBERS])
def test_a_percentage_is_a_whole_number_from_0_to_100(required: Required, value: str) -> None:
    (problem,) = refused({**required, "rustPercentage": value})

    assert_explained(problem, "rustPercentage", json.dumps(value), "0 to 100")
    assert "pulumi config set rustPercentage" in problem


@pytest.mark.parametrize("value", ["0", "604801", *WRONG_NUMBERS])
def test_stickiness_is_whole_seconds_up_to_a_week(required: Required, value: str) -> None:
    (problem,) = refused({**required, "stickinessSeconds": value})

    assert_explained(problem, "stickinessSeconds", json.dumps(value), "1 to 604800")
    assert "pulumi config set stickinessSeconds" in problem


@pytest.mark.parametrize(
    "endpoint", ["cc-v1-st-bulk-PATCH-0", "passport-v2-history", "rust-scorer", "nonsense", ""]
)
def test_overrides_are_for_dual_endpoints_only(required: Required, endpoint: str) -> None:
    (problem,) = refused({**required, "rustPercentageByEndpoint": {endpoint: 10}})

    assert_explained(problem, f'rustPercentageByEndpoint["{endpoint}"]', "10")
    for dual in ("cc-v1-score-GET-0", "cc-v1-st-bulk-POST-0", "embed-gs", "embed-rl", "embed-st"):
        assert dual in problem


@pytest.mark.parametrize("value", [101, -1, 50.5, "abc", True, None, [], {}])
def test_an_override_is_a_whole_number_from_0_to_100(required: Required, value: Any) -> None:
    (problem,) = refused({**required, "rustPercentageByEndpoint": {"embed-st": value}})

    assert_explained(problem, 'rustPercentageByEndpoint["embed-st"]', json.dumps(value), "0 to 100")


@pytest.mark.parametrize("key", ["rustPercentageByEndpoint", "environment", "adopt"])
@pytest.mark.parametrize("value", ["5", "[]", "embed-st", "null", '"text"', "{", ""])
def test_maps_are_maps(required: Required, key: str, value: str) -> None:
    (problem,) = refused({**required, key: value})

    assert_explained(problem, key)


@pytest.mark.parametrize("key", ["foundationStack", "scorerImage", "pythonPackage", "rustPackage"])
def test_what_has_no_default_must_be_set(required: Required, key: str) -> None:
    (problem,) = refused({name: value for name, value in required.items() if name != key})

    assert_explained(problem, f"{key} is not set", f"pulumi config set {key} ")


@pytest.mark.parametrize(
    "value", ["", "stack", "p/s", "o/p/s/t", "o//s", "o/p/", "o/p/s s", "/p/s"]
)
def test_the_foundation_is_named_in_three_parts(required: Required, value: str) -> None:
    (problem,) = refused({**required, "foundationStack": value})

    assert_explained(problem, "foundationStack", json.dumps(value), "org/project/stack")


@pytest.mark.parametrize("value", ["", "an image", '{"repository":"scorer"}', '["scorer:1"]'])
def test_the_image_is_a_uri(required: Required, value: str) -> None:
    (problem,) = refused({**required, "scorerImage": value})

    assert_explained(problem, "scorerImage", json.dumps(value))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ((":1", ":latest"), "a tag that moves"),
        (("us-west-2", "eu-west-1"), "an image of eu-west-1"),
    ],
)
def test_the_image_is_one_that_stays_and_is_near(
    required: Required, changed: tuple[str, str], why: str
) -> None:
    (problem,) = refused({**required, "scorerImage": required["scorerImage"].replace(*changed)})

    assert_explained(problem, "scorerImage", why)


def test_a_key_of_a_map_is_there_once(required: Required) -> None:
    (problem,) = refused(
        {**required, "rustPercentageByEndpoint": '{"embed-st": 1, "embed-st": 100}'}
    )

    assert_explained(problem, "rustPercentageByEndpoint", "embed-st is there twice")


def test_a_routing_table_that_aws_would_refuse_ends_the_program(
    required: Required, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = catalog.ENDPOINTS
    monkeypatch.setattr(catalog, "ENDPOINTS", [replace(first, priority=60_000), *others])
    seen = Program()

    with pytest.raises(pulumi.RunError, match="60000"):
        run_program(required, into=seen)

    assert seen.registrations == []


@pytest.mark.parametrize("key", ["pythonPackage", "rustPackage"])
@pytest.mark.parametrize("value", ["", "dist/nowhere.zip", "/tmp"])  # noqa: S108 a folder
def test_packages_are_files_that_exist(required: Required, key: str, value: str) -> None:
    (problem,) = refused({**required, key: value})

    assert_explained(problem, key, json.dumps(value), f"pulumi config set {key} ")


@pytest.mark.parametrize("name", FIXED)
def test_the_environment_may_not_redefine_a_fixed_variable(required: Required, name: str) -> None:
    (problem,) = refused({**required, "environment": {name: CANARY}})

    assert_explained(problem, f'environment["{name}"]')
    assert CANARY not in problem


@pytest.mark.parametrize("name", ["AWS_REGION", "_HANDLER", "1A", "A B", "A-B", "", "A", "Ä1"])
def test_environment_names_are_those_that_lambda_takes(required: Required, name: str) -> None:
    (problem,) = refused({**required, "environment": {name: CANARY}})

    assert_explained(problem, f'environment["{name}"]')
    assert CANARY not in problem


@pytest.mark.parametrize("value", [5104, True, None, [CANARY], {"a": CANARY}])
def test_environment_values_are_texts_and_are_not_shown(required: Required, value: Any) -> None:
    (problem,) = refused({**required, "environment": {"GOOD": "x", "BAD": value}})

    assert_explained(problem, 'environment["BAD"]')
    assert "5104" not in problem
    assert CANARY not in problem


def test_an_environment_that_is_no_map_is_not_shown(required: Required) -> None:
    (problem,) = refused({**required, "environment": f"SECRET={CANARY}"})

    assert CANARY not in problem


def test_an_environment_may_not_outgrow_lambda(required: Required) -> None:
    loaded({**required, "environment": {"BIG": "x" * 3500}})

    (problem,) = refused({**required, "environment": {"BIG": CANARY * 400}})

    assert_explained(problem, "environment", "4096")
    assert CANARY not in problem


def test_an_environment_is_no_place_for_secrets(required: Required) -> None:
    (problem,) = refused(required, secret={"environment": json.dumps({"TOKEN": CANARY})})

    assert_explained(problem, "environment")
    assert CANARY not in problem


def test_a_plain_tester_header_is_refused(required: Required) -> None:
    (problem,) = refused({**required, "testerHeaderValue": CANARY})

    assert_explained(problem, "testerHeaderValue", "secret")
    assert "pulumi config set --secret testerHeaderValue" in problem
    assert CANARY not in problem


@pytest.mark.parametrize(
    "value",
    ["", f"{CANARY} x", f"{CANARY}*", f"{CANARY}?", f"{CANARY}\n", f"{CANARY}é", CANARY * 12],
)
def test_a_secret_header_value_of_other_characters_is_refused_unseen(
    required: Required, value: str
) -> None:
    (problem,) = refused(required, secret={"testerHeaderValue": value})

    assert_explained(problem, "testerHeaderValue", "1-128", "--secret")
    assert CANARY not in problem


@pytest.mark.parametrize("name", ["nonsense", "", "aws:iam/role:Role", "submit-passport-0 "])
def test_only_resources_of_the_program_can_be_adopted(required: Required, name: str) -> None:
    (problem,) = refused({**required, "adopt": {name: "id-1"}})

    assert_explained(problem, f'adopt["{name}"]', "id-1")


@pytest.mark.parametrize("value", ["", "two words", 5, None, []])
def test_an_adopted_id_is_one_word(required: Required, value: Any) -> None:
    (problem,) = refused({**required, "adopt": {"lambdaRole": value}})

    assert_explained(problem, 'adopt["lambdaRole"]', json.dumps(value))


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("rustPercent", "rustPercentage"),
        ("rust_percentage", "rustPercentage"),
        ("testerHeader", "testerHeaderValue"),
        ("RustPackage", "rustPackage"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_key_offered(
    required: Required, key: str, meant: str
) -> None:
    (problem,) = refused({**required, key: CANARY})

    assert_explained(problem, key, meant, f"pulumi config rm {key}")
    assert CANARY not in problem  # it may be a secret under a misspelt key


def test_an_unknown_key_that_resembles_none_is_to_be_removed(required: Required) -> None:
    (problem,) = refused({**required, "zzz": "1"})

    assert "zzz" in problem
    assert "pulumi config rm zzz" in problem
    assert "rustPercentageByEndpoint" in problem


def test_keys_of_other_namespaces_are_not_ours(required: Required) -> None:
    loaded({**required, "aws:profile": "x", "passport-scorer-routing-extras:key": "x"})


MANY: dict[str, Any] = {
    "rustPercentage": "101",
    "rustPercentageByEndpoint": {"embed-st": -1, "cc-v1-st-bulk-PATCH-0": 5},
    "stickinessSeconds": "0",
    "scorerImage": "",
    "pythonPackage": "dist/nowhere.zip",
    "environment": {"DEBUG": CANARY, "GOOD": "x"},
    "testerHeaderValue": f"{CANARY} plain",
    "adopt": {"nonsense": "id-1"},
    "frobnicate": "1",
}
EACH_NAMES = [
    "rustPercentage is",
    'rustPercentageByEndpoint["embed-st"]',
    'rustPercentageByEndpoint["cc-v1-st-bulk-PATCH-0"]',
    "stickinessSeconds",
    "scorerImage",
    "pythonPackage",
    'environment["DEBUG"]',
    "testerHeaderValue is not a secret",
    'adopt["nonsense"]',
    "frobnicate",
    "foundationStack is not set",
]


@pytest.mark.parametrize("preview", [False, True])
def test_all_problems_come_in_one_message_in_preview_as_in_an_update(
    required: Required, preview: bool
) -> None:
    config = {key: value for key, value in required.items() if key != "foundationStack"} | MANY

    problems = refused(config, preview=preview)

    for text in EACH_NAMES:
        assert [problem for problem in problems if problem.strip().startswith(text)], text
    assert not [problem for problem in problems if CANARY in problem]
    assert all("allowed:" in problem for problem in problems)
    assert all("pulumi config" in problem for problem in problems)


def test_nothing_is_printed_beside_the_message(
    required: Required, capfd: pytest.CaptureFixture[str]
) -> None:
    refused({**required, **MANY})

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_the_stack_files_start_at_zero_and_name_their_foundation(
    stack: str, packages: Mapping[str, str]
) -> None:
    file = Path(__file__).parents[2] / f"Pulumi.{stack}.yaml"
    config = yaml.safe_load(file.read_text())["config"]

    assert config["aws:region"] == "us-west-2"
    found = loaded({**config, **{f"passport-scorer-routing:{k}": v for k, v in packages.items()}})
    assert found.rust_percentage == 0
    assert found.rust_percentage_by_endpoint == {}
    assert found.foundation_stack == f"organization/passport-scorer/{stack}"


@pytest.mark.parametrize("testers", [{}, {"testerHeaderValue": "canary"}])
def test_a_tester_rule_is_not_adopted_because_the_state_would_hold_its_secret(
    required: Required, testers: dict[str, str]
) -> None:
    adopt = {"lrule-rust-embed-score": "arn:aws:elasticloadbalancing:us-west-2:1:listener-rule/1"}
    (problem,) = refused({**required, "adopt": json.dumps(adopt)}, secret=testers)

    assert_explained(problem, "adopt", "lrule-rust-embed-score", "aws elbv2 delete-rule")


def test_the_environment_leaves_room_for_the_arn_of_the_secret(required: Required) -> None:
    (problem,) = refused({**required, "environment": json.dumps({"BIG": "x" * 3954})})

    assert_explained(problem, "environment", "4096")


@pytest.mark.parametrize("value", ['{"a/b/c":1}', "a/b/c:1"])
def test_the_foundation_is_a_name_and_no_json(required: Required, value: str) -> None:
    (problem,) = refused({**required, "foundationStack": value})

    assert_explained(problem, "foundationStack", "org/project/stack")


def test_a_percentage_is_written_in_plain_digits(required: Required) -> None:
    (problem,) = refused({**required, "rustPercentage": "\uff15"})

    assert_explained(problem, "rustPercentage", "0 to 100")


@pytest.mark.parametrize(
    ("version", "warned"), [(":2026-11", True), ("@sha256:" + "0" * 64, False)]
)
def test_an_image_by_tag_is_taken_with_a_warning(
    required: Required, caplog: pytest.LogCaptureFixture, version: str, *, warned: bool
) -> None:
    image = f"000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer{version}"

    loaded({**required, "scorerImage": image})

    assert ("another image under the same tag deploys nothing" in caplog.text) is warned
