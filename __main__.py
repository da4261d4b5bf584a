"""Passport's scorer API: functions, target groups, listener rules and alarms of one stack."""

import pulumi

import catalog
import outputs
from adoption import adopt
from deployed import read_deployed
from embed.declare import declare_embed
from foundation import load_foundation
from lambdas.context import Context
from lambdas.iam import create_execution
from monitoring.declare import declare_monitoring
from routing import Listener
from rust_scorer.declare import declare_rust_scorer
from rust_scorer.names import FUNCTION as RUST_FUNCTION
from scorer.declare import declare_scorer
from settings import load_settings
from traffic import announce_changes, hold_everything_else

deployed = read_deployed()
settings = load_settings(deployed)
try:
    table = catalog.routing_table(settings)
except ValueError as error:
    raise pulumi.RunError(str(error)) from error
changes = announce_changes(settings, deployed)

adopt(settings.adopt)
if changes:
    hold_everything_else(deployed)
foundation = load_foundation(settings.foundation_stack)
context = Context(pulumi.get_stack(), settings, foundation, deployed, holds=bool(changes))

shared = create_execution(
    context,
    catalog.SHARED_ROLE,
    [*(backend.function_name for backend in catalog.IMAGE_BACKENDS), RUST_FUNCTION],
    traced=True,
)
rust = declare_rust_scorer(context, shared)
declared = [
    *declare_scorer(context, table, rust.target_groups[Listener.PUBLIC], shared),
    *declare_embed(context, table, rust.target_groups[Listener.INTERNAL]),
]

declare_monitoring(
    context, [*(one.python for one in declared if one.python), *rust.target_groups.values()]
)
outputs.export(settings.rust_percentage, declared, rust)
