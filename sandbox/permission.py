"""Whether a function's own policy lets load balancers invoke it for a target group.

As IAM evaluates policies: a Deny that applies outweighs every Allow, and without an Allow that
applies the answer is no. Operators and what they compare: IAM User Guide, "Condition
operators".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from sandbox.dataplane.globs import compile_glob

BALANCER: Final = "elasticloadbalancing.amazonaws.com"

_ACTION = "lambda:invokefunction"  # IAM compares actions without regard to case
_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_ARN_PARTS = 6
_Statement = Mapping[str, Any]


class UnknownPolicy(ValueError):
    """The answer depends on a part of the policy that is not known here; says which."""


def may_invoke(statements: Iterable[_Statement], function_arn: str, group_arn: str) -> bool:
    """Whether load balancers may invoke the function for this target group.

    `statements` are those of the function's policy; `function_arn` may end with a qualifier.

    Raises UnknownPolicy.
    """
    allowed = False
    unknown = None
    for statement in statements:
        denies = statement.get("Effect") != "Allow"
        try:
            applies = _applies(statement, function_arn, group_arn)
        except UnknownPolicy as problem:
            if denies:
                raise
            unknown = problem
            continue
        if applies and denies:
            return False
        allowed = allowed or applies
    if unknown and not allowed:
        raise unknown
    return allowed


def _applies(statement: _Statement, function_arn: str, group_arn: str) -> bool:
    """Whether a statement is about this invocation. Raises UnknownPolicy."""
    if unknown := sorted(set(statement) - _ELEMENTS):
        raise _unknown(statement, f"the element {unknown[0]}")
    return (
        _names_balancer(statement.get("Principal"))
        and any(_like(action.lower(), _ACTION) for action in _all(statement.get("Action")))
        and any(_like(resource, function_arn) for resource in _all(statement.get("Resource")))
        and _conditions_hold(statement, group_arn)
    )


def _unknown(statement: _Statement, part: str) -> UnknownPolicy:
    return UnknownPolicy(
        f"statement {statement.get('Sid', '')!r} of the function's policy has {part}, which the "
        "sandbox does not know"
    )


def _names_balancer(principal: Any) -> bool:
    if not isinstance(principal, Mapping):
        return bool(principal == "*")
    # {"AWS": "*"} is everyone, as "*" alone is (IAM User Guide, "Principal").
    return "*" in _all(principal.get("AWS")) or not {BALANCER, "*"}.isdisjoint(
        _all(principal.get("Service"))
    )


def _conditions_hold(statement: _Statement, group_arn: str) -> bool:
    """Whether all conditions hold; one that does not settles it, whatever the others are."""
    context = {"aws:sourcearn": group_arn, "aws:sourceaccount": group_arn.split(":")[4]}
    unknown = None
    for operator, key, wanted in _tests(statement.get("Condition") or {}):
        # Both keys are always there, so IfExists changes nothing.
        test = _TESTS.get(operator.removesuffix("IfExists"))
        actual = context.get(key.lower())
        if test is None:
            unknown = f"the condition operator {operator}"
        elif actual is None:
            unknown = f"a condition on {key}"
        elif not test(wanted, actual):
            return False
    if unknown:
        raise _unknown(statement, unknown)
    return True


def _tests(conditions: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            yield operator, key, _all(wanted)


def _all(found: Any) -> list[str]:
    if found is None:
        return []
    return [str(one) for one in found] if isinstance(found, list) else [str(found)]


def _like(pattern: str, text: str) -> bool:
    return compile_glob(pattern).fullmatch(text) is not None


def _arn_like(pattern: str, arn: str) -> bool:
    """Each of the six parts of an ARN is compared by itself; a star does not cross a colon."""
    patterns, parts = (text.split(":", _ARN_PARTS - 1) for text in (pattern, arn))
    return pattern == "*" or (len(patterns) == len(parts) and all(map(_like, patterns, parts)))


def _any(same: Callable[[str, str], bool]) -> Callable[[list[str], str], bool]:
    return lambda wanted, actual: any(same(one, actual) for one in wanted)


def _none(same: Callable[[str, str], bool]) -> Callable[[list[str], str], bool]:
    return lambda wanted, actual: not any(same(one, actual) for one in wanted)


def _same(wanted: str, actual: str) -> bool:
    return wanted == actual


def _same_letters(wanted: str, actual: str) -> bool:
    return wanted.lower() == actual.lower()


_TESTS: Final[Mapping[str, Callable[[list[str], str], bool]]] = {
    "ArnEquals": _any(_arn_like),  # the two behave identically
    "ArnLike": _any(_arn_like),
    "ArnNotEquals": _none(_arn_like),
    "ArnNotLike": _none(_arn_like),
    "StringEquals": _any(_same),
    "StringEqualsIgnoreCase": _any(_same_letters),
    "StringLike": _any(_like),
    "StringNotEquals": _none(_same),
    "StringNotEqualsIgnoreCase": _none(_same_letters),
    "StringNotLike": _none(_like),
}
