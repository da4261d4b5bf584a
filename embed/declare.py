"""Functions and target groups of the internal listener's endpoints."""

from embed.endpoints import ENDPOINTS
from endpoints.compose import Context, build_zip_function
from endpoints.model import ZipLambda
from routing import LambdaTargetGroup, create_lambda_target_group


def declare_embed(context: Context) -> dict[str, LambdaTargetGroup]:
    """Create each endpoint's function and target group; groups by logical name."""
    backends = [e.backend for e in ENDPOINTS if isinstance(e.backend, ZipLambda)]
    return {
        backend.group.group: create_lambda_target_group(
            build_zip_function(context, backend),
            backend.group,
            tags=context.tags(backend.group_tag),
        )
        for backend in backends
    }
