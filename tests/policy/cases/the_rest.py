"""Ownership and tags."""

from dataclasses import replace

from policy import tokens
from policy.policies import ownership, tags
from tests.policy.cases.case import GONE, also, on
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
    *on(
        ownership.foundation_is_not_declared_twice,
        bad={token[0]: also(plus=[extra(token)]) for token in _OWNED},
    ),
    *on(ownership.foundation_is_not_declared_twice, fine={"none of them": {}}),
    *on(
        ownership.entrances_are_protected,
        bad={
            "a listener": also(plus=[_LISTENER]),
            "a balancer": also(plus=[extra(tokens.LOAD_BALANCER)]),
        },
        fine={
            "protected": also(plus=[replace(_LISTENER, protect=True)]),
            "in staging": also(
                plus=[replace(_LISTENER, urn=_LISTENER.urn.replace("production", "staging"))]
            ),
        },
    ),
    *on(tags.resource_is_tagged, "plain", bad={"not at all": {"tags": GONE}}),
    *on(tags.resource_is_tagged, "l-image", bad={"one is missing": {"tags.Repo": GONE}}),
    *on(
        tags.resource_is_tagged,
        "image",
        bad={"one is empty": {"tags.Application": ""}},
        fine={"one more": {"tags.More": "x"}},
    ),
)
