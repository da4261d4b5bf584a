"""The plan that checkov reads."""

from policy.terraform import address, plan
from tests.policy.recordings import RUST, small


def test_every_resource_has_its_terraform_names() -> None:
    written = plan(small().values())
    values = {
        one["address"]: one["values"]
        for one in written["planned_values"]["root_module"]["resources"]
    }
    assert len(values) == len(small())
    rule = values["aws_lb_listener_rule.lrule-lambda-cc-v1-st-bulk-POST-0"]
    assert rule["action"][0]["forward"][0]["target_group"][1]["weight"] == 50
    assert rule["condition"][0]["path_pattern"] == [{"values": ["/ceramic-cache/stamps/bulk"]}]
    function = values[f"aws_lambda_function.{RUST}"]
    assert function["function_name"] == RUST
    assert function["vpc_config"][0]["subnet_ids"] == ["subnet-a", "subnet-b"]
    assert function["environment"][0]["variables"]["OTEL_SERVICE_NAME"] == "rust-scorer"
    alarm = values["aws_cloudwatch_metric_alarm.HTTP-Target-5XX-cc-auth-lambda-burst"]
    assert alarm["metric_query"][2]["return_data"] is True
    assert values["aws_security_group.cc-auth-lambda-sg"]["egress"][0]["protocol"] == "-1"


def test_references_are_the_edges() -> None:
    written = plan(small().values())["configuration"]["root_module"]["resources"]
    references = {one["address"]: one["expressions"] for one in written}
    function = references[address(small()["cc-auth-lambda-function"])]
    assert function["vpc_config"] == {"references": ["aws_security_group.cc-auth-lambda-sg"]}
