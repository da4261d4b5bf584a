"""The public listener: for each endpoint a function, a target group and one listener rule."""

from collections.abc import Mapping

from endpoint import RegistryService
from lambdas.context import Context, DeclaredEndpoint
from lambdas.functions import build_python_function
from lambdas.iam import Execution
from lambdas.model import LambdaBackend
from routing import (
    FixedResponse,
    LambdaTargetGroup,
    Rule,
    WeightedForward,
    create_lambda_target_group,
    create_listener_rule,
    create_weighted_listener_rule,
)
from scorer.endpoints import ENDPOINTS


def declare_scorer(
    context: Context, table: Mapping[str, Rule], rust: LambdaTargetGroup, shared: Execution
) -> list[DeclaredEndpoint]:
    """Create what each endpoint needs; `table` holds the judged rules by logical name."""
    registry = context.foundation.registry_group_arn
    declared: dict[str, DeclaredEndpoint] = {}
    for endpoint in ENDPOINTS:
        rule = table[endpoint.rule]
        after = [declared[endpoint.moves_after].listener_rule] if endpoint.moves_after else []
        placed = context.place(rule, after)
        python = None
        match endpoint.backend:
            case FixedResponse():
                created = create_listener_rule(rule, **placed)
            case RegistryService():
                created = create_listener_rule(rule, registry, **placed)
            case LambdaBackend() as backend:
                function = build_python_function(context, backend, shared)
                tags = context.tags(backend.target_group_tag)
                python = create_lambda_target_group(function, backend.target_group, tags=tags)
                if isinstance(rule.action, WeightedForward):
                    created = create_weighted_listener_rule(rule, [python, rust], **placed)
                else:
                    created = create_listener_rule(rule, python, **placed)
        declared[endpoint.name] = DeclaredEndpoint(endpoint, rule, created, python)

        if endpoint.tester and (tester := table.get(endpoint.tester.name)):
            target = rust if endpoint.dual else registry
            create_listener_rule(tester, target, **context.place(tester))
    return list(declared.values())
