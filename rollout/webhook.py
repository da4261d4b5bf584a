"""Tells somebody of a decision, and never makes a rollout wait."""

import http.client
import json
import threading
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final

_PATIENCE_S: Final = 3.0


def notify(url: str, message: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """POST a message as JSON; after three seconds nobody waits for an answer any more."""

    def post() -> None:
        try:
            request = urllib.request.Request(  # noqa: S310 # the operator's own URL
                url,
                json.dumps(message, default=str).encode(),
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=_PATIENCE_S):  # noqa: S310 # the same
                pass
        except (OSError, ValueError, http.client.HTTPException) as error:
            # Not the URL: who knows it may post.
            say(f"Warning: the webhook was not told: {type(error).__name__}")

    thread = threading.Thread(target=post, daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
