"""Target group stickiness: the cookies AWSALBTG and AWSALBTGCORS.

A cookie names the group and when it was issued, nothing else: no rule. The rule that reads
it decides how old it may be, and whether it has that group at all; if not, or if the cookie
cannot be read, the group is drawn anew. A cookie wins over weights, also over a weight of 0.

Assumed, because AWS documents it for the cookies of its other kinds of stickiness only:
every answer of a target renews the cookie, and `Expires` is seven days ahead whatever the
duration is. Not documented at all: what happens to a cookie that names a group which the
rule no longer has (here: drawn again), and whether the balancer's own errors set a cookie
(here: no).
"""

import base64
import binascii
import itertools
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.dataplane.actions import Forward
from sandbox.dataplane.asgi import HeaderLines
from sandbox.dataplane.groups import Group
from sandbox.dataplane.request import Request

COOKIE: Final = "AWSALBTG"
TWIN: Final = "AWSALBTGCORS"
EXPIRES_S: Final = 7 * 24 * 3600

_NAMES = (COOKIE.encode(), TWIN.encode())
_NONCE_BYTES = 12
_CONTENT = struct.Struct(">Q16s")  # issued at, in milliseconds; fingerprint of the group
_TOKEN_BYTES = _NONCE_BYTES + _CONTENT.size + 16  # the tag


@dataclass
class Renewal:
    """Whether every answer of a target renews the cookie. May be changed at any time."""

    on_activity: bool = True


class Choice(NamedTuple):
    """The group that serves a request, and the Set-Cookie lines for the answer."""

    group: Group | None
    cookies: HeaderLines


class Stickiness:
    """Chooses groups for one load balancer; its key is made when it starts.

    `chance` gives numbers from 0 to below 1.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        chance: Callable[[], float],
        renewal: Renewal | None = None,
    ) -> None:
        self._renewal = renewal or Renewal()
        self._clock = clock
        self._chance = chance
        self._cipher = AESGCM(AESGCM.generate_key(128))
        self._nonces = itertools.count()  # unique for the key is all that AES-GCM asks
        self._expires = (0, "")

    def choose(self, forward: Forward, request: Request) -> Choice:
        """The group of the client's cookie if the rule goes by it, else one by weight.

        The group is None if all weights are 0. What AWS does then was not verified.
        """
        if forward.stickiness_s is None:
            return Choice(forward.draw(self._chance()), [])
        now = self._clock()
        pinned = self._pinned(forward, request, now)
        if pinned is not None:
            return Choice(pinned, self._issue(pinned, now) if self._renewal.on_activity else [])
        drawn = forward.draw(self._chance())
        return Choice(drawn, [] if drawn is None else self._issue(drawn, now))

    def _pinned(self, forward: Forward, request: Request, now: float) -> Group | None:
        for token in _tokens(request.values(b"cookie")):
            content = self._open(token)
            if content is None:
                continue
            issued_ms, fingerprint = content
            group = forward.by_fingerprint.get(fingerprint)
            if group is not None and now - issued_ms / 1000 < (forward.stickiness_s or 0):
                return group
        return None

    def _open(self, token: bytes) -> tuple[int, bytes] | None:
        try:
            raw = base64.b64decode(token, validate=True)
            if len(raw) != _TOKEN_BYTES:
                return None
            content = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
        except (binascii.Error, InvalidTag):
            return None
        issued_ms, fingerprint = _CONTENT.unpack(content)
        return issued_ms, fingerprint

    def _issue(self, group: Group, now: float) -> HeaderLines:
        nonce = next(self._nonces).to_bytes(_NONCE_BYTES)
        content = _CONTENT.pack(int(now * 1000), group.fingerprint)
        token = base64.b64encode(nonce + self._cipher.encrypt(nonce, content, None)).decode()
        rest = f"{token}; Expires={self._expires_text(int(now))}; Path=/"
        return [
            (b"set-cookie", f"{COOKIE}={rest}".encode()),
            (b"set-cookie", f"{TWIN}={rest}; SameSite=None; Secure".encode()),
        ]

    def _expires_text(self, second: int) -> str:
        if self._expires[0] != second:
            self._expires = (second, formatdate(second + EXPIRES_S, usegmt=True))
        return self._expires[1]


def _tokens(headers: Iterable[bytes]) -> Iterator[bytes]:
    """The values of both cookies, all AWSALBTG first."""
    found = [
        (name, value)
        for header in headers
        for name, _, value in (part.strip().partition(b"=") for part in header.split(b";"))
        if name in _NAMES
    ]
    for wanted in _NAMES:
        yield from (value for name, value in found if name == wanted)
