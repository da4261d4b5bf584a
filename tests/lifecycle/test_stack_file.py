"""A stack file that is none ends in one sentence, with the line where there is one."""

from pathlib import Path

import pytest

from sandbox.stackfile import StackFileError, load_stack_file

KEY = "passport-scorer-routing:rustPercentage"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"config:\n  a: [1\n", "Pulumi.qa.yaml, line 3: ", id="does not parse"),
        pytest.param(b"config:\n\ta: 1\n", "Pulumi.qa.yaml, line 2: ", id="a tab"),
        pytest.param(b"- config\n", "has no `config:` map", id="a list"),
        pytest.param(b"config: none\n", "has no `config:` map", id="no map in it"),
        pytest.param(b"", "has no `config:` map", id="empty"),
        pytest.param(
            f"config:\n  {KEY}: 0\n  a: 1\n  {KEY}: 50\n".encode(),
            f"Pulumi.qa.yaml, line 4: {KEY} is there twice",
            id="a key twice",
        ),
        pytest.param(
            b"config:\n  m:\n    embed-st: 5\n    embed-st: 6\n",
            "Pulumi.qa.yaml, line 4: embed-st is there twice",
            id="a key of a map twice",
        ),
        pytest.param("config: # für\n".encode("latin-1"), "is not UTF-8", id="latin-1"),
        pytest.param("config:\n".encode("utf-16"), "is not UTF-8", id="utf-16"),
        pytest.param(b"config: \x00\n", "is not YAML", id="a control character"),
    ],
)
def test_it_is_said_what_is_wrong_with_it(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "Pulumi.qa.yaml").write_bytes(content)

    with pytest.raises(StackFileError) as refused:
        load_stack_file("qa", root=tmp_path)

    assert said in str(refused.value)


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.qa.yaml").mkdir()

    with pytest.raises(StackFileError, match="cannot be read: Is a directory"):
        load_stack_file("qa", root=tmp_path)
