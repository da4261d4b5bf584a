"""What somebody changed by hand is seen and put right by whoever looks, on both engines."""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner
from typer.testing import Result as CommandResult

import catalog
from endpoint import ROLLED_BACK_AT
from sandbox import cli
from sandbox.account.client import Account
from sandbox.account.server import AccountServer
from sandbox.commands import common, deploying
from sandbox.engine.result import DeploymentError, Drift, Operation
from sandbox.engine.state import Resource
from sandbox.provider import Provider
from sandbox.provider.iam import Role
from sandbox.rollouts import SandboxStack
from tests.engine.support import (
    CLI,
    Deploy,
    calls,
    changes,
    embedded_deployments,
    files_of,
    state_of,
    write_program,
)

RULE = "aws:lb/listenerRule:ListenerRule"
GROUP = "aws:lb/targetGroup:TargetGroup"
PERMISSION = "aws:lambda/permission:Permission"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
HEALTH = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
TABLE = "aws:dynamodb/table:Table"

SOURCE = "arn:aws:elasticloadbalancing:us-west-2:100000000001:targetgroup/other/0123456789abcdef"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ANYBODY = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
UNAVAILABLE: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
CANARY, FOREIGN_CANARY = "canary-4711", "canary-by-hand"
LISTENERS = ("publicAlbHttpsListenerArn", "privateAlbHttpListenerArn")
DUAL_RULE = "embed-st-rule-lambda"

Edit = Callable[[Callable[[str], Any], Resource], object]
"""Changes by hand what AWS has of a resource, through clients of its services."""


def document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def again(api: Any, operation: str, alarm: Mapping[str, Any], **changed: Any) -> None:
    """Put an alarm as it is but for what changed."""
    names = api.meta.service_model.operation_model(operation).input_shape.members
    kept = {name: value for name, value in alarm.items() if name in names}
    api._make_api_call(operation, kept | changed)


def move(client: Callable[[str], Any], rule: Resource) -> None:
    priority = 40_000 + int(rule.outputs["priority"])
    client("elbv2").set_rule_priorities(RulePriorities=[{"RuleArn": rule.id, "Priority": priority}])


def grant_to_another(client: Callable[[str], Any], permission: Resource) -> None:
    api, function = client("lambda"), permission.inputs["function"]
    api.remove_permission(FunctionName=function, StatementId=permission.id)
    api.add_permission(
        FunctionName=function,
        StatementId=permission.id,
        Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com",
        SourceArn=SOURCE,
    )


def change_threshold(client: Callable[[str], Any], alarm: Resource) -> None:
    api = client("cloudwatch")
    (found,) = api.describe_alarms(AlarmNames=[alarm.id])["MetricAlarms"]
    again(api, "PutMetricAlarm", found, Threshold=4711.0)


def describe_health(client: Callable[[str], Any], alarm: Resource) -> None:
    api = client("cloudwatch")
    found = api.describe_alarms(AlarmNames=[alarm.id], AlarmTypes=["CompositeAlarm"])
    again(api, "PutCompositeAlarm", found["CompositeAlarms"][0], AlarmDescription="by hand")


def set_up(**settings: Any) -> Edit:
    return lambda client, function: client("lambda").update_function_configuration(
        FunctionName=function.id, **settings
    )


def tag(client: Callable[[str], Any], resource: Resource) -> None:
    owner = {"Key": "Owner", "Value": "me"}
    client("elbv2").add_tags(ResourceArns=[resource.id], Tags=[owner])


def write_policy(client: Callable[[str], Any], policy: Resource) -> None:
    role, _, name = policy.id.partition(":")
    client("iam").put_role_policy(
        RoleName=role, PolicyName=name, PolicyDocument=document(EVERYTHING)
    )


EDITS: Mapping[str, Mapping[str, Edit]] = {
    RULE: {
        "actions": lambda client, rule: client("elbv2").modify_rule(
            RuleArn=rule.id, Actions=[UNAVAILABLE]
        ),
        "conditions": lambda client, rule: client("elbv2").modify_rule(
            RuleArn=rule.id, Conditions=[{"Field": "path-pattern", "Values": ["/by-hand"]}]
        ),
        "priority": move,
        "tags": tag,
    },
    GROUP: {
        "lambdaMultiValueHeadersEnabled": lambda client, group: client(
            "elbv2"
        ).modify_target_group_attributes(
            TargetGroupArn=group.id,
            Attributes=[{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
        ),
        "tags": tag,
    },
    PERMISSION: {"sourceArn": grant_to_another},
    ALARM: {"threshold": change_threshold},
    LOGS: {
        "retentionInDays": lambda client, group: client("logs").put_retention_policy(
            logGroupName=group.id, retentionInDays=1
        ),
    },
    FUNCTION: {
        "memorySize": set_up(MemorySize=999),
        "timeout": set_up(Timeout=7),
        "environment": set_up(Environment={"Variables": {"BY_HAND": "1"}}),
    },
    ROLE: {
        "assumeRolePolicy": lambda client, role: client("iam").update_assume_role_policy(
            RoleName=role.id, PolicyDocument=document(ANYBODY)
        )
    },
    POLICY: {"policy": write_policy},
    HEALTH: {"alarmDescription": describe_health},
    DASHBOARD: {
        "dashboardBody": lambda client, dashboard: client("cloudwatch").put_dashboard(
            DashboardName=dashboard.id, DashboardBody='{"widgets": []}'
        )
    },
    TABLE: {
        "deletionProtectionEnabled": lambda client, table: client("dynamodb").update_table(
            TableName=table.id, DeletionProtectionEnabled=True
        )
    },
    SECURITY_GROUP: {
        "egress": lambda client, group: client("ec2").authorize_security_group_egress(
            GroupId=group.id,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
                }
            ],
        )
    },
}
"""Per type, by the property that differs then; the resources of the type get them by turns."""


def edit_all(account: Account, resources: Sequence[Resource]) -> set[Drift]:
    """Change everything by hand, each in one property; says what that makes."""
    turns = {type_: itertools.cycle(edits.items()) for type_, edits in EDITS.items()}
    made = set()
    for one in resources:
        name, edit = next(turns[one.type])
        edit(account.client, one)
        made.add(Drift(one.type, one.name, (name,)))
    return made


def editable(stack: Any) -> list[Resource]:
    """The resources of the state that can be edited at all."""
    return sorted((one for one in stack.resources() if one.type in EDITS), key=lambda one: one.name)


def held(account: Account) -> Mapping[str, Any]:
    """What AWS has, by kind, in its own words but for what changes with every call."""
    client = account.client
    elb, logs, functions = client("elbv2"), client("logs"), client("lambda")
    listeners = (account.foundation[name] for name in LISTENERS)
    groups = elb.describe_target_groups()["TargetGroups"]
    alarms = client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return {
        "rules": [elb.describe_rules(ListenerArn=arn)["Rules"] for arn in listeners],
        "groups": {
            group["TargetGroupName"]: elb.describe_target_group_attributes(
                TargetGroupArn=group["TargetGroupArn"]
            )["Attributes"]
            for group in groups
        },
        "thresholds": {one["AlarmName"]: one.get("Threshold") for one in alarms["MetricAlarms"]},
        "retention": {
            one["logGroupName"]: one["retentionInDays"]
            for one in logs.describe_log_groups()["logGroups"]
        },
        "functions": {
            one["FunctionName"]: (one["MemorySize"], one["Timeout"], one.get("Environment"))
            for one in functions.list_functions()["Functions"]
        },
        "permissions": {
            name: sources(functions.get_policy(FunctionName=name)["Policy"])
            for name in (one["FunctionName"] for one in functions.list_functions()["Functions"])
        },
    }


def sources(policy: str) -> list[str]:
    return sorted(
        one["Condition"]["ArnLike"]["AWS:SourceArn"] for one in json.loads(policy)["Statement"]
    )


def edit_header(account: Account, rule: Resource) -> Drift:
    """Let testers send another value; says what that makes."""
    elb = account.client("elbv2")
    found: Any = elb.describe_rules(RuleArns=[rule.id])["Rules"][0]
    # As AWS takes conditions, from how it shows them.
    sendable = [
        {name: one[name] for name in one if name != "Values"} for one in found["Conditions"]
    ]
    edited = json.loads(json.dumps(sendable).replace(CANARY, FOREIGN_CANARY))
    assert edited != sendable
    elb.modify_rule(RuleArn=rule.id, Conditions=edited)
    return Drift(rule.type, rule.name, ("conditions",))


def test_everything_that_was_edited_by_hand_is_reported_and_put_right_and_no_secret_written_down(
    account: Account,
    routed: Deploy,
    server: AccountServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each kind of alarm is there, and not once for every group.
    monkeypatch.setattr(catalog, "PYTHON_GROUPS", catalog.PYTHON_GROUPS[:1])
    stack = embedded_deployments(account, tmp_path)(secret={"testerHeaderValue": CANARY})
    stack.up()
    before = held(account)
    tester = named(stack, "lrule-tester-v2-history")
    resources = [one for one in editable(stack) if one.name != tester.name]
    assert {one.type for one in resources} == set(EDITS)
    made = {*edit_all(account, resources), edit_header(account, tester)}
    state = state_of(stack)
    edited = held(account)
    calls(server)

    foreseen = stack.preview(refresh=True)

    assert (set(foreseen.drift), foreseen.lost) == (made, [])
    assert calls(server) == {}
    assert state_of(stack) == state
    assert held(account) == edited != before

    result = stack.up(refresh=True)

    assert set(result.drift) == made
    assert changes(result) == changes(foreseen)
    assert {(s.type, s.name, s.changed) for s in result.of(Operation.UPDATE)} == {
        (one.type, one.name, one.changed) for one in made if one.type != PERMISSION
    }
    assert {step.type for step in result.of(Operation.REPLACE)} == {PERMISSION}
    assert held(account) == before
    calls(server)
    second = stack.up(refresh=True)
    assert (changes(second), second.drift, calls(server)) == ([], [], {})
    written = [path.read_text("latin-1") for path in files_of(stack)]
    assert [text for text in written if CANARY in text or FOREIGN_CANARY in text] == []


def named(stack: Any, name: str) -> Resource:
    found: Resource
    (found,) = [one for one in stack.resources() if one.name == name]
    return found


def edit(account: Account, stack: Any, name: str, property_: str) -> None:
    one = named(stack, name)
    EDITS[one.type][property_](account.client, one)


def to_rust(account: Account, rule: Resource) -> None:
    """Send a dual rule's requests to Rust, and mark it as the emergency command would."""
    elb = account.client("elbv2")
    groups = elb.describe_target_groups(Names=["l-passport-v2-rust-scorer-int"])["TargetGroups"]
    elb.modify_rule(
        RuleArn=rule.id,
        Actions=[{"Type": "forward", "TargetGroupArn": groups[0]["TargetGroupArn"]}],
    )
    mark: Any = {"Key": ROLLED_BACK_AT, "Value": "2026-11-01T00:00:00Z"}
    elb.add_tags(ResourceArns=[rule.id], Tags=[mark])


def tags(account: Account, rule: Resource) -> list[str]:
    elb = account.client("elbv2")
    (found,) = elb.describe_tags(ResourceArns=[rule.id])["TagDescriptions"]
    return [tag["Key"] for tag in found["Tags"]]


@pytest.fixture
def command(
    server: AccountServer, routed: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., CommandResult]:
    """The command over what `routed` restored, where no policy asks for alarms."""
    monkeypatch.setattr(common, "FOLDER", tmp_path)
    monkeypatch.setattr(deploying, "open_deployment", lambda *_: routed())

    def invoke(*arguments: str) -> CommandResult:
        variables = {"SANDBOX_URL": server.url, "SANDBOX_ENGINE": "embedded"}
        return CliRunner().invoke(cli.app, [*arguments, "--stack", "staging"], env=variables)

    return invoke


def words(result: CommandResult) -> str:
    return " ".join(result.stdout.split())


def test_while_a_share_differs_a_run_that_looks_moves_rules_alone_and_the_next_the_rest(
    account: Account,
    routed: Deploy,
    server: AccountServer,
    tmp_path: Path,
    command: Callable[..., CommandResult],
) -> None:
    stack = routed()
    before, rule = held(account), named(stack, DUAL_RULE)
    to_rust(account, rule)
    edit(account, stack, "cc-auth-rule-lambda", "actions")
    edit(account, stack, "embed-gs-rule-lambda", "tags")
    edit(account, stack, "embed-gs-lambda-function", "memorySize")
    edit(account, stack, "embed-gs-lambda-permission", "sourceArn")

    # Without a look, and it says so where the rules show it.
    foreseen = words(command("preview"))
    told = json.loads(command("up", "--json").stdout)

    assert "0 updated" in foreseen
    assert (
        "It did not look for changes by hand: AWS has these rules otherwise than the last update "
        f"left them, and only --refresh puts them right: cc-auth-rule-lambda, {DUAL_RULE}"
    ) in foreseen
    assert "embed-gs-rule-lambda" not in foreseen
    assert (told["drift"], told["unlike"]) == ([], ["cc-auth-rule-lambda", DUAL_RULE])

    calls(server)
    looked = words(command("up", "--refresh"))

    assert calls(server) == {"ModifyRule": 2}
    assert " 2 updated, 0 replaced" in looked
    for changed in (
        "cc-auth-rule-lambda (actions)",
        "embed-gs-lambda-function (memorySize)",
        "embed-gs-lambda-permission (sourceArn)",
        "embed-gs-rule-lambda (tags)",
        f"{DUAL_RULE} (actions, tags)",
    ):
        assert f"changed by hand {changed}" in looked
    assert looked.count("changed by hand") == 5
    assert (
        "Left as it is: embed-gs-lambda-function, embed-gs-lambda-permission, "
        "embed-gs-rule-lambda. While shares differ only rules move; the next update puts the rest "
        "right. The mark RolledBackAt stays."
    ) in looked
    assert "did not look" not in looked

    # What the program itself would replace is refused, not what was edited by hand.
    moved = f"""
import pulumi
def moved(args):
    if args.name == "embed-rl-lambda-permission":
        args.props["source_arn"] = {SOURCE!r}
    return pulumi.ResourceTransformationResult(args.props, args.opts)
pulumi.runtime.register_stack_transformation(moved)
"""
    program = write_program(tmp_path, before=moved)
    with pytest.raises(DeploymentError) as refused:
        routed(program=program).preview()
    assert "embed-rl-lambda-permission: a change of sourceArn would replace" in str(refused.value)
    assert "embed-gs-lambda-permission" not in str(refused.value)

    then = words(command("up"))

    assert " 2 updated, 1 replaced" in then
    assert "updated embed-gs-lambda-function (memorySize)" in then
    assert "updated embed-gs-rule-lambda (tags)" in then
    assert "replaced embed-gs-lambda-permission" in then
    assert "Left as it is" not in then
    assert held(account) == before
    assert ROLLED_BACK_AT in tags(account, rule)
    clean = command("drift")
    assert (clean.exit_code, words(clean)) == (
        0,
        "staging, by hand: 0 changed, 0 deleted, 0 added",
    )


def test_what_cannot_be_read_is_named_and_nothing_is_changed(
    account: Account, routed: Deploy, server: AccountServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "GetRole")

    monkeypatch.setattr(Role, "read", refused)
    stack = routed()
    calls(server)

    with pytest.raises(DeploymentError, match="embed-gs-lambda-role: AccessDenied: not you"):
        stack.up(refresh=True)

    assert calls(server) == {}


@pytest.mark.parametrize("name", ["up", "preview", "drift"])
def test_a_read_that_aws_refuses_before_the_work_is_one_sentence(
    command: Callable[..., CommandResult], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def throttled(*_: object) -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "Slow down"}}, "ListRoles")

    monkeypatch.setattr(Provider, "lost", throttled)

    told = command(name)

    assert (told.exit_code, told.stderr) == (
        common.FAILED,
        "An error occurred (Throttling) when calling the ListRoles operation: Slow down\n",
    )


def test_a_rollout_refreshes_when_it_asks_for_it(
    account: Account, routed: Deploy, tmp_path: Path
) -> None:
    stack = routed()
    before = held(account)
    edit(account, stack, "embed-gs-rule-lambda", "actions")
    rollout = SandboxStack(account, stack.config, tmp_path / "rollout.json", lambda _: stack)

    rollout.update()
    assert held(account) != before
    rollout.update(refresh=True)

    assert held(account) == before


def test_drift_lists_what_was_done_by_hand_and_what_no_engine_sees(
    account: Account, routed: Deploy, command: Callable[..., CommandResult]
) -> None:
    stack, iam = routed(), account.client("iam")
    listener = account.foundation["publicAlbHttpsListenerArn"]
    edit(account, stack, "cc-auth-rule-lambda", "priority")
    account.client("logs").delete_log_group(logGroupName="/aws/lambda/embed-rl-lambda")
    (rule,) = account.client("elbv2").create_rule(
        ListenerArn=listener,
        Priority=77,
        Conditions=[{"Field": "path-pattern", "Values": ["/by-hand"]}],
        Actions=[UNAVAILABLE],
    )["Rules"]
    role = named(stack, "embed-gs-lambda-role").id
    iam.put_role_policy(RoleName=role, PolicyName="mine", PolicyDocument=document(EVERYTHING))
    managed = iam.create_policy(PolicyName="all", PolicyDocument=document(EVERYTHING))
    arn = managed["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)

    told = command("drift", "--json")
    printed = command("drift")

    assert (told.exit_code, printed.exit_code) == (common.UNEXPECTED_CHANGES,) * 2
    assert json.loads(told.stdout) == {
        "engine": "embedded",
        "drift": [{"type": RULE, "name": "cc-auth-rule-lambda", "changed": ["priority"]}],
        "lost": ["embed-rl-lambda-log-group"],
        "foreign": [
            {"kind": "listener rule", "on": listener, "id": rule["RuleArn"], "priority": 77},
            {"kind": "inline policy", "on": role, "id": "mine", "priority": None},
            {"kind": "attached policy", "on": role, "id": arn, "priority": None},
        ],
    }
    for part in (
        "staging, by hand: 1 changed, 1 deleted, 3 added",
        "changed by hand cc-auth-rule-lambda (priority)",
        "deleted by hand embed-rl-lambda-log-group",
        f"foreign listener rule with priority 77 on {listener}",
        f"foreign inline policy on {role}: mine",
        f"foreign attached policy on {role}: {arn}",
        "sandbox up --stack staging --refresh puts right what was changed or deleted",
        "The mark RolledBackAt stays.",
        "No update touches what is foreign",
    ):
        assert part in words(printed)


@pytest.fixture(scope="class")
def at_0(deployment: Deploy) -> Deploy:
    """Staging at 0 % by the CLI."""
    deployment().up()
    return deployment


@CLI
class TestPulumi:
    """The same by the Pulumi CLI, for one resource of the types that differ most."""

    def test_an_update_that_refreshes_puts_right_what_drift_lists(
        self, account: Account, at_0: Deploy
    ) -> None:
        stack = at_0(foreseen=True)
        before = held(account)
        edits = {
            "cc-auth-rule-lambda": "actions",
            "embed-gs-lambda-function": "memorySize",
            "embed-gs-lambda-permission": "sourceArn",
            "embed-gs-lambda-errors": "threshold",
            "embed-gs-lambda-log-group": "retentionInDays",
            "embed-gs-lambda-tg": "lambdaMultiValueHeadersEnabled",
        }
        assert (stack.drift().drift, stack.drift().lost) == ([], [])
        for name, property_ in edits.items():
            edit(account, stack, name, property_)
        account.client("logs").delete_log_group(logGroupName="/aws/lambda/embed-rl-lambda")

        found = stack.drift()
        result = stack.up(refresh=True)

        assert {one.name: one.changed for one in found.drift} == {
            name: (property_,) for name, property_ in edits.items()
        }
        assert found.lost == result.lost == ["embed-rl-lambda-log-group"]
        assert result.drift == found.drift
        assert changes(result) == sorted(
            [
                ("create", "embed-rl-lambda-log-group", ()),
                ("replace", "embed-gs-lambda-permission", ("sourceArn",)),
                *(
                    ("update", name, (property_,))
                    for name, property_ in edits.items()
                    if property_ != "sourceArn"
                ),
            ]
        )
        assert held(account) == before
        assert changes(stack.up(refresh=True)) == []
