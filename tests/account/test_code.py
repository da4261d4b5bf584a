"""Packages and images that Lambda does not take."""

import http.client
import io
import json
import zipfile
from typing import Any

import pytest

from routing import limits
from sandbox.account.server import AccountServer
from tests.account.support import World, package, refused

INVALID = "InvalidParameterValueException"
UNZIPPED = 3000
"""For the tests, which need not zip 250 MB for one comparison."""
ECR = "000000000000.dkr.ecr.us-west-2.amazonaws.com"
DIGEST = "sha256:" + "a" * 64


def stored(size: int) -> bytes:
    """A zip file of this very size."""
    empty = len(packed(b""))
    return packed(b"x" * (size - empty))


def packed(content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("f", content)
    return target.getvalue()


def no_files() -> bytes:
    target = io.BytesIO()
    zipfile.ZipFile(target, "w").close()
    return target.getvalue()


def unpacking_to(size: int) -> bytes:
    """A zip file of two entries that unpacks to this many bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", bytes(size // 2))
        archive.writestr("two", bytes(size - size // 2))
    return target.getvalue()


PACKAGES = {
    "no zip": (lambda: b"code", "Could not unzip uploaded file."),
    "a zip cut short": (lambda: package()[:-10], "Could not unzip uploaded file."),
    "nothing": (lambda: b"", "Uploaded file must be a non-empty zip"),
    "a zip without files": (no_files, "Uploaded file must be a non-empty zip"),
    "more than unpacks": (
        lambda: unpacking_to(UNZIPPED + 1),
        f"Unzipped size must be smaller than {UNZIPPED} bytes",
    ),
}


@pytest.mark.parametrize(("content", "words"), PACKAGES.values(), ids=PACKAGES.keys())
def test_a_package(world: World, content: Any, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FUNCTION_UNZIPPED_BYTES", UNZIPPED)
    client = world.account.client("lambda")
    function = world.function()
    before = client.get_function_configuration(FunctionName=function)["CodeSha256"]
    data = content()
    with refused(INVALID, words):
        world.function(Code={"ZipFile": data})
    with refused(INVALID, words):
        client.update_function_code(FunctionName=function, ZipFile=data)
    with refused(INVALID, words):
        client.publish_layer_version(LayerName=world.name("l"), Content={"ZipFile": data})
    assert client.get_function_configuration(FunctionName=function)["CodeSha256"] == before


def test_the_package_that_unpacks_to_the_most(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.FUNCTION_UNZIPPED_BYTES == 262_144_000
    monkeypatch.setattr(limits, "FUNCTION_UNZIPPED_BYTES", UNZIPPED)
    world.function(Code={"ZipFile": unpacking_to(UNZIPPED)})


def test_the_largest_package_of_one_upload(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of fewer bytes: a hundred megabytes would pass through both ends for one comparison."""
    assert limits.FUNCTION_ZIPPED_BYTES == 52_428_800
    monkeypatch.setattr(limits, "FUNCTION_ZIPPED_BYTES", 5000)
    client = world.account.client("lambda")
    function = world.function()

    client.update_function_code(FunctionName=function, ZipFile=stored(5000))

    assert client.get_function_configuration(FunctionName=function)["CodeSize"] == 5000
    with refused(INVALID, "Zipped size must be smaller than 5000 bytes"):
        client.update_function_code(FunctionName=function, ZipFile=stored(5001))


@pytest.mark.parametrize("operation", ["CreateFunction", "UpdateFunctionCode"])
def test_a_request_that_is_too_large(
    world: World, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.FUNCTION_REQUEST_BYTES == 70_167_211
    monkeypatch.setattr(limits, "FUNCTION_REQUEST_BYTES", 5000)
    with refused(
        "RequestEntityTooLargeException",
        f"Request must be smaller than 5000 bytes for the {operation} operation",
    ):
        if operation == "CreateFunction":
            world.function(Code={"ZipFile": bytes(5000)})
        else:
            world.account.client("lambda").update_function_code(
                FunctionName="f", ZipFile=bytes(5000)
            )


def test_no_code_at_all(world: World) -> None:
    with refused(INVALID, "Please provide a source for function code."):
        world.function(Code={})


def test_text_that_is_not_base64(server: AccountServer) -> None:
    key = server.accounts["staging"].access_key_id
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(
        "POST",
        "/2015-03-31/functions",
        '{"FunctionName": "f", "Code": {"ZipFile": "%%%"}}',
        {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-west-2/lambda/"
            "aws4_request, SignedHeaders=host, Signature=0",
            "Content-Type": "application/json",
        },
    )
    response = connection.getresponse()
    assert (response.status, b"Code.ZipFile" in response.read()) == (400, True)
    connection.close()


TAKEN = (f"{ECR}/scorer:1", f"{ECR}/team/scorer-2:2026-11-26.a_b", f"{ECR}/scorer@{DIGEST}")
NOT_TAKEN = (
    f"{ECR}/scorer",
    f"{ECR}/scorer:",
    f"{ECR}/scorer@sha256:abc",
    f"{ECR}/scorer@{DIGEST.upper()}",
    f"{ECR}/scorer:-1",
    f"{ECR}/scorer:{'t' * 129}",
    f"{ECR}/Scorer:1",
    f"{ECR}/:1",
    f"{ECR}:1",
    f"https://{ECR}/scorer:1",
    f" {ECR}/scorer:1",
    f"{ECR}/scorer:1\n",
    f"{ECR}/scörer:1",
    "scorer:1",
    "docker.io/library/scorer:1",
    "public.ecr.aws/team/scorer:1",
    ECR.replace("us-west-2", "eu-west-1") + "/scorer:1",
    ECR.replace("000000000000", "1234") + "/scorer:1",
)


@pytest.mark.parametrize("uri", NOT_TAKEN)
def test_an_image_that_lambda_cannot_pull(world: World, uri: str) -> None:
    client = world.account.client("lambda")
    name = world.name("f")
    settings: Any = {"FunctionName": name, "Role": world.role(), "PackageType": "Image"}
    words = f"Source image {uri} is not valid. Provide a valid source image."
    with refused(INVALID, words):
        client.create_function(**settings, Code={"ImageUri": uri})
    client.create_function(**settings, Code={"ImageUri": TAKEN[0]})
    with refused(INVALID, words):
        client.update_function_code(FunctionName=name, ImageUri=uri)


@pytest.mark.parametrize("uri", TAKEN)
def test_an_image_that_lambda_can_pull(world: World, uri: str) -> None:
    client = world.account.client("lambda")
    name = world.name("f")
    client.create_function(
        FunctionName=name, Role=world.role(), PackageType="Image", Code={"ImageUri": uri}
    )
    assert client.get_function(FunctionName=name)["Code"]["ImageUri"] == uri


# Policies that let a function into a network.

INTERFACES = ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface")
ALLOWS: dict[str, list[Any]] = {
    "each by name": [{"Action": [f"ec2:{name}" for name in INTERFACES]}],
    "any of EC2": [{"Action": "ec2:*"}],
    "anything": [{"Action": "*"}],
    "in other capitals": [{"Action": "EC2:*networkinterface*"}],
    "in several statements": [{"Action": f"ec2:{name}"} for name in INTERFACES],
    "all but something else": [{"NotAction": "iam:*"}],
    "for interfaces of the account": [
        {"Action": "ec2:*", "Resource": "arn:aws:ec2:us-west-2:*:network-interface/*"},
        {"Action": "ec2:Describe*"},
    ],
}
MISSES = {
    "no description": ([{"Action": [f"ec2:{INTERFACES[0]}", f"ec2:{INTERFACES[2]}"]}], 1),
    "no deletion": ([{"Action": [f"ec2:{INTERFACES[0]}", f"ec2:{INTERFACES[1]}"]}], 2),
    "something else": ([{"Action": "logs:*"}], 0),
    "a denial": ([{"Action": "*"}, {"Effect": "Deny", "Action": "ec2:Create*"}], 0),
    "all but this": ([{"NotAction": "ec2:*"}], 0),
    "another resource": ([{"Action": "*", "Resource": "arn:aws:s3:::bucket"}], 0),
}


def role_with(world: World, statements: list[Any]) -> str:
    role = world.role()
    whole = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    world.account.client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": whole}),
    )
    return role


def in_network(world: World, role: str) -> str:
    foundation = world.account.foundation
    return world.function(
        Role=role,
        VpcConfig={
            "SubnetIds": foundation["privateSubnetIds"],
            "SecurityGroupIds": [foundation["privateSubnetSecurityGroupId"]],
        },
    )


@pytest.mark.parametrize("statements", ALLOWS.values(), ids=ALLOWS.keys())
def test_a_role_that_may_make_interfaces(world: World, statements: list[Any]) -> None:
    in_network(world, role_with(world, statements))


@pytest.mark.parametrize(("statements", "missed"), MISSES.values(), ids=MISSES.keys())
def test_a_role_that_may_not_make_interfaces(
    world: World, statements: list[Any], missed: int
) -> None:
    role = role_with(world, statements)
    with refused(
        INVALID,
        "The provided execution role does not have permissions to call "
        f"{INTERFACES[missed]} on EC2",
    ):
        in_network(world, role)
    world.function(Role=role)


def test_a_function_may_leave_its_network(world: World) -> None:
    client = world.account.client("lambda")
    function = in_network(world, role_with(world, ALLOWS["anything"]))
    client.update_function_configuration(
        FunctionName=function,
        Role=world.role(),
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
    )
    with refused(INVALID, "CreateNetworkInterface"):
        in_network(world, world.role())
