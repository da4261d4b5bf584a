"""The Rust function and its two target groups; no listener rule."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_aws import lambda_

from lambdas.context import Context
from lambdas.environment import rust_environment
from lambdas.iam import Execution
from routing import (
    LambdaTargetGroup,
    Listener,
    ZipCode,
    build_lambda_function,
    create_lambda_target_group,
)
from rust_scorer import names as rust
from settings import region

_ADOT_LAYER = "arn:aws:lambda:{region}:901920570463:layer:aws-otel-collector-arm64-ver-0-117-0:1"


@dataclass(frozen=True)
class RustScorer:
    """The function and its target group on each load balancer."""

    function: lambda_.Function
    target_groups: Mapping[Listener, LambdaTargetGroup]


def declare_rust_scorer(context: Context, shared: Execution) -> RustScorer:
    """Create the function and one target group per load balancer."""
    function = build_lambda_function(
        rust.FUNCTION,
        name=rust.FUNCTION,
        code=ZipCode(
            path=context.package(rust.FUNCTION, context.settings.rust_package),
            handler=rust.HANDLER,
            runtime=rust.RUNTIME,
            layers=[_ADOT_LAYER.format(region=region())],
            architecture=rust.ARCHITECTURE,
            package_type="Zip",
        ),
        role_arn=shared.role.arn,
        memory_mb=rust.MEMORY_MB,
        timeout_s=rust.TIMEOUT_S,
        subnet_ids=context.foundation.private_subnet_ids,
        security_group_ids=[context.foundation.private_security_group_id],
        environment=rust_environment(context.foundation.scorer_secret_arn, stack=context.stack),
        tags=context.tags(rust.FUNCTION),
        traced=True,
        depends_on=shared.before(rust.FUNCTION),
    )
    target_groups = {
        listener: create_lambda_target_group(function, names, tags=context.tags(names.logical))
        for listener, names in rust.TARGET_GROUPS.items()
    }
    return RustScorer(function, target_groups)
