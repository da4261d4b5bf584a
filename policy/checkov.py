"""`make checkov`: a scanner of other people on the same stacks, compared with the pack.

checkov gets what the program registers as a Terraform plan. What it fails must stand in the
table of exceptions, and where a policy here answers to the same id the policy must have found
it too. Because a stack without mistakes proves little, a third one has a mistake for every
id that a policy claims and checkov can see.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from policy.check import Registered, check
from policy.exceptions import ALLOWANCES, Allowance
from policy.policies import POLICIES
from policy.recording import record
from policy.terraform import address, plan
from sandbox.stackfile import ROOT, STACKS

COMMAND: Final = ROOT / ".venv-checkov" / "bin" / "checkov"

Failure = tuple[str, str]
"""The id of a check and the address of a resource."""


@dataclass(frozen=True)
class Scan:
    """What checkov says about a plan."""

    passed: int
    failed: tuple[Failure, ...]


@dataclass(frozen=True)
class Comparison:
    """checkov beside the pack on one stack."""

    name: str
    scan: Scan
    excepted: tuple[Failure, ...]
    """In the table of exceptions."""
    found: tuple[Failure, ...]
    """A policy of the same id found it too, so the update would be refused."""
    passed_by_us: tuple[Failure, ...]
    """A policy of the same id looked at the resource and said nothing."""
    unknown_to_us: tuple[Failure, ...]
    """Neither a policy nor an exception has the id."""


def scan(registered: Iterable[Registered]) -> Scan:
    """Run checkov on the plan of these resources; it never leaves the machine."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_text(json.dumps(plan(registered)))
        process = subprocess.run(  # noqa: S603 our own environment
            [
                *(str(COMMAND), "-f", str(path), "--framework", "terraform_plan"),
                *("--skip-download", "--compact", "-o", "json"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode not in {0, 1}:
        raise SystemExit(f"checkov failed:\n{process.stderr[-2000:]}")
    answer = json.loads(process.stdout)
    if answer["summary"]["parsing_errors"]:
        raise SystemExit("checkov could not read the plan")
    failed = {(one["check_id"], one["resource"]) for one in answer["results"]["failed_checks"]}
    return Scan(answer["summary"]["passed"], tuple(sorted(failed)))


def compare(name: str, registered: list[Registered]) -> Comparison:
    """Scan a stack with both."""
    scanned = scan(registered)
    report = check(registered)
    refused = {(id_, one.name, one.type) for one in report.violations for id_ in one.policy.ids}
    excused = {(id_, one.name, one.type) for one in report.excepted for id_ in one.policy.ids}
    judged = {(id_, type_) for policy in POLICIES for id_ in policy.ids for type_ in policy.types}
    by_address = {address(one): one for one in registered}
    sorted_out: dict[str, list[Failure]] = {}
    for id_, where in scanned.failed:
        one = by_address[where]
        key = (id_, one.name, one.type)
        if key in refused:
            kind = "found"
        elif (id_, one.type) in judged and key not in excused:
            kind = "passed_by_us"
        else:
            kind = "excepted" if _allowed(id_, one) else "unknown_to_us"
        sorted_out.setdefault(kind, []).append((id_, where))
    return Comparison(
        name,
        scanned,
        **{
            kind: tuple(sorted_out.get(kind, ()))
            for kind in ("excepted", "found", "passed_by_us", "unknown_to_us")
        },
    )


def _allowed(id_: str, one: Registered) -> bool:
    return any(id_ in allowance.ids and _applies(allowance, one) for allowance in ALLOWANCES)


def _applies(allowance: Allowance, one: Registered) -> bool:
    in_production = one.as_resource().in_production
    return allowance.covers(one.name) and not (allowance.outside_production and in_production)


def main() -> None:
    """Print the comparison; exit 1 when the two disagree or a real stack has a violation."""
    if not shutil.which(COMMAND):
        raise SystemExit(f"{COMMAND.relative_to(ROOT)} is missing: run `make checkov`")
    console = Console()
    compared = [compare(stack, _recorded(stack)) for stack in STACKS]
    broken = compare("with mistakes", with_mistakes(_recorded("staging")))
    columns = ("stack", "passed", "failed", "excepted", "found by us", "passed by us", "unknown")
    table = Table(*columns, title="checkov and the pack")
    for one in (*compared, broken):
        counts = (one.excepted, one.found, one.passed_by_us, one.unknown_to_us)
        failed = len(one.scan.failed)
        table.add_row(one.name, str(one.scan.passed), str(failed), *(str(len(c)) for c in counts))
    console.print(table)
    ids = sorted({id_ for id_, _ in broken.found})
    console.print(f"{len(ids)} ids that both find among the mistakes: {', '.join(ids)}")
    unseen = sorted(EXPECTED - set(ids))
    bad = [
        *(failure for one in (*compared, broken) for failure in one.passed_by_us),
        *(failure for one in (*compared, broken) for failure in one.unknown_to_us),
        *(failure for one in compared for failure in one.found),
    ]
    for id_, where in bad:
        console.print(f"{id_}: {where}", style="red")
    if unseen:
        console.print(f"checkov no longer sees: {', '.join(unseen)}", style="red")
    if bad or unseen:
        sys.exit(1)


def _recorded(stack: str) -> list[Registered]:
    registered, _ = record(stack, rust_percentage=50, tester_secret="canary")  # noqa: S106 a stand-in
    return registered


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(*actions: str, resource: str = "*", **other: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **other}


def _open(first: int, last: int, protocol: str = "tcp") -> dict[str, Any]:
    return {
        "ingress": [
            {
                "description": "open",
                "protocol": protocol,
                "fromPort": first,
                "toPort": last,
                "cidrBlocks": ["0.0.0.0/0"],
            }
        ]
    }


_ANYONE = _document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}})
_ACCOUNT = _document(
    {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
    }
)
_KEYS = {
    "AWS_KEY": "AKIA" + "IOSFODNN7EXAMPLE",  # AWS's own example
    "AWS_OTHER": "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
}

MISTAKES: Final[Mapping[str, Mapping[str, Any]]] = {
    "withLb-submit-passport-0": {"sourceArn": None},
    "withLb-cc-v1-score-GET-0": {"principal": "*"},
    "submit-passport-0": {"environment": {"variables": _KEYS}, "vpcConfig": None},
    "cc-nonce-lambda-function": {"runtime": "python3.7"},
    "passport-v2-rust-scorer": {"tracingConfig": None},
    "cc-nonce-lambda-sg": _open(22, 22),
    "cc-auth-lambda-sg": _open(3389, 3389),
    "embed-st-lambda-sg": _open(80, 80),
    "embed-rl-lambda-sg": _open(0, 0, "-1"),
    "submit-passport-0-log-group": {"retentionInDays": None},
    "HTTP-Target-5XX-submit-passport-0-burst": {"actionsEnabled": False},
    "scorer-rollout": {"pointInTimeRecovery": None},
    "lambdaRole": {"assumeRolePolicy": _ANYONE},
    "cc-auth-lambda-role": {"assumeRolePolicy": _ACCOUNT},
    "cc-nonce-lambda-role": {"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]},
    "lambdaRole-policy": {"policy": _document(_allow("*"))},
    "cc-auth-lambda-role-policy": {"policy": _document(_allow("iam:*"))},
    "cc-nonce-lambda-role-policy": {
        "policy": _document(
            _allow("iam:CreateAccessKey", "iam:PassRole", "iam:PutRolePolicy", "s3:GetObject"),
            _allow("secretsmanager:GetSecretValue", "lambda:UpdateFunctionCode"),
        )
    },
}
"""Logical name -> inputs of its only resource, or of all with that name, that are wrong."""

EXPECTED: Final = frozenset(
    {
        *(
            "CKV_AWS_24",
            "CKV_AWS_25",
            "CKV_AWS_28",
            "CKV_AWS_45",
            "CKV_AWS_50",
            "CKV_AWS_60",
            "CKV_AWS_61",
        ),
        *("CKV_AWS_62", "CKV_AWS_63", "CKV_AWS_66", "CKV_AWS_117", "CKV_AWS_260", "CKV_AWS_274"),
        *("CKV_AWS_277", "CKV_AWS_286", "CKV_AWS_287", "CKV_AWS_288", "CKV_AWS_289"),
        *("CKV_AWS_290", "CKV_AWS_301", "CKV_AWS_319", "CKV_AWS_355", "CKV_AWS_363"),
        *("CKV_AWS_364", "CKV2_AWS_5", "CKV2_AWS_40"),
    }
)
"""Ids that checkov must find among the mistakes, or the comparison proves nothing."""


def with_mistakes(registered: list[Registered]) -> list[Registered]:
    """The same stack with every mistake; no function has the security group of embed-gs."""
    changed = []
    for one in registered:
        wrong = dict(MISTAKES.get(one.name, {}))
        if one.name == "embed-gs-lambda-function":
            wrong["vpcConfig"] = {**one.props["vpcConfig"], "securityGroupIds": ["sg-private"]}
        props = {key: value for key, value in {**one.props, **wrong}.items() if value is not None}
        edges = {k: urns for k, urns in one.property_dependencies.items() if k not in wrong}
        changed.append(replace(one, props=props, property_dependencies=edges))
    return changed


if __name__ == "__main__":
    main()
