"""The internal listener: for each endpoint a function, a target group and one listener rule."""

from collections.abc import Mapping

from embed.endpoints import ENDPOINTS
from lambdas.context import Context, DeclaredEndpoint
from lambdas.functions import build_zip_function
from lambdas.model import ZipLambda
from routing import (
    LambdaTargetGroup,
    Rule,
    WeightedForward,
    create_lambda_target_group,
    create_listener_rule,
    create_weighted_listener_rule,
)


def declare_embed(
    context: Context, table: Mapping[str, Rule], rust: LambdaTargetGroup
) -> list[DeclaredEndpoint]:
    """Create what each endpoint needs; `table` holds the judged rules by logical name."""
    declared = []
    for endpoint in ENDPOINTS:
        rule = table[endpoint.rule]
        backend = endpoint.backend
        if not isinstance(backend, ZipLambda):
            raise TypeError(f"{endpoint.name}: the internal listener serves zip functions only")
        function = build_zip_function(context, backend)
        tags = context.tags(backend.target_group_tag)
        python = create_lambda_target_group(function, backend.target_group, tags=tags)
        if isinstance(rule.action, WeightedForward):
            created = create_weighted_listener_rule(rule, [python, rust], **context.place(rule))
        else:
            created = create_listener_rule(rule, python, **context.place(rule))
        declared.append(DeclaredEndpoint(endpoint, rule, created, python))

        if endpoint.tester and (tester := table.get(endpoint.tester.name)):
            create_listener_rule(tester, rust, **context.place(tester))
    return declared
