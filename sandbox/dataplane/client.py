"""A client of the load balancers' control port."""

import http.client
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

PATIENCE_S: Final = 120
"""How long an answer may take: a busy machine needs its time to read every group."""


class ControlUnreachable(ConnectionError):
    """The load balancers do not answer any more."""


class ControlRefused(ValueError):
    """The load balancers will not do it; the message says why."""


class ControlClient:
    """Asks the load balancers of one stack; `url` is that of their control port.

    Every method raises ControlUnreachable and ControlRefused.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def status(self) -> dict[str, Any]:
        """What is live, where, and under which conditions."""
        return self._ask("GET", "/status")

    def counters(self) -> dict[str, Any]:
        """The exact counts since the start."""
        return self._ask("GET", "/metrics")

    def refresh(self) -> dict[str, Any]:
        """Read rules and groups now; what the account held before is live after it."""
        return self._ask("POST", "/refresh")

    def advance_clock(self, seconds: float) -> dict[str, Any]:
        """Move the clock that stickiness and metrics go by."""
        return self._ask("POST", "/clock", {"advance": seconds})

    def publish(self) -> dict[str, Any]:
        """Send the minutes that have ended to CloudWatch and evaluate the alarms."""
        return self._ask("POST", "/publish")

    def set_renewal(self, *, on_activity: bool) -> dict[str, Any]:
        """Say whether every answer renews the stickiness cookie."""
        return self._ask("PUT", "/renewal", {"onActivity": on_activity})

    def set_fault(self, implementation: str, fault: Mapping[str, float]) -> dict[str, Any]:
        """Turn a fault on: `errors` and `crashes` as shares from 0 to 1, `latencyMs`."""
        return self._ask("PUT", f"/faults/{implementation}", fault)

    def clear_fault(self, implementation: str) -> dict[str, Any]:
        """Turn it off."""
        return self._ask("DELETE", f"/faults/{implementation}")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=PATIENCE_S
        )
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlUnreachable(
                f"The load balancers do not answer at {self.url} ({error}). Is the sandbox running?"
            ) from None
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise ControlRefused(str(answer["error"]))
        return dict(answer)
