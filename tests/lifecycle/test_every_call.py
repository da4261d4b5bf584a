"""Every call of an update fails once, and the process is killed after every change.

With EVERY_CALL=1 also those of the whole program, from its first update on; otherwise a few of its
change of percentage.
"""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pulumi import Output, ResourceOptions
from pulumi_aws import cloudwatch, dynamodb, ec2, iam, lambda_, lb

from sandbox.account.client import Account
from sandbox.deploy import Deployment
from sandbox.engine.foreign import find_foreign
from sandbox.engine.result import Operation
from sandbox.provider import HANDLERS
from sandbox.provider.awslambda import Function
from sandbox.routes import read_routes
from sandbox.stackfile import load_stack_file
from tests.engine.support import HANG_S, changes, embedded_deployments, files_of, weights
from tests.support.engines import First, Shared
from tests.support.faults import Faults, Kind

CANARY = "canary-4711"
NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
)
EVERY_CALL = bool(os.environ.get("EVERY_CALL"))


def document(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def one_of_each_type(account: Account, policy: str, number: int) -> None:
    """Another number changes all that has a call of its own."""
    known = account.foundation
    odd = bool(number % 2)
    tags = {"Kept": "as it is", "Changed": str(number), f"Of {number}": "gone with it"}
    port: Any = {
        "protocol": "tcp",
        "from_port": number,
        "to_port": number,
        "cidr_blocks": ["10.0.0.0/8"],
    }
    network = ec2.SecurityGroup(
        "one",
        vpc_id=known["vpcId"],
        ingress=[port],
        egress=[port],
        tags=tags,
    )
    role = iam.Role(
        "one",
        assume_role_policy=document(
            Sid=f"A{number}", Action="sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}
        ),
        tags=tags,
    )
    iam.RolePolicy(
        "one", role=role.name, policy=document(Sid=f"A{number}", Action=NETWORK, Resource="*")
    )
    attached = iam.RolePolicyAttachment("one", role=role.name, policy_arn=policy)
    logs = cloudwatch.LogGroup("one", name="one", retention_in_days=14 if odd else 30, tags=tags)
    function = lambda_.Function(
        "one",
        name="one",
        package_type="Image",
        image_uri=f"000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:{number}",
        role=role.arn,
        memory_size=128 * number,
        vpc_config={
            "subnet_ids": known["privateSubnetIds"],
            "security_group_ids": [network.id],
        },
        tags=tags,
        opts=ResourceOptions(depends_on=[logs, attached]),
    )
    group = lb.TargetGroup(
        "one",
        name="one",
        target_type="lambda",
        lambda_multi_value_headers_enabled=odd,
        tags=tags,
    )
    allowed = lambda_.Permission(
        "one",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="elasticloadbalancing.amazonaws.com",
        source_arn=group.arn,
    )
    target = lb.TargetGroupAttachment(
        "one",
        target_group_arn=group.arn,
        target_id=function.arn,
        opts=ResourceOptions(depends_on=[allowed]),
    )
    answer = {"content_type": "text/plain", "status_code": str(400 + number)}
    action: Any = (
        {"type": "forward", "target_group_arn": group.arn}
        if odd
        else {"type": "fixed-response", "fixed_response": answer}
    )
    lb.ListenerRule(
        "one",
        listener_arn=known["publicAlbHttpsListenerArn"],
        priority=number,
        actions=[action],
        conditions=[{"http_header": {"http_header_name": "X", "values": [Output.secret(CANARY)]}}],
        tags=tags,
        opts=ResourceOptions(depends_on=[target]),
    )
    alarm = cloudwatch.MetricAlarm(
        "one",
        name="one",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        metric_name="Errors",
        namespace="AWS/Lambda",
        period=60,
        statistic="Sum",
        threshold=number,
        tags=tags,
    )
    cloudwatch.CompositeAlarm(
        "one",
        alarm_name="all",
        alarm_rule=Output.format('ALARM("{0}")', alarm.name),
        alarm_description=str(number),
        tags=tags,
    )
    cloudwatch.Dashboard(
        "one",
        dashboard_name="one",
        dashboard_body=json.dumps({"widgets": [], "start": f"-PT{number}H"}),
    )
    dynamodb.Table(
        "one",
        name="one",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        point_in_time_recovery={"enabled": odd},
        tags=tags,
    )


def nothing() -> None:
    """What a program declares that was emptied."""


def census(account: Account) -> dict[str, int]:
    """How much there is of what could be there twice, or be left behind."""
    listed = {
        name: [
            one[listing.id]
            for page in account.client(handler.service)
            .get_paginator(listing.operation)
            .paginate(**listing.arguments)
            for one in page[listing.answer]
        ]
        for name, handler in HANDLERS.items()
        if (listing := handler.listing)
    }
    return {name: len(found) for name, found in listed.items()} | {
        "rules": len(read_routes(account)),
        "tables": len(account.client("dynamodb").list_tables()["TableNames"]),
        "permissions": sum(permissions(account, name) for name in listed[Function.type_name]),
    }


def permissions(account: Account, function: str) -> int:
    functions = account.client("lambda")
    try:
        policy = functions.get_policy(FunctionName=function)["Policy"]
    except functions.exceptions.ResourceNotFoundException:
        return 0
    return len(json.loads(policy)["Statement"])


def expect_end(stack: Deployment, clean: dict[str, int]) -> None:
    """The next update has nothing to do, and nothing is there twice or left behind."""
    account = stack.account
    again = stack.up(refresh=True)
    assert (changes(again), again.lost, again.drift) == ([], [], [])
    assert find_foreign(account.client, stack.resources()) == []
    assert census(account) == clean
    assert [path for path in files_of(stack) if CANARY in path.read_text("latin-1")] == []


@pytest.mark.parametrize("kind", Kind)
def test_whichever_call_fails_the_same_command_ends_as_if_none_had(
    kind: Kind, fresh_account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, config = fresh_account, load_stack_file("staging")
    policy = account.client("iam").create_policy(
        PolicyName="network", PolicyDocument=document(Action=NETWORK, Resource="*")
    )["Policy"]["Arn"]

    def stack(program: Callable[[], None]) -> Deployment:
        return Deployment(account, config, tmp_path, program=program, rules=())

    programs: list[Callable[[], None]] = [
        partial(one_of_each_type, account, policy, number) for number in (1, 2)
    ]
    empty = census(account)
    made = stack(programs[0]).up()
    assert {step.type for step in made.steps} == HANDLERS.keys()
    full = census(account)
    stack(nothing).destroy()
    faults = Faults(account, [kind], monkeypatch)

    for program, clean in [*((one, full) for one in programs), (nothing, empty)]:
        _, failed = faults.finish(stack(program).up)
        assert len(failed) >= len(HANDLERS)
        expect_end(stack(program), clean)


@pytest.mark.timeout(4 * HANG_S)  # it takes half an hour when every call fails
def test_the_whole_program_ends_as_if_no_call_of_it_had_failed(
    shared: Shared,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first: First = request.getfixturevalue("first" if EVERY_CALL else "first_unwatched")
    first.restore(tmp_path)
    account = Account.connect(shared.server.url, "staging")
    deploy = embedded_deployments(account, tmp_path, watched=EVERY_CALL)
    clean = census(account)
    if EVERY_CALL:
        shared.empty.restore()
        deploy().state_path.unlink()
    faults = Faults(account, [Kind.REFUSED, Kind.KILLED], monkeypatch)

    for share in (0, 50, 0) if EVERY_CALL else (50,):
        stack = deploy(rustPercentage=str(share))
        finished, failed = faults.finish(stack.up, stride=1 if EVERY_CALL else 23)
        assert len(failed) > 1
        assert finished.of(Operation.DELETE) == []
        expect_end(stack, clean)
        assert weights(account) == {(50, 50) if share else (None,)}
