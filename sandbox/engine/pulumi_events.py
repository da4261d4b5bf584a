"""What a run of the Pulumi CLI did, from the events that it prints with `--json`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi.automation.events import DiagnosticEvent, EngineEvent, OpType, StepEventMetadata
from pulumi.runtime import rpc

from sandbox.engine.result import (
    DeploymentError,
    Drift,
    Operation,
    Result,
    Step,
    Watcher,
    failed,
    forbidden,
    no_such_stack,
    would_replace,
)
from sandbox.engine.state import Resource
from sandbox.provider.schema import has_unknown
from sandbox.routes import MASK

_OPERATIONS: Final = {
    OpType.SAME: Operation.SAME,
    OpType.CREATE: Operation.CREATE,
    OpType.UPDATE: Operation.UPDATE,
    OpType.IMPORT: Operation.IMPORT,
    OpType.REPLACE: Operation.REPLACE,
    OpType.DELETE: Operation.DELETE,
}
_REPLACEMENTS: Final = frozenset(
    {OpType.REPLACE, OpType.CREATE_REPLACEMENT, OpType.DELETE_REPLACED, OpType.IMPORT_REPLACEMENT}
)
_STACK: Final = "pulumi:pulumi:Stack"
_REFERENCE: Final = "pulumi:pulumi:StackReference"
_EXITED: Final = "an unhandled error occurred: program exited with non-zero exit code"
_CRASHED: Final = "Program failed with an unhandled exception"
_SUMMARIES: Final = (_EXITED, "update failed", "preview failed", "destroy failed")
"""Errors that only say that there were errors."""


class Recorder:
    """Takes the events of one run as they come.

    `edited` are properties by URN that earlier runs saw changed by hand and did not put right.
    """

    def __init__(
        self, watch: Watcher, stacks: Sequence[str], edited: Mapping[str, Sequence[str]]
    ) -> None:
        self._watch = watch
        self._stacks = stacks
        self._edited = edited
        self._steps: dict[str, Step] = {}
        self._outputs: dict[str, Any] = {}
        self._errors: list[DiagnosticEvent] = []
        self._forbidden: list[str] = []
        self._replaced: dict[str, str] = {}
        self._drift: dict[str, Drift] = {}

    def __call__(self, event: EngineEvent) -> None:
        if event.resource_pre_event and event.resource_pre_event.metadata.op in _REPLACEMENTS:
            self._replace(event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            self._done(event.res_outputs_event.metadata)
        elif event.policy_event and event.policy_event.enforcement_level == "mandatory":
            message = event.policy_event.message.strip()
            self._forbidden.append(f"{event.policy_event.policy_name}: {message}")
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            self._errors.append(event.diagnostic_event)

    def result(self, lost: Sequence[Resource] = ()) -> Result:
        """What was done, when AWS had lost those resources before."""
        return Result(
            steps=list(self._steps.values()),
            outputs=self._outputs,
            lost=sorted(one.name for one in lost),
            drift=sorted(self._drift.values()),
        )

    def look(self, lost: Sequence[Resource]) -> Result:
        """What a refresh alone found, which changes nothing in AWS."""
        drift = [
            Drift(step.type, step.name, step.changed) for step in self.result().of(Operation.UPDATE)
        ]
        return Result(lost=self.result(lost).lost, drift=drift)

    @property
    def edited(self) -> dict[str, Sequence[str]]:
        """Properties by URN that somebody changed by hand and nothing has put right yet."""
        seen = {urn: one.changed for urn, one in self._drift.items()}
        return {
            urn: properties
            for urn, properties in {**self._edited, **seen}.items()
            if urn not in self._steps or self._steps[urn].operation is Operation.SAME
        }

    def refuse(self) -> None:
        """Raise DeploymentError when a preview foresees what no update may do."""
        if self._forbidden:
            raise DeploymentError(forbidden(self._forbidden))
        if self._replaced:
            raise DeploymentError("\n".join(self._replaced.values()))

    def fail(self, otherwise: str) -> None:
        """Raise what made the run fail: RunError for a mistake in the configuration.

        `otherwise` is said when no event tells anything.
        """
        errors = [error for error in self._errors if not error.message.startswith(_SUMMARIES)]
        for error in errors:
            if error.urn and _kind(error.urn) == _REFERENCE and "unknown stack" in error.message:
                raise pulumi.RunError(no_such_stack(_name(error.urn), self._stacks))
        texts = [_text(error) for error in errors]
        by_program = any(error.message.startswith(_EXITED) for error in self._errors)
        crashed = any(error.message.startswith(_CRASHED) for error in errors)
        if by_program and not crashed and not any(error.urn for error in errors):
            raise pulumi.RunError("\n".join(texts))
        raise failed(texts or [otherwise], self._steps.values())

    def _done(self, metadata: StepEventMetadata) -> None:
        if metadata.type == _STACK:
            outputs = metadata.new.outputs if metadata.new else None
            self._outputs = _masked(outputs or {})
        if metadata.op is OpType.REFRESH and metadata.diffs:
            changed = tuple(sorted(metadata.diffs))
            self._drift[metadata.urn] = Drift(metadata.type, _name(metadata.urn), changed)
        operation = _OPERATIONS.get(metadata.op)
        if operation is None or metadata.type.startswith("pulumi:"):
            return
        before = self._steps.get(metadata.urn)
        if before and before.operation is Operation.IMPORT:
            operation = Operation.IMPORT  # then changed to what the program says: one step
        changed = tuple(sorted(metadata.diffs or ()))
        step = Step(operation, metadata.type, _name(metadata.urn), changed)
        self._steps[metadata.urn] = step
        self._watch(step)

    def _replace(self, metadata: StepEventMetadata) -> None:
        properties = metadata.keys or metadata.diffs or ()
        if not properties:  # the last step of a replacement names none
            return
        inputs = (metadata.new.inputs if metadata.new else None) or {}
        # What is not known yet comes from a resource that the run creates: it may turn out
        # the same, and if not, what this one was made for is gone. What was changed by hand
        # is put right.
        edited = self.edited.get(metadata.urn, ())
        if known := [
            name for name in properties if not has_unknown(inputs.get(name)) and name not in edited
        ]:
            reason = f"{metadata.type} {_name(metadata.urn)}: {would_replace(known)}"
            self._replaced[metadata.urn] = reason


def _text(error: DiagnosticEvent) -> str:
    message = error.message.strip()
    if not error.urn:
        return message
    # The engine names a resource whose inputs are wrong once more.
    message = re.sub(r"^\S+ resource '.*?'(:| has a problem:) ", "", message)
    # As the plugin names it, for whoever uses the CLI by hand.
    message = message.removeprefix(f"{_name(error.urn)}: ")
    return f"{_kind(error.urn)} {_name(error.urn)}: {message}"


def _kind(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        if rpc._special_sig_key in value:
            return MASK
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value
