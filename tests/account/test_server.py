import html
import http.client
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.core.responses import BaseResponse
from moto.elbv2.models import ELBv2Backend

from sandbox.account import refusals
from sandbox.account.client import Account, AccountUnreachable
from sandbox.account.server import AccountServer
from sandbox.ports import PortTaken
from tests.account.support import World, fixed_response, path
from tests.support.process import deserted_url

OUTPUTS = {
    "vpcId",
    "privateSubnetIds",
    "privateSubnetSecurityGroupId",
    "publicAlbArnSuffix",
    "publicAlbHttpsListenerArn",
    "privateAlbArnSuffix",
    "privateAlbHttpListenerArn",
    "registryTargetGroupArn",
    "scorerSecretArn",
    "alertTopicArn",
    "pythonLayerArn",
}


def ask(server: AccountServer, where: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    try:
        connection.request(method, where)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.fixture(autouse=True)
def answered() -> None:
    """By the server, over the wire."""


@pytest.fixture
def own_server() -> Iterator[AccountServer]:
    """A server that the test may break."""
    with AccountServer() as running:
        yield running


# What a client learns.


def test_description(server: AccountServer) -> None:
    status, text = ask(server, "/sandbox")
    description = json.loads(text)
    assert status == 200
    assert description.keys() == {"instance", "region", "stacks"}
    assert description["instance"] == server.instance
    assert description["region"] == "us-west-2"
    assert description["stacks"].keys() == {"staging", "production"}
    for stack in description["stacks"].values():
        assert stack.keys() == {
            "accountId",
            "accessKeyId",
            "secretAccessKey",
            "foundation",
            "balancers",
        }
        assert stack["balancers"] == {}
        assert stack["foundation"].keys() == OUTPUTS


def test_other_places(server: AccountServer) -> None:
    assert ask(server, "/sandbox/nothing")[0] == 404
    assert ask(server, "/sandbox", "DELETE")[0] == 404


def test_account(server: AccountServer, account: Account) -> None:
    assert (account.url, account.stack) == (server.url, "staging")
    assert (account.instance, account.region) == (server.instance, "us-west-2")
    assert account.foundation == server.accounts["staging"].foundation
    assert account.client("elbv2") is account.client("elbv2")
    assert account.client("elbv2").meta.region_name == "us-west-2"


def test_a_key_is_not_shown(server: AccountServer, account: Account) -> None:
    secret = server.accounts["staging"].secret_access_key
    assert len(secret) > 30
    assert secret not in repr(account)
    assert secret not in repr(server.accounts)


def test_clients_are_made_once_by_many_threads(server: AccountServer) -> None:
    account = Account.connect(server.url, "staging")
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: account.client("iam"), range(32)))
    assert len({id(client) for client in clients}) == 1


def test_the_client_knows_nothing_of_this_machine(
    server: AccountServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0000000000000000")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    account = Account.connect(server.url, "production")
    identity = account.client("sts").get_caller_identity()
    assert identity["Account"] == server.accounts["production"].account_id


def test_an_unknown_stack(server: AccountServer) -> None:
    with pytest.raises(
        ValueError, match="no stack development; the server has staging, production"
    ):
        Account.connect(server.url, "development")


def test_nothing_listens() -> None:
    url = deserted_url()
    with pytest.raises(AccountUnreachable, match=f"{url} .*Is it running"):
        Account.connect(url, "staging")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
def test_something_else_listens(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def reply() -> None:
            connection, _ = stranger.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        url = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        with pytest.raises(AccountUnreachable, match=f"{url} is not an account server"):
            Account.connect(url, "staging")
        thread.join()


# Start and end.


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} of 127.0.0.1 is taken"):
            AccountServer(port).start()


def test_a_second_server_does_not_take_the_port(server: AccountServer) -> None:
    before = ask(server, "/sandbox")
    with pytest.raises(PortTaken):
        AccountServer(server.port).start()
    assert ask(server, "/sandbox") == before


def test_close(own_server: AccountServer) -> None:
    account = Account.connect(own_server.url, "staging")
    account.client("iam").list_roles()
    own_server.close()
    own_server.close()
    with pytest.raises(AccountUnreachable):
        Account.connect(own_server.url, "staging")
    with pytest.raises(EndpointConnectionError):
        account.client("iam").list_roles()


def test_close_before_start() -> None:
    AccountServer().close()


def test_the_same_port_again(own_server: AccountServer) -> None:
    before = Account.connect(own_server.url, "staging")
    own_server.close()
    with AccountServer(own_server.port) as again:
        after = Account.connect(again.url, "staging")
        assert before.instance != after.instance
        assert before.foundation["vpcId"] != after.foundation["vpcId"]


def test_two_servers_share_nothing(own_server: AccountServer, account: Account) -> None:
    other = Account.connect(own_server.url, "staging")
    assert other.account_id != account.account_id
    other.client("sns").create_topic(Name="only-here")
    topics = account.client("sns").list_topics()["Topics"]
    assert not [topic for topic in topics if topic["TopicArn"].endswith("only-here")]


@pytest.mark.parametrize("service", ["iam", "lambda", "cloudwatch", "dynamodb", "logs", "ec2"])
def test_a_key_of_another_server(
    own_server: AccountServer, server: AccountServer, service: str
) -> None:
    create: Any = boto3.client
    stranger = create(
        service,
        region_name="us-west-2",
        endpoint_url=own_server.url,
        aws_access_key_id=server.accounts["staging"].access_key_id,
        aws_secret_access_key="none",
    )
    calls = {
        "iam": "list_roles",
        "lambda": "list_functions",
        "cloudwatch": "describe_alarms",
        "dynamodb": "list_tables",
        "logs": "describe_log_groups",
        "ec2": "describe_vpcs",
    }
    with pytest.raises(ClientError, match="511"):
        getattr(stranger, calls[service])()
    assert counted(own_server) == {}


def test_refusals_are_installed_once(world: World) -> None:
    """Twice would refuse alike, but slower with every server."""
    before = ELBv2Backend.create_rule
    refusals.install()
    assert ELBv2Backend.create_rule is before
    assert not hasattr(before.__wrapped__, "__wrapped__")


def test_requests_leave_no_line(
    account: Account, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, logger="werkzeug"):
        account.client("iam").list_roles()
    assert [record for record in caplog.records if record.name == "werkzeug"] == []
    assert capfd.readouterr() == ("", "")


def test_what_moto_lacks_fails_at_once(account: Account) -> None:
    with pytest.raises(ClientError) as caught:
        account.client("cloudwatch").describe_alarm_history()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_what_the_account_does_not_know_is_named(account: Account) -> None:
    with pytest.raises(ClientError, match="does not know the operation DescribeAlarmHistory"):
        account.client("cloudwatch").describe_alarm_history()
    with pytest.raises(ClientError, match="does not know the operation ListQueues of sqs"):
        account.client("sqs").list_queues()


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("elbv2", "delete_rule", {"RuleArn": "arn"}),
        ("lambda", "delete_function", {"FunctionName": "f"}),
        ("logs", "delete_log_group", {"logGroupName": "g"}),
        ("ec2", "delete_security_group", {"GroupId": "sg-0"}),
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["a"]}),
        ("iam", "delete_role", {"RoleName": "r"}),
        ("dynamodb", "delete_table", {"TableName": "t"}),
    ],
)
@pytest.mark.parametrize("as_answer", [False, True], ids=["raised", "answered"])
def test_a_failure_of_moto_reaches_no_client(
    own_server: AccountServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    service: str,
    operation: str,
    params: dict[str, Any],
    as_answer: bool,
) -> None:
    def fail(*_args: object, **_kwargs: object) -> Any:
        if as_answer:
            return 500, {}, "Traceback (most recent call last): secret"
        raise KeyError("secret")

    monkeypatch.setattr(BaseResponse, "call_action", fail)
    client = Account.connect(own_server.url, "staging").client(service)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**params)
    error = caught.value.response["Error"]
    assert error["Code"] == "InternalFailure"
    assert "The account of the sandbox failed on this" in error["Message"]
    assert "secret" not in str(caught.value.response)
    assert "secret" in caplog.text


@pytest.mark.parametrize(
    ("service", "operation", "params", "named"),
    [
        ("elbv2", "create_rule", {"Priority": "first"}, "Priority"),
        ("elbv2", "create_rule", {"Priority": 1}, "ListenerArn"),
        (
            "elbv2",
            "modify_rule",
            {"RuleArn": "arn", "Conditions": [{"Bad": "x"}]},
            "Conditions.Bad",
        ),
        (
            "lambda",
            "update_function_configuration",
            {"FunctionName": "f", "Timeout": "x"},
            "Timeout",
        ),
        ("lambda", "create_function", {"FunctionName": "f", "VpcConfig": "none"}, "VpcConfig"),
        ("logs", "put_retention_policy", {"logGroupName": ["a"]}, "logGroupName"),
        ("cloudwatch", "put_metric_alarm", {"AlarmName": {}}, "AlarmName"),
        ("ec2", "describe_subnets", {"Filters": [{"Name": "x", "Extra": "y"}]}, "Filters.Extra"),
    ],
)
def test_a_request_that_is_no_request_names_its_member(
    world: World, service: str, operation: str, params: dict[str, Any], named: str
) -> None:
    """Sent as it is, as an older or newer client might."""
    model = world.account.client(service).meta.service_model
    api = world.account.client(service).meta.method_to_api_mapping[operation]
    status, text = send_raw(world, service, model.operation_model(api), params)
    assert status == 400, text
    assert f"'{named}'" in text


def send_raw(world: World, service: str, operation: Any, params: Any) -> tuple[int, str]:
    """Send members as they are, unknown ones too, in the protocol of the service."""
    signing = operation.service_model.signing_name
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key_of(world)}/20260101/us-west-2/"
        f"{signing}/aws4_request, SignedHeaders=host, Signature=0"
    }
    method, where = operation.http["method"], operation.http["requestUri"]
    if operation.service_model.protocol in ("query", "ec2"):
        fields = {"Action": operation.name, "Version": operation.service_model.api_version}
        text = urlencode(fields | dict(flat(params, ec2=service == "ec2")))
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    else:
        text = json.dumps(params)
        headers["Content-Type"] = "application/json"
        where = where.format(FunctionName=params.get("FunctionName"))
        if prefix := operation.service_model.metadata.get("targetPrefix"):
            version = operation.service_model.metadata.get("jsonVersion", "1.0")
            headers["Content-Type"] = f"application/x-amz-json-{version}"
            headers["X-Amz-Target"] = f"{prefix}.{operation.name}"
    connection = http.client.HTTPConnection(
        "127.0.0.1", urlsplit(world.account.url).port or 0, timeout=60
    )
    try:
        connection.request(method, where, text, headers)
        response = connection.getresponse()
        return response.status, html.unescape(response.read().decode())
    finally:
        connection.close()


def key_of(world: World) -> str:
    session: Any = world.account._session
    return str(session.get_credentials().access_key)


def flat(value: Any, prefix: str = "", *, ec2: bool) -> Iterator[tuple[str, str]]:
    """Fields of the query protocols."""
    if isinstance(value, dict):
        for name, item in value.items():
            # EC2 calls a list by the singular.
            wire = name.removesuffix("s") if ec2 and isinstance(item, list) else name
            yield from flat(item, f"{prefix}.{wire}".lstrip("."), ec2=ec2)
    elif isinstance(value, list):
        for place, item in enumerate(value, start=1):
            yield from flat(
                item, f"{prefix}.{place}" if ec2 else f"{prefix}.member.{place}", ec2=ec2
            )
    else:
        yield prefix, str(value)


def test_a_request_without_a_signature_reaches_no_account(server: AccountServer) -> None:
    assert ask(server, "/?Action=ListRoles&Version=2010-05-08")[0] == 403
    assert ask(server, "/bucket/key")[0] == 403


# What is in the accounts.


@pytest.fixture(params=["staging", "production"])
def stack(request: pytest.FixtureRequest, server: AccountServer) -> Account:
    return Account.connect(server.url, request.param)


def test_the_stacks_are_accounts_of_their_own(account: Account, production: Account) -> None:
    assert account.account_id != production.account_id
    account.client("iam").create_role(
        RoleName="only-in-staging",
        AssumeRolePolicyDocument='{"Statement": [{"Principal": "*"}]}',
    )
    names = [role["RoleName"] for role in production.client("iam").list_roles()["Roles"]]
    assert "only-in-staging" not in names
    assert set(map(str, account.foundation.values())).isdisjoint(
        map(str, production.foundation.values())
    )


def test_whose_key_it_is(stack: Account) -> None:
    identity = stack.client("sts").get_caller_identity()
    assert identity["Account"] == stack.account_id
    assert identity["Arn"] == f"arn:aws:iam::{stack.account_id}:user/sandbox"


def test_network(stack: Account) -> None:
    ec2 = stack.client("ec2")
    vpc = stack.foundation["vpcId"]
    mine: Any = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = {
        subnet["SubnetId"]: subnet for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]
    }
    private = [subnets.pop(id_) for id_ in stack.foundation["privateSubnetIds"]]
    for pair in (private, list(subnets.values())):
        assert len({subnet["AvailabilityZone"] for subnet in pair}) == 2
        assert all(subnet["CidrBlock"].startswith("10.0.") for subnet in pair)
    group = ec2.describe_security_groups(
        GroupIds=[stack.foundation["privateSubnetSecurityGroupId"]]
    )["SecurityGroups"][0]
    assert group["VpcId"] == vpc


@pytest.mark.parametrize(
    ("listener", "suffix", "scheme", "protocol", "port"),
    [
        ("publicAlbHttpsListenerArn", "publicAlbArnSuffix", "internet-facing", "HTTPS", 443),
        ("privateAlbHttpListenerArn", "privateAlbArnSuffix", "internal", "HTTP", 80),
    ],
)
def test_balancers(
    stack: Account, listener: str, suffix: str, scheme: str, protocol: str, port: int
) -> None:
    elbv2 = stack.client("elbv2")
    found = elbv2.describe_listeners(ListenerArns=[stack.foundation[listener]])["Listeners"][0]
    balancer = elbv2.describe_load_balancers(LoadBalancerArns=[found["LoadBalancerArn"]])[
        "LoadBalancers"
    ][0]
    assert balancer["LoadBalancerArn"].endswith(f":loadbalancer/{stack.foundation[suffix]}")
    assert stack.foundation[suffix].startswith("app/")
    assert (balancer["Scheme"], balancer["Type"]) == (scheme, "application")
    assert balancer["VpcId"] == stack.foundation["vpcId"]
    assert (found["Protocol"], found["Port"]) == (protocol, port)
    assert found["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    if protocol == "HTTPS":
        certificate = found["Certificates"][0]["CertificateArn"]
        described = stack.client("acm").describe_certificate(CertificateArn=certificate)
        assert described["Certificate"]["Status"] == "ISSUED"


def test_the_registry_group_is_free_for_the_public_balancer(stack: Account) -> None:
    elbv2 = stack.client("elbv2")
    arn = stack.foundation["registryTargetGroupArn"]
    group = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    assert (group["TargetType"], group["LoadBalancerArns"]) == ("ip", [])


def test_shared_services(stack: Account) -> None:
    secret = stack.client("secretsmanager").get_secret_value(
        SecretId=stack.foundation["scorerSecretArn"]
    )
    assert len(secret["SecretString"]) > 30
    topic = stack.foundation["alertTopicArn"]
    assert stack.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    layer = stack.client("lambda").get_layer_version(LayerName="python", VersionNumber=1)
    assert layer["LayerVersionArn"] == stack.foundation["pythonLayerArn"]


# The counter.


def counted(server: AccountServer) -> dict[tuple[str, str, str], int]:
    return {
        (call["accountId"], call["service"], call["action"]): call["count"]
        for call in json.loads(ask(server, "/sandbox/calls")[1])
    }


def test_calls_are_counted(own_server: AccountServer) -> None:
    staging = Account.connect(own_server.url, "staging")
    production = Account.connect(own_server.url, "production")
    assert counted(own_server) == {}

    elbv2 = staging.client("elbv2")
    rule = elbv2.create_rule(
        ListenerArn=staging.foundation["privateAlbHttpListenerArn"],
        Priority=1,
        Conditions=[path("/")],
        Actions=[fixed_response()],
    )["Rules"][0]["RuleArn"]
    for status in ("403", "404"):
        elbv2.modify_rule(RuleArn=rule, Actions=[fixed_response(status=status)])
    with pytest.raises(ClientError):
        elbv2.modify_rule(RuleArn=rule, Actions=[])
    staging.client("cloudwatch").describe_alarms()
    staging.client("logs").describe_log_groups()
    staging.client("lambda").list_functions()
    staging.client("lambda").get_layer_version(LayerName="python", VersionNumber=1)
    staging.client("ec2").describe_vpcs()
    production.client("sts").get_caller_identity()

    one, two = staging.account_id, production.account_id
    assert counted(own_server) == {
        (one, "elbv2", "CreateRule"): 1,
        (one, "elbv2", "ModifyRule"): 3,
        (one, "cloudwatch", "DescribeAlarms"): 1,
        (one, "logs", "DescribeLogGroups"): 1,
        (one, "lambda", "ListFunctions"): 1,
        (one, "lambda", "GetLayerVersion"): 1,
        (one, "ec2", "DescribeVpcs"): 1,
        (two, "sts", "GetCallerIdentity"): 1,
    }
    assert ask(own_server, "/sandbox/calls", "DELETE")[0] == 204
    assert counted(own_server) == {}


def test_a_change_of_what_load_balancers_obey_shows_in_that_account_alone(
    own_server: AccountServer,
) -> None:
    staging = Account.connect(own_server.url, "staging")
    production = Account.connect(own_server.url, "production")
    elbv2 = staging.client("elbv2")
    listener = staging.foundation["privateAlbHttpListenerArn"]

    def changed(call: Callable[[], object]) -> tuple[bool, bool]:
        before, untouched = staging.changes(), production.changes()
        call()
        assert production.changes() == untouched
        after = staging.changes()
        return after.rules != before.rules, after.others != before.others

    rules = changed(
        lambda: elbv2.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[path("/")],
            Actions=[fixed_response()],
        )
    )
    group = changed(lambda: elbv2.create_target_group(Name="one", TargetType="lambda"))
    reads = changed(lambda: elbv2.describe_rules(ListenerArn=listener))
    logs = changed(lambda: staging.client("logs").create_log_group(logGroupName="one"))

    assert (rules, group) == ((True, False), (False, True))
    assert reads == logs == (False, False)


def test_every_call_of_many_threads_is_counted(own_server: AccountServer) -> None:
    account = Account.connect(own_server.url, "staging")
    topics = [f"topic-{number}" for number in range(60)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda name: account.client("sns").create_topic(Name=name), topics))
    assert counted(own_server)[account.account_id, "sns", "CreateTopic"] == 60
    assert len(account.client("sns").list_topics()["Topics"]) == 61


def test_requests_without_a_signature_are_not_counted(own_server: AccountServer) -> None:
    assert ask(own_server, "/moto-api/config")[0] == 201
    assert counted(own_server) == {}
