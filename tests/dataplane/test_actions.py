import random
from collections import Counter

import pytest

from sandbox.dataplane.actions import Forward, Redirect, Weighted
from sandbox.dataplane.answers import redirect_answer
from tests.dataplane.support import PYTHON, RUST, lambda_group, request, table

DRAWS = 10_000


def draws(forward: Forward) -> Counter[str]:
    chance = random.Random(4).random  # noqa: S311 # a seeded draw
    drawn = (forward.draw(chance()) for _ in range(DRAWS))
    return Counter(group.name if group else "none" for group in drawn)


def by_weight(*weights: int) -> Forward:
    names = ("python", "rust", "third")
    return Forward(
        tuple(Weighted(lambda_group(n), w) for n, w in zip(names, weights, strict=False))
    )


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((100, 0), {"python": DRAWS}),
        ((0, 100), {"rust": DRAWS}),
        ((0, 1), {"rust": DRAWS}),
        ((0, 5, 0), {"rust": DRAWS}),
        ((0, 0), {"none": DRAWS}),
        ((1,), {"python": DRAWS}),
    ],
)
def test_weight_0_gets_nothing(weights: tuple[int, ...], expected: dict[str, int]) -> None:
    assert draws(by_weight(*weights)) == expected


@pytest.mark.parametrize("weights", [(50, 50), (90, 10), (99, 1), (1, 999), (2, 1, 5)])
def test_a_draw_goes_by_weight(weights: tuple[int, ...]) -> None:
    total = sum(weights)
    forward = by_weight(*weights)
    # Every ticket once, each from the middle and the edges of its range of chances.
    for offset in (0.0, 0.5, 0.999):
        drawn = Counter(forward.draw((ticket + offset) / total) for ticket in range(total))
        assert [drawn[target.group] for target in forward.targets] == list(weights)


def test_the_largest_chance_still_draws() -> None:
    assert by_weight(1, 998).draw(0.9999999999999999) == lambda_group("rust")


def test_a_group_keeps_its_fingerprint() -> None:
    forward = Forward((Weighted(PYTHON, 1), Weighted(RUST, 0)))

    assert forward.by_fingerprint == {PYTHON.fingerprint: PYTHON, RUST.fingerprint: RUST}


@pytest.mark.parametrize(
    ("action", "target", "location"),
    [
        (Redirect(301), "//a/", "https://api.example.com:443//a/"),
        (Redirect(301), "/a/b?c=d", "https://api.example.com:443/a/b?c=d"),
        (Redirect(302, protocol="HTTP", port="8080"), "/", "http://api.example.com:8080/"),
        (
            Redirect(301, host="new.#{host}", path="/v2/#{path}", query="#{query}&port=#{port}"),
            "/a?x=1",
            "https://new.api.example.com:443/v2/a?x=1&port=443",
        ),
        (Redirect(301, query=""), "/a?x=1", "https://api.example.com:443/a"),
        (
            Redirect(301, path="/#{path}"),
            "/%23%7Bhost%7D",
            "https://api.example.com:443/%23%7Bhost%7D",
        ),
    ],
)
def test_a_redirect(action: Redirect, target: str, location: str) -> None:
    answer = redirect_answer(action, request(target, host="api.example.com:8001"), table().listener)

    assert answer.status == action.status
    assert dict(answer.headers)[b"location"].decode() == location
