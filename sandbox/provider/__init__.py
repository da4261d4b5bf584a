"""A small AWS provider: the resource types of this program over boto3.

It knows nothing of its caller: the embedded engine, or the Pulumi CLI through
`sandbox.plugin`. Types, property names and ids are pulumi-aws's; what the real provider
refuses at plan time, replaces or sends is imitated as far as this program can tell the
difference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.provider import (
    awslambda,
    cloudwatch,
    dashboard,
    dynamodb,
    ec2,
    elbv2,
    iam,
    lambda_permission,
    listener_rule,
    logs,
)
from sandbox.provider.base import Created, Handler, Read, Unfinished, finishing, made_again

__all__ = ["Created", "Diff", "Provider", "Read", "Unfinished", "explain"]

LOOK_UP: Final = "aws:lb/getListenerRule:getListenerRule"

HANDLERS: Final[Mapping[str, type[Handler]]] = {
    handler.type_name: handler
    for handler in (
        awslambda.Function,
        lambda_permission.Permission,
        cloudwatch.CompositeAlarm,
        dashboard.Dashboard,
        cloudwatch.MetricAlarm,
        dynamodb.Table,
        ec2.SecurityGroup,
        elbv2.TargetGroup,
        elbv2.TargetGroupAttachment,
        iam.Role,
        iam.RolePolicy,
        iam.RolePolicyAttachment,
        listener_rule.ListenerRule,
        logs.LogGroup,
    )
}


def explain(type_: str, inputs: Mapping[str, Any], error: BaseException) -> str:
    """Why a call for a resource with these inputs failed, in AWS's own words if it said it."""
    reason = error.__cause__ if isinstance(error, Unfinished) else error
    return HANDLERS.get(type_, Handler).explain(inputs, cast("Exception", reason))


@dataclass(frozen=True)
class Diff:
    """Top-level properties that differ, and those of them that cannot change in place."""

    changed: frozenset[str]
    replaces: frozenset[str]
    delete_before_replace: bool = False
    """Whether the real provider would delete first: a name is given, so two cannot be."""


class Provider:
    """All types over one account. Safe to use from several threads.

    `client` makes the boto3 client of a service, such as "elbv2"; it is asked once.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        lock = Lock()

        @cache
        def cached(service: str) -> Any:
            return client(service)

        def locked(service: str) -> Any:
            with lock:  # a boto3 session must not make two clients at a time
                return cached(service)

        self._handlers = {name: handler(locked) for name, handler in HANDLERS.items()}

    def check(self, type_: str, inputs: Mapping[str, Any]) -> list[str]:
        """What the real provider refuses at plan time.

        Unknown values pass, and a missing top-level property too: the SDK reports those.
        """
        handler = self._handler(type_)
        return [*handler.schema.field_problems(inputs), *handler.check(inputs)]

    def diff(self, type_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        """What changed between two sets of inputs, equal spellings of a value aside."""
        handler = self._handler(type_)
        before, after = handler.normal(old), handler.normal(new)
        changed = frozenset(
            name
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)
            and not (name in handler.computed and name not in after)
        )
        replaces = changed & handler.replaces
        named = handler.auto_named and after.get("name") is not None
        return Diff(changed, replaces, delete_before_replace=bool(replaces) and named)

    def create(self, type_: str, name: str, inputs: Mapping[str, Any]) -> Created:
        """Create a resource; `name` is its logical name.

        Goes on where AWS created it and its answer was lost. Raises Unfinished when it is there
        and not as the inputs say; `mend` makes it so.
        """
        handler = self._handler(type_)
        named = handler.named(name, handler.schema.clean(inputs))
        try:
            return handler.create(named)
        except (BotoCoreError, ClientError) as error:
            # Made again after a lost answer, a call is refused because of what it made itself.
            read = self.find(type_, named) if made_again(error) else None
            if read is None:
                raise
        created = Created(read.id, read.outputs)
        with finishing(created):
            created.outputs.update(self.mend(type_, read.id, named))
        return created

    def named(self, type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with the name that `create` would make up, to `find` it by."""
        return self._handler(type_).named(name, inputs)

    def find(self, type_: str, inputs: Mapping[str, Any]) -> Read | None:
        """What was created from these inputs, when nobody knows whether it was.

        Something of somebody else, which has other tags, is not it.
        """
        handler = self._handler(type_)
        id_ = handler.id_of(handler.schema.clean(inputs))
        read = handler.read(id_, inputs) if id_ else None
        ours = read is not None and read.inputs.get("tags") == handler.normal(inputs).get("tags")
        return read if ours else None

    def mend(self, type_: str, id_: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Make what AWS has what the inputs say; returns its outputs."""
        read = self.read(type_, id_, inputs)
        if read is None:
            raise ValueError(f"AWS has no such resource with the id {id_}")
        changed = self.diff(type_, read.inputs, inputs).changed
        updated = self.update(type_, id_, read.inputs, inputs, changed) if changed else {}
        return {**read.outputs, **updated}

    def read(self, type_: str, id_: str, inputs: Mapping[str, Any] | None = None) -> Read | None:
        """The resource as AWS has it, None when it has none.

        `id_` may also be an import id. `inputs` are those of the program or of the state;
        what they leave to AWS is left out, what AWS does not give back is taken from them.
        """
        return self._handler(type_).read(id_, inputs)

    def lost(self, type_: str, known: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Those of the ids, each with its inputs, that AWS no longer has."""
        return self._handler(type_).lost(known)

    def update(
        self,
        type_: str,
        id_: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        changed: frozenset[str],
    ) -> dict[str, Any]:
        """Change in place what changed; returns outputs to merge over the old ones."""
        handler = self._handler(type_)
        clean = handler.schema.clean
        return handler.update(id_, clean(old), clean(new), changed)

    def delete(self, type_: str, id_: str, inputs: Mapping[str, Any]) -> None:
        """Delete a resource; one that is already gone is fine."""
        self._handler(type_).delete(id_, inputs)

    def invoke(self, function: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of the one function that the program calls."""
        rules = self._handlers[listener_rule.ListenerRule.type_name]
        if function != LOOK_UP or not isinstance(rules, listener_rule.ListenerRule):
            raise ValueError(f"this provider has no function {function}")
        return rules.look_up(args["arn"])

    def _handler(self, type_: str) -> Handler:
        try:
            return self._handlers[type_]
        except KeyError:
            raise ValueError(f"this provider has no type {type_}") from None
