"""YAML files that people write, as the Pulumi CLI reads them. No Pulumi."""

from pathlib import Path
from typing import Any

import yaml


class NotYaml(ValueError):
    """The file cannot be read as YAML; the message names it, the line and what is wrong."""


class _Loader(yaml.SafeLoader):
    """A key may stand once in a map."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 PyYAML's
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key.value} is there twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """What the file holds.

    Raises NotYaml, and FileNotFoundError where there is none.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 it is safe
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotYaml(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise NotYaml(f"{path.name} is not UTF-8; save it as UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        known = isinstance(error, yaml.constructor.ConstructorError)
        problem = error.problem if known else f"not YAML: {error.problem}"
        raise NotYaml(f"{path.name}{line}: {problem}.") from error
    except yaml.YAMLError as error:
        raise NotYaml(f"{path.name} is not YAML: {error}") from error
