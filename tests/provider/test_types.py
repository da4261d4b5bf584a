"""What holds for every type: the names of pulumi-aws, the engine's values, archives."""

import io
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pulumi
import pulumi_aws as aws
import pytest
from pulumi import _types as names
from pulumi.runtime.rpc import UNKNOWN

from sandbox.provider import HANDLERS, Provider
from sandbox.provider.archive import zipped
from sandbox.provider.schema import Block, Many, Scalar, Shape
from tests.provider.support import Account

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
RULE = "aws:lb/listenerRule:ListenerRule"

ARGUMENTS: Mapping[str, type] = {
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": aws.cloudwatch.CompositeAlarmArgs,
    "aws:cloudwatch/dashboard:Dashboard": aws.cloudwatch.DashboardArgs,
    "aws:cloudwatch/logGroup:LogGroup": aws.cloudwatch.LogGroupArgs,
    "aws:cloudwatch/metricAlarm:MetricAlarm": aws.cloudwatch.MetricAlarmArgs,
    "aws:dynamodb/table:Table": aws.dynamodb.TableArgs,
    "aws:ec2/securityGroup:SecurityGroup": aws.ec2.SecurityGroupArgs,
    "aws:iam/role:Role": aws.iam.RoleArgs,
    "aws:iam/rolePolicy:RolePolicy": aws.iam.RolePolicyArgs,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": aws.iam.RolePolicyAttachmentArgs,
    "aws:lambda/function:Function": aws.lambda_.FunctionArgs,
    "aws:lambda/permission:Permission": aws.lambda_.PermissionArgs,
    "aws:lb/listenerRule:ListenerRule": aws.lb.ListenerRuleArgs,
    "aws:lb/targetGroup:TargetGroup": aws.lb.TargetGroupArgs,
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": aws.lb.TargetGroupAttachmentArgs,
}


@pytest.fixture
def provider(client: Callable[[str], Any]) -> Provider:
    return Provider(client)


def test_the_types_are_those_of_pulumi_aws() -> None:
    assert HANDLERS.keys() == ARGUMENTS.keys()
    registered = Path(aws.__file__).read_text()
    assert [type_ for type_ in HANDLERS if f'"{type_}": ' not in registered] == []


def inside(hint: Any) -> Iterator[type]:
    """Classes that a type hint mentions."""
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for argument in get_args(hint):
        yield from inside(argument)


def wrong_fields(shape: Shape, hint: Any, path: str) -> Iterator[str]:
    """Fields of a schema that the arguments of pulumi-aws do not have, or have otherwise."""
    if isinstance(shape, Many):
        yield from wrong_fields(shape.of, hint, f"{path}[]")
    elif isinstance(shape, Block):
        [arguments] = {kind for kind in inside(hint) if kind.__module__.startswith("pulumi_aws.")}
        fields = names.input_type_types(arguments)
        for name, field in shape.fields.items():
            if name in fields:
                yield from wrong_fields(field, fields[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(shape, Scalar):
        wanted = {"bool": bool, "int": int, "number": float, "string": str}[shape.kind_name]
        if wanted not in inside(hint):
            yield f"{path} is not {shape.kind_name}"


@pytest.mark.parametrize("type_", sorted(ARGUMENTS))
def test_the_properties_are_those_of_pulumi_aws(type_: str) -> None:
    handler = HANDLERS[type_]
    assert list(wrong_fields(handler.schema, ARGUMENTS[type_], type_)) == []
    assert handler.computed | handler.unreadable | handler.replaces <= set(handler.schema.fields)


@pytest.mark.parametrize("type_", sorted(ARGUMENTS))
@pytest.mark.parametrize("unknown", [UNKNOWN, object()])
def test_unknown_values_are_not_checked_and_are_a_change(
    provider: Provider, type_: str, unknown: object
) -> None:
    for name in HANDLERS[type_].schema.fields:
        assert list(HANDLERS[type_].schema.field_problems({name: unknown})) == []
        assert provider.diff(type_, {}, {name: unknown}).changed == {name}


def test_an_unknown_value_deep_inside_is_not_checked(provider: Provider) -> None:
    groups = [{"arn": UNKNOWN, "weight": 50}, {"arn": object(), "weight": 50}]
    action = {"type": "forward", "targetGroupArn": UNKNOWN, "forward": {"targetGroups": groups}}
    assert provider.check(RULE, {"actions": [action, {"type": UNKNOWN}]}) == []


@pytest.mark.parametrize("unknown", [UNKNOWN, object()])
def test_an_unknown_value_deep_inside_is_a_change(provider: Provider, unknown: object) -> None:
    group = {"arn": unknown, "weight": 50}
    rule = {"protocol": "tcp", "fromPort": 1, "toPort": 1}
    for type_, inputs in (
        (RULE, {"actions": [{"targetGroupArn": unknown}]}),
        (RULE, {"actions": [{"forward": {"targetGroups": [group]}}]}),
        (RULE, {"actions": [{"forward": unknown}]}),
        (RULE, {"conditions": [{"hostHeader": unknown}]}),
        ("aws:ec2/securityGroup:SecurityGroup", {"egress": [{**rule, "securityGroups": unknown}]}),
        ("aws:lambda/function:Function", {"vpcConfig": {"subnetIds": [unknown]}}),
    ):
        assert provider.diff(type_, {}, inputs).changed == set(inputs)


def test_digests_anywhere_are_compared(provider: Provider) -> None:
    digest = {"secret": "a"}
    for type_, inputs in (
        (RULE, {"actions": [digest], "conditions": [digest]}),
        (RULE, {"actions": ["secret a"], "conditions": digest}),
        (RULE, {"actions": [{"forward": digest}]}),
        ("aws:ec2/securityGroup:SecurityGroup", {"ingress": [digest], "egress": "secret a"}),
        (ALARM, {"metricQueries": [digest]}),
        ("aws:iam/role:Role", {"assumeRolePolicy": "secret a", "tags": digest}),
    ):
        assert provider.diff(type_, inputs, inputs).changed == set()
        assert provider.diff(type_, {}, inputs).changed == set(inputs)


@pytest.mark.parametrize(
    ("type_", "inputs", "problem"),
    [
        (RULE, {"actions": "x"}, "actions to be list"),
        (RULE, {"actions": ["x"]}, "actions[0] to be object"),
        ("aws:lambda/function:Function", {"tags": "x"}, "tags to be map"),
        ("aws:iam/role:Role", {"name": 1.0}, "name to be string"),
        (ALARM, {"actionsEnabled": 1}, "actionsEnabled to be bool"),
        (ALARM, {"period": True}, "period to be int"),
        (ALARM, {"threshold": True}, "threshold to be number"),
    ],
)
def test_values_of_the_wrong_kind(
    provider: Provider, type_: str, inputs: dict[str, Any], problem: str
) -> None:
    assert provider.check(type_, inputs) == [f"expected type of {problem}"]


@pytest.mark.parametrize("type_", sorted(ARGUMENTS))
def test_none_and_the_engines_own_keys_are_nothing(provider: Provider, type_: str) -> None:
    nothing: dict[str, Any] = {**dict.fromkeys(HANDLERS[type_].schema.fields), "__defaults": []}
    assert provider.check(type_, nothing) == []
    assert not provider.diff(type_, nothing, {}).changed


def test_an_unknown_type_is_named(provider: Provider) -> None:
    with pytest.raises(ValueError, match="no type aws:s3/bucket:Bucket"):
        provider.check("aws:s3/bucket:Bucket", {})


def test_something_gone_is_read_as_nothing(account: Account) -> None:
    arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/a/0"
    absent = {
        "aws:lb/targetGroupAttachment:TargetGroupAttachment": f"{arn}-1",
        "aws:lambda/permission:Permission": "fn/sid",
        "aws:ec2/securityGroup:SecurityGroup": "sg-0123",
        "aws:lb/targetGroup:TargetGroup": arn,
        "aws:iam/rolePolicy:RolePolicy": "role:absent",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": f"role/{arn}",
    }
    for type_ in HANDLERS:
        assert account.provider.read(type_, absent.get(type_, "absent")) is None


def test_a_client_is_made_once(client: Callable[[str], Any]) -> None:
    made: list[str] = []

    def make(service: str) -> Any:
        made.append(service)
        return client(service)

    provider = Provider(make)
    for _ in range(2):
        provider.check("aws:lambda/function:Function", {"runtime": "python3.11"})
    assert made == ["lambda"]


def contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_zip_file_is_sent_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bootstrap", "x")
    assert zipped(pulumi.FileArchive(str(path))) == path.read_bytes()


def test_a_folder_becomes_the_same_zip_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "a.py").write_text("a")
    bootstrap = folder / "bootstrap"
    bootstrap.write_text("b")
    bootstrap.chmod(0o755)
    archive = pulumi.FileArchive(str(folder))
    data = zipped(archive)
    assert contents(data) == {"bootstrap": b"b", "inner/a.py": b"a"}
    with zipfile.ZipFile(io.BytesIO(data)) as archive_file:
        assert archive_file.getinfo("bootstrap").external_attr >> 16 & stat.S_IXUSR
    assert zipped(archive) == data


def test_code_is_compared_by_content(provider: Provider, tmp_path: Path) -> None:
    def code(text: str) -> dict[str, Any]:
        (tmp_path / text).mkdir(exist_ok=True)
        (tmp_path / text / "main.py").write_text(text)
        return {"code": pulumi.FileArchive(str(tmp_path / text))}

    function = "aws:lambda/function:Function"
    assert not provider.diff(function, code("a"), code("a")).changed
    assert provider.diff(function, code("a"), code("b")).changed == {"code"}


@pytest.mark.parametrize(
    "archive",
    [
        pulumi.FileArchive("/nowhere"),
        pulumi.RemoteArchive("https://example.com/a.zip"),
        pulumi.AssetArchive({"a": pulumi.StringAsset("a")}),
    ],
)
def test_archives_that_cannot_be_sent(archive: pulumi.Archive) -> None:
    with pytest.raises((TypeError, ValueError), match=r"supported|neither"):
        zipped(archive)
