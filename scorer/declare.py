"""Functions and target groups of the public listener's endpoints."""

from pulumi_aws import lambda_

from endpoints.compose import Context, Execution, build_zip_function
from endpoints.model import ImageLambda, ZipLambda
from routing import ImageCode, LambdaTargetGroup, build_lambda_function, create_lambda_target_group
from scorer.endpoints import ENDPOINTS


def declare_scorer(context: Context, shared: Execution) -> dict[str, LambdaTargetGroup]:
    """Create each endpoint's function and target group; groups by logical name."""
    groups = {}
    for endpoint in ENDPOINTS:
        match endpoint.backend:
            case ImageLambda() as backend:
                function = _build_image_function(context, shared, backend)
            case ZipLambda() as backend:
                function = build_zip_function(context, backend)
            case _:
                continue
        groups[backend.group.group] = create_lambda_target_group(
            function, backend.group, tags=context.tags(backend.group_tag)
        )
    return groups


def _build_image_function(
    context: Context, shared: Execution, backend: ImageLambda
) -> lambda_.Function:
    return build_lambda_function(
        backend.function,
        name=backend.function_name,
        code=ImageCode(context.settings.scorer_image, backend.handler),
        role_arn=shared.role.arn,
        memory_mb=backend.memory_mb,
        timeout_s=backend.timeout_s,
        subnet_ids=context.foundation.private_subnet_ids,
        security_group_ids=[context.foundation.private_security_group_id],
        environment=context.python_environment(),
        tags=context.tags(backend.function),
        depends_on=shared.before(backend.function_name),
    )
