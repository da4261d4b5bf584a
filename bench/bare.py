"""Write a script that registers what the program registers, with literal arguments."""

import importlib
from collections.abc import Iterable
from typing import Any

import pulumi
from pulumi import _types

from recording import Registration


def write_bare_script(registrations: Iterable[Registration]) -> str:
    """The source of the script; nested arguments are literals in wire form."""
    lines = ["import pulumi"]
    body = []
    modules = set()
    for one in registrations:
        package, path, kind = one.type.split(":")
        module = {"lambda": "lambda_"}.get(path.split("/")[0], path.split("/")[0])
        modules.add(f"import pulumi_{package}.{module}")
        names = {wire: name for name, wire in _names(f"pulumi_{package}.{module}", kind).items()}
        arguments = "".join(
            f"    {names[key]}={_literal(value)},\n" for key, value in sorted(one.inputs.items())
        )
        body.append(f"pulumi_{package}.{module}.{kind}({one.name!r},\n{arguments})")
    return "\n".join([*lines, *sorted(modules), *body, ""])


def _names(module: str, kind: str) -> dict[str, str]:
    resource = getattr(importlib.import_module(module), kind)
    return _types.resource_py_to_pulumi_names(resource)


def _literal(value: Any) -> str:
    if isinstance(value, pulumi.FileArchive):
        return f"pulumi.FileArchive({value.path!r})"
    return repr(value)
