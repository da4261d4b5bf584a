from typing import Any

import pytest

from sandbox.dataplane.groups import Function, Group, read_group
from tests.dataplane.support import (
    PYTHON,
    RUST_FUNCTION,
    Bench,
    StubApi,
    client_error,
    function_arn,
    group_arn,
    only_forward,
    policy,
)

FUNCTION = function_arn("f")


def read(api: StubApi, name: str = "python") -> Group:
    client: Any = api
    return read_group(client, client, group_arn(name))


def test_a_group_that_can_serve() -> None:
    group = read(StubApi([], attached={"python": "f"}, permitted={"f"}))

    assert group.is_complete
    assert group.function == Function("f", 3)
    assert group.permitted
    assert not group.multi_value_headers


def test_a_group_without_a_target_or_a_permission_cannot_serve() -> None:
    assert not read(StubApi([])).is_complete
    unpermitted = read(StubApi([], attached={"python": "f"}))
    assert unpermitted.function is not None
    assert not unpermitted.permitted
    assert not unpermitted.is_complete


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"ArnEquals": {"AWS:SourceArn": group_arn("other")}}, "python may not call f"),
        ({"Bool": {"aws:SecureTransport": "true"}}, "the condition operator Bool"),
    ],
)
def test_a_group_whose_permission_does_not_count(
    condition: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    conditional = {"Policy": policy(FUNCTION, Condition=condition)}
    monkeypatch.setattr(StubApi, "get_policy", lambda *_, **__: conditional)
    group = read(StubApi([], attached={"python": "f"}, permitted={"f"}))
    bench = Bench(only_forward(group))

    assert not group.is_complete
    assert bench.ask().status == 502
    assert bench.metrics.totals().failures == {(group.arn, "LambdaAccessDenied"): 1}
    assert words in bench.metrics.notes[0]


def test_a_function_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> Any:
        raise client_error("ResourceNotFoundException")

    monkeypatch.setattr(StubApi, "get_function_configuration", missing)
    group = read(StubApi([], attached={"python": "f"}, permitted={"f"}))

    assert group.targets == (FUNCTION,)
    assert (group.function, group.permitted) == (None, False)


@pytest.mark.parametrize("method", ["get_function_configuration", "get_policy"])
def test_other_errors_are_not_taken_for_an_answer(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise client_error("ThrottlingException")

    monkeypatch.setattr(StubApi, method, broken)
    with pytest.raises(Exception, match="Throttling"):
        read(StubApi([], attached={"python": "f"}, permitted={"f"}))


def test_only_one_function_is_rust() -> None:
    assert Function(RUST_FUNCTION, 30).implementation == "rust"
    assert PYTHON.function
    assert PYTHON.function.implementation == "python"
