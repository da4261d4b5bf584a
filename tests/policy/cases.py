"""Every mistake that the pack knows, and beside each what is none.

One change of the slice of the real program per case, and the policies that must object; no
other may. The first of them claims it on every resource of the program that is like this one,
unless the change takes more than edits of one resource (`also`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policy import tokens
from policy.check import Registered
from tests.policy.recordings import GONE, RUST, UNKNOWN, another, edited, extra, small, without

Edits = Mapping[str, Any]
"""Path in the properties -> the value there; GONE takes it away."""


@dataclass(frozen=True)
class Change:
    """Edits of one resource, other fields of it, and what comes and goes."""

    edits: Edits
    options: Mapping[str, Any] = field(default_factory=dict)
    plus: tuple[Registered, ...] = ()
    minus: tuple[str, ...] = ()
    everywhere: bool = False


@dataclass(frozen=True)
class Case:
    """One change, and the policies that object, in the order of the table."""

    name: str
    objecting: tuple[str, ...]
    change: Change

    def __str__(self) -> str:
        what = (*self.change.edits, *self.change.options, *self.change.minus)
        plus = (f"+{one.name}" for one in self.change.plus[:2])
        return f"{self.name} {' '.join((*what, *plus))}: {' '.join(self.objecting) or 'fine'}"

    @property
    def changed(self) -> list[Registered]:
        """What is other than in the slice, or not in it."""
        changed = [*self.change.plus]
        if self.name:
            changed.append(edited(small()[self.name], self.change.edits, **self.change.options))
        return changed

    @property
    def gone(self) -> list[str]:
        """URNs that are in the slice no longer, or not as they were."""
        return [small()[name].urn for name in (self.name, *self.change.minus) if name]


def also(edits: Edits | None = None, *, plus: Any = (), minus: Any = (), **options: Any) -> Change:
    return Change(edits or {}, options, tuple(plus), tuple(minus))


Row = tuple[str, tuple[Edits | Change, ...]]


def bad(objecting: str, *changes: Edits | Change) -> Row:
    return objecting, changes


def fine(*changes: Edits | Change) -> Row:
    return "", changes


def of(name: str, *rows: Row) -> Iterator[Case]:
    """Changes of this resource, or of the whole stack."""
    for objecting, changes in rows:
        for change in changes:
            if isinstance(change, Change):
                yield Case(name, tuple(objecting.split()), change)
            else:
                everywhere = Change(change, everywhere=bool(objecting))
                yield Case(name, tuple(objecting.split()), everywhere)


def as_it_is(value: Any) -> Any:
    """Says no more than that the property is there."""
    return value


def only(kind: str) -> Callable[[list[Any]], list[Any]]:
    """The conditions of this kind."""
    return lambda conditions: [one for one in conditions if kind in one]


ELB = "arn:aws:elasticloadbalancing:us-west-2:1"
INTERNAL = f"{ELB}:listener/app/internal/2/2"
DUAL, PLAIN, FIXED = (
    "lrule-lambda-cc-v1-st-bulk-POST-0",
    "cc-auth-rule-lambda",
    "lrule-no-gitcoin-v2",
)
HOSTED, TESTER = "passport-v2-lrule", "lrule-rust-ceramic-cache-stamps-bulk"
IMAGE, ZIP = "cc-v1-st-bulk-POST-0", "cc-auth-lambda-function"
GROUP, ATTACHMENT, PERMISSION = (
    f"l-{IMAGE}",
    f"lambdaTargetGroupAttachment-{IMAGE}",
    f"withLb-{IMAGE}",
)
SG, ROLE, DOCUMENT, LOGS = (
    "cc-auth-lambda-sg",
    "cc-auth-lambda-role",
    "cc-auth-lambda-role-policy",
    f"{IMAGE}-log-group",
)
RATIO, LATENCY = f"HTTP-Target-5XX-{IMAGE}-burst", f"TargetResponseTime-{IMAGE}-burst"
TABLE = "scorer-rollout"
ERRORS, HEALTH = f"{RUST}-errors", "rust-scorer-health"


def urn(name: str) -> str:
    return small()[name].urn


def group_arn(name: str) -> str:
    return f"{ELB}:targetgroup/{name}/1"


# Policies that object more than once.
SHARE = "rule-has-the-configured-share"
REACHED = "every-rule-is-reachable"
QUOTAS = "conditions-fit-the-quotas"
NARROW = "conditions-narrow-each-kind-once"
WELL_FORMED = "condition-values-are-well-formed"
ORPHAN = "no-group-without-rule"
OURS = "rules-name-groups-of-this-stack"
WAITS = "rule-waits-for-its-functions"
WEIGHTS = "weights-are-shares-of-100"
STICKY = "stickiness-is-for-weighted-rules"
ROLLBACK = "rollback-is-a-plain-rule"
ACTION = "action-is-one-of-ours"
RUST_ROUTE = "rust-serves-what-it-gets"
PRIORITY = "priority-is-explicit"
FIRST = "python-comes-first"
WATCHED = "every-group-has-a-5xx-alarm"
ONE_BALANCER = "group-serves-one-load-balancer"
FOREIGN = "foundation-is-not-declared-twice"
PROTECTED = "entrances-are-protected"
NAME = "physical-name-is-valid"
LOGGED = "function-waits-for-its-log-group"
ENVIRONMENT = "environment-is-one-that-lambda-takes"
SECRETS = "environment-holds-no-secret"
CAN_FIRE = "alarm-can-fire"
RATIO_IS = "ratio-is-a-share"
MATH_IS = "alarm-math-is-sound"
METRIC_IS = "alarm-metric-exists"
LAYERS = "layers-are-from-known-accounts"
ADMIN = "nobody-is-administrator"
ACTIONS = "actions-are-named"
RESOURCES = "resources-are-named"
ESCALATES = "no-way-to-more-rights"
CALLER = "permission-names-its-caller"
TRUST = "role-trusts-lambda-alone"
READABLE = "policy-document-is-readable"
FOR_LAMBDA = "target-group-is-for-lambda-alone"
HOME = "everything-is-of-one-account-and-region"
EXISTS, INVOKE = "alarm-watches-what-exists", "group-may-invoke-its-one-function"
LOST = f"{INVOKE} {EXISTS} {OURS}"
"""What objects to a group whose name is not in its ARN."""

# Listener rules.
GROUPS, STICKINESS = "actions[0].forward.targetGroups", "actions[0].forward.stickiness"
ARN, RESPONSE = "actions[0].targetGroupArn", "actions[0].fixedResponse"
PATHS, METHODS = "conditions[0].pathPattern.values", "conditions[1].httpRequestMethod.values"
THIRD, LAST = "conditions[2]", "conditions[3]"
OWN_PATH = "/ceramic-cache/authenticate"
BOTH_UNKNOWN = {f"{GROUPS}[0].arn": UNKNOWN, f"{GROUPS}[1].arn": UNKNOWN}
ADDRESSES = {"sourceIp": {"values": ["10.0.0.0/8"]}}


def header(name: str) -> dict[str, Any]:
    return {"httpHeader": {"httpHeaderName": name, "values": ["x"]}}


def rule(
    priority: int, path: str, *methods: str, listener: Any = as_it_is, **more: Any
) -> Registered:
    """A plain rule to the zip endpoint's group."""
    conditions: list[Any] = [{"pathPattern": {"values": [path]}}]
    if methods:
        conditions.append({"httpRequestMethod": {"values": [*methods]}})
    edits = {"priority": float(priority), "conditions": conditions, "listenerArn": listener}
    return another(PLAIN, f"rule-{priority}", {**edits, **more})


def elsewhere(priority: int, path: str) -> Registered:
    """A rule whose listener has no ARN yet."""
    one = rule(priority, path, listener=UNKNOWN)
    edges = {**one.property_dependencies, "listenerArn": (LISTENER.urn,)}
    return edited(one, {}, name=path, urn=one.urn + path, property_dependencies=edges)


BEHIND_IT = rule(5030, OWN_PATH, "POST")
LISTENER = extra(tokens.LISTENER)
ORPHANS = f"{ORPHAN} {WATCHED} {INVOKE}"
MANY = [rule(30000 + n, f"/many/{n}") for n in range(94)]
FULL = {
    "type": "forward",
    "forward": {"targetGroups": [{"arn": group_arn(f"g{n}")} for n in range(98)]},
}

RULES = (
    *of(
        PLAIN,
        bad(PRIORITY, {"priority": GONE}, {"priority": "10"}, {"priority": 10.5}),
        bad(PRIORITY, {"priority": 0.0}, {"priority": 50001.0}),
        bad(f"{PRIORITY} {EXISTS}", {"listenerArn": GONE}),
        fine({"priority": 50000.0}),
        bad(f"{NARROW} {QUOTAS}", {"conditions": []}),
        bad(NARROW, {"conditions": only("httpRequestMethod")}),
        bad(f"{NARROW} {QUOTAS}", {THIRD: {"pathPattern": {"values": ["/a"]}}}),
        fine({THIRD: header("A"), LAST: header("B")}, {THIRD: header("X-Use-Rust")}),
        bad(
            QUOTAS,
            {PATHS: []},
            {PATHS: [OWN_PATH, *"/////"]},
            {PATHS: ["/*/*/*/?/?/*"]},
            {PATHS: ["/" + 128 * "a"]},
        ),
        bad(QUOTAS, {METHODS: ["get"]}, {THIRD: {"hostHeader": {"values": ["localhost"]}}}),
        bad(QUOTAS, {THIRD: header("")}, {THIRD: header("a" * 41)}),
        bad(f"{QUOTAS} {WELL_FORMED}", {PATHS: [""]}),
        fine({THIRD: {"queryStrings": [{"key": "a", "value": "*"}]}}),
        fine(
            {PATHS: [OWN_PATH, "/"]},
            {PATHS: [OWN_PATH, "/" + 127 * "a"]},
            {PATHS: [OWN_PATH, "/*/*/?/?/*"]},
        ),
        bad(WELL_FORMED, {PATHS: lambda paths: [*paths, "zip"]}),
        fine({PATHS: ["*/authenticate"]}),
        bad("tester-header-is-a-secret", also({THIRD: header("x-use-rust-scorer")})),
        bad(f"{ACTION} {ORPHAN}", {"actions": []}),
        bad(
            ACTION,
            {
                "actions[1]": {
                    "type": "forward",
                    "targetGroupArn": group_arn("cc-auth-lambda-target-group"),
                }
            },
        ),
        bad(ACTION, {"actions[0].type": "redirect"}),
        bad(f"{ACTION} {ORPHAN}", {ARN: GONE}),
        bad(
            "head-goes-with-get",
            also({METHODS: ["POST", "GET"]}),
            also({METHODS: ["POST", "HEAD"]}),
        ),
        fine({"conditions[1]": GONE}, {METHODS: ["POST", "GET", "HEAD"]}),
        bad(
            "weights-have-one-owner", also(ignore_changes=("*",)), also(ignore_changes=("actions",))
        ),
        bad("weights-have-one-owner", also(ignore_changes=("actions[0].targetGroupArn",))),
        fine(also(ignore_changes=("tags",))),
        bad("resource-is-tagged", {"tags": GONE}, {"tags.Repo": GONE}, {"tags.Application": ""}),
        fine({"tags.More": "x"}),
        bad(f"{OURS} {ORPHAN}", {ARN: group_arn("foreign")}),
        bad(f"{OURS} {ORPHAN}", also({ARN: UNKNOWN}, property_dependencies={})),
        fine({ARN: UNKNOWN}),
        bad(
            REACHED,
            also(plus=[BEHIND_IT]),
            also({THIRD: ADDRESSES}, plus=[edited(BEHIND_IT, {THIRD: ADDRESSES})]),
        ),
        fine(
            also({THIRD: ADDRESSES}, plus=[BEHIND_IT]),
            also(plus=[edited(BEHIND_IT, {METHODS: ["POST", "PUT"]})]),
        ),
        bad(QUOTAS, also({PATHS: [OWN_PATH, *5 * ["/a"]]}, plus=[BEHIND_IT])),
        bad(WAITS, also(dependencies=())),
        bad(WAITS, also({ARN: UNKNOWN}, dependencies=())),
        bad(
            f"{RUST_ROUTE} {ORPHAN} {WAITS}",
            also({ARN: group_arn(f"l-{RUST}")}),
            also({ARN: UNKNOWN}, property_dependencies={"actions": (urn(f"l-{RUST}"),)}),
        ),
        bad(HOME, {"listenerArn": lambda arn: arn.replace("west", "east")}),
        bad(f"{HOME} {OURS} {ORPHAN}", {ARN: group_arn("x").replace(":1:", ":9:")}),
    ),
    *of(
        DUAL,
        bad(ACTION, {GROUPS: as_it_is, ARN: group_arn(GROUP)}),
        bad(f"{ACTION} {FIRST} {OURS}", {f"{GROUPS}[1].arn": GONE}),
        bad(
            f"{WEIGHTS} {SHARE}",
            *({f"{GROUPS}[0].weight": weight} for weight in (49.0, GONE, 49.5)),
        ),
        bad(f"{WEIGHTS} {SHARE}", {f"{GROUPS}[0].weight": 110.0, f"{GROUPS}[1].weight": -10.0}),
        bad(f"{WEIGHTS} {STICKY} {SHARE}", {f"{GROUPS}[1]": GONE}),
        bad(
            f"{WEIGHTS} {ROLLBACK} {OURS} {SHARE}",
            also({f"{GROUPS}[{n}]": {"arn": str(n), "weight": 0.0} for n in range(2, 6)}),
        ),
        bad(
            f"{WEIGHTS} {FIRST}",
            {GROUPS: lambda all_: [{**one, "arn": all_[0]["arn"]} for one in all_]},
        ),
        bad(f"{ROLLBACK} {SHARE}", {f"{GROUPS}[0].weight": 100.0, f"{GROUPS}[1].weight": 0.0}),
        bad(SHARE, {f"{GROUPS}[0].weight": 0.0, f"{GROUPS}[1].weight": 100.0}),
        bad(SHARE, {f"{GROUPS}[0].weight": 40.0, f"{GROUPS}[1].weight": 60.0}),
        bad(
            SHARE,
            {
                GROUPS: as_it_is,
                "actions": [{"type": "forward", "targetGroupArn": group_arn(GROUP)}],
            },
        ),
        bad(
            FIRST,
            {
                GROUPS: lambda groups: [
                    {**a, "arn": b["arn"]} for a, b in zip(groups, groups[::-1], strict=True)
                ]
            },
        ),
        bad(STICKY, {STICKINESS: GONE}, {f"{STICKINESS}.enabled": False}),
        bad(STICKY, {f"{STICKINESS}.duration": 0.0}, {f"{STICKINESS}.duration": 604801.0}),
        fine({f"{STICKINESS}.duration": 604800.0}, BOTH_UNKNOWN),
        bad(
            "weighted-groups-are-distinct",
            also(BOTH_UNKNOWN, property_dependencies={"actions": (urn(GROUP),)}),
        ),
        bad(f"{OURS} {ORPHAN}", also({f"{GROUPS}[0].arn": group_arn("foreign")})),
        bad(f"{ONE_BALANCER} {EXISTS}", also({"listenerArn": INTERNAL})),
        bad(WAITS, also(dependencies=without((urn(ATTACHMENT),), "TargetGroupAttachment"))),
        bad(f"{RUST_ROUTE} {REACHED}", {GROUPS: as_it_is, METHODS: ["PATCH"]}),
        bad(
            RUST_ROUTE,
            {GROUPS: as_it_is, METHODS: ["POST", "DELETE"]},
            {GROUPS: as_it_is, "conditions[1]": GONE},
        ),
        bad(f"{RUST_ROUTE} {REACHED}", {GROUPS: as_it_is, PATHS: ["/account/nonce"]}),
        bad(
            f"{RUST_ROUTE} {NARROW} {REACHED}",
            {GROUPS: as_it_is, "conditions": only("httpRequestMethod")},
        ),
    ),
    *of(
        FIXED,
        bad("fixed-response-is-well-formed", {f"{RESPONSE}.statusCode": "302"}, {RESPONSE: GONE}),
        bad(
            "fixed-response-is-well-formed",
            {f"{RESPONSE}.contentType": "text/xml"},
            {f"{RESPONSE}.messageBody": "x" * 1025},
        ),
        fine(
            {f"{RESPONSE}.statusCode": "503"},
            {f"{RESPONSE}.messageBody": GONE},
            {"conditions": only("hostHeader")},
        ),
    ),
    *of(
        HOSTED,
        bad(WELL_FORMED, {"conditions[0].hostHeader.values": ["*.Passport.xyz"]}),
        bad(OURS, {ARN: group_arn("foreign")}),
        bad(
            f"load-balancer-has-room {OURS} {WEIGHTS} {STICKY} {FIRST} {WATCHED} {INVOKE}",
            also(
                {"actions[0]": FULL},
                plus=[another(GROUP, f"g{n}", {"name": f"g{n}"}) for n in range(98)],
            ),
        ),
    ),
    *of(
        TESTER,
        bad("tester-header-is-a-secret", also(secrets=frozenset())),
        fine(also(secrets=None), also(secrets=frozenset({THIRD}))),
    ),
    *of(
        "",
        bad("one-rule-per-priority", also(plus=[rule(5020, "/again")])),
        bad(
            f"one-rule-per-priority {FOREIGN} {PROTECTED} {ONE_BALANCER}",
            also(plus=[LISTENER, elsewhere(7, "/a"), elsewhere(7, "/b")]),
        ),
        fine(also(plus=[rule(5021, "/again")])),
        bad(
            REACHED,
            also(
                plus=[
                    rule(1, "/a*", "GET", "HEAD"),
                    rule(2, "/a*", "PUT"),
                    rule(3, "/a/b", "GET", "HEAD", "PUT"),
                ]
            ),
        ),
        fine(also(plus=[rule(1, "/a*", "GET", "HEAD"), rule(2, "/a*", "PUT"), rule(3, "/a/b")])),
        bad("load-balancer-has-room", also(plus=MANY)),
        fine(also(plus=MANY[:-1])),
        bad(ONE_BALANCER, also(plus=[rule(1, "/a", listener=INTERNAL)])),
        bad(ORPHAN, also(minus=[PLAIN])),
        fine(also(minus=[TESTER])),
        bad(ORPHANS, also(plus=[another(GROUP, "orphan", {"name": "orphan"})])),
    ),
)

# Target groups, their functions and who may call these.
BALANCER = "elasticloadbalancing.amazonaws.com"
NOT_KNOWN = {"targetGroupArn": UNKNOWN, "targetId": UNKNOWN}
ACCOUNT = {"function": UNKNOWN, "principal": "1", "sourceArn": GONE}
FAILURES = {"onFailure": {"destination": "x"}}

BEHIND = (
    *of(
        GROUP,
        bad(FOR_LAMBDA, {"port": 80.0}, {"protocol": "HTTP"}, {"vpcId": UNKNOWN}),
        bad(FOR_LAMBDA, {"protocolVersion": "GRPC"}, {"healthCheck": {"port": "1"}}),
        bad(FOR_LAMBDA, {"targetType": "ip"}, {"targetType": GONE}),
        fine({"port": 0.0}, {"healthCheck": {"path": "/health", "enabled": True}}),
        bad(
            "resource-has-no-parent",
            also(urn="urn:pulumi:production::p::my:c:Comp$aws:lb/targetGroup:TargetGroup::x"),
        ),
        bad(f"target-group-names-are-unique {LOST}", also({"name": "cc-auth-lambda-target-group"})),
    ),
    *of(
        PERMISSION,
        bad(
            INVOKE,
            {"sourceArn": group_arn("foreign")},
            also({"function": RUST}),
            {"principal": "events.amazonaws.com"},
        ),
        fine({"sourceArn": UNKNOWN}),
        bad(f"{CALLER} {INVOKE}", {"principal": "*"}, {"principal": GONE}, {"sourceArn": GONE}),
        bad(
            f"{CALLER} {INVOKE}", *({"sourceArn": source} for source in ("", "*", "arn:aws:s3:::*"))
        ),
        bad(
            "permission-is-to-invoke",
            *({"action": action} for action in ("lambda:*", "lambda:InvokeFunctionUrl", GONE)),
        ),
    ),
    *of(
        ATTACHMENT,
        bad(
            INVOKE,
            {"targetId": "arn:aws:lambda:us-west-2:1:function:foreign"},
            {"targetGroupArn": group_arn("foreign")},
        ),
        bad(INVOKE, also({"targetId": f"arn:aws:lambda:us-west-2:1:function:{RUST}"})),
        bad(
            INVOKE,
            also(
                NOT_KNOWN,
                property_dependencies={"targetGroupArn": (urn(GROUP),), "targetId": (urn(RUST),)},
            ),
        ),
        bad("attachment-waits-for-permission", also(dependencies=(urn(GROUP), urn(IMAGE)))),
        bad(
            "attachment-waits-for-permission",
            also(NOT_KNOWN, dependencies=(urn(GROUP), urn(IMAGE))),
        ),
        fine(NOT_KNOWN, also(dependencies=(urn(PERMISSION),))),
    ),
    *of(
        "",
        bad(INVOKE, also(minus=[PERMISSION]), also(minus=[ATTACHMENT])),
        bad(f"{INVOKE} {WAITS}", also(plus=[another(ATTACHMENT, "more", {})])),
        bad(
            f"{INVOKE} attachment-waits-for-permission",
            also(plus=[another(PERMISSION, "more", {})]),
        ),
        bad("function-has-one-calling-service", also(plus=[another(PERMISSION, "more", ACCOUNT)])),
        bad(
            "function-url-asks-who-calls",
            *(
                also(plus=[extra(tokens.FUNCTION_URL, authorizationType=by)])
                for by in ("NONE", None)
            ),
        ),
        fine(also(plus=[extra(tokens.FUNCTION_URL, authorizationType="AWS_IAM")])),
        bad(
            "asynchronous-callers-keep-failures",
            *(also(plus=[extra(type_)]) for type_ in (tokens.EVENT_SOURCE, tokens.ASYNC_CONFIG)),
        ),
        fine(
            *(
                also(plus=[extra(type_, destinationConfig=FAILURES)])
                for type_ in (tokens.EVENT_SOURCE, tokens.ASYNC_CONFIG)
            )
        ),
    ),
)

# Functions and log groups.
SUBNETS, VARIABLES, LAYER = (
    "vpcConfig.subnetIds",
    "environment.variables",
    "arn:aws:lambda:{}:{}:layer:python:3",
)
SECRET = f"{VARIABLES}.SCORER_SERVER_SSM_ARN"
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"  # AWS's own example
KEY = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
SHAPE, HOME = "function-has-the-shape-of-its-package", "everything-is-of-one-account-and-region"

FUNCTIONS = (
    *of(
        ZIP,
        bad("runtime-is-supported", {"runtime": "python3.8"}, {"runtime": "nodejs22.x"}),
        bad("runtime-is-supported function-has-the-shape-of-its-package", {"runtime": GONE}),
        bad(
            SHAPE,
            {"handler": GONE},
            {"code": GONE},
            {"imageUri": UNKNOWN},
            {"packageType": "Tar"},
            {"role": GONE},
        ),
        fine({"runtime": "python3.13"}, {"packageType": "Zip"}, {"role": UNKNOWN}),
        bad(f"{LAYERS} {HOME}", {"layers[0]": LAYER.format("us-west-2", "123456789012")}),
        bad(LAYERS, {"layers[0]": "layer"}, {"layers": 6 * [LAYER.format("us-west-2", "1")]}),
        bad(HOME, {"layers[0]": LAYER.format("eu-west-1", "1")}),
        fine({"layers[0]": LAYER.format("us-west-2", "901920570463")}),
        bad(
            HOME,
            {SECRET: "arn:aws:secretsmanager:us-west-2:9:secret:x"},
            {SECRET: "arn:aws:secretsmanager:eu-west-1:1:secret:x"},
        ),
    ),
    *of(
        IMAGE,
        bad(SHAPE, {"imageUri": GONE}, {"imageUri": "scorer"}, {"handler": "h"}),
        bad(f"{SHAPE} {LAYERS}", {"layers": ["l"]}),
        bad(HOME, {"imageUri": lambda uri: uri.replace("us-west-2", "eu-west-1")}),
        # As the CLI shows a function that exists: with what AWS made of it.
        fine({"invokeArn": "arn:aws:apigateway:us-west-2:lambda:path/2015-03-31/functions/x"}),
        bad(
            "function-is-in-the-network",
            {"vpcConfig": GONE},
            {SUBNETS: ["a"]},
            {SUBNETS: ["a", "a"]},
            {"vpcConfig.securityGroupIds": []},
        ),
        fine({SUBNETS: UNKNOWN}, {SUBNETS: 2 * [UNKNOWN]}),
        bad(
            SECRETS,
            *(
                {f"{VARIABLES}.{name}": value}
                for name, value in {"DB_PASSWORD": "x", "API_KEY": UNKNOWN}.items()
            ),
        ),
        bad(
            SECRETS,
            *(
                {f"{VARIABLES}.OTHER": value}
                for value in (KEY_ID, KEY, "postgres://user:word@db/scorer")
            ),
        ),
        fine({f"{VARIABLES}.SECRET_ARN": "arn:aws:secretsmanager:us-west-2:1:secret:x"}),
        bad(
            "function-size-is-explicit",
            {"memorySize": GONE},
            {"timeout": GONE},
            {"memorySize": 127.0},
            {"timeout": 901.0},
        ),
        fine({"memorySize": 10240.0}),
        bad(ENVIRONMENT, *({f"{VARIABLES}.{name}": "x"} for name in ("AWS_REGION", "1A"))),
        bad(ENVIRONMENT, {f"{VARIABLES}.TEXT": "é" * 2048}),
        fine(
            {f"{VARIABLES}.TEXT": UNKNOWN}, {f"{VARIABLES}.TEXT": "x" * 3700}, {"environment": GONE}
        ),
        bad(f"{NAME} {LOGGED} {INVOKE}", {"name": 65 * "a"}),
        bad(LOGGED, also(dependencies=(urn("lambdaRole"),))),
        fine(also(dependencies=(urn(LOGS),))),
    ),
    *of(
        RUST,
        bad("function-is-traced", {"tracingConfig": GONE}, {"tracingConfig.mode": "PassThrough"}),
    ),
    *of(
        LOGS,
        bad("log-group-forgets", *({"retentionInDays": days} for days in (GONE, 0.0, 366.0, 14.0))),
        fine({"retentionInDays": 400.0}),
        bad(LOGGED, {"name": "/aws/lambda/picture"}),
        bad(f"{NAME} {LOGGED}", {"name": "/aws/lambda a"}),
    ),
    *of(
        "",
        bad(
            LOGGED,
            also(minus=[LOGS]),
            also(plus=[another(LOGS, "gone", {"name": "/aws/lambda/gone"})]),
        ),
    ),
)

# Physical names that are not told above.
NAMES = (
    *of(
        f"l-{RUST}",
        bad(
            f"{NAME} {LOST} {WATCHED}",
            *(also({"name": name}) for name in (33 * "a", "l-", "l_image")),
        ),
        bad(NAME, also({"name": GONE})),
    ),
    *of(ROLE, bad(NAME, {"name": 65 * "a"}), fine({"name": "role"})),
    *of(PERMISSION, bad(NAME, {"statementId": "a b"})),
    *of(HEALTH, bad(NAME, {"alarmName": GONE}, {"alarmName": 256 * "a"})),
    *of(RATIO, bad(NAME, {"name": 256 * "a"})),
    *of(TABLE, bad(NAME, {"name": "ab"}, {"name": "a b"}, {"name": GONE})),
    *of(
        "",
        bad(
            f"{NAME} {FOREIGN} {PROTECTED}", also(plus=[extra(tokens.LOAD_BALANCER, name=33 * "a")])
        ),
    ),
)


# Tables.
TABLES = (
    *of(
        TABLE,
        bad(
            "table-can-be-restored",
            {"pointInTimeRecovery": GONE},
            {"pointInTimeRecovery.enabled": False},
        ),
        bad(
            "table-is-encrypted-with-a-key-of-the-account",
            {"serverSideEncryption": GONE},
            {"serverSideEncryption.enabled": False},
        ),
        bad("table-is-paid-by-request", {"billingMode": GONE}, {"billingMode": "PROVISIONED"}),
    ),
)


# Policy documents.
def document(
    action: object, resource: object = "arn:aws:s3:::b", effect: str = "Allow", **other: object
) -> dict[str, str]:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **other}
    return {
        "policy": json.dumps({"Statement": [{k: v for k, v in statement.items() if v is not None}]})
    }


def trust(principal: object, action: str = "sts:AssumeRole", **other: object) -> dict[str, str]:
    statement = {"Effect": "Allow", "Action": action, "Principal": principal, **other}
    return {"assumeRolePolicy": json.dumps({"Statement": [statement]})}


LAMBDA = {"Service": "lambda.amazonaws.com"}
EVERYTHING = f"{ADMIN} {ACTIONS} {RESOURCES} {ESCALATES}"

DOCUMENTS = (
    *of(
        DOCUMENT,
        bad(READABLE, {"policy": "{"}, {"policy": "{}"}, {"policy": GONE}, {"role": GONE}),
        bad(READABLE, document([]), document("s3:Get", []), document("s3:Get", effect="Maybe")),
        fine({"policy": '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'}),
        bad(EVERYTHING, document("*", "*")),
        bad(f"{ADMIN} {ACTIONS} {RESOURCES}", document(["s3:Get", "*:*"], ["*"])),
        bad(f"{ADMIN} {ACTIONS} {RESOURCES}", document(None, "*", NotAction="iam:*")),
        bad(f"{ACTIONS} {ESCALATES}", document("*")),
        bad(ACTIONS, document("logs:*"), document(["logs:PutLogEvents", "logs:Get*"])),
        bad(
            RESOURCES,
            document("secretsmanager:Get", "*"),
            document("secretsmanager:Get", "arn:aws:secretsmanager:*:*:secret:*"),
        ),
        bad(RESOURCES, document("a:B", None, NotResource="arn:aws:s3:::b")),
        fine(
            document("logs:PutLogEvents", "arn:aws:logs:us-west-2:*:log-group:/aws/lambda/x:*"),
            document("ec2:CreateNetworkInterface", "*"),
        ),
        bad(
            ESCALATES,
            *(
                document(action)
                for action in ("iam:PassRole", "sts:AssumeRole", "lambda:updateFunctionCode")
            ),
        ),
        fine(document("lambda:InvokeFunction")),
        bad(HOME, document("sns:Publish", "arn:aws:sns:us-west-2:9:alerts")),
    ),
    *of(
        ROLE,
        bad(EVERYTHING, {"inlinePolicies": [{"name": "p", **document("*", "*")}]}),
        bad(
            TRUST,
            *(
                trust(who)
                for who in (
                    "*",
                    {"AWS": "1"},
                    {"Service": "ec2.amazonaws.com"},
                    {**LAMBDA, "AWS": "1"},
                )
            ),
        ),
        bad(
            TRUST,
            trust(LAMBDA, "sts:*"),
            trust(LAMBDA, NotPrincipal="x"),
            {"assumeRolePolicy": "x"},
        ),
        fine(trust({"Service": ["lambda.amazonaws.com"]}), {"managedPolicyArns": []}),
        bad(
            "policies-are-inline",
            {"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]},
        ),
    ),
    *of(
        "",
        bad("policies-are-inline", also(plus=[extra(tokens.POLICY_ATTACHMENT, role="r")])),
        bad(
            RESOURCES,
            also(plus=[another(DOCUMENT, "other", document("ec2:CreateNetworkInterface", "*"))]),
        ),
    ),
)

# Alarms.
METRIC, MATH = "metricQueries[1].metric", "metricQueries[2].expression"
GROUP_OF, BALANCER_OF = f"{METRIC}.dimensions.TargetGroup", f"{METRIC}.dimensions.LoadBalancer"
TOPIC_ELSEWHERE = ["arn:aws:sns:us-west-2:9:alerts"], ["arn:aws:sns:eu-west-1:1:alerts"]
ONE_ALARM = "composite-names-every-alarm-on-rust"

ALARMS = (
    *of(
        RATIO,
        bad(
            f"alarm-tells-somebody {WATCHED}",
            also({"alarmActions": GONE}),
            also({"alarmActions": []}),
        ),
        bad("alarm-tells-somebody", {"alarmActions": [""]}, {"actionsEnabled": False}),
        fine({"alarmActions": [UNKNOWN]}, {"actionsEnabled": True}),
        bad(
            HOME,
            *({key: topic} for key in ("alarmActions", "okActions") for topic in TOPIC_ELSEWHERE),
        ),
        bad(
            "ok-mail-follows-an-alarm", {"treatMissingData": "missing"}, {"treatMissingData": GONE}
        ),
        fine({"treatMissingData": "ignore"}, {"treatMissingData": "missing", "okActions": GONE}),
        bad("alarm-period-is-valid", {f"{METRIC}.period": 90.0}),
        bad(f"{CAN_FIRE} {RATIO_IS}", {"threshold": -1.0}),
        bad(
            CAN_FIRE, {"threshold": GONE}, {"evaluationPeriods": GONE}, {"datapointsToAlarm": 60.0}
        ),
        bad(CAN_FIRE, {"comparisonOperator": "LessThanThreshold"}, {"evaluationPeriods": 1441.0}),
        bad(CAN_FIRE, also({"evaluationPeriods": 34.0, f"{METRIC}.period": 18000.0})),
        fine(
            {"datapointsToAlarm": GONE}, {"evaluationPeriods": 1440.0}, {"evaluationPeriods": 3.0}
        ),
        fine({"comparisonOperator": "GreaterThanOrEqualToThreshold"}),
        bad(f"{METRIC_IS} {WATCHED}", also({f"{METRIC}.metricName": "HTTPCode_Target_5xx"})),
        bad(f"{METRIC_IS} {RATIO_IS}", {f"{METRIC}.stat": "sum"}),
        bad(MATH_IS, {"metricQueries[2].returnData": GONE}, {"metricQueries[1].returnData": True}),
        bad(f"{MATH_IS} {RATIO_IS}", *({"metricQueries[1].id": id_} for id_ in ("m1", "M2"))),
        bad(MATH_IS, {MATH: "m3"}),
        bad(f"{MATH_IS} {RATIO_IS} {WATCHED}", also({METRIC: GONE})),
        fine({MATH: "IF(m1 > 10, m2 / m1, 0)"}),
        bad(RATIO_IS, *({MATH: as_it_is, "threshold": share} for share in (0.0, 1.0, 20.0))),
        bad(RATIO_IS, *({MATH: text} for text in ("m1 / m2", "100 * m2 / m1", "m2 / m2"))),
        bad(RATIO_IS, {f"{METRIC}.stat": "Average"}),
        bad(f"{RATIO_IS} {WATCHED}", also({f"{METRIC}.metricName": "RequestCount"})),
        bad(EXISTS, {BALANCER_OF: "app/other/1"}),
        bad(
            f"{EXISTS} {WATCHED}",
            also({GROUP_OF: "targetgroup/cc-auth-lambda-target-group/1"}),
            also({GROUP_OF: "x"}),
        ),
        bad(WATCHED, also({f"{METRIC}.metricName": "HTTPCode_Target_4XX_Count"})),
        fine({GROUP_OF: UNKNOWN}),
    ),
    *of(
        LATENCY,
        bad("alarm-period-is-valid", {"period": 45.0}, {"period": GONE}),
        bad(CAN_FIRE, {"period": 604_800.0}, {"unit": as_it_is, "threshold": 20_000.0}),
        fine(
            {"period": 10.0}, {"period": 3600.0}, {"statistic": GONE, "extendedStatistic": "p99.9"}
        ),
        bad(METRIC_IS, {"namespace": "AWS/ELB"}, {"statistic": GONE}),
        bad(METRIC_IS, {"metricName": GONE}),
        bad(EXISTS, {"dimensions.LoadBalancer": GONE}),
        fine({"metricName": "LambdaUserError", "dimensions.LoadBalancer": GONE}),
    ),
    *of(
        ERRORS,
        bad(CAN_FIRE, {"dimensions.FunctionName": as_it_is, "threshold": 0.0}),
        bad(EXISTS, {"dimensions.FunctionName": "x"}),
        bad(ONE_ALARM, also({"name": "renamed"})),
    ),
    *of(
        HEALTH,
        bad("alarm-tells-somebody", {"alarmActions": GONE}),
        bad(HOME, {"okActions": TOPIC_ELSEWHERE[0]}),
        bad(ONE_ALARM, *({"alarmRule": text} for text in ("FALSE", GONE))),
        bad(
            ONE_ALARM,
            {"alarmRule": lambda text: text.partition(" OR ")[2]},
            {"alarmRule": lambda text: text.replace("OR", "AND")},
        ),
        bad(
            ONE_ALARM,
            {"alarmRule": lambda text: f'{text} OR ALARM("nobody")'},
            also({"alarmRule": UNKNOWN}, dependencies=()),
        ),
        fine({"alarmRule": UNKNOWN}),
    ),
    *of("", bad(ONE_ALARM, also(minus=[HEALTH])), bad(WATCHED, also(minus=[RATIO]))),
)


# Security groups, and what belongs to the foundation stack.
def rule_in(**other: Any) -> dict[str, Any]:
    return {
        "description": "web",
        "protocol": "tcp",
        "fromPort": 443.0,
        "toPort": 443.0,
        "cidrBlocks": ["0.0.0.0/0"],
        **other,
    }


TO_DATABASE = rule_in(
    description="database", fromPort=5432.0, toPort=5432.0, cidrBlocks=["10.0.0.0/16"]
)
SPARE = {"description": "Functions of a new endpoint", "egress": [TO_DATABASE]}
ALL_OUT = {"description": "out", "ipProtocol": "-1", "cidrIpv6": "::/0"}
OUT, USED, SAID = (
    "not-everything-goes-out",
    "security-group-is-used",
    "security-groups-are-described",
)
OWNED = (tokens.WEB_ACL, tokens.TOPIC, tokens.SECRET)


def spare(**edits: Any) -> Change:
    """A security group that the table of exceptions does not name, and no function has."""
    return also(plus=[another(SG, "spare", {**SPARE, **edits})])


def one_more(token: tuple[str, ...], **props: Any) -> Change:
    return also(plus=[extra(token, **props)])


THE_REST = (
    *of(
        SG,
        bad(
            "nothing-comes-in",
            *(
                {"ingress": [rule_in(**other)]}
                for other in ({}, {"cidrBlocks": ["10.0.0.0/8"]}, {"protocol": "-1"})
            ),
        ),
        bad("nothing-comes-in", {"ingress": GONE}),
    ),
    *of(
        "",
        bad(USED, spare()),
        bad(
            f"{OUT} {USED}",
            spare(egress=GONE),
            spare(egress=[{**ALL_OUT, "protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}]),
        ),
        bad(
            f"{SAID} {USED}",
            spare(description="Managed by Pulumi"),
            spare(description=GONE),
            spare(egress=[{**TO_DATABASE, "description": ""}]),
        ),
        bad(
            "nothing-comes-in",
            one_more(tokens.INGRESS_RULE, **rule_in()),
            one_more(tokens.SECURITY_GROUP_RULE, type="ingress", **rule_in()),
        ),
        fine(one_more(tokens.SECURITY_GROUP_RULE, type="egress", **rule_in())),
        bad(
            SAID,
            one_more(tokens.EGRESS_RULE, **{**ALL_OUT, "description": "", "ipProtocol": "tcp"}),
        ),
        bad(
            OUT,
            one_more(tokens.EGRESS_RULE, **ALL_OUT),
            one_more(tokens.SECURITY_GROUP_RULE, type="egress", **rule_in(protocol="-1")),
        ),
        bad(
            FOREIGN,
            *(one_more(token) for token in OWNED),
            also(plus=[edited(LISTENER, {}, protect=True)]),
        ),
        bad(f"{FOREIGN} {PROTECTED}", also(plus=[LISTENER])),
        bad(
            FOREIGN,
            also(plus=[edited(LISTENER, {}, urn=LISTENER.urn.replace("production", "staging"))]),
        ),
    ),
    *of(
        ZIP,
        bad(USED, also(property_dependencies={})),
        fine({"vpcConfig.securityGroupIds": [UNKNOWN]}),
    ),
)

CASES = (*RULES, *BEHIND, *FUNCTIONS, *NAMES, *TABLES, *DOCUMENTS, *ALARMS, *THE_REST)
