"""The program costs more than a second a run, so each configuration runs once."""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest

from recording.monitor import Live
from tests.declared.golden import RULE, Again, Declared
from tests.support.recorder import Program, alarms_if, run_program

TESTER_VALUE = "canary-7f3A.~_tester"


@pytest.fixture(scope="session")
def declared(packages: Mapping[str, str]) -> Declared:
    runs: dict[str, Program] = {}

    def declared_with(
        config: Mapping[str, Any] | None = None,
        /,
        *,
        stack: str = "staging",
        secret: Mapping[str, str] | None = None,
        preview: bool = False,
    ) -> Program:
        key = json.dumps([config or {}, stack, secret or {}, preview], sort_keys=True)
        if key not in runs:
            required = {
                "foundationStack": f"organization/passport-scorer/{stack}",
                "scorerImage": "000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:1",
                **packages,
            }
            runs[key] = run_program(
                required | dict(config or {}), stack_name=stack, secret=secret, preview=preview
            )
        return runs[key]

    return declared_with


def _with_arns(program: Program) -> Program:
    """As the state has it: a target group's ARN holds its physical name."""
    for one in program.of_type(RULE).values():
        for action in one.inputs["actions"]:
            for group in action.get("forward", {}).get("targetGroups", []):
                name = group["arn"].rpartition(":")[2]
                group["arn"] = f"arn:aws:x:us-west-2:1:targetgroup/{name}/1".replace(
                    "-internal/1", "-int/1"
                )
    return program


@pytest.fixture(scope="session")
def again(packages: Mapping[str, str], declared: Declared) -> Again:
    """Run the program over what an update at 50 % left; alarms, half of it, if `watched`."""
    required = {
        "foundationStack": "organization/passport-scorer/staging",
        "scorerImage": "000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:1",
        **packages,
    }
    before = _with_arns(copy.deepcopy(declared({"rustPercentage": 50})))

    def run_again(
        share: int = 50,
        *,
        live: Live | None = None,
        into: Program | None = None,
        watched: bool = False,
        **config: Any,
    ) -> Program:
        values = {**required, "rustPercentage": str(share), **config}
        with alarms_if(watched=watched):
            return run_program(values, deployed=before, live=live, into=into)

    return run_again


@pytest.fixture(scope="session")
def staging(declared: Declared) -> Program:
    """As it starts: everything on Python, no testers."""
    return declared()


@pytest.fixture(scope="session")
def with_testers(declared: Declared) -> Program:
    """All on Python but for the testers, and one endpoint that goes its own way."""
    return declared(
        {
            "rustPercentage": 0,
            "rustPercentageByEndpoint": {"embed-rl": 25},
            "stickinessSeconds": 60,
        },
        secret={"testerHeaderValue": TESTER_VALUE},
    )


@pytest.fixture(scope="session")
def production(declared: Declared) -> Program:
    """The other stack, all on Rust but one endpoint, testers and extra variables."""
    return declared(
        {
            "rustPercentage": 100,
            "rustPercentageByEndpoint": {"cc-v1-score-GET-0": 0},
            "environment": {"ALLOWED_HOSTS": '["*"]', "PASSPORT_PUBLIC_URL": ""},
        },
        stack="production",
        secret={"testerHeaderValue": TESTER_VALUE},
    )


@pytest.fixture(scope="session")
def tester_value() -> str:
    return TESTER_VALUE
