"""The requests are made from the routes."""

import catalog
from sandbox.checklist.targets import ALL, DUAL, Target
from sandbox.dataplane.globs import compile_glob


def test_every_endpoint_and_method_has_a_request_that_its_rule_takes() -> None:
    assert {target.endpoint for target in ALL} == set(catalog.ENDPOINTS)
    for target in ALL:
        assert compile_glob(target.endpoint.path).fullmatch(target.path)
        assert compile_glob(target.endpoint.host or "*").fullmatch(target.host)
        assert target.method in (target.endpoint.methods or (target.method,))
    methods = sum(len(endpoint.methods) or 1 for endpoint in catalog.ENDPOINTS)
    assert len(set(ALL)) == len(ALL) == methods
    assert tuple(target.endpoint.name for target in DUAL) == catalog.DUAL_ENDPOINTS


def one(name: str) -> Target:
    return next(target for target in ALL if target.endpoint.name == name)


def test_who_answers_without_rust() -> None:
    assert one("cc-nonce").answered_by == "python"
    assert one("cc-nonce").functions == {"python": "cc-nonce-lambda"}
    assert one("embed-st").functions == {
        "python": "embed-st-lambda",
        "rust": "passport-v2-rust-scorer",
    }
    assert one("passport-v2-history").answered_by == "registry"
    assert (one("block-gitcoin-v2").answered_by, one("block-gitcoin-v2").status) == (None, 400)
    assert one("block-gitcoin-v2").host == "api.gitcoin.co"
    assert one("embed-st").balancer == "internal"
