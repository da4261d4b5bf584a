"""The endpoints of the internal listener, by priority. Plain data, no Pulumi."""

from functools import partial

from endpoint import Endpoint, TesterRule
from lambdas.model import zip_lambda
from routing import Listener, Request

_internal = partial(Endpoint, listener=Listener.INTERNAL)

ENDPOINTS: tuple[Endpoint, ...] = (
    _internal(
        name="embed-st",
        rule="embed-st-rule-lambda",
        priority=2100,
        path="/internal/embed/stamps/*",
        methods=("POST",),
        witness=Request("POST", "core-alb.private.gitcoin.co", "/internal/embed/stamps/0x0"),
        backend=zip_lambda("embed-st", handler="embed.lambda_fn.lambda_handler_save_stamps"),
        dual=True,
        tester=TesterRule("lrule-rust-embed-stamps", 2090),
    ),
    _internal(
        name="embed-rl",
        rule="embed-rl-rule-lambda",
        priority=2101,
        path="/internal/embed/validate-api-key",
        methods=("GET",),
        witness=Request("GET", "core-alb.private.gitcoin.co", "/internal/embed/validate-api-key"),
        backend=zip_lambda("embed-rl", handler="embed.lambda_fn.lambda_handler_get_rate_limit"),
        dual=True,
        tester=TesterRule("lrule-rust-embed-validate-api-key", 2091),
    ),
    _internal(
        name="embed-gs",
        rule="embed-gs-rule-lambda",
        priority=2103,
        path="/internal/embed/score/*/*",
        methods=("GET",),
        witness=Request("GET", "core-alb.private.gitcoin.co", "/internal/embed/score/1/0x0"),
        backend=zip_lambda("embed-gs", handler="embed.lambda_fn.lambda_handler_get_score"),
        dual=True,
        tester=TesterRule("lrule-rust-embed-score", 2093),
    ),
)
