"""The endpoints of the public listener, by priority. Plain data, no Pulumi."""

import json
from functools import partial

from endpoint import Endpoint, RegistryService, TesterRule
from lambdas.model import image_lambda, zip_lambda
from routing import FixedResponse, Listener, Request

_public = partial(Endpoint, listener=Listener.PUBLIC)

ENDPOINTS: tuple[Endpoint, ...] = (
    _public(
        name="submit-passport-0",
        rule="lrule-lambda-submit-passport-0",
        priority=1000,
        path="/registry/submit-passport",
        methods=("POST",),
        witness=Request("POST", "api.passport.xyz", "/registry/submit-passport"),
        backend=image_lambda(
            "submit-passport-0",
            handler="aws_lambdas.submit_passport.submit_passport.handler",
            memory_mb=1024,
        ),
    ),
    _public(
        name="cc-v1-score-GET-0",
        rule="lrule-lambda-cc-v1-score-GET-0",
        priority=1001,
        path="/ceramic-cache/score/*",
        methods=("GET",),
        witness=Request("GET", "api.passport.xyz", "/ceramic-cache/score/0x0"),
        backend=image_lambda(
            "cc-v1-score-GET-0",
            handler="aws_lambdas.scorer_api_passport.v1.score_GET.handler",
            memory_mb=512,
        ),
        dual=True,
        tester=TesterRule("lrule-rust-ceramic-cache-score", 991),
        # 1001 was submit-passport's before this program took over.
        moves_after="submit-passport-0",
    ),
    _public(
        name="cc-v1-st-bulk-POST-0",
        rule="lrule-lambda-cc-v1-st-bulk-POST-0",
        priority=1002,
        path="/ceramic-cache/stamps/bulk",
        methods=("POST",),
        witness=Request("POST", "api.passport.xyz", "/ceramic-cache/stamps/bulk"),
        backend=image_lambda(
            "cc-v1-st-bulk-POST-0",
            handler="aws_lambdas.scorer_api_passport.v1.stamps.bulk_POST.handler",
            memory_mb=512,
        ),
        dual=True,
        tester=TesterRule("lrule-rust-ceramic-cache-stamps-bulk", 990),
    ),
    _public(
        name="cc-v1-st-bulk-PATCH-0",
        rule="lrule-lambda-cc-v1-st-bulk-PATCH-0",
        priority=1003,
        path="/ceramic-cache/stamps/bulk",
        methods=("PATCH",),
        witness=Request("PATCH", "api.passport.xyz", "/ceramic-cache/stamps/bulk"),
        backend=image_lambda(
            "cc-v1-st-bulk-PATCH-0",
            handler="aws_lambdas.scorer_api_passport.v1.stamps.bulk_PATCH.handler",
            memory_mb=512,
        ),
    ),
    _public(
        name="cc-v1-st-bulk-DELETE-0",
        rule="lrule-lambda-cc-v1-st-bulk-DELETE-0",
        priority=1004,
        path="/ceramic-cache/stamps/bulk",
        methods=("DELETE",),
        witness=Request("DELETE", "api.passport.xyz", "/ceramic-cache/stamps/bulk"),
        backend=image_lambda(
            "cc-v1-st-bulk-DELETE-0",
            handler="aws_lambdas.scorer_api_passport.v1.stamps.bulk_DELETE.handler",
            memory_mb=512,
        ),
    ),
    _public(
        # The Rust scorer registers no POST on this path and would answer 405.
        name="cc-v1-score-POST-0",
        rule="lrule-lambda-cc-v1-score-POST-0",
        priority=1006,
        path="/ceramic-cache/score/*",
        methods=("POST",),
        witness=Request("POST", "api.passport.xyz", "/ceramic-cache/score/0x0"),
        backend=image_lambda(
            "cc-v1-score-POST-0",
            handler="aws_lambdas.scorer_api_passport.v1.score_POST.handler",
            memory_mb=512,
        ),
    ),
    _public(
        name="cc-v1-st-GET-0",
        rule="lrule-lambda-cc-v1-st-GET-0",
        priority=1010,
        path="/ceramic-cache/stamp",
        methods=("GET",),
        witness=Request("GET", "api.passport.xyz", "/ceramic-cache/stamp"),
        backend=image_lambda(
            "cc-v1-st-GET-0",
            handler="aws_lambdas.scorer_api_passport.v1.stamp_GET.handler",
            memory_mb=512,
        ),
    ),
    _public(
        name="passport-analysis-GET-0",
        rule="lrule-lambda-passport-analysis-GET-0",
        priority=1012,
        path="/passport/analysis/*",
        methods=("GET",),
        witness=Request("GET", "api.passport.xyz", "/passport/analysis/0x0"),
        backend=image_lambda(
            "passport-analysis-GET-0",
            handler="aws_lambdas.passport.analysis_GET.handler",
            memory_mb=256,
        ),
    ),
    _public(
        name="cc-weights-GET-0",
        rule="lrule-lambda-cc-weights-GET-0",
        priority=1015,
        path="/ceramic-cache/weights",
        methods=("GET",),
        witness=Request("GET", "api.passport.xyz", "/ceramic-cache/weights"),
        backend=image_lambda(
            "cc-weights-GET-0",
            handler="aws_lambdas.scorer_api_passport.v1.weights_GET.handler",
            memory_mb=512,
        ),
    ),
    _public(
        name="block-gitcoin-v2",
        rule="lrule-no-gitcoin-v2",
        priority=2000,
        path="/v2/*",
        host="*.gitcoin.co",
        witness=Request("GET", "api.scorer.gitcoin.co", "/v2/stamps/1/score/0x0"),
        backend=FixedResponse(
            status=400,
            content_type="application/json",
            body=json.dumps(
                {"msg": "This service is not available for requests to the `*.gitcoin.co` domain"}
            ),
        ),
    ),
    _public(
        name="passport-v2-model-score",
        rule="lrule-lambda-passport-v2-model-score",
        priority=2021,
        path="/v2/models/score/*",
        host="*.passport.xyz",
        methods=("GET",),
        witness=Request("GET", "api.passport.xyz", "/v2/models/score/0x0"),
        backend=image_lambda(
            "passport-v2-model-score",
            handler="v2.aws_lambdas.models_score_GET.handler",
            memory_mb=256,
            timeout_s=90,
        ),
    ),
    _public(
        name="passport-v2-history",
        rule="passport-v2-lrule-history",
        priority=2022,
        path="/v2/stamps/*/score/*/history",
        host="*.passport.xyz",
        methods=("GET",),
        witness=Request("GET", "api.passport.xyz", "/v2/stamps/1/score/0x0/history"),
        backend=RegistryService(),
        # `*` matches `/`: the tester rule of the stamp score at 992 would take these requests.
        tester=TesterRule("lrule-tester-v2-history", 989),
    ),
    _public(
        name="passport-v2-stamp-score",
        rule="lrule-lambda-passport-v2-stamp-score",
        priority=2023,
        path="/v2/stamps/*/score/*",
        host="*.passport.xyz",
        methods=("GET",),
        witness=Request("GET", "api.passport.xyz", "/v2/stamps/1/score/0x0"),
        backend=image_lambda(
            "passport-v2-stamp-score",
            handler="v2.aws_lambdas.stamp_score_GET.handler",
            memory_mb=256,
        ),
        dual=True,
        tester=TesterRule("lrule-rust-v2-stamps-score", 992),
    ),
    _public(
        name="passport-v2-catch-all",
        rule="passport-v2-lrule",
        priority=2060,
        path="/v2/*",
        host="*.passport.xyz",
        witness=Request("GET", "api.passport.xyz", "/v2/stamps/metadata"),
        backend=RegistryService(),
    ),
    _public(
        name="cc-nonce",
        rule="cc-nonce-rule-lambda",
        priority=5010,
        path="/account/nonce",
        methods=("GET", "OPTIONS"),
        witness=Request("GET", "api.passport.xyz", "/account/nonce"),
        backend=zip_lambda("cc-nonce", handler="app_api.lambda_fn.lambda_handler_account_nonce"),
    ),
    _public(
        name="cc-auth",
        rule="cc-auth-rule-lambda",
        priority=5020,
        path="/ceramic-cache/authenticate",
        methods=("POST", "OPTIONS"),
        witness=Request("POST", "api.passport.xyz", "/ceramic-cache/authenticate"),
        backend=zip_lambda("cc-auth", handler="app_api.lambda_fn.lambda_handler_authenticate"),
    ),
)
