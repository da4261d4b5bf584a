import zipfile
from pathlib import Path
from typing import Any

import pulumi
import pytest
from botocore.stub import Stubber

from sandbox.provider import HANDLERS
from tests.provider.support import ACCOUNT_ID, REGION, TAGS, Account, Life

FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
IMAGE = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/scorer"
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}:targetgroup/l-a/1"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("main.py", "one")
    return path


@pytest.fixture
def network(account: Account) -> dict[str, Any]:
    groups = account.client("ec2").describe_security_groups()["SecurityGroups"]
    return {"subnetIds": account.subnets(), "securityGroupIds": [groups[0]["GroupId"]]}


@pytest.fixture
def image(account: Account, network: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "cc-v1-score-GET-0",
        "packageType": "Image",
        "imageUri": f"{IMAGE}:1",
        "imageConfig": {"commands": ["aws_lambdas.score_GET.handler"]},
        "memorySize": 256.0,
        "timeout": 60.0,
        "role": account.role(),
        "environment": {"variables": {"DEBUG": "off", "EMPTY": ""}},
        "vpcConfig": network,
        "tags": TAGS,
    }


@pytest.fixture
def layer(account: Account) -> str:
    arn: str = account.client("lambda").publish_layer_version(
        LayerName="otel", Content={"ZipFile": b"PK\5\6" + b"\0" * 18}
    )["LayerVersionArn"]
    return arn


@pytest.fixture
def python(account: Account, package: Path, layer: str) -> dict[str, Any]:
    return {
        "name": "cc-auth-lambda",
        "code": pulumi.FileArchive(str(package)),
        "handler": "main.handler",
        "runtime": "python3.11",
        "layers": [layer],
        "architectures": ["arm64"],
        "role": account.role(),
        "tracingConfig": {"mode": "Active"},
    }


def test_an_image_function_lives_and_changes_with_one_call_each(
    account: Account, image: dict[str, Any]
) -> None:
    life = Life.begin(account, FUNCTION, image)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:cc-v1-score-GET-0"
    assert life.created.id == "cc-v1-score-GET-0"
    assert life.created.outputs == {
        "arn": arn,
        "name": "cc-v1-score-GET-0",
        "invokeArn": f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}"
        "/invocations",
        "qualifiedArn": f"{arn}:$LATEST",
        "version": "$LATEST",
    }
    assert "tracingConfig" not in life.import_(life.created.id).inputs
    configuration = ["UpdateFunctionConfiguration"]
    life.update(configuration, memorySize=512.0)
    assert account.sent(configuration[0]) == {
        "FunctionName": "cc-v1-score-GET-0",
        "MemorySize": 512,
    }
    life.update(configuration, timeout=None)
    life.update(configuration, environment={"variables": {"DEBUG": "on"}})
    life.update(configuration, environment=None)
    life.update(configuration, vpcConfig=None)
    life.update(configuration, description="of the scorer")
    life.update(configuration, description=None)
    life.update(configuration, role=account.role("other"))
    life.update(["UpdateFunctionCode"], imageUri=f"{IMAGE}:2")
    assert account.sent("UpdateFunctionCode")["ImageUri"] == f"{IMAGE}:2"
    life.update(["GetFunctionConfiguration", "UntagResource"], tags=None)
    life.update(
        ["UpdateFunctionConfiguration", "UpdateFunctionCode", "TagResource"],
        memorySize=1024,
        imageUri=f"{IMAGE}:3",
        tags=TAGS,
    )
    life.end()


def test_settings_that_moto_does_not_keep_are_sent(account: Account, image: dict[str, Any]) -> None:
    life = Life.begin(account, FUNCTION, image)
    call = "UpdateFunctionConfiguration"
    life.update([call], settles=False, imageConfig={"commands": ["b"], "entryPoints": ["e"]})
    assert account.sent(call)["ImageConfig"] == {"Command": ["b"], "EntryPoint": ["e"]}
    life.update([call], settles=False, imageConfig=None)
    assert account.sent(call)["ImageConfig"] == {}
    life.update([call], settles=False, tracingConfig={"mode": "Active"})
    assert account.sent(call)["TracingConfig"] == {"Mode": "Active"}
    life.update([call], settles=False, loggingConfig={"logFormat": "JSON", "logGroup": "/x"})
    assert account.sent(call)["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": "/x"}


def test_a_zip_function_lives_and_follows_its_package(
    account: Account, python: dict[str, Any], package: Path
) -> None:
    life = Life.begin(account, FUNCTION, python)
    assert account.sent("CreateFunction")["Code"] == {"ZipFile": package.read_bytes()}
    read = life.import_(life.created.id, unreadable=frozenset({"code"}))
    assert read.inputs == {key: value for key, value in python.items() if key != "code"}
    other = package.with_name("other.zip")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("main.py", "two")
    life.update(["UpdateFunctionCode"], code=pulumi.FileArchive(str(other)))
    assert account.sent("UpdateFunctionCode") == {
        "FunctionName": "cc-auth-lambda",
        "ZipFile": other.read_bytes(),
        "Architectures": ["arm64"],
    }
    life.update(["UpdateFunctionConfiguration"], handler="main.other")
    life.update(["UpdateFunctionConfiguration"], layers=None)
    life.end()


def test_what_lambda_fills_in_is_no_change(account: Account, python: dict[str, Any]) -> None:
    left_out = {
        name: value
        for name, value in python.items()
        if name not in {"architectures", "tracingConfig"}
    }
    assert not account.provider.diff(FUNCTION, python, left_out).changed
    spelled_out = {
        **python,
        "packageType": "Zip",
        "memorySize": 128,
        "timeout": 3,
        "loggingConfig": {"logFormat": "Text", "logGroup": "/aws/lambda/cc-auth-lambda"},
        "environment": {"variables": {}},
        "tags": {},
    }
    assert not account.provider.diff(FUNCTION, python, spelled_out).changed


@pytest.mark.parametrize("digests", [("a", "a"), ("a", "b")])
def test_digests_of_code_and_environment_are_compared(
    account: Account, digests: tuple[str, str]
) -> None:
    old, new = (
        {"code": {"archive": digest}, "environment": {"secret": digest}} for digest in digests
    )
    changed = account.provider.diff(FUNCTION, old, new).changed
    assert changed == (set() if old == new else {"code", "environment"})


def test_a_function_that_is_not_ready_is_waited_for(account: Account) -> None:
    function = {"FunctionName": "fn", "FunctionArn": f"arn:aws:lambda:{REGION}:1:function:fn"}
    states = {"State": "Active", "LastUpdateStatus": "Successful"}
    ready = {"Configuration": {**function, **states}}
    inputs = {"name": "fn", "role": "r", "packageType": "Image", "imageUri": IMAGE}
    with Stubber(account.client("lambda")) as stub:
        pending = {**function, "Version": "$LATEST", "State": "Pending"}
        stub.add_response("create_function", pending)
        stub.add_response("get_function", ready)
        account.provider.create(FUNCTION, "f", inputs)
        busy = {**function, "Version": "$LATEST", "LastUpdateStatus": "InProgress"}
        for call in ("update_function_configuration", "update_function_code"):
            stub.add_response(call, busy)
            stub.add_response("get_function", ready)
        account.provider.update(FUNCTION, "fn", {}, inputs, frozenset({"role", "imageUri"}))
        stub.assert_no_pending_responses()


def test_replacements_of_a_function(account: Account, image: dict[str, Any]) -> None:
    assert HANDLERS[FUNCTION].replaces == {"name", "packageType"}
    diff = account.provider.diff(FUNCTION, image, {**image, "packageType": None})
    assert diff.replaces == {"packageType"}
    assert diff.delete_before_replace


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"memorySize": 64.0}, "expected memorySize to be in the range (128 - 10240), got 64"),
        ({"timeout": 901}, "expected timeout to be in the range (1 - 900), got 901"),
        (
            {"name": "x" * 65},
            "expected length of the Lambda function name to be less than or equal to 64",
        ),
        (
            {"name": "a b"},
            "invalid value for name (must be valid function name or function ARN)",
        ),
        ({"layers": ["otel"]}, '"layers[0]" is an invalid ARN'),
        ({"runtime": "cobol"}, "expected runtime to be one of the runtimes of Lambda"),
        (
            {"code": pulumi.FileArchive("x"), "runtime": "python3.11"},
            "handler and runtime must be set when PackageType is Zip",
        ),
        (
            {"code": pulumi.FileArchive("x"), "packageType": "Image", "imageUri": "x"},
            '"code": only one of `code,imageUri` can be specified',
        ),
        ({"packageType": "Image", "code": "x.zip"}, "expected type of code to be an archive"),
        (
            {"environment": {"variables": {"A": 1}}},
            "expected type of environment.variables[A] to be string",
        ),
        ({"memorySize": "128"}, "expected type of memorySize to be int"),
        ({"memorySize": 128.5}, "expected type of memorySize to be int"),
        (
            {"vpcConfig": {"subnetIds": []}},
            "Missing required argument. The argument "
            '"vpcConfig.securityGroupIds" is required, but no definition was found.',
        ),
    ],
)
def test_refused_at_plan_time(account: Account, inputs: dict[str, Any], problem: str) -> None:
    assert account.provider.check(FUNCTION, inputs) == [problem]


def test_a_permission_lives_and_can_be_imported(account: Account) -> None:
    account.function("fn")
    inputs = {
        "action": "lambda:InvokeFunction",
        "function": "fn",
        "principal": "elasticloadbalancing.amazonaws.com",
        "sourceArn": GROUP,
    }
    life = Life.begin(account, PERMISSION, inputs)
    assert life.created.id.startswith("terraform-")
    assert life.created.outputs == {"statementId": life.created.id}
    assert life.read(inputs=inputs).inputs == inputs
    imported = life.import_(f"fn/{life.created.id}")
    assert imported.inputs == {**inputs, "statementId": life.created.id}
    life.end()


def test_a_permission_keeps_its_statement_id_and_account(account: Account) -> None:
    arn = account.function("fn")
    inputs = {
        "action": "lambda:InvokeFunction",
        "function": arn,
        "principal": ACCOUNT_ID,
        "sourceAccount": ACCOUNT_ID,
        "statementId": "mine",
    }
    life = Life.begin(account, PERMISSION, inputs)
    assert life.created.id == "mine"
    account.client("lambda").delete_function(FunctionName="fn")
    life.end()


def test_every_input_of_a_permission_replaces_it() -> None:
    handler = HANDLERS[PERMISSION]
    assert handler.replaces == set(handler.schema.fields)


def test_a_permission_is_not_found_without_its_function(account: Account) -> None:
    with pytest.raises(ValueError, match="FUNCTION_NAME/STATEMENT_ID"):
        account.provider.read(PERMISSION, "mine")


def test_refused_permissions(account: Account) -> None:
    inputs = {"action": "invoke", "sourceArn": "x", "sourceAccount": "1", "statementId": "a b"}
    assert len(account.provider.check(PERMISSION, inputs)) == 4
