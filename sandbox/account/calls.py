"""Counts the API calls that reach the accounts."""

import io
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router
from moto.iam.models import get_account_id_from

from sandbox.changes import Changes

Environ = Mapping[str, Any]

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
_RPC_PATH = re.compile(r"/service/[^/]+/operation/(?P<action>\w+)")
_CLIENTS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
"""Name a request is signed with -> name of the boto3 client, where they differ."""
_OBEYED = frozenset({"elbv2", "lambda"})
READS = ("Describe", "Get", "List")
"""How the names of calls begin that change nothing."""


@dataclass(frozen=True, order=True)
class Call:
    """One kind of call: `service` is the name of its boto3 client."""

    account_id: str
    service: str
    action: str


class CallCounter:
    """How often each call was made since the last reset. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Call] = Counter()
        self._changes: Counter[tuple[str, str]] = Counter()

    def add(self, call: Call) -> None:
        with self._lock:
            self._counts[call] += 1

    def answered(self, call: Call) -> None:
        """Note that what a call may have changed can be read now."""
        if call.service in _OBEYED and not call.action.startswith(READS):
            kind = "rules" if "Rule" in call.action else "others"
            with self._lock:
                self._changes[call.account_id, kind] += 1

    def changes(self, account_id: str) -> Changes:
        """Calls that may have changed what load balancers obey, never reset."""
        with self._lock:
            return Changes(*(self._changes[account_id, kind] for kind in Changes._fields))

    def reset(self) -> None:
        with self._lock:
            self._counts.clear()

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            counts = sorted(self._counts.items())
        return [
            {
                "accountId": call.account_id,
                "service": call.service,
                "action": call.action,
                "count": count,
            }
            for call, count in counts
        ]


def identify(environ: Environ, body: bytes) -> Call | None:
    """Which call a signed request makes; None when it is not signed."""
    credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if credential is None:
        return None
    service = credential["service"]
    return Call(
        account_id=environ.get("HTTP_X_MOTO_ACCOUNT_ID") or get_account_id_from(credential["key"]),
        service=_CLIENTS.get(service, service),
        action=_action(environ, body, service),
    )


def _action(environ: Environ, body: bytes, service: str) -> str:
    if target := environ.get("HTTP_X_AMZ_TARGET"):  # the JSON protocols
        return str(target).rpartition(".")[2]
    path = str(environ.get("PATH_INFO", ""))
    if rpc := _RPC_PATH.fullmatch(path):  # CBOR
        return rpc["action"]
    form = str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded")
    fields = parse_qs(body.decode("utf-8", "replace") if form else environ.get("QUERY_STRING", ""))
    if "Action" in fields:  # the query protocols
        return str(fields["Action"][0])
    return _rest_action(environ, service) or f"{environ['REQUEST_METHOD']} {path}"


def _rest_action(environ: Environ, service: str) -> str | None:
    try:
        # A body of its own, so that whatever the router reads is still there for moto.
        request = Request({**environ, "wsgi.input": io.BytesIO()})
        operation, _ = get_service_router(service).match(request)
    except (NotFound, LookupError, ValueError, NotImplementedError):
        return None
    return str(operation.name)
