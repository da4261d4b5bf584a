"""The Python functions, from the container image or from the zip package."""

from pulumi_aws import ec2, lambda_

from lambdas.context import Context
from lambdas.environment import python_environment
from lambdas.iam import Execution, create_execution
from lambdas.model import ImageLambda, LambdaBackend, ZipLambda
from routing import ImageCode, ZipCode, build_lambda_function

PYTHON_RUNTIME = "python3.12"


def build_python_function(
    context: Context, backend: LambdaBackend, shared: Execution
) -> lambda_.Function:
    """The function of an endpoint, whichever package it runs from."""
    match backend:
        case ImageLambda():
            return build_image_function(context, backend, shared)
        case ZipLambda():
            return build_zip_function(context, backend)
    raise TypeError(f"{backend.function}: neither an image nor a zip function")


def build_image_function(
    context: Context, backend: ImageLambda, shared: Execution
) -> lambda_.Function:
    """The function of an image endpoint, with the shared role and security group."""
    return build_lambda_function(
        backend.function,
        name=backend.function_name,
        code=ImageCode(context.settings.scorer_image, backend.handler),
        role_arn=shared.role.arn,
        memory_mb=backend.memory_mb,
        timeout_s=backend.timeout_s,
        subnet_ids=context.foundation.private_subnet_ids,
        security_group_ids=[context.foundation.private_security_group_id],
        environment=python_environment(
            context.foundation.scorer_secret_arn, context.settings.environment
        ),
        tags=context.tags(backend.function),
        depends_on=shared.before(backend.function_name),
    )


def build_zip_function(context: Context, backend: ZipLambda) -> lambda_.Function:
    """The function of a zip endpoint, with a role and a security group of its own."""
    own = create_execution(context, backend.role, [backend.function_name], traced=False)
    security_group = _create_security_group(context, backend.security_group)
    return build_lambda_function(
        backend.function,
        name=backend.function_name,
        code=ZipCode(
            path=context.package(backend.function, context.settings.python_package),
            handler=backend.handler,
            runtime=PYTHON_RUNTIME,
            layers=[context.foundation.python_layer_arn],
        ),
        role_arn=own.role.arn,
        memory_mb=backend.memory_mb,
        timeout_s=backend.timeout_s,
        subnet_ids=context.foundation.private_subnet_ids,
        security_group_ids=[security_group.id],
        environment=python_environment(
            context.foundation.scorer_secret_arn, context.settings.environment
        ),
        tags=context.tags(backend.function_name),
        depends_on=own.before(backend.function_name),
    )


def _create_security_group(context: Context, name: str) -> ec2.SecurityGroup:
    return ec2.SecurityGroup(
        name,
        # A description may not change in place; this is the one it was made with.
        description="Managed by Pulumi",
        vpc_id=context.foundation.vpc_id,
        # Written out: leaving it away would keep rules that are open to the world.
        ingress=[],
        # Database, cache and verifier (plain HTTP) are reached through it.
        egress=[
            ec2.SecurityGroupEgressArgs(
                protocol="-1", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"]
            )
        ],
        tags=context.tags(name),
    )
