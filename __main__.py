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
from live import read_live
from monitoring.declare import declare_monitoring
from rollout_table import declare_rollout_table
from routing import Listener
from rust_scorer.declare import declare_rust_scorer
from rust_scorer.names import FUNCTION as RUST_FUNCTION
from scorer.declare import declare_scorer
from settings import load_settings
from traffic import (
    announce,
    hold_everything_else,
    keep_marks,
    refuse_raise_after_rollback,
    shares,
)

deployed = read_deployed()
live = read_live(deployed)
settings = load_settings(deployed, live)
try:
    table = catalog.routing_table(settings)
except ValueError as error:
    raise pulumi.RunError(str(error)) from error
dual = shares(settings.rust_percentage, settings.rust_percentage_by_endpoint, deployed, live)
announce(dual)
refuse_raise_after_rollback(dual, settings.raise_after_rollback)

adopt(settings.adopt)
keep_marks()
if holds := any(share.holds for share in dual):
    hold_everything_else(deployed)
foundation = load_foundation(settings.foundation_stack)
context = Context(pulumi.get_stack(), settings, foundation, deployed, holds=holds)

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
declare_rollout_table(context)
outputs.export(settings.rust_percentage, declared, rust)
