"""Both load balancers on real ports, in front of an account whose rules the tests change."""

import socket
import threading
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.account.client import Account
from sandbox.dataplane.faults import Fault
from sandbox.dataplane.server import DataPlane
from sandbox.ports import PortTaken, listen
from tests.account.support import fixed_response, path
from tests.dataplane.conftest import (
    FAST_S,
    Client,
    Sides,
    Stack,
    client,
    newer,
    raw,
    version,
)
from tests.dataplane.support import HANG_S, Says, lambda_response

CLIENTS = 400


def new_clients(browser: Client, target: str, count: int = CLIENTS) -> Counter[str | None]:
    """The sides of clients that come for the first time."""
    found: Counter[str | None] = Counter()
    for _ in range(count):
        browser.forget()
        found[browser.ask(target).side] += 1
    return found


def test_0_percent_is_a_plain_rule(
    plane: DataPlane, stack: Stack, sides: Sides, browser: Client
) -> None:
    stack.rule(sides.plain)
    plane.refresh()

    assert new_clients(browser, f"{stack.prefix}/a") == {"python": CLIENTS}
    assert "set-cookie" not in browser.ask(f"{stack.prefix}/a").headers


def test_50_percent(plane: DataPlane, stack: Stack, sides: Sides, browser: Client) -> None:
    rule = stack.rule(sides.share(50))
    plane.refresh()

    found = new_clients(browser, f"{stack.prefix}/a")

    assert set(found) == {"python", "rust"}
    assert 140 < found["rust"] < 260  # 6 standard deviations
    assert plane.metrics.totals().of_rule(rule) == {
        sides.python: found["python"],
        sides.rust: found["rust"],
    }


def test_100_percent(plane: DataPlane, stack: Stack, sides: Sides, browser: Client) -> None:
    stack.rule(sides.share(100))
    plane.refresh()

    assert new_clients(browser, f"{stack.prefix}/a") == {"rust": CLIENTS}


def test_clients_stay_for_the_hour_and_idle_ones_are_drawn_again(
    plane: DataPlane, stack: Stack, sides: Sides, browser: Client
) -> None:
    stack.rule(sides.share(50))
    plane.refresh()
    target = f"{stack.prefix}/a"
    jars = []
    for _ in range(40):
        browser.forget()
        jars.append((browser.ask(target).side, dict(browser.jar)))

    def visit() -> list[str | None]:
        sides = []
        for index, (side, jar) in enumerate(jars):
            browser.jar = dict(jar)
            sides.append(browser.ask(target).side)
            jars[index] = (side, dict(browser.jar))
        return sides

    first = [side for side, _ in jars]
    for _ in range(4):
        plane.clock.advance(1800)
        assert visit() == first
    plane.clock.advance(3600)
    assert visit() != first


def pinned(browser: Client, target: str, count: int) -> list[dict[str, str]]:
    """The cookies of so many clients that are on Rust."""
    jars: list[dict[str, str]] = []
    while len(jars) < count:
        browser.forget()
        if browser.ask(target).side == "rust":
            jars.append(dict(browser.jar))
    return jars


class Load(threading.Thread):
    """Clients with cookies that ask again and again until they are told to stop."""

    def __init__(self, url: str, target: str, jars: list[dict[str, str]]) -> None:
        super().__init__()
        self.seen: list[tuple[float, int, str | None]] = []
        """When a request began, its status and its side."""
        self._url = url
        self._target = target
        self._jars = jars
        self._enough = threading.Condition()
        self._stopping = False

    def run(self) -> None:
        with client(self._url) as browser:
            while not self._stopping:
                for jar in self._jars:
                    browser.jar = dict(jar)
                    begun = time.monotonic()
                    answered = browser.ask(self._target)
                    with self._enough:
                        self.seen.append((begun, answered.status, answered.side))
                        self._enough.notify_all()

    def wait_for_more(self, count: int) -> None:
        with self._enough:
            wanted = len(self.seen) + count
            assert self._enough.wait_for(lambda: len(self.seen) >= wanted, HANG_S)

    def stop(self) -> None:
        self._stopping = True
        self.join()


def test_rollback_to_a_plain_rule_takes_everyone_back_at_once(
    plane: DataPlane, stack: Stack, sides: Sides, browser: Client
) -> None:
    rule = stack.rule(sides.share(100))
    plane.refresh()
    target = f"{stack.prefix}/a"
    load = Load(plane.public_url, target, pinned(browser, target, 20))
    load.start()
    try:
        load.wait_for_more(100)
        before = version(plane)
        stack.modify(rule, sides.plain)
        newer(plane, before)
        live_at = time.monotonic()
        reached = plane.metrics.totals().of_group(sides.rust)
        load.wait_for_more(200)
    finally:
        load.stop()

    after = [side for begun, _, side in load.seen if begun >= live_at]
    assert {status for _, status, _ in load.seen} == {200}
    assert len(after) >= 199
    assert set(after) == {"python"}
    assert plane.metrics.totals().of_group(sides.rust) <= reached + 1  # one was on its way


def test_rollback_by_weight_0_keeps_those_with_a_cookie(
    plane: DataPlane, stack: Stack, sides: Sides, browser: Client
) -> None:
    rule = stack.rule(sides.share(100))
    plane.refresh()
    target = f"{stack.prefix}/a"
    jars = pinned(browser, target, 20)
    before = version(plane)
    stack.modify(rule, sides.share(0))
    newer(plane, before)

    for jar in jars:
        browser.jar = dict(jar)
        assert browser.ask(target).side == "rust"
    assert new_clients(browser, target) == {"python": CLIENTS}


def test_a_change_is_live_by_itself(plane: DataPlane, stack: Stack, browser: Client) -> None:
    rule = stack.rule(fixed_response("1", "200"))
    plane.refresh()
    for number in range(2, 6):
        before = version(plane)
        stack.modify(rule, fixed_response(str(number), "200"))
        newer(plane, before)
        assert browser.ask(f"{stack.prefix}/a").body == str(number).encode()


def test_a_target_and_a_permission_are_needed(
    plane: DataPlane, stack: Stack, browser: Client
) -> None:
    group = stack.group(target=False)
    stack.rule({"Type": "forward", "TargetGroupArn": group})
    plane.refresh()
    target = f"{stack.prefix}/a"
    assert browser.ask(target).status == 503

    before = version(plane)
    statement = stack.attach(group, "needs-permission")
    newer(plane, before)
    plane.refresh()
    assert browser.ask(target).status == 200

    stack.account.client("lambda").remove_permission(
        FunctionName="needs-permission", StatementId=statement
    )
    plane.refresh()
    assert browser.ask(target).status == 502
    assert plane.metrics.totals().failures[group, "LambdaAccessDenied"] == 1


def test_multi_value_headers_by_the_groups_attribute(
    plane: DataPlane, stack: Stack, browser: Client
) -> None:
    group = stack.group()
    stack.rule({"Type": "forward", "TargetGroupArn": group})
    plane.refresh()
    target = f"{stack.prefix}/a?x=1&x=2"
    assert browser.ask(target).json()["query"] == {"x": "2"}

    stack.account.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
    )
    plane.refresh()
    assert browser.ask(target).json()["query"] == {"x": ["1", "2"]}


def test_a_redirect_and_a_fixed_response(plane: DataPlane, stack: Stack, browser: Client) -> None:
    stack.rule(
        {
            "Type": "redirect",
            "RedirectConfig": {"Path": "/new/#{path}", "StatusCode": "HTTP_302"},
        },
        path(f"{stack.prefix}/old"),
    )
    stack.rule(fixed_response("gone", "410"))
    plane.refresh()

    moved = browser.ask(f"{stack.prefix}/old?a=b", headers={"Host": "api.passport.xyz"})
    assert moved.status == 302
    assert moved.headers["location"] == (f"https://api.passport.xyz:443/new{stack.prefix}/old?a=b")
    gone = browser.ask(f"{stack.prefix}/x")
    assert (gone.status, gone.body, gone.headers["content-type"]) == (410, b"gone", "text/plain")


def test_the_internal_balancer_has_rules_of_its_own(
    plane: DataPlane, stack: Stack, browser: Client
) -> None:
    stack.rule(fixed_response("public", "200"))
    stack.listener = stack.account.foundation["privateAlbHttpListenerArn"]
    stack.rule(fixed_response("internal", "200"))
    plane.refresh()

    with client(plane.internal_url) as inside:
        assert inside.ask(f"{stack.prefix}/a").body == b"internal"
        assert inside.ask("/status").status == 404
    assert browser.ask(f"{stack.prefix}/a").body == b"public"
    assert browser.ask("/status").status == 404  # nothing of ours on a balancer's port


def test_bodies_over_the_wire(plane: DataPlane, stack: Stack, browser: Client) -> None:
    stack.rule({"Type": "forward", "TargetGroupArn": stack.group()})
    plane.refresh()
    target = f"{stack.prefix}/a"

    said = browser.ask(target, "POST", {"Content-Type": "text/plain"}, b"x" * 1024 * 1024).json()
    assert said["bodyLength"] == 1024 * 1024
    assert browser.ask(target, "POST", body=b"x" * (1024 * 1024 + 1)).status == 413
    assert browser.ask(target).status == 200  # the same connection goes on
    head = browser.ask(target, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 0


DATED = {"date": "Wed, 21 Oct 2015 07:28:00 GMT", "x-a": "b"}


def test_a_date_of_the_functions_own_stands_alone(
    account: Account, stack: Stack, sides: Sides
) -> None:
    stack.rule(sides.share(100))
    rust = Says(lambda_response(headers=DATED))
    with (
        DataPlane(account, interval_s=FAST_S, backends={"rust": rust}) as own,
        client(own.public_url) as browser,
    ):
        answered = browser.ask(f"{stack.prefix}/a")
        assert answered.headers.get_all("date") == [DATED["date"]]
        rust.response = lambda_response()
        assert len(browser.ask(f"{stack.prefix}/a").headers.get_all("date") or []) == 1


def test_odd_requests_over_the_wire(plane: DataPlane, stack: Stack) -> None:
    stack.rule({"Type": "forward", "TargetGroupArn": stack.group()})
    plane.refresh()
    line = f"GET {stack.prefix}/a%2Fb HTTP/1.1\r\nHost: h\r\nConnection: ".encode()

    assert b'/a%2Fb"' in raw(plane.public_url, line + b"close\r\n\r\n")
    upgrade = raw(
        plane.public_url,
        line + b"upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )
    assert upgrade.startswith(b"HTTP/1.1 400 ")
    assert b"awselb" in upgrade
    assert raw(plane.public_url, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_faults_through_the_control_port(
    plane: DataPlane, stack: Stack, sides: Sides, browser: Client
) -> None:
    stack.rule(sides.share(100))
    plane.refresh()
    target = f"{stack.prefix}/a"
    url = plane.urls["control"] + "/faults/rust"
    put = urllib.request.Request(url, b'{"crashes": 1}', method="PUT")
    try:
        with urllib.request.urlopen(put) as answered:
            assert answered.status == 200
        assert browser.ask(target).status == 502
    finally:
        with urllib.request.urlopen(urllib.request.Request(url, method="DELETE")) as answered:
            assert answered.status == 200
    assert browser.ask(target).status == 200
    assert plane.metrics.totals().failures[sides.rust, "LambdaUnhandled"] == 1


COUNTED = (
    "RequestCount",
    "HTTPCode_Target_2XX_Count",
    "HTTPCode_Target_5XX_Count",
    "HTTPCode_ELB_502_Count",
)


def published(plane: DataPlane, account: Account, metric: str) -> float:
    """What CloudWatch has of the public load balancer, up to this request."""
    plane.clock.advance(60)
    plane.monitor.publish()
    now = datetime.fromtimestamp(plane.clock(), UTC)
    suffix = account.foundation["publicAlbArnSuffix"]
    answer = account.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName=metric,
        Dimensions=[{"Name": "LoadBalancer", "Value": suffix}],
        StartTime=now - timedelta(hours=12),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])


def test_counters_add_up_to_the_requests_sent(
    plane: DataPlane, stack: Stack, sides: Sides, browser: Client
) -> None:
    rule = stack.rule(sides.share(50))
    plane.refresh()
    before = {metric: published(plane, stack.account, metric) for metric in COUNTED}
    plane.faults.set("rust", Fault(errors=0.3, crashes=0.3))
    try:
        statuses: Counter[int] = Counter()
        for _ in range(CLIENTS):
            browser.forget()
            statuses[browser.ask(f"{stack.prefix}/a").status] += 1
    finally:
        plane.faults.clear("rust")

    assert set(statuses) == {200, 500, 502}
    assert sum(plane.metrics.totals().of_rule(rule).values()) == CLIENTS
    more = {
        metric: published(plane, stack.account, metric) - count for metric, count in before.items()
    }
    assert more == {
        "RequestCount": CLIENTS,
        "HTTPCode_Target_2XX_Count": statuses[200],
        "HTTPCode_Target_5XX_Count": statuses[500],
        "HTTPCode_ELB_502_Count": statuses[502],
    }


def test_status_says_what_is_live(plane: DataPlane) -> None:
    status = plane.control.status()

    assert status["urls"] == {
        "public": plane.public_url,
        "internal": plane.internal_url,
        "control": plane.urls["control"],
    }
    assert status["error"] is None
    assert plane.source.live.version >= status["version"]


@pytest.mark.parametrize("name", ["public_port", "internal_port", "control_port"])
def test_a_taken_port_is_a_clear_error(account: Account, name: str) -> None:
    before = threading.enumerate()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=f"Port {port} of 127.0.0.1 is taken"),
            DataPlane(account, **{name: port}),
        ):
            pass

    started = {one.name for one in threading.enumerate() if one not in before}
    assert not started & {"rules", "load balancers"}


def test_the_ports_are_free_again_after_close(account: Account) -> None:
    before = threading.enumerate()
    with DataPlane(account, interval_s=FAST_S) as first:
        port = int(first.public_url.rpartition(":")[2])
    first.close()
    assert "rules" not in {one.name for one in threading.enumerate() if one not in before}

    with DataPlane(account, public_port=port, interval_s=FAST_S) as second:
        assert second.public_url == first.public_url
        with client(second.public_url) as browser:
            assert browser.ask("/").status == 404


def test_a_port_that_is_taken_without_an_answer_is_taken_too() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PortTaken):
            listen(taken.getsockname()[1], "a test")


def test_only_the_loopback_interface_is_served() -> None:
    with listen(0, "a test") as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_backends_of_the_users_own(account: Account, stack: Stack, sides: Sides) -> None:
    stack.rule(sides.share(100))
    rust = Says(lambda_response(body="mine"))

    with (
        DataPlane(account, interval_s=FAST_S, backends={"rust": rust}) as own,
        client(own.public_url) as browser,
    ):
        assert browser.ask(f"{stack.prefix}/a").body == b"mine"
    assert len(rust.calls) == 1


def test_a_backend_in_front_of_another_balancer(
    account: Account, plane: DataPlane, stack: Stack, sides: Sides
) -> None:
    """A running service as the function: here the data plane of the other tests."""
    stack.rule(sides.share(100))
    plane.refresh()
    with (
        DataPlane(account, interval_s=FAST_S, backends={"rust": plane.public_url}) as front,
        client(front.public_url) as browser,
    ):
        answered = browser.ask(f"{stack.prefix}/a?x=1")

    assert answered.status == 200
    assert answered.json()["query"] == {"x": "1"}
    assert front.metrics.totals().of_group(sides.rust) == 1
    assert plane.metrics.totals().of_group(sides.rust) == 1


def test_a_backend_that_is_no_implementation(account: Account) -> None:
    with pytest.raises(ValueError, match="go is none of python, rust"):
        DataPlane(account, backends={"go": Says(None)})


def test_without_renewal_a_busy_client_is_drawn_again(
    account: Account, stack: Stack, sides: Sides
) -> None:
    stack.rule(sides.share(50))
    with (
        DataPlane(account, interval_s=FAST_S, renew_on_activity=False) as own,
        client(own.public_url) as browser,
    ):
        drawn = set()
        first = browser.ask(f"{stack.prefix}/a")
        assert "set-cookie" in first.headers
        for _ in range(40):
            own.clock.advance(1800)
            assert "set-cookie" not in browser.ask(f"{stack.prefix}/a").headers
            own.clock.advance(1800)
            drawn.add(browser.ask(f"{stack.prefix}/a").side)

    assert drawn == {"python", "rust"}
