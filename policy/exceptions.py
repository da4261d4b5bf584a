"""What the policies let pass and why, and the checks of others that are no policy here.

One table. An entry with policies excepts what it names from them, an entry with `unknown`
lets them wait for a value that no preview knows, and an entry without policies leaves a
check out.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import catalog
from lambdas.model import role_policy_name
from policy.registry import Policy, Problem
from policy.stack import Resource


class Kind(StrEnum):
    """What an entry does."""

    EXCEPTED = "excepted"
    POSTPONED = "postponed"
    LEFT_OUT = "left out"


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """One entry of the table."""

    ids: tuple[str, ...]
    reason: str
    policies: frozenset[str] = frozenset()
    resources: frozenset[str] | None = None
    """Logical names; None for every resource."""
    about: frozenset[str] | None = None
    """Values that the problem may be about; None for any."""
    unknown: str = ""
    """The property that may be unknown in a preview."""
    outside_production: bool = False

    @property
    def kind(self) -> Kind:
        if not self.policies:
            return Kind.LEFT_OUT
        return Kind.POSTPONED if self.unknown else Kind.EXCEPTED

    def excepts(self, policy: Policy, resource: Resource, problem: Problem) -> bool:
        return (
            self.kind is Kind.EXCEPTED
            and self._applies(policy, resource)
            and (self.about is None or problem.about in self.about)
        )

    def postpones(self, policy: Policy, resource: Resource, key: str) -> bool:
        """A resource policy runs again before the resource is created; a stack policy does not."""
        return (
            self.kind is Kind.POSTPONED
            and policy.on_resource is not None
            and self._applies(policy, resource)
            and key.startswith(self.unknown)
        )

    def _applies(self, policy: Policy, resource: Resource) -> bool:
        return (
            policy.name in self.policies
            and self.covers(resource.name)
            and not (self.outside_production and resource.in_production)
        )

    def covers(self, name: str) -> bool:
        return self.resources is None or name in self.resources


_BACKENDS = catalog.BACKENDS
_PYTHON_FUNCTIONS = frozenset(backend.function for backend in _BACKENDS)
_SECURITY_GROUPS = frozenset(backend.security_group for backend in catalog.ZIP_BACKENDS)
_POLICIES = frozenset(
    role_policy_name(role)
    for role in (catalog.SHARED_ROLE, *(backend.role for backend in catalog.ZIP_BACKENDS))
)
_GET_RULES = frozenset(
    name
    for endpoint in catalog.ENDPOINTS
    if "GET" in endpoint.methods and "HEAD" not in endpoint.methods
    for name in (endpoint.rule, *([endpoint.tester.name] if endpoint.tester else []))
)
_NETWORK_INTERFACE_ACTIONS = frozenset(
    {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ec2:UnassignPrivateIpAddresses",
    }
)
_TRACE_ACTIONS = frozenset({"xray:PutTelemetryRecords", "xray:PutTraceSegments"})

_EXCEPTED = (
    Allowance(
        policies=frozenset({"not-everything-goes-out"}),
        resources=_SECURITY_GROUPS,
        about=frozenset({"0.0.0.0/0"}),
        ids=("row 25", "CKV_AWS_382", "AWS-0104"),
        reason="Database, cache and the verifier (plain HTTP) are reached through it, at "
        "addresses that the foundation stack decides (contract).",
    ),
    Allowance(
        policies=frozenset({"security-groups-are-described"}),
        resources=_SECURITY_GROUPS,
        about=frozenset({"Managed by Pulumi"}),
        ids=("row 26", "CKV_AWS_23", "AWS-0099", "AwsSolutions-EC27"),
        reason="These groups run today with this description, and another one replaces them "
        "(contract).",
    ),
    Allowance(
        policies=frozenset({"security-groups-are-described"}),
        resources=_SECURITY_GROUPS,
        about=frozenset({"egress"}),
        ids=("row 26", "CKV_AWS_23", "AWS-0124"),
        reason="The provider changes an inline rule by revoking the old one first: functions "
        "would be cut off from their database for a moment, for the sake of a text.",
    ),
    Allowance(
        policies=frozenset({"resources-are-named"}),
        resources=_POLICIES,
        about=_NETWORK_INTERFACE_ACTIONS,
        ids=("row 16", "CKV_AWS_290", "CKV_AWS_355"),
        reason="Lambda makes the network interfaces with these rights; they do not exist when "
        "the role is made, and AWS names no narrower resource (contract).",
    ),
    Allowance(
        policies=frozenset({"resources-are-named"}),
        resources=frozenset({role_policy_name(catalog.SHARED_ROLE)}),
        about=_TRACE_ACTIONS,
        ids=("row 16", "CKV_AWS_290", "CKV_AWS_355"),
        reason="X-Ray has no resource to name for what is put into it (contract).",
    ),
    Allowance(
        policies=frozenset({"function-is-traced"}),
        resources=_PYTHON_FUNCTIONS,
        ids=("row 4", "Lambda.7", "CKV_AWS_50", "AWS-0066", "WS1000"),
        reason="The Python functions run today without tracing, are not instrumented, and the "
        "roles of five of them may not write traces. The port changes their routing alone.",
    ),
    Allowance(
        policies=frozenset({"head-goes-with-get"}),
        resources=_GET_RULES,
        ids=("D17",),
        reason="The routes are those that run today (contract); HEAD goes where it goes today.",
    ),
)

_POSTPONED = (
    Allowance(
        policies=frozenset(
            {
                "policy-document-is-readable",
                "nobody-is-administrator",
                "actions-are-named",
                "resources-are-named",
                "no-way-to-more-rights",
            }
        ),
        resources=_POLICIES,
        unknown="policy",
        ids=("row 14", "row 15", "row 16", "row 17"),
        reason="The document names the ARNs of log groups. In the preview of their creation it "
        "is not known as a whole; it is judged in the update, before the policy is created.",
    ),
    Allowance(
        policies=frozenset({"python-comes-first"}),
        unknown="actions",
        ids=("D6",),
        reason="Which of two new target groups comes first shows in their ARNs alone. In the "
        "preview of their creation the order is not known; it is judged in the update, before "
        "the rule is created.",
    ),
)

_LEFT_OUT = (
    Allowance(
        ids=("row 6", "CKV_AWS_173", "env_vars_not_encrypted_with_cmk"),
        reason="The environment holds no secret (environment-holds-no-secret); Lambda encrypts "
        "it with a key of AWS.",
    ),
    Allowance(
        ids=("row 8", "CKV_AWS_115", "LambdaConcurrency"),
        reason="Reserving concurrency takes it from the account's pool, which other stacks use; "
        "the contract has no key for it. The load balancer's owner limits rates.",
    ),
    Allowance(
        ids=("row 19", "CKV_AWS_158", "AWS-0017", "CloudWatchLogGroupEncrypted"),
        reason="CloudWatch encrypts logs with a key of its own; the foundation stack exports no "
        "other.",
    ),
    Allowance(
        ids=("CKV_AWS_119", "AWS-0025"),
        reason="A key of our own for the journal of rollouts would be one more thing to keep: "
        "AWS's managed one is asked for (table-is-encrypted-with-a-key-of-the-account).",
    ),
    Allowance(
        ids=("DynamoDB.6",),
        reason="With deletion protection `pulumi destroy` fails on the table; AWS keeps a backup "
        "of a deleted one for 35 days (table-can-be-restored).",
    ),
    Allowance(
        ids=("CKV_AWS_338",),
        outside_production=True,
        reason="A year of logs is for production (log-group-forgets); elsewhere any time that "
        "ends will do (row 18).",
    ),
    Allowance(
        ids=("CKV_AWS_116", "LambdaDLQ", "ES1007"),
        reason="Load balancers call synchronously; dead letters are for asynchronous calls, and "
        "asynchronous-callers-keep-failures asks for them there.",
    ),
    Allowance(
        ids=("CKV_AWS_272",),
        reason="Code signing does not exist for the image functions; the zip functions are "
        "released by the pipeline that would sign them.",
    ),
    Allowance(
        ids=("ELB.21", "ELB.22", "CKV_AWS_261", "CKV_AWS_378"),
        reason="About health checks and protocols of targets; FSBP itself leaves Lambda targets "
        "out, and target-group-is-for-lambda-alone allows no others.",
    ),
    Allowance(
        ids=("NIST.800.53.R5-IAMNoInlinePolicy",),
        reason="Contradicts AwsSolutions-IAM4; policies-are-inline picks one of the two.",
    ),
    Allowance(
        ids=("AWS-0053", "internet_facing"),
        reason="The public load balancer is the product, and it is the foundation stack's.",
    ),
    Allowance(
        ids=("lambda-function-documentation",),
        reason="The functions that run today have no description; name, handler and tags say "
        "what each does.",
    ),
    Allowance(
        ids=("ELB.2", "ELB.3", "ELB.7", "ELB.8", "ELB.9", "ELB.10", "ELB.14"),
        reason="Classic load balancers and account settings, as are the controls of users, root, "
        "CloudTrail and Config: not this program's.",
    ),
    Allowance(
        ids=("D18",),
        reason="About the pack itself: a test puts a known value into every property and finds "
        "it in no message.",
    ),
)

ALLOWANCES: Final = (*_EXCEPTED, *_POSTPONED, *_LEFT_OUT)
"""The table."""
