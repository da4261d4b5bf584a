"""A moto account, the provider over it and a record of the calls it makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.provider import Created, Provider, Read

ACCOUNT_ID = "123456789012"
REGION = "us-west-2"
TAGS = {"Application": "scorer", "Environment": "test"}
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
    ' "Principal": {"Service": "lambda.amazonaws.com"}}]}'
)

Inputs = Mapping[str, Any]


@dataclass
class Account:
    """What the tests of one type need."""

    client: Callable[[str], Any]
    provider: Provider
    log: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def calls(self, action: Callable[[], object]) -> list[str]:
        """Names of the API operations that an action calls."""
        self.log.clear()
        action()
        return [operation for operation, _ in self.log]

    def sent(self, operation: str) -> dict[str, Any]:
        """Parameters of the last call of an operation."""
        return next(params for name, params in reversed(self.log) if name == operation)

    def function(self, name: str = "fn") -> str:
        """ARN of a function that is there."""
        role = self.role(f"{name}-role")
        arn: str = self.client("lambda").create_function(
            FunctionName=name,
            Role=role,
            PackageType="Image",
            Code={"ImageUri": f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/scorer:1"},
        )["FunctionArn"]
        return arn

    def role(self, name: str = "role") -> str:
        """ARN of a role that is there."""
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        arn: str = role["Role"]["Arn"]
        return arn

    def group(self, name: str) -> str:
        """ARN of a lambda target group that is there."""
        group = self.client("elbv2").create_target_group(Name=name, TargetType="lambda")
        arn: str = group["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def subnets(self) -> list[str]:
        """Two subnets."""
        subnets = self.client("ec2").describe_subnets()["Subnets"]
        return [subnet["SubnetId"] for subnet in subnets[:2]]

    def listener(self) -> str:
        """ARN of a listener of a new load balancer."""
        elbv2 = self.client("elbv2")
        balancer = elbv2.create_load_balancer(Name="alb", Subnets=self.subnets())
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        listener = elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[fixed],
        )
        arn: str = listener["Listeners"][0]["ListenerArn"]
        return arn


@dataclass
class Life:
    """One resource from its creation to its end."""

    account: Account
    type: str
    inputs: Inputs
    created: Created

    @classmethod
    def begin(cls, account: Account, type_: str, inputs: Inputs, *, name: str = "thing") -> "Life":
        assert account.provider.check(type_, inputs) == []
        life = cls(account, type_, inputs, account.provider.create(type_, name, inputs))
        life.expect_settled()
        return life

    def read(self, id_: str | None = None, inputs: Inputs | None = None) -> Read:
        read = self.account.provider.read(self.type, id_ or self.created.id, inputs)
        assert read is not None
        return read

    def expect_settled(self) -> None:
        """AWS has what the inputs say, for a refresh as for an import."""
        read = self.read(inputs=self.inputs)
        assert read.id == self.created.id
        assert self.account.provider.diff(self.type, read.inputs, self.inputs).changed == set()
        assert self.created.outputs.items() <= read.outputs.items()

    def import_(self, id_: str, *, unreadable: frozenset[str] = frozenset()) -> Read:
        """An import by an id alone finds the same resource."""
        read = self.read(id_)
        assert read.id == self.created.id
        diff = self.account.provider.diff(self.type, read.inputs, self.inputs)
        assert diff.changed == unreadable
        return read

    def update(self, calls: list[str], *, settles: bool = True, **changes: Any) -> None:
        """Change inputs (None takes one away); exactly these operations are called."""
        changed = {**self.inputs, **changes}
        new = {name: value for name, value in changed.items() if value is not None}
        diff = self.account.provider.diff(self.type, self.inputs, new)
        assert diff.changed == set(changes)
        assert not diff.replaces
        old, self.inputs = self.inputs, new
        outputs: dict[str, Any] = {}
        made = self.account.calls(
            lambda: outputs.update(
                self.account.provider.update(self.type, self.created.id, old, new, diff.changed)
            )
        )
        assert made == calls
        self.created.outputs.update(outputs)
        if settles:
            self.expect_settled()

    def end(self) -> None:
        """Deleting twice is fine, and then it is gone."""
        for _ in range(2):
            self.account.provider.delete(self.type, self.created.id, self.inputs)
        read = self.account.provider.read(self.type, self.created.id, self.inputs)
        assert read is None
