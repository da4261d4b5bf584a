"""`python -m policy.docs`: docs/policies.md, written from the policies themselves."""

from collections.abc import Iterator
from pathlib import Path

from policy.exceptions import ALLOWANCES, Allowance, Kind
from policy.policies import MODULES, POLICIES

PATH = Path(__file__).resolve().parents[1] / "docs" / "policies.md"

_INTRODUCTION = """\
# Policies

Written by `make docs` from `policy/policies` and `policy/exceptions.py`; do not edit.

{count} rules refuse what AWS, mocks and scanners let through. They run

- in the tests and with `make policy`, on what the program registers for both stacks;
- in the sandbox: `sandbox up` refuses on a mandatory violation;
- with the CLI: `pulumi preview --policy-pack policy`, `pulumi up --policy-pack policy`. Run
  `make .venv/installed` first: the CLI waits for ever for an environment that is not there.
  Never with `--skip-preview`: rules that see the whole stack come after the creates.

A *resource* rule sees the inputs of one resource and is judged before it is created. A
*stack* rule sees all resources and what they come from; while a value is not known yet it
goes by the dependency. A *mandatory* violation stops the update, an *advisory* one is printed.
Ids are those of AWS FSBP (`Lambda.1`), checkov (`CKV_`), Trivy (`AWS-`), cdk-nag, cfn-lint
(`E`, `W`, `I`), serverless-rules (`WS`, `ES`) and Prowler; `row` and `D` are those of the list
this pack was made from.
"""

_KINDS = {
    Kind.EXCEPTED: "Excepted: the rule holds for everything else. Each entry still matches "
    "something, or a test fails.",
    Kind.POSTPONED: "Postponed: not known in the preview of a new resource, judged before it "
    "is created.",
    Kind.LEFT_OUT: "Left out: no rule here.",
}


def render() -> str:
    """The text of the document."""
    return "\n".join([_INTRODUCTION.format(count=len(POLICIES)), *_policies(), *_exceptions()])


def _policies() -> Iterator[str]:
    for module in MODULES:
        yield f"## {(module.__doc__ or '').splitlines()[0].rstrip('.')}\n"
        for policy in (one for one in POLICIES if one in vars(module).values()):
            yield f"### {policy.name}\n"
            yield f"{policy.wants}\n"
            yield f"Why: {policy.why}\n"
            about = f"{policy.level}, {policy.severity}, {policy.sees}"
            yield f"{about}. Answers to {', '.join(policy.ids)}.\n"


def _exceptions() -> Iterator[str]:
    yield "## Exceptions\n"
    for kind, meaning in _KINDS.items():
        yield f"{meaning}\n"
        yield "| ids | rules | resources | reason |"
        yield "|---|---|---|---|"
        for one in ALLOWANCES:
            if one.kind is kind:
                yield (
                    f"| {', '.join(one.ids)} | {', '.join(sorted(one.policies))} "
                    f"| {_resources(one)} | {one.reason} |"
                )
        yield ""


def _resources(allowance: Allowance) -> str:
    where = "outside production" if allowance.outside_production else ""
    if allowance.resources is None:
        return where or "all"
    return ", ".join(sorted(allowance.resources)) + where


if __name__ == "__main__":
    PATH.write_text(render())
