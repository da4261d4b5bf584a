"""Ownership and tags."""

from dataclasses import replace

from policy import tokens
from policy.rules import ownership, tags
from tests.policy.cases.case import GONE, bad, fine
from tests.policy.good import extra

_OWNED = (
    tokens.LOAD_BALANCER,
    tokens.LISTENER,
    tokens.WEB_ACL,
    tokens.TOPIC,
    tokens.SECRET,
)
_LISTENER = extra(tokens.LISTENER)

CASES = (
    *(
        bad(ownership.foundation_is_not_declared_twice, token[0], plus=[extra(token)])
        for token in _OWNED
    ),
    fine(ownership.foundation_is_not_declared_twice, "none of them"),
    bad(ownership.entrances_are_protected, "a listener", plus=[_LISTENER]),
    bad(ownership.entrances_are_protected, "a balancer", plus=[extra(tokens.LOAD_BALANCER)]),
    fine(ownership.entrances_are_protected, "protected", plus=[replace(_LISTENER, protect=True)]),
    fine(
        ownership.entrances_are_protected,
        "in staging",
        plus=[replace(_LISTENER, urn=_LISTENER.urn.replace("production", "staging"))],
    ),
    bad(tags.resource_is_tagged, "not at all", "plain", {"tags": GONE}),
    bad(tags.resource_is_tagged, "one is missing", "l-image", {"tags.Repo": GONE}),
    bad(tags.resource_is_tagged, "one is empty", "image", {"tags.Application": ""}),
    fine(tags.resource_is_tagged, "one more", "image", {"tags.More": "x"}),
)
