"""Outputs of the foundation stack, which keeps load balancers, listeners and shared services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from routing import Listener

OUTPUTS = (
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
)
"""Contract, "What the foundation stack provides"."""


@dataclass(frozen=True)
class LoadBalancer:
    """One load balancer: the listener rules hang on and its CloudWatch dimension."""

    listener_arn: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]


@dataclass(frozen=True)
class Foundation:
    """What the foundation stack provides, by meaning."""

    vpc_id: pulumi.Output[str]
    private_subnet_ids: pulumi.Output[Sequence[str]]
    private_security_group_id: pulumi.Output[str]
    load_balancers: Mapping[Listener, LoadBalancer]
    registry_group_arn: pulumi.Output[str]
    scorer_secret_arn: pulumi.Output[str]
    alert_topic_arn: pulumi.Output[str]
    python_layer_arn: pulumi.Output[str]


def load_foundation(stack: str) -> Foundation:
    """Read the foundation stack `org/project/stack`.

    Ends the program with one message that names every output the stack does not have.
    """
    reference = pulumi.StackReference(stack)
    # Only the names are read here: one secret output must not turn all others secret.
    complete = pulumi.Output.unsecret(reference.outputs).apply(
        lambda outputs: _require_all(stack, outputs)
    )

    def output(key: str) -> pulumi.Output[Any]:
        return pulumi.Output.all(complete, reference.get_output(key)).apply(
            lambda values: values[1]
        )

    return Foundation(
        vpc_id=output("vpcId"),
        private_subnet_ids=output("privateSubnetIds"),
        private_security_group_id=output("privateSubnetSecurityGroupId"),
        load_balancers={
            Listener.PUBLIC: LoadBalancer(
                output("publicAlbHttpsListenerArn"), output("publicAlbArnSuffix")
            ),
            Listener.INTERNAL: LoadBalancer(
                output("privateAlbHttpListenerArn"), output("privateAlbArnSuffix")
            ),
        },
        registry_group_arn=output("registryTargetGroupArn"),
        scorer_secret_arn=output("scorerSecretArn"),
        alert_topic_arn=output("alertTopicArn"),
        python_layer_arn=output("pythonLayerArn"),
    )


def _require_all(stack: str, outputs: Mapping[str, Any]) -> bool:
    missing = [name for name in OUTPUTS if not outputs.get(name)]
    if missing:
        raise pulumi.RunError(
            f"The foundation stack {stack} lacks {len(missing)} of {len(OUTPUTS)} outputs: "
            f"{', '.join(missing)}.\n"
            f"Export them there and run `pulumi up -s {stack}`, "
            "or name another stack: pulumi config set foundationStack org/project/stack"
        )
    return True
