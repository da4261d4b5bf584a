import base64
import random
from collections import Counter
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest

from sandbox.dataplane.actions import Forward, Weighted
from sandbox.dataplane.groups import Group
from sandbox.dataplane.stickiness import Renewal, Stickiness
from tests.dataplane.support import PYTHON, RUST, Time, lambda_group, request

HOUR = 3600
HALF = Forward((Weighted(PYTHON, 50), Weighted(RUST, 50)), HOUR)


class Client:
    """A browser as far as stickiness goes: keeps the cookies, sends them back."""

    def __init__(self, sticky: Stickiness) -> None:
        self.sticky = sticky
        self.jar: dict[str, str] = {}
        self.lines: list[str] = []

    def visit(self, forward: Forward = HALF, *only: str) -> str | None:
        cookies = "; ".join(
            f"{name}={value}" for name, value in self.jar.items() if not only or name in only
        )
        headers = [("cookie", f"theme=dark; {cookies}")] if cookies else []
        group, lines = self.sticky.choose(forward, request(headers=headers))
        self.lines = [value.decode() for _, value in lines]
        for line in self.lines:
            name, _, value = line.partition(";")[0].partition("=")
            self.jar[name] = value
        return group.name if group else None


def make(
    time: Time | None = None, seed: int = 1, *, renew_on_activity: bool = True
) -> tuple[Stickiness, Time]:
    time = time or Time()
    chance = random.Random(seed).random  # noqa: S311 # a seeded draw
    return Stickiness(time, chance, Renewal(renew_on_activity)), time


def certain(group: Group) -> Callable[[], float]:
    return lambda: 0.0 if group is PYTHON else 0.999


def test_new_clients_are_drawn_by_weight() -> None:
    sticky, _ = make()

    drawn = Counter(Client(sticky).visit() for _ in range(4000))

    assert 1800 < drawn["rust"] < 2200  # 6 standard deviations
    assert sum(drawn.values()) == 4000


def test_a_client_stays_on_its_side() -> None:
    sticky, time = make()
    clients = [Client(sticky) for _ in range(50)]
    first = [client.visit() for client in clients]
    assert set(first) == {"python", "rust"}

    for _ in range(20):
        time.now += HOUR / 2
        assert [client.visit() for client in clients] == first


def test_an_idle_client_is_drawn_again_after_the_duration() -> None:
    sticky, time = make()
    clients = [Client(sticky) for _ in range(64)]
    first = [client.visit() for client in clients]

    kept = [dict(client.jar) for client in clients]
    time.now += HOUR - 0.01
    assert [client.visit() for client in clients] == first

    for client, cookies in zip(clients, kept, strict=True):
        client.jar = cookies
    time.now += 0.01
    again = [client.visit() for client in clients]
    assert again != first
    assert set(again) == {"python", "rust"}


def test_without_renewal_even_a_busy_client_is_drawn_again() -> None:
    sticky, time = make(renew_on_activity=False)
    clients = [Client(sticky) for _ in range(64)]
    first = [client.visit() for client in clients]
    for _ in range(5):
        time.now += HOUR / 6
        assert [client.visit() for client in clients] == first
        assert all(client.lines == [] for client in clients)

    time.now += HOUR / 6
    assert [client.visit() for client in clients] != first


def test_both_cookies_are_set_with_their_attributes() -> None:
    sticky, time = make()
    client = Client(sticky)
    client.visit()

    plain, twin = client.lines
    name, _, value = plain.partition("=")
    token, expires, path = value.split("; ")
    assert (name, path) == ("AWSALBTG", "Path=/")
    assert twin == f"AWSALBTGCORS={value}; SameSite=None; Secure"
    at = parsedate_to_datetime(expires.removeprefix("Expires="))
    assert at.timestamp() == time.now + 7 * 24 * 3600
    assert "Max-Age" not in plain
    assert base64.b64decode(token, validate=True)


@pytest.mark.parametrize("name", ["AWSALBTG", "AWSALBTGCORS"])
def test_either_cookie_is_read(name: str) -> None:
    sticky, _ = make()
    for _ in range(20):
        client = Client(sticky)
        first = client.visit()
        assert client.visit(HALF, name) == first


def test_the_cookie_says_nothing_to_the_client() -> None:
    sticky, _ = make()
    tokens = set()
    for _ in range(20):
        client = Client(sticky)
        client.visit()
        raw = base64.b64decode(client.jar["AWSALBTG"])
        assert not any(group.name.encode() in raw for group in (PYTHON, RUST))
        assert not any(group.fingerprint in raw for group in (PYTHON, RUST))
        tokens.add(client.jar["AWSALBTG"])
    assert len(tokens) == 20
    assert len({len(token) for token in tokens}) == 1


def test_the_rule_that_reads_the_cookie_says_how_long_it_holds() -> None:
    sticky, time = make()
    to_rust = Forward((Weighted(RUST, 1),), HOUR)
    short = Forward((Weighted(PYTHON, 1), Weighted(RUST, 0)), 10)
    long = Forward((Weighted(PYTHON, 1), Weighted(RUST, 0)), 604_800)
    client = Client(sticky)
    client.visit(to_rust)
    old = dict(client.jar)

    time.now += 9.9
    assert client.visit(short) == "rust"
    client.jar = dict(old)
    time.now += 0.1
    assert client.visit(short) == "python"
    client.jar = dict(old)
    time.now += 604_800 - 10 - 0.1
    assert client.visit(long) == "rust"
    client.jar = dict(old)
    time.now += 0.2
    assert client.visit(long) == "python"


def test_a_cookie_wins_over_weight_0() -> None:
    sticky, _ = make()
    client = Client(sticky)
    assert client.visit(Forward((Weighted(PYTHON, 0), Weighted(RUST, 100)), HOUR)) == "rust"
    back = Forward((Weighted(PYTHON, 100), Weighted(RUST, 0)), HOUR)

    assert client.visit(back) == "rust"
    assert {Client(sticky).visit(back) for _ in range(200)} == {"python"}


def test_a_plain_forward_knows_no_cookies() -> None:
    sticky, _ = make()
    client = Client(sticky)
    assert client.visit(Forward((Weighted(RUST, 1),), HOUR)) == "rust"

    assert client.visit(Forward((Weighted(PYTHON, 1),))) == "python"
    assert client.lines == []


def test_a_weighted_forward_without_stickiness_knows_none_either() -> None:
    sticky, _ = make()
    client = Client(sticky)
    loose = Forward((Weighted(PYTHON, 50), Weighted(RUST, 50)))

    assert {client.visit(loose) for _ in range(64)} == {"python", "rust"}
    assert client.jar == {}


def test_a_cookie_of_a_group_that_the_rule_lacks_is_drawn_again() -> None:
    sticky, _ = make()
    other = lambda_group("other")
    client = Client(sticky)
    assert client.visit(Forward((Weighted(other, 1),), HOUR)) == "other"

    assert client.visit(Forward((Weighted(RUST, 1), Weighted(PYTHON, 0)), HOUR)) == "rust"
    assert client.visit() == "rust"


def test_a_client_takes_its_side_to_every_rule_with_that_group() -> None:
    sticky, _ = make()
    other = lambda_group("other")
    client = Client(sticky)
    client.visit(Forward((Weighted(PYTHON, 0), Weighted(RUST, 1)), HOUR))

    assert client.visit(Forward((Weighted(other, 99), Weighted(RUST, 1)), HOUR)) == "rust"


def spoiled(token: str) -> list[str]:
    raw = bytearray(base64.b64decode(token))
    flipped = []
    for place in (0, 12, len(raw) - 1):
        copy = bytearray(raw)
        copy[place] ^= 1
        flipped.append(base64.b64encode(copy).decode())
    return [
        *flipped,
        token[:-4],
        f"{token[:9]}!{token[9:]}",
        token.replace("=", "%3D"),
        "",
        "not base64 at all",
        "\u00fc",
        base64.b64encode(bytes(52)).decode(),
    ]


def test_a_cookie_that_cannot_be_read_is_drawn_again() -> None:
    time = Time()
    sticky = Stickiness(time, certain(RUST))
    client = Client(sticky)
    assert client.visit() == "rust"
    token = client.jar["AWSALBTG"]
    python_now = Stickiness(time, certain(PYTHON))
    python_now._cipher = sticky._cipher  # the same balancer, other luck

    def choose(value: str) -> Group | None:
        asked = request(headers=[("cookie", f"AWSALBTG={value}")])
        return python_now.choose(HALF, asked).group

    assert choose(token) is RUST
    for value in spoiled(token):
        assert choose(value) is PYTHON, value


def test_a_cookie_of_another_start_is_drawn_again() -> None:
    time = Time()
    before = Client(Stickiness(time, certain(RUST)))
    assert before.visit() == "rust"
    after = Client(Stickiness(time, certain(PYTHON)))
    after.jar = before.jar

    assert after.visit() == "python"


def test_a_readable_cookie_behind_a_spoiled_one_counts() -> None:
    sticky, _ = make()
    client = Client(sticky)
    client.visit(Forward((Weighted(PYTHON, 0), Weighted(RUST, 1)), HOUR))
    back = Forward((Weighted(PYTHON, 1), Weighted(RUST, 0)), HOUR)

    for name in ("AWSALBTG", "AWSALBTGCORS"):
        lines = [
            ("cookie", "AWSALBTG=spoiled"),
            ("cookie", f"a=b; {name}={client.jar['AWSALBTG']}"),
        ]
        assert sticky.choose(back, request(headers=lines)).group is RUST


def test_nothing_is_drawn_when_every_weight_is_0() -> None:
    sticky, _ = make()
    nothing = Forward((Weighted(PYTHON, 0), Weighted(RUST, 0)), HOUR)

    assert sticky.choose(nothing, request()) == (None, [])
