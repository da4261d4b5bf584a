"""What every resource type of the provider has in common."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.provider.schema import Block

Inputs = Mapping[str, Any]
T = TypeVar("T")

UNIQUE_LENGTH: Final = 26
"""Characters with which the real provider makes an id unique."""


@dataclass(frozen=True)
class Created:
    """A new resource: its id and what AWS computed."""

    id: str
    outputs: dict[str, Any]


@dataclass(frozen=True)
class Read:
    """A resource as AWS has it; `inputs` as a program would write them."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """An API operation that lists every resource of a type, and where their ids are in it."""

    operation: str
    answer: str
    id: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Unfinished(Exception):
    """A resource was created, and a call that belongs to its creation failed."""

    def __init__(self, created: Created, reason: Exception) -> None:
        super().__init__(words(reason))
        self.created = created


@contextmanager
def finishing(created: Created) -> Iterator[None]:
    """Surrounds the calls with which a creation ends. Raises Unfinished when one fails."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise Unfinished(created, error) from error


def made_again(error: BotoCoreError | ClientError) -> bool:
    """Whether AWS may have done before what it now refuses, or has not answered."""
    if isinstance(error, ClientError):
        return bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts"))
    return True


class Handler(ABC):
    """One resource type. The methods get inputs that are clean and fully known."""

    type_name: ClassVar[str]
    service: ClassVar[str]
    schema: ClassVar[Block]
    name_input: ClassVar[str] = "name"
    """The input that names the resource in AWS."""
    replaces: ClassVar[frozenset[str]]
    """Inputs that cannot change in place."""
    computed: ClassVar[frozenset[str]] = frozenset()
    """Inputs that keep their value when the program leaves them out."""
    unreadable: ClassVar[frozenset[str]] = frozenset()
    """Inputs that AWS does not give back."""
    listing: ClassVar[Listing | None] = None
    """How AWS lists all of them, where one call tells what a hundred reads would."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    @property
    def api(self) -> Any:
        return self._client(self.service)

    @property
    def auto_named(self) -> bool:
        """Whether a name is made up when the program gives none."""
        return self.name_input in self.computed

    def check(self, _inputs: Inputs, /) -> list[str]:
        """What the real provider refuses at plan time beyond the schema."""
        return []

    def normal(self, inputs: Inputs) -> dict[str, Any]:
        """The form that all equal inputs share."""
        normal: dict[str, Any] = self.schema.normal(inputs)
        return normal

    def named(self, name: str, inputs: Inputs, /) -> dict[str, Any]:
        """The inputs with the name that is made up from the logical one when they give none."""
        if not self.auto_named or inputs.get(self.name_input):
            return dict(inputs)
        return {**inputs, self.name_input: self.made_up(name)}

    def made_up(self, name: str, /) -> str:
        """A name that no other resource has."""
        return f"{name}-{secrets.token_hex(4)[:7]}"

    def id_of(self, inputs: Inputs, /) -> str | None:
        """The id of what was created from named inputs, if there is any."""
        return str(inputs[self.name_input])

    @abstractmethod
    def create(self, inputs: Inputs, /) -> Created:
        """Create from named inputs. Raises Unfinished."""
        ...

    @abstractmethod
    def read(self, id_: str, inputs: Inputs | None, /) -> Read | None: ...

    @abstractmethod
    def delete(self, id_: str, inputs: Inputs, /) -> None: ...

    def lost(self, known: Mapping[str, Inputs]) -> set[str]:
        """Those of the ids, each with its inputs, that AWS no longer has."""
        if self.listing is None:
            return {id_ for id_, inputs in known.items() if self.read(id_, inputs) is None}
        pages = self.api.get_paginator(self.listing.operation).paginate(**self.listing.arguments)
        listed = (one for page in pages for one in page[self.listing.answer])
        return known.keys() - {one[self.listing.id] for one in listed}

    def update(
        self, _id: str, _old: Inputs, _new: Inputs, _changed: frozenset[str], /
    ) -> dict[str, Any]:
        """Change what changed; returns the outputs that the change may have altered."""
        raise NotImplementedError(f"{self.type_name} cannot change in place")

    @staticmethod
    def explain(_inputs: Inputs, error: Exception, /) -> str:
        """Why a call for a resource with these inputs failed."""
        return words(error)

    def as_written(self, found: Inputs, inputs: Inputs | None) -> dict[str, Any]:
        """What was found in AWS, in the shape of the inputs that a program gave before."""
        normal = self.normal(found)
        if inputs is None:
            return normal
        return {
            name: value
            for name, value in normal.items()
            if name not in self.computed or inputs.get(name) is not None
        } | {name: inputs[name] for name in self.unreadable if inputs.get(name) is not None}


def found(call: Callable[[], T], *absent: str) -> T | None:
    """The answer of an AWS call, None when it fails with a code that means absence."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in absent:
            return None
        raise


def words(error: Exception) -> str:
    """What went wrong, in AWS's own words if AWS said it."""
    if isinstance(error, ClientError):
        detail = error.response.get("Error", {})
        return f"{detail.get('Code')}: {detail.get('Message')}"
    return str(error) or type(error).__name__


def pascal(fields: Inputs, **special: str) -> dict[str, Any]:
    """The fields under the names that the API has for them."""
    return {special.get(name) or name[0].upper() + name[1:]: fields[name] for name in fields}


def camel(fields: Inputs) -> dict[str, Any]:
    """An answer of the API under the names that a program has for its fields."""
    return {name[0].lower() + name[1:]: value for name, value in fields.items()}


def tagged(inputs: Inputs) -> dict[str, list[dict[str, str]]]:
    """The `Tags` argument of a create call, left out when there are none."""
    tags = tag_list(inputs.get("tags", {}))
    return {"Tags": tags} if tags else {}


def tag_table(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags as a program writes them."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def retag(
    old: Inputs,
    new: Inputs,
    remove: Callable[[list[str]], object],
    put: Callable[[dict[str, str]], object],
) -> None:
    """Take away the tags that are gone, and set those that are new or changed."""
    before, after = old.get("tags", {}), new.get("tags", {})
    if gone := sorted(set(before) - set(after)):
        remove(gone)
    if changed := {key: value for key, value in after.items() if before.get(key) != value}:
        put(changed)


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most of the APIs take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
