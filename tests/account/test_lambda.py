import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.account.support import World, package, refused, trust
from tests.support import limits

IMAGE = "000000000000.dkr.ecr.us-west-2.amazonaws.com/scorer:1"
INVALID = "InvalidParameterValueException"
UNSATISFIED = "ValidationException"


@dataclass(frozen=True)
class Row:
    """Settings that AWS refuses, and the nearest ones that it takes."""

    code: str
    words: str
    refused: dict[str, Any]
    accepted: dict[str, Any]


def variables(values: dict[str, str]) -> dict[str, Any]:
    return {"Environment": {"Variables": values}}


def env_of(size: int) -> dict[str, Any]:
    """Variables that AWS measures as this many bytes."""
    return variables({"NAME": "x" * (size - len('{"NAME":""}'))})


SAID = {
    "too much time": "'timeout' failed to satisfy constraint: Member must have value less than "
    "or equal to 900",
    "no time": "'timeout'",
    "too much memory": "10240",
    "too little memory": "128",
    "reserved": "Reserved keys used in this request: AWS_REGION",
    "hyphen": "A-B",
}
"""Words of AWS for some of the edges."""
NAMES = {"memory_mb": "MemorySize", "timeout_s": "Timeout"}


def settings(edge: dict[str, Any]) -> dict[str, Any]:
    return {NAMES[name]: value for name, value in edge.items()}


CONFIGURATION = (
    {
        what: Row(UNSATISFIED, SAID.get(what, ""), settings(bad), settings(good))
        for what, (bad, good) in limits.FUNCTIONS.items()
        if set(bad) <= set(NAMES)
    }
    | {
        what: Row(
            INVALID if what in {"reserved", "session"} else UNSATISFIED,
            SAID.get(what, ""),
            variables(bad),
            variables(good),
        )
        for what, (bad, good) in limits.ENVIRONMENTS.items()
        if not what.startswith("long")  # the account counts quotes and commas too
    }
    | {
        "an environment of 4097 bytes": Row(
            INVALID, "exceeded the 4KB limit. Measured size: 4097 bytes", env_of(4097), env_of(4096)
        ),
        "an unknown runtime": Row(
            INVALID,
            "Value python3.99 at 'runtime' failed to satisfy constraint",
            {"Runtime": "python3.99"},
            {"Runtime": "provided.al2023"},
        ),
        "subnets without groups": Row(
            INVALID,
            "SubnetIds and SecurityIds must coexist or be both empty list.",
            {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []}},
            {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}},
        ),
        "a config for images": Row(
            INVALID,
            "ImageConfig",
            {"ImageConfig": {"Command": ["app.handler"]}},
            {"ImageConfig": {}},
        ),
    }
)

rows = pytest.mark.parametrize("row", CONFIGURATION.values(), ids=CONFIGURATION.keys())


@rows
def test_create_function(world: World, row: Row) -> None:
    client = world.unchecked("lambda")
    base = {
        "FunctionName": world.name("f"),
        "Role": world.role(),
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Code": {"ZipFile": package()},
    }
    with refused(row.code, row.words):
        client.create_function(**(base | row.refused))
    client.create_function(**(base | row.accepted))


@rows
def test_update_function_configuration(world: World, row: Row) -> None:
    client = world.unchecked("lambda")
    function = world.function()
    before = configuration(world, function)
    with refused(row.code, row.words):
        client.update_function_configuration(FunctionName=function, **row.refused)
    assert configuration(world, function) == before
    client.update_function_configuration(FunctionName=function, **row.accepted)


def configuration(world: World, function: str) -> dict[str, Any]:
    described = world.account.client("lambda").get_function_configuration(FunctionName=function)
    return {key: value for key, value in described.items() if key != "ResponseMetadata"}


def test_no_message_shows_a_value(world: World) -> None:
    for values in ({"AWS_REGION": "hush"}, {"A-B": "hush"}, {"A_B": "hush" * 2000}):
        with pytest.raises(Exception, match="operation") as caught:
            world.function(**variables(values))
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["f" * 65, "f.f", "f f"])
def test_function_name(world: World, name: str) -> None:
    with refused(UNSATISFIED, "'functionName'"):
        world.function(FunctionName=name)


def test_the_longest_function_name(world: World) -> None:
    world.function(FunctionName=world.name("f").ljust(64, "_"))


def test_a_zip_needs_runtime_and_handler(world: World) -> None:
    client = world.unchecked("lambda")
    settings = {"Role": world.role(), "Code": {"ZipFile": package()}}
    for given in ({"Runtime": "python3.11"}, {"Handler": "app.handler"}, {}):
        with refused(INVALID, "Runtime and Handler are mandatory"):
            client.create_function(FunctionName=world.name("f"), **settings, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"Handler": "app.handler"},
        {"Runtime": "python3.11"},
        {"Layers": ["arn:aws:lambda:us-west-2:000000000000:layer:python:1"]},
    ],
    ids=lambda given: next(iter(given)),
)
def test_an_image_brings_its_own(world: World, given: dict[str, Any]) -> None:
    client = world.account.client("lambda")
    settings: dict[str, Any] = {
        "FunctionName": world.name("f"),
        "Role": world.role(),
        "PackageType": "Image",
        "Code": {"ImageUri": IMAGE},
        "ImageConfig": {"Command": ["app.handler"]},
    }
    with refused(INVALID, "Please don't provide Handler or Runtime or Layer"):
        client.create_function(**settings, **given)
    client.create_function(**settings)
    with refused(INVALID, "Please don't provide Handler or Runtime or Layer"):
        client.update_function_configuration(FunctionName=settings["FunctionName"], **given)


def test_code_of_the_other_package_type(world: World) -> None:
    client = world.account.client("lambda")
    image = world.name("f")
    settings: dict[str, Any] = {"Role": world.role(), "PackageType": "Image"}
    with refused(INVALID, "Please provide ImageUri when creating"):
        client.create_function(FunctionName=image, Code={"ZipFile": package()}, **settings)
    client.create_function(FunctionName=image, Code={"ImageUri": IMAGE}, **settings)
    with refused(INVALID, "Please provide ImageUri when updating"):
        client.update_function_code(FunctionName=image, ZipFile=package())
    client.update_function_code(FunctionName=image, ImageUri=IMAGE)

    with refused(INVALID, "Please don't provide ImageUri when creating"):
        world.function(Code={"ImageUri": IMAGE})
    zipped = world.function()
    with refused(INVALID, "Please don't provide ImageUri when updating"):
        client.update_function_code(FunctionName=zipped, ImageUri=IMAGE)
    client.update_function_code(FunctionName=zipped, ZipFile=package("other.py"))


def test_network(world: World) -> None:
    client = world.account.client("lambda")
    subnets = world.account.foundation["privateSubnetIds"]
    group = world.account.foundation["privateSubnetSecurityGroupId"]

    def network(subnet: str, security_group: str) -> dict[str, Any]:
        return {"VpcConfig": {"SubnetIds": [subnet], "SecurityGroupIds": [security_group]}}

    function = world.function(**network(subnets[0], group))
    missing_subnet = "The subnet ID 'subnet-0' does not exist"
    missing_group = "The security group 'sg-0' does not exist"
    with refused(INVALID, missing_subnet):
        world.function(**network("subnet-0", group))
    with refused(INVALID, missing_group):
        world.function(**network(subnets[0], "sg-0"))
    with refused(INVALID, missing_subnet):
        client.update_function_configuration(FunctionName=function, **network("subnet-0", group))
    with refused(INVALID, missing_group):
        client.update_function_configuration(FunctionName=function, **network(subnets[0], "sg-0"))
    client.update_function_configuration(FunctionName=function, **network(subnets[1], group))


def test_the_subnets_of_another_account(world: World, production: Any) -> None:
    with refused(INVALID, "does not exist"):
        world.function(
            VpcConfig={
                "SubnetIds": production.foundation["privateSubnetIds"],
                "SecurityGroupIds": [production.foundation["privateSubnetSecurityGroupId"]],
            }
        )


def test_role(world: World) -> None:
    client = world.account.client("lambda")
    words = "The role defined for the function cannot be assumed by Lambda."
    function, role = world.function(), world.role()
    for wrong in (f"{role}-gone", world.role("ec2.amazonaws.com")):
        with refused(INVALID, words):
            world.function(Role=wrong)
        with refused(INVALID, words):
            client.update_function_configuration(FunctionName=function, Role=wrong)
    client.update_function_configuration(FunctionName=function, Role=role)
    assert configuration(world, function)["Role"] == role


def test_a_role_of_several_services(world: World) -> None:
    def role(*services: str) -> str:
        document = json.loads(trust())
        document["Statement"] = [document["Statement"] | {"Principal": {"Service": services}}]
        created = world.account.client("iam").create_role(
            RoleName=world.name("role"), AssumeRolePolicyDocument=json.dumps(document)
        )
        return created["Role"]["Arn"]

    with refused(INVALID, "cannot be assumed by Lambda"):
        world.function(Role=role("ec2.amazonaws.com", "edge.example"))
    world.function(Role=role("ec2.amazonaws.com", "lambda.amazonaws.com"))


def test_layers(world: World) -> None:
    python = world.account.foundation["pythonLayerArn"]
    adot = "arn:aws:lambda:us-west-2:901920570463:layer:aws-otel-collector-arm64-ver-0-117-0:1"
    function = world.function(Layers=[python, adot])
    assert [layer["Arn"] for layer in configuration(world, function)["Layers"]] == [python, adot]

    for missing in (
        f"{adot.removesuffix(':1')}:2",
        adot.replace("901920570463", world.account.account_id),
        adot.replace("us-west-2", "us-east-1"),
        "python",
    ):
        with refused("ResourceNotFoundException"):
            world.function(Layers=[missing])
    with refused(INVALID, "Cannot reference more than 5 layers."):
        world.function(Layers=[python] * 6)
    world.function(Layers=[python] * 5)


def test_add_permission(world: World) -> None:
    client = world.account.client("lambda")
    function = world.function()
    permission: dict[str, Any] = {
        "FunctionName": function,
        "StatementId": "one",
        "Action": "lambda:InvokeFunction",
        "Principal": "elasticloadbalancing.amazonaws.com",
    }
    client.add_permission(**permission)
    words = (
        "The statement id (one) provided already exists. Please provide a new statement id, "
        "or remove the existing statement."
    )
    with refused("ResourceConflictException", words):
        client.add_permission(**permission)
    version = client.publish_version(FunctionName=function)["Version"]
    client.add_permission(**permission, Qualifier=version)
    with refused("ResourceConflictException", words):
        client.add_permission(**permission, Qualifier=version)
    client.add_permission(**(permission | {"StatementId": "two"}))
    client.remove_permission(FunctionName=function, StatementId="two")
    client.add_permission(**(permission | {"StatementId": "two"}))


@pytest.mark.parametrize("sid", ["a b", "a.b", "s" * 101])
def test_statement_id(world: World, sid: str) -> None:
    client = world.unchecked("lambda")
    permission = {
        "FunctionName": world.function(),
        "Action": "lambda:InvokeFunction",
        "Principal": "elasticloadbalancing.amazonaws.com",
    }
    with refused(UNSATISFIED, "'statementId'"):
        client.add_permission(StatementId=sid, **permission)
    client.add_permission(StatementId="s" * 100, **permission)


def test_a_missing_function(world: World) -> None:
    client = world.account.client("lambda")
    name = world.name("f")
    with refused("ResourceNotFoundException"):
        client.update_function_configuration(FunctionName=name, Timeout=5)
    with refused("ResourceNotFoundException"):
        client.add_permission(FunctionName=name, StatementId="a", Action="lambda:*", Principal="*")
