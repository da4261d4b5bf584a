"""Resources as policies see them, and how one names another."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from policy.values import Value
from routing import limits

ARN = re.compile(r"arn:aws[a-z-]*:[^:]+:(?P<region>[^:]*):(?P<account>[^:]*):.+", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource. What it depends on is known to the policies over a stack alone."""

    type: str
    name: str
    urn: str
    props: Value = field(repr=False)
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    depends_on: frozenset[str] = frozenset()
    """URNs, whatever the reason."""
    edges: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Property -> URNs its value comes from, also when the value is not known yet."""
    secrets: frozenset[str] | None = None
    """Keys of the values that are secrets; None where nobody says, as under the CLI."""

    def __getitem__(self, name: str) -> Value:
        return self.props[name]

    @cached_property
    def names(self) -> frozenset[str]:
        """What other resources may call it, as far as it is known."""
        values = (self[key] for key in ("name", "id", "arn", "arnSuffix"))
        return frozenset({value.text or "" for value in values if not value.unknown} - {""})

    @cached_property
    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Key, region and account of everything elsewhere that a known text names.

        Of an image no account: another one may own it.
        """
        found = []
        for value in self.props.texts():
            text = value.text or ""
            if arn := ARN.fullmatch(text):
                found.append((value.key, arn["region"], arn["account"]))
            elif image := re.fullmatch(limits.FUNCTION_IMAGE_PATTERN, text):
                found.append((value.key, image["region"], ""))
        return tuple(found)

    @property
    def in_production(self) -> bool:
        return self.urn.split("::", maxsplit=1)[0].removeprefix("urn:pulumi:") == "production"


class Stack:
    """All resources, in an order that does not change from run to run.

    `config` is the stack's configuration by full key, as text; None where nobody says.
    """

    def __init__(
        self, resources: Iterable[Resource], config: Mapping[str, str] | None = None
    ) -> None:
        self.resources = tuple(sorted(resources, key=lambda resource: resource.urn))
        self.config = config

    def of(self, tokens: tuple[str, ...]) -> list[Resource]:
        return [resource for token in tokens for resource in self._by_type.get(token, ())]

    def named_by(self, value: Value, resource: Resource, tokens: tuple[str, ...]) -> list[Resource]:
        """The resources of a type that a property of `resource` names.

        A value that is known decides: AWS will get it, whatever it was made from. It names
        a resource by its id, its ARN or its physical name. The edges decide when it is not
        known yet, or when a resource has no physical name before it exists.
        """
        behind = self.behind(re.split(r"[.\[]", value.key, maxsplit=1)[0], resource, tokens)
        if value.unknown:
            return behind
        text = value.text or ""
        parts = {text, *text.split(":"), *re.split(r"[:/]", text)}
        return [
            one
            for one in self.of(tokens)
            if (not one.names.isdisjoint(parts) if one.names else one in behind)
        ]

    def behind(self, property_: str, resource: Resource, tokens: tuple[str, ...]) -> list[Resource]:
        """The resources of a type that the value of a property comes from."""
        edges = resource.edges.get(property_, frozenset())
        return [one for one in self.of(tokens) if one.urn in edges]

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        by_type: dict[str, list[Resource]] = {}
        for resource in self.resources:
            by_type.setdefault(resource.type, []).append(resource)
        return by_type
