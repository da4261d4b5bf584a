"""What the tests of the account share."""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from routing import Condition, Header, Host, Methods, Path
from sandbox.account.client import Account


@contextlib.contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    """The block's call must fail with this code and these words of AWS."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert (error["Code"], words) == (code, words if words in error["Message"] else error)


@dataclass(frozen=True)
class World:
    """An account and the means to fill it."""

    account: Account
    unchecked: Callable[[str], Any]
    """Clients that send what botocore itself would refuse."""
    name: Callable[[str], str]
    """A name that no other test uses."""

    def group(self, **options: Any) -> str:
        """A target group for addresses; its ARN."""
        settings = {
            "TargetType": "ip",
            "Protocol": "HTTP",
            "Port": 80,
            "VpcId": self.account.foundation["vpcId"],
        }
        return self._group(settings | options)

    def lambda_group(self) -> str:
        """A target group for one function; its ARN."""
        return self._group({"TargetType": "lambda"})

    def _group(self, options: dict[str, Any]) -> str:
        created = self.account.client("elbv2").create_target_group(Name=self.name("g"), **options)
        return created["TargetGroups"][0]["TargetGroupArn"]

    def listener(self, **options: Any) -> str:
        """An HTTP listener of a load balancer of its own; its ARN."""
        elbv2 = self.account.client("elbv2")
        balancer = elbv2.create_load_balancer(
            Name=self.name("b"), Subnets=self.account.foundation["privateSubnetIds"]
        )["LoadBalancers"][0]
        settings: dict[str, Any] = {
            "Protocol": "HTTP",
            "Port": 80,
            "DefaultActions": [fixed_response()],
        }
        created = elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], **(settings | options)
        )
        return created["Listeners"][0]["ListenerArn"]

    def rules(self, listener: str) -> list[Any]:
        return [
            rule
            for page in self.account.client("elbv2")
            .get_paginator("describe_rules")
            .paginate(ListenerArn=listener)
            for rule in page["Rules"]
        ]

    def role(self, service: str = "lambda.amazonaws.com", *, network: bool = False) -> str:
        """A role that this service may assume, in a network too; its ARN."""
        iam = self.account.client("iam")
        created = iam.create_role(
            RoleName=self.name("role"), AssumeRolePolicyDocument=trust(service)
        )["Role"]
        if network:
            iam.put_role_policy(
                RoleName=created["RoleName"], PolicyName="network", PolicyDocument=NETWORK
            )
        return created["Arn"]

    def function(self, **options: Any) -> str:
        """A zip function; its ARN."""
        settings: dict[str, Any] = {
            "FunctionName": self.name("f"),
            "Role": self.role(network="VpcConfig" in options),
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Code": {"ZipFile": package()},
        }
        created = self.account.client("lambda").create_function(**(settings | options))
        return created["FunctionArn"]

    def alarm(self, **options: Any) -> str:
        """An alarm on one metric; its name."""
        name = self.name("alarm")
        self.account.client("cloudwatch").put_metric_alarm(**(metric_alarm(name) | options))
        return name


def package(name: str = "app.py", content: bytes = b"") -> bytes:
    """A zip file with one entry."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


def allow(*actions: str, resource: str = "*", effect: str = "Allow") -> str:
    """A policy of one statement."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


NETWORK = allow(
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"
)


def trust(service: str = "lambda.amazonaws.com") -> str:
    return (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", '
        f'"Principal": {{"Service": "{service}"}}}}}}'
    )


def fixed_response(body: str = "", status: str = "404") -> Any:
    return {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": status, "MessageBody": body},
    }


def forward(group: str) -> Any:
    return {"Type": "forward", "TargetGroupArn": group}


def weighted(*targets: tuple[str, int], **stickiness: Any) -> Any:
    """A forward by weight; stickiness as the API names it."""
    config: dict[str, Any] = {
        "TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in targets]
    }
    if stickiness:
        config["TargetGroupStickinessConfig"] = stickiness
    return {"Type": "forward", "ForwardConfig": config}


def path(*patterns: str) -> Any:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def host(*names: str) -> Any:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(names)}}


def methods(*names: str) -> Any:
    return {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": list(names)}}


def header(name: str, *values: str) -> Any:
    return {
        "Field": "http-header",
        "HttpHeaderConfig": {"HttpHeaderName": name, "Values": list(values)},
    }


def sent(condition: Condition) -> Any:
    """A condition of the routing model as the API takes it."""
    match condition:
        case Host(values):
            return host(*values)
        case Path(values):
            return path(*values)
        case Methods(values):
            return methods(*values)
        case Header(name, values):
            return header(name, *values)


def metric_alarm(name: str) -> dict[str, Any]:
    """The arguments of a plain alarm that CloudWatch takes."""
    return {
        "AlarmName": name,
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
