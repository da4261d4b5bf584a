"""The plan that checkov reads."""

from policy.terraform import address, plan
from tests.policy.good import RUST, good_stack


def test_every_resource_has_its_terraform_names() -> None:
    stack = good_stack()
    written = plan(stack.values())
    values = {
        one["address"]: one["values"]
        for one in written["planned_values"]["root_module"]["resources"]
    }
    assert len(values) == len(stack)
    rule = values["aws_lb_listener_rule.dual"]
    assert rule["action"][0]["forward"][0]["target_group"][1]["weight"] == 10
    assert rule["condition"][0]["path_pattern"] == [{"values": ["/ceramic-cache/stamps/bulk"]}]
    function = values[f"aws_lambda_function.{RUST}"]
    assert function["function_name"] == RUST
    assert function["vpc_config"][0]["subnet_ids"] == ["subnet-a", "subnet-b"]
    assert function["environment"][0]["variables"]["DEBUG"] == "off"
    alarm = values["aws_cloudwatch_metric_alarm.5xx-l-image"]
    assert alarm["metric_query"][2]["return_data"] is True
    assert values["aws_security_group.zip-sg"]["egress"][0]["from_port"] == 5432


def test_references_are_the_edges() -> None:
    stack = good_stack()
    written = plan(stack.values())["configuration"]["root_module"]["resources"]
    references = {one["address"]: one["expressions"] for one in written}
    assert references[address(stack["zip"])]["vpc_config"] == {
        "references": ["aws_security_group.zip-sg"]
    }
