import pytest
from botocore.exceptions import ClientError

from sandbox.provider import HANDLERS
from tests.provider.support import TAGS, Account, Life

GROUP = "aws:lb/targetGroup:TargetGroup"
ATTACHMENT = "aws:lb/targetGroupAttachment:TargetGroupAttachment"


def test_a_target_group_lives_and_changes_in_place(account: Account) -> None:
    inputs = {"name": "l-score", "targetType": "lambda", "tags": TAGS}
    life = Life.begin(account, GROUP, inputs)
    assert life.created.outputs["arn"] == life.created.id
    assert life.created.outputs["arnSuffix"].startswith("targetgroup/l-score/")
    assert life.import_(life.created.id).inputs == inputs
    life.update(["ModifyTargetGroupAttributes"], lambdaMultiValueHeadersEnabled=True)
    life.update(["ModifyTargetGroupAttributes"], lambdaMultiValueHeadersEnabled=None)
    life.update(["AddTags"], tags={**TAGS, "Name": "x"})
    assert account.sent("AddTags")["Tags"] == [{"Key": "Name", "Value": "x"}]
    life.update(["RemoveTags"], tags=TAGS)
    life.update(["RemoveTags"], tags=None)
    life.end()


def test_multi_value_headers_are_set_at_creation(account: Account) -> None:
    inputs = {"name": "l-a", "targetType": "lambda", "lambdaMultiValueHeadersEnabled": True}
    Life.begin(account, GROUP, inputs)


def test_a_target_group_without_a_name_gets_one(account: Account) -> None:
    inputs = {"targetType": "lambda"}
    life = Life.begin(account, GROUP, inputs, name="l-logical")
    name = life.created.outputs["name"]
    assert name.startswith("l-logical-")
    assert len(name) == len("l-logical-") + 7
    assert life.read(inputs=inputs).inputs == inputs


def test_replacements_of_a_target_group(account: Account) -> None:
    assert HANDLERS[GROUP].replaces == {"name", "targetType"}
    old = {"name": "a", "targetType": "lambda"}
    renamed = account.provider.diff(GROUP, old, {**old, "name": "b"})
    assert renamed.replaces == {"name"}
    assert renamed.delete_before_replace


def test_a_group_in_use_is_refused_in_the_words_of_aws(account: Account) -> None:
    group = account.group("used")
    account.client("elbv2").create_rule(
        ListenerArn=account.listener(),
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    with pytest.raises(ClientError, match="ResourceInUse"):
        account.provider.delete(GROUP, group, {})


def test_an_attachment_lives_and_can_be_imported_by_its_two_arns(account: Account) -> None:
    group, function = account.group("l-a"), account.function()
    life = Life.begin(account, ATTACHMENT, {"targetGroupArn": group, "targetId": function})
    assert life.created.id.startswith(f"{group}-")
    assert life.import_(f"{group},{function}").inputs == life.inputs
    life.import_(life.created.id)
    life.end()
    assert account.provider.read(ATTACHMENT, life.created.id) is None
    assert account.provider.read(ATTACHMENT, f"{group},{function}") is None


def test_an_attachment_that_the_real_provider_made_is_found(account: Account) -> None:
    group, function = account.group("l-a"), account.function()
    account.client("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": function}])
    id_ = f"{group}-20250101000000000000000001"
    inputs = {"targetGroupArn": group, "targetId": function}
    for given in (inputs, None):
        read = account.provider.read(ATTACHMENT, id_, given)
        assert read is not None
        assert (read.id, read.inputs) == (id_, inputs)


def test_an_attachment_goes_after_its_group(account: Account) -> None:
    group, function = account.group("l-a"), account.function()
    life = Life.begin(account, ATTACHMENT, {"targetGroupArn": group, "targetId": function})
    account.client("elbv2").delete_target_group(TargetGroupArn=group)
    life.end()


def test_every_input_of_an_attachment_replaces_it(account: Account) -> None:
    old = {"targetGroupArn": "g", "targetId": "f"}
    diff = account.provider.diff(ATTACHMENT, old, {"targetGroupArn": "h", "targetId": "e"})
    assert diff.replaces == {"targetGroupArn", "targetId"}
    assert not diff.delete_before_replace


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("x" * 33, '"name" cannot be longer than 32 characters'),
        ("a_b", 'only alphanumeric characters and hyphens allowed in "name"'),
        ("-a", '"name" cannot begin with a hyphen'),
        ("a-", '"name" cannot end with a hyphen'),
    ],
)
def test_refused_names_of_target_groups(account: Account, name: str, problem: str) -> None:
    assert account.provider.check(GROUP, {"name": name, "targetType": "lambda"}) == [problem]
