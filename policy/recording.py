"""What the real program registers for a stack, with ARNs in the form that AWS gives them.

Policies find the name of a target group in its ARN.
"""

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from policy.check import Registered
from policy.wire import from_request
from recording import run_program
from sandbox.packages import write_stand_ins
from sandbox.stackfile import StackConfig, load_stack_file

_PREFIX: Final = "us-west-2:1"
"""Region and account, those of the foundation's outputs."""

_ARNS: Final = {
    "aws:lb/targetGroup:TargetGroup": f"elasticloadbalancing:{_PREFIX}:targetgroup/{{name}}/1",
    "aws:lb/listenerRule:ListenerRule": f"elasticloadbalancing:{_PREFIX}:listener-rule/{{name}}",
    "aws:lambda/function:Function": f"lambda:{_PREFIX}:function:{{name}}",
    "aws:cloudwatch/logGroup:LogGroup": f"logs:{_PREFIX}:log-group:{{name}}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": f"cloudwatch:{_PREFIX}:alarm:{{name}}",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": f"cloudwatch:{_PREFIX}:alarm:{{name}}",
    "aws:dynamodb/table:Table": f"dynamodb:{_PREFIX}:table/{{name}}",
    "aws:iam/role:Role": "iam::1:role/{name}",
}


def record(
    stack_name: str,
    *,
    rust_percentage: int | None = None,
    preview: bool = False,
    tester_secret: str | None = None,
) -> tuple[list[Registered], Mapping[str, str]]:
    """Run the program with the stack's own file; in a preview every new ARN is unknown.

    The percentage is the file's unless one is given. The configuration comes with what was
    registered.
    """
    config = load_stack_file(stack_name)
    if rust_percentage is not None:
        config = config.with_values({"rustPercentage": str(rust_percentage)})
    if tester_secret is not None:
        config = config.with_values({"testerHeaderValue": tester_secret}, secret=True)
    return record_config(config, preview=preview), config.values


def record_config(config: StackConfig, *, preview: bool = False) -> list[Registered]:
    """The same of a configuration. Raises what the program raises."""
    secret = {key: config.values[key] for key in config.secret_keys}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_stand_ins(config, Path(folder))
        program = run_program(
            config.values,
            stack_name=config.stack,
            secret=secret,
            preview=preview,
            invent=_invented,
        )
    registered = [from_request(one.urn, one.request) for one in program.registrations]
    return sorted(registered, key=lambda one: one.urn)


def _invented(type_: str, logical_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    name = inputs.get("name") or logical_name
    if type_ not in _ARNS:
        return {"name": name}
    path = _ARNS[type_].format(name=name)
    return {"name": name, "arn": f"arn:aws:{path}", "arnSuffix": path.split(":")[-1]}
