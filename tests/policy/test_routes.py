"""The routes that a pull request's comment compares."""

from policy.report import CANARY
from policy.routes import lines
from tests.policy.recordings import program


def test_every_rule_is_a_line_in_the_order_in_which_aws_tries_them() -> None:
    found = lines(program())

    assert found.index(
        "public  1001 /ceramic-cache/score/* GET -> "
        "l-cc-v1-score-GET-0 50 % l-passport-v2-rust-scorer 50 % sticky 3600 s"
    ) < found.index("public  1006 /ceramic-cache/score/* POST -> l-cc-v1-score-POST-0")
    assert "public  2000 *.gitcoin.co /v2/* -> fixed-response 400" in found
    assert "public  2060 *.passport.xyz /v2/* -> registry" in found


def test_a_testers_secret_is_in_none() -> None:
    found = lines(program())

    assert [line for line in found if "X-Use-Rust-Scorer" in line]
    assert not [line for line in found if CANARY in line]
