"""Passport's scorer API: functions, target groups, listener rules and alarms of one stack."""

import pulumi

import catalog
import outputs
from adoption import adopt
from embed.declare import declare_embed
from endpoints.compose import Context, Groups, create_execution, create_rules
from endpoints.model import REGISTRY_GROUP
from foundation import load_foundation
from monitoring.declare import declare_monitoring
from rust_scorer.declare import declare_rust_scorer
from rust_scorer.endpoints import FUNCTION as RUST_FUNCTION
from scorer.declare import declare_scorer
from settings import load_settings

settings = load_settings()
try:
    table = catalog.routing_table(settings.traffic)
except ValueError as error:
    raise pulumi.RunError(str(error)) from error

adopt(settings.adopt)
foundation = load_foundation(settings.foundation_stack)
context = Context(pulumi.get_stack(), settings, foundation)

shared = create_execution(
    context,
    catalog.SHARED_ROLE,
    [*(backend.function_name for backend in catalog.IMAGE_BACKENDS), RUST_FUNCTION],
    traced=True,
)
rust = declare_rust_scorer(context, shared)
lambda_groups = {
    **declare_scorer(context, shared),
    **declare_embed(context),
    **{catalog.RUST_GROUP_NAMES[listener]: group for listener, group in rust.groups.items()},
}
groups = Groups(lambda_groups, {REGISTRY_GROUP: foundation.registry_group_arn})
rules = create_rules(context, table, groups, catalog.MOVES_AFTER)

declare_monitoring(context, lambda_groups)
outputs.export(settings.rust_percentage, table, rules, groups, rust)
