import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.provider import HANDLERS
from tests.provider.support import ACCOUNT_ID, TAGS, TRUST, Account, Life

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


def policy(*actions: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_role_gets_a_name_and_changes_in_place(account: Account) -> None:
    inputs = {"assumeRolePolicy": TRUST, "tags": TAGS}
    life = Life.begin(account, ROLE, inputs, name="lambdaRole")
    name = life.created.id
    assert name.startswith("lambdaRole-")
    assert life.created.outputs["arn"] == f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"
    assert life.created.outputs["name"] == name
    assert life.created.outputs["uniqueId"].startswith("AROA")
    assert set(life.read(inputs=inputs).inputs) == set(inputs)
    assert life.import_(name).inputs["name"] == name
    other = TRUST.replace("lambda.", "edgelambda.")
    life.update(["UpdateAssumeRolePolicy"], assumeRolePolicy=other)
    life.update(["UntagRole", "TagRole"], tags={"Application": "x"})
    life.end()


def test_a_trust_policy_may_be_an_object(account: Account) -> None:
    Life.begin(account, ROLE, {"name": "named", "assumeRolePolicy": json.loads(TRUST)})


def test_replacements_of_a_role(account: Account) -> None:
    assert HANDLERS[ROLE].replaces == {"name"}
    old = {"assumeRolePolicy": TRUST}
    assert not account.provider.diff(ROLE, {**old, "name": "generated"}, old).changed


def test_a_role_with_policies_is_refused_in_the_words_of_aws(account: Account) -> None:
    account.role("r")
    account.client("iam").put_role_policy(
        RoleName="r", PolicyName="p", PolicyDocument=policy("s3:GetObject")
    )
    with pytest.raises(ClientError, match="DeleteConflict"):
        account.provider.delete(ROLE, "r", {})


def test_a_policy_of_a_role_lives(account: Account) -> None:
    account.role("r")
    inputs = {"role": "r", "policy": policy("logs:PutLogEvents")}
    life = Life.begin(account, POLICY, inputs, name="logging")
    role, _, name = life.created.id.partition(":")
    assert role == "r"
    assert name.startswith("logging-")
    assert life.created.outputs == {"name": name}
    life.import_(life.created.id)
    life.update(["PutRolePolicy"], policy=policy("logs:*"))
    life.end()
    assert account.provider.read(POLICY, "absent:p") is None


def test_replacements_of_a_policy(account: Account) -> None:
    assert HANDLERS[POLICY].replaces == {"name", "role"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (policy("a:A", "b:B"), policy("b:B", "a:A")),
        (policy("a:A"), policy("a:A", Resource=["*"])),
        (policy("a:A"), policy("a:A", Action="a:A")),
        (policy("a:A"), json.dumps(json.loads(policy("a:A")), indent=2)),
        (
            policy("a:A"),
            json.dumps(
                {
                    **json.loads(policy("a:A")),
                    "Statement": {"Effect": "Allow", "Resource": "*", "Action": "a:A"},
                }
            ),
        ),
        (
            policy("a:A", Condition={"StringEquals": {"k": "v"}}),
            policy("a:A", Condition={"StringEquals": {"k": ["v"]}}),
        ),
    ],
)
def test_equivalent_policies_are_no_change(account: Account, one: str, other: str) -> None:
    assert not account.provider.diff(POLICY, {"policy": one}, {"policy": other}).changed


def test_a_different_policy_is_a_change(account: Account) -> None:
    old, new = {"policy": policy("a:A")}, {"policy": policy("a:A", Effect="Deny")}
    assert account.provider.diff(POLICY, old, new).changed == {"policy"}
    for digest in ("not json", {"secret": "a"}, "[]", '{"Statement": ["x"]}'):
        assert account.provider.diff(POLICY, old, {"policy": digest}).changed == {"policy"}
        assert not account.provider.diff(POLICY, {"policy": digest}, {"policy": digest}).changed


def test_an_attachment_lives_and_can_be_imported(account: Account) -> None:
    account.role("r")
    arn = account.client("iam").create_policy(
        PolicyName="p", PolicyDocument=policy("s3:GetObject")
    )["Policy"]["Arn"]
    life = Life.begin(account, ATTACHMENT, {"role": "r", "policyArn": arn})
    assert life.import_(f"r/{arn}").inputs == life.inputs
    assert life.read("r-20250101", life.inputs).inputs == life.inputs
    assert HANDLERS[ATTACHMENT].replaces == {"role", "policyArn"}
    life.end()
    assert account.provider.read(ATTACHMENT, "absent/x") is None


@pytest.mark.parametrize(
    ("type_", "inputs", "problem"),
    [
        (ROLE, {"name": "x" * 65}, "expected length of name to be in the range (1 - 64)"),
        (ROLE, {"assumeRolePolicy": "{"}, '"assumeRolePolicy" contains an invalid JSON'),
        (POLICY, {"policy": "[]"}, '"policy" contains an invalid JSON policy'),
        (POLICY, {"role": "arn:aws:iam::1:role/r"}, '"role" must be the role\'s name not its ARN'),
        (
            POLICY,
            {"policy": policy("x:" + "y" * 10_240)},
            "expected length of policy to be in the range (1 - 10240)",
        ),
    ],
)
def test_refused_at_plan_time(
    account: Account, type_: str, inputs: dict[str, Any], problem: str
) -> None:
    assert account.provider.check(type_, inputs) == [problem]
